"""People, invitations, consents and enrolments."""

from typing import Any

from marshmallow import fields, post_load, validates_schema

from service.api.paging import PageIn
from service.api.schemas.base import Instant, Name, Out, Strict, Text, choice, length, refuse
from service.api.schemas.registers import Stamped
from service.domain.identifiers import (
    DocumentKind,
    UnmaskReason,
    compact,
    compact_phone,
    document_problem,
    phone_problem,
)
from service.store.models import ConsentKind, EnrolmentState
from service.texts import text
from service.usecases.enrolment import EnrolmentForm


class Masked(fields.String):
    """The last characters of a number, the rest as stars."""

    def _serialize(self, value: str | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else f"****{value}"


class DocumentNumber(Text):
    """A document number as people type it: full-width digits, spaces and a small x are put right."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        return compact(super()._deserialize(value, attr, data, **kwargs))


class Phone(Text):
    """A mobile number as people type it."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        phone = compact_phone(super()._deserialize(value, attr, data, **kwargs))
        refuse(phone_problem(phone))
        return phone


class PersonOut(Stamped):
    """人员, masked."""

    name = fields.String()
    document_kind = choice(DocumentKind)
    document_number = Masked(attribute="document_tail")
    phone = Masked(attribute="phone_tail", allow_none=True)


class PersonChange(Strict):
    """What may change of a person."""

    name = Name(most=60)
    phone = Phone(most=40, allow_none=True)


class PersonIn(PersonChange):
    """A new person; an 18-digit number is checked by its check character (GB 11643-1999)."""

    name = Name(most=60, required=True)
    document_kind = choice(DocumentKind, required=True)
    document_number = DocumentNumber(most=40, required=True)

    @validates_schema
    def _number_of_its_kind(self, data: dict[str, Any], **_: Any) -> None:
        refuse(document_problem(data["document_kind"], data["document_number"]))


class PersonQuery(PageIn):
    """Filters of the list of people."""

    q = Text(most=60, metadata={"description": "beginning of the name"})
    document_kind = choice(DocumentKind)
    project_id = fields.UUID(metadata={"description": "on its roster, in whatever state"})
    unit_id = fields.UUID(metadata={"description": "employed by it today"})


class FindPersonIn(Strict):
    """A whole document number; it travels in a body, because addresses end up in logs."""

    document_number = DocumentNumber(most=40, required=True)


class FindByPhoneIn(Strict):
    """A whole mobile number, in a body for the same reason."""

    phone = Phone(most=40, required=True)


class UnmaskIn(Strict):
    """What the numbers are needed for."""

    reason = choice(UnmaskReason, required=True)


class UnmaskedOut(Out):
    """The numbers in full."""

    document_number = fields.String()
    phone = fields.String(allow_none=True)


class InvitationOut(Out):
    """The code is shown this once."""

    activation_code = fields.String()
    expires_at = Instant()


class ConsentOut(Out):
    """One consent."""

    kind = choice(ConsentKind)
    notice_version = fields.String()
    given_at = Instant()
    withdrawn_at = Instant(allow_none=True)


class EnrolmentIn(Strict):
    """What comes with enrolment photos: a reference of the sender's, the consents given, the notice shown."""

    client_ref = Text(8, 64, required=True)
    consents = fields.List(choice(ConsentKind), required=True, validate=length(1, 2))
    notice_version = Text(most=40, required=True)

    @post_load
    def _as_form(self, data: dict[str, Any], **_: Any) -> EnrolmentForm:
        return EnrolmentForm(data["client_ref"], tuple(dict.fromkeys(data["consents"])), data["notice_version"])


class EnrolmentProblemOut(Out):
    """What the engine said against a photo, counted from 1; no number where it is about all of them."""

    code = fields.String()
    photo = fields.Integer(allow_none=True)
    data = fields.Dict()
    text = fields.Function(lambda item: text(item["code"], {**item["data"], "photo": item["photo"]}))


class EnrolmentOut(Out):
    """人脸录入."""

    id = fields.UUID()
    person_id = fields.UUID()
    client_ref = fields.String()
    state = choice(EnrolmentState)
    photos = fields.Function(lambda row: len(row.photos), metadata={"type": "integer"})
    problems = fields.List(fields.Nested(EnrolmentProblemOut))
    created_at = Instant()
    decided_at = Instant(allow_none=True)
