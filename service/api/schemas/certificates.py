"""Certificates of people."""

import unicodedata
from typing import Any

from marshmallow import ValidationError, fields

from service.api.paging import PageIn
from service.api.schemas.base import Day, Strict, Text
from service.api.schemas.registers import Stamped


class CertificateNumber(Text):
    """A number as people type it: full-width brackets, spaces and small letters are put right."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        number = unicodedata.normalize("NFKC", super()._deserialize(value, attr, data, **kwargs))
        told = "".join(number.split()).upper()
        if told and not any(char.isalnum() for char in told):
            raise ValidationError("invalid")
        return told


class CertificateOut(Stamped):
    """证书: `valid_until` is its last day."""

    person_id = fields.UUID()
    type_code = fields.String()
    number = fields.String()
    unit_id = fields.UUID(allow_none=True)
    valid_from = Day()
    valid_until = Day(allow_none=True)


class CertificateChange(Strict):
    """What may change of a certificate: renewed, or put right."""

    type_code = Text(most=40)
    number = CertificateNumber(most=60)
    unit_id = fields.UUID(allow_none=True, metadata={"description": "the unit named on it"})
    valid_from = Day()
    valid_until = Day(allow_none=True)


class CertificateIn(CertificateChange):
    """A new certificate."""

    person_id = fields.UUID(required=True)
    type_code = Text(most=40, required=True)
    number = CertificateNumber(most=60, required=True)
    valid_from = Day(required=True)


class CertificateQuery(PageIn):
    """Filters of the list of certificates."""

    person_id = fields.UUID()
    type_code = Text(most=40)
    number = CertificateNumber(most=60)
    valid_on = Day(metadata={"description": "valid on this day"})
    expiring_before = Day(metadata={"description": "its last day lies before this one"})
