"""Certificates of people, their statuses, and a unit's lists of them."""

import unicodedata
from typing import Any

from marshmallow import ValidationError, fields, validate

from service.api.paging import PageIn
from service.api.schemas.base import Day, Instant, Out, Strict, Text, choice
from service.api.schemas.registers import Stamped
from service.domain.certificates import NUMBER_LENGTH, Bucket, CertificateStatus
from service.domain.identifiers import seen
from service.domain.sources import Source

_WITHIN = validate.OneOf([90, 60, 30], error="not_a_choice|choices={choices}")


class CertificateNumber(Text):
    """A number as people type it: full-width brackets, spaces and small letters are put right."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        number = seen(unicodedata.normalize("NFKC", super()._deserialize(value, attr, data, **kwargs)))
        told = "".join(number.split()).upper()
        if told and not any(char.isalnum() for char in told):
            raise ValidationError("invalid")
        return told


class CertificateOut(Stamped):
    """证书: `valid_until` is its last day."""

    person_id = fields.UUID()
    type_code = fields.String()
    family = fields.String(metadata={"description": "of its type"})
    level = fields.Integer(allow_none=True, metadata={"description": "of its type; 1 is the highest"})
    number = fields.String()
    number_unusual = fields.Boolean(metadata={"description": "it does not look like numbers of its type"})
    specialty = fields.String(allow_none=True)
    unit_id = fields.UUID(allow_none=True)
    valid_from = Day()
    valid_until = Day(allow_none=True)
    validity_unusual = fields.Boolean(metadata={"description": "it lasts longer than its type's `validity_months`"})
    status = choice(CertificateStatus, metadata={"description": "today's"})
    source = choice(Source)
    checked_at = Instant(
        allow_none=True,
        metadata={
            "description": "when the registry last confirmed it; null: never, or not since somebody typed over it"
        },
    )


class CertificateChange(Strict):
    """What may change of a certificate: renewed, or put right."""

    type_code = Text(most=40)
    number = CertificateNumber(most=NUMBER_LENGTH)
    specialty = Text(most=40, allow_none=True)
    unit_id = fields.UUID(allow_none=True, metadata={"description": "the unit named on it"})
    valid_from = Day()
    valid_until = Day(allow_none=True)


class CertificateIn(CertificateChange):
    """A new certificate."""

    person_id = fields.UUID(required=True)
    type_code = Text(most=40, required=True)
    number = CertificateNumber(most=NUMBER_LENGTH, required=True)
    valid_from = Day(required=True)


class CertificateQuery(PageIn):
    """Filters of the list of certificates."""

    person_id = fields.UUID()
    type_code = Text(most=40)
    number = CertificateNumber(most=NUMBER_LENGTH)
    valid_on = Day(metadata={"description": "in date on this day"})
    expiring_before = Day(metadata={"description": "its last day lies before this one"})
    expiring_within = fields.Integer(
        validate=_WITHIN, metadata={"description": "its last day is today or within so many days"}
    )
    status = choice(CertificateStatus, metadata={"description": "today's"})
    unit_id = fields.UUID(metadata={"description": "of those it employs today, and those that name it"})
    project_id = fields.UUID(metadata={"description": "of those on its roster today, as far as that is seen"})


class CertificateStatusOut(Out):
    """证书状态: from a day on, said by whom."""

    id = fields.UUID()
    created_at = Instant()
    status = choice(CertificateStatus)
    from_on = Day()
    source = choice(Source)


class CertificateStatusIn(Strict):
    """What becomes of a certificate, and from which day."""

    status = choice(CertificateStatus, required=True)
    from_on = Day(required=True)


class HeldPostOut(Out):
    """A post somebody holds."""

    project_id = fields.UUID()
    project_name = fields.String()
    post_code = fields.String()


class ExpiringOut(Out):
    """A certificate of a unit's that ended or will within 90 days."""

    id = fields.UUID()
    person_id = fields.UUID()
    name = fields.String()
    type_code = fields.String()
    number = fields.String()
    valid_until = Day()
    days_left = fields.Integer(metadata={"description": "none left on its last day, negative afterwards"})
    bucket = choice(Bucket)
    posts = fields.List(fields.Nested(HeldPostOut), metadata={"description": "which its holder has today"})


class ExpiringPageOut(Out):
    """A page of them, the first to end first, and how many there are in each bucket."""

    items = fields.List(fields.Nested(ExpiringOut))
    next = fields.String(allow_none=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())


class ExpiringQuery(PageIn):
    """The page, or all of them as a file."""

    format = fields.String(
        load_default="json", validate=validate.OneOf(["json", "csv"], error="not_a_choice|choices={choices}")
    )


class FreePersonOut(Out):
    """Somebody a unit could send to a project: with his certificate that lasts longest."""

    person_id = fields.UUID()
    name = fields.String()
    certificate_id = fields.UUID()
    number = fields.String()
    specialty = fields.String(allow_none=True)
    valid_until = Day(allow_none=True)


class FreeQuery(PageIn):
    """Which certificate, on which day."""

    type_code = Text(most=40, required=True)
    on = Day(metadata={"description": "today when missing"})
