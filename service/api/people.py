"""Routes of people, their invitations, consents and enrolments."""

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps, etag, seen_version, versioned
from service.api.paging import PageIn, page_of, split
from service.api.parts import Parts, multipart
from service.api.photos import image
from service.api.schemas.people import (
    ConsentOut,
    EnrolmentIn,
    EnrolmentOut,
    FindByPhoneIn,
    FindPersonIn,
    InvitationOut,
    PersonChange,
    PersonIn,
    PersonOut,
    PersonQuery,
    UnmaskedOut,
    UnmaskIn,
)
from service.domain.actors import Permission
from service.errors import fault
from service.store.models import ConsentKind
from service.usecases import enrolment, people
from service.usecases.enrolment import EnrolmentForm, SentPhoto

Answer = tuple[Any, int, dict[str, str]]
blueprint = Blueprint("people", __name__, description="People, their consents and enrolments")
ENROLMENT_PHOTOS = 5


@blueprint.route("/people")
class People(MethodView):
    """All people within reach."""

    @asks(blueprint, Permission.PERSON_READ)
    @blueprint.arguments(PersonQuery, location="query")
    @blueprint.response(200, page_of(PersonOut))
    def get(self, query: dict[str, Any]) -> Any:
        """List people within reach, newest first."""
        window, filters = split(query)
        return people.list_people(filters, window, actor=actor(), deps=deps())

    @asks(blueprint, Permission.PERSON_WRITE)
    @blueprint.arguments(PersonIn)
    @blueprint.response(201, PersonOut)
    def post(self, values: dict[str, Any]) -> Answer:
        """Register a person by document number."""
        row = people.register_person(values, actor=actor(), deps=deps())
        return row, 201, etag(row.version)


@blueprint.route("/people/find", methods=["POST"])
@asks(blueprint, Permission.PERSON_WRITE)
@blueprint.arguments(FindPersonIn)
@blueprint.response(200, PersonOut)
def find_person(values: dict[str, Any]) -> Answer:
    """Find the owner of a whole document number, wherever he works."""
    row = people.find_person(values["document_number"], actor=actor(), deps=deps())
    return row, 200, etag(row.version)


@blueprint.route("/people/find-by-phone", methods=["POST"])
@asks(blueprint, Permission.PERSON_WRITE)
@blueprint.arguments(FindByPhoneIn)
@blueprint.response(200, PersonOut(many=True))
def find_by_phone(values: dict[str, Any]) -> Any:
    """Find the people within reach who have a whole mobile number, at most 20."""
    return people.find_by_phone(values["phone"], actor=actor(), deps=deps())


@blueprint.route("/people/<uuid:person_id>")
class Person(MethodView):
    """One person."""

    @asks(blueprint, Permission.PERSON_READ)
    @blueprint.response(200, PersonOut)
    def get(self, person_id: UUID) -> Answer:
        """Read a person, masked."""
        row = people.read_person(person_id, actor=actor(), deps=deps())
        return row, 200, etag(row.version)

    @asks(blueprint, Permission.PERSON_WRITE)
    @versioned(blueprint)
    @blueprint.arguments(PersonChange)
    @blueprint.response(200, PersonOut)
    def patch(self, values: dict[str, Any], person_id: UUID) -> Answer:
        """Mend a name or a phone."""
        row = people.change_person(person_id, values, seen_version(), actor=actor(), deps=deps())
        return row, 200, etag(row.version)


@blueprint.route("/people/<uuid:person_id>/unmask", methods=["POST"])
@asks(blueprint, Permission.PERSON_UNMASK)
@blueprint.arguments(UnmaskIn)
@blueprint.response(200, UnmaskedOut)
def unmask(values: dict[str, Any], person_id: UUID) -> Answer:
    """Show a person's numbers in full; it is recorded to whom and what for."""
    numbers = people.unmask(person_id, values["reason"], actor=actor(), deps=deps())
    return numbers, 200, {"Cache-Control": "no-store"}


@blueprint.route("/people/<uuid:person_id>/invitations", methods=["POST"])
@asks(blueprint, Permission.PERSON_INVITE)
@blueprint.response(201, InvitationOut)
def invite(person_id: UUID) -> dict[str, Any]:
    """Give a person a code with which to bind his WeChat once."""
    code, invitation = people.invite(person_id, actor=actor(), deps=deps())
    return {"activation_code": code, "expires_at": invitation.expires_at}


@blueprint.route("/people/<uuid:person_id>/consents")
@asks(blueprint, Permission.CONSENT_WITHDRAW)
@blueprint.response(200, ConsentOut(many=True))
def list_consents(person_id: UUID) -> Any:
    """List a person's consents, also the withdrawn ones."""
    return people.list_consents(person_id, actor=actor(), deps=deps())


@blueprint.route("/people/<uuid:person_id>/consents/<string:kind>", methods=["DELETE"])
@asks(blueprint, Permission.CONSENT_WITHDRAW)
@blueprint.response(204)
def withdraw_consent(person_id: UUID, kind: str) -> None:
    """Withdraw a consent, as easily as it was given."""
    if kind not in set(ConsentKind):
        raise fault("not_found", thing="consent")
    people.withdraw_consent(person_id, ConsentKind(kind), actor=actor(), deps=deps())


@blueprint.route("/people/<uuid:person_id>/enrolments")
class Enrolments(MethodView):
    """A person's enrolments."""

    @asks(blueprint, Permission.ENROLMENT_READ)
    @blueprint.arguments(PageIn, location="query")
    @blueprint.response(200, page_of(EnrolmentOut))
    def get(self, query: dict[str, Any], person_id: UUID) -> Any:
        """List a person's enrolments, newest first."""
        window, _ = split(query)
        return enrolment.list_enrolments(person_id, window, actor=actor(), deps=deps())

    @asks(blueprint, Permission.ENROLMENT_WRITE)
    @multipart(blueprint, Parts("form", EnrolmentIn, ENROLMENT_PHOTOS))
    @blueprint.response(202, EnrolmentOut)
    def post(self, photos: list[SentPhoto], form: EnrolmentForm, person_id: UUID) -> Answer:
        """Enrol a person with one to five photos and his consents; a worker makes the template."""
        row, new = enrolment.receive_enrolment(person_id, form, photos, actor=actor(), deps=deps())
        return row, 202 if new else 200, {"Location": f"/api/v1/enrolments/{row.id}"}


@blueprint.route("/enrolments/<uuid:enrolment_id>")
@asks(blueprint, Permission.ENROLMENT_READ)
@blueprint.response(200, EnrolmentOut)
def read_enrolment(enrolment_id: UUID) -> Any:
    """Read an enrolment: whether it was taken, and what was wrong with which photo."""
    return enrolment.read_enrolment(enrolment_id, actor=actor(), deps=deps())


@blueprint.route(f"/enrolments/<uuid:enrolment_id>/photos/<int(max={ENROLMENT_PHOTOS}):position>")
@asks(blueprint, Permission.ENROLMENT_READ)
@blueprint.response(200, content_type="image/*")
def read_enrolment_photo(enrolment_id: UUID, position: int) -> Response:
    """Look at one photo of an enrolment; it is recorded who did."""
    return image(*enrolment.read_enrolment_photo(enrolment_id, position, actor=actor(), deps=deps()))
