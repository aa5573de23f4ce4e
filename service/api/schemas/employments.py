"""Employments, and leaving a firm."""

from marshmallow import fields

from service.api.schemas.base import Day, Out, Strict, choice
from service.api.schemas.registers import Stamped
from service.domain.sources import Source


class EmploymentOut(Stamped):
    """劳动关系; `ends_on` is the last day."""

    person_id = fields.UUID()
    unit_id = fields.UUID()
    starts_on = Day()
    ends_on = Day(allow_none=True)
    source = choice(Source)


class EmploymentChange(Strict):
    """What may change of an employment."""

    starts_on = Day()
    ends_on = Day(allow_none=True)


class EmploymentIn(EmploymentChange):
    """Whom somebody works for, and since when."""

    unit_id = fields.UUID(required=True)
    starts_on = Day(required=True)


class LeaveIn(Strict):
    """Whom somebody leaves, and his last day there."""

    unit_id = fields.UUID(required=True)
    left_on = Day(required=True)


class LeftOut(Out):
    """离职: the ids of what ended, and of the lines that were returned because nobody had decided on them."""

    employments = fields.List(fields.UUID())
    lines = fields.List(fields.UUID())
    returned = fields.List(fields.UUID())
