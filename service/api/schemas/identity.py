"""Suspicions about people: impersonation, likely duplicates, and how often they were wrong."""

from marshmallow import fields, validate

from service.api.paging import PageIn
from service.api.schemas.base import Day, Instant, Lines, Out, Strict, Text, choice
from service.api.schemas.registers import Stamped
from service.store.models import CaseState


class CaseOut(Stamped):
    """What both kinds show: the two people, and what an officer decided."""

    person_id = fields.UUID()
    person_name = fields.String()
    other_person_id = fields.UUID()
    other_person_name = fields.String()
    state = choice(CaseState)
    decided_at = Instant(allow_none=True)
    decided_by = fields.UUID(allow_none=True)
    note = fields.String(allow_none=True)


class IdentityCaseOut(CaseOut):
    """冒名嫌疑: a check-in refused for one person and clearly nearer to another."""

    check_in_id = fields.UUID()
    project_id = fields.UUID()
    record = fields.Dict(metadata={"description": "distances, margin, thresholds, engine and policy as they were"})


class DuplicateCaseOut(CaseOut):
    """疑似重复录入: two people whose templates are nearer than strangers' are."""

    distance = fields.Float()
    limit = fields.Float(metadata={"description": "up to which two people may be one, as it was"})
    enrolment_id = fields.UUID(allow_none=True, metadata={"description": "which brought it up; null: the night did"})
    engine = fields.String()
    engine_version = fields.String()


class IdentityCaseQuery(PageIn):
    """Filters of the list of identity cases."""

    state = choice(CaseState)
    project_id = fields.UUID()
    person_id = fields.UUID(metadata={"description": "the person claimed"})


class DuplicateCaseQuery(PageIn):
    """Filters of the list of likely duplicates."""

    cursor = Text(most=80, metadata={"description": "`next` of the page before"})
    state = choice(CaseState)


def _of(*values: str) -> fields.String:
    one_of = validate.OneOf(values, error=f"not_a_choice|choices={', '.join(values)}")
    return fields.String(required=True, validate=one_of)


class ReferenceQuery(Strict):
    """Whose enrolment photo: that of the person claimed, or of the one who is nearer."""

    of = _of("claimed", "other")


class PairPhotoQuery(Strict):
    """Whose enrolment photo: that of `person_id`, or of `other_person_id`."""

    of = _of("first", "other")


class CaseNoteIn(Strict):
    """Why an officer decides so."""

    note = Lines(2, 500, required=True)


class SuspicionRateQuery(Strict):
    """Which days, both included."""

    first = Day(required=True, data_key="from")
    last = Day(required=True, data_key="to")


class SuspicionRateOut(Out):
    """What became of the suspicions about check-ins of some days."""

    opened = fields.Integer()
    confirmed = fields.Integer()
    dismissed = fields.Integer()
    person_days = fields.Integer(metadata={"description": "days of persons with a check-in"})
    false_per_thousand = fields.Float(
        allow_none=True, metadata={"description": "dismissed cases for 1,000 person-days; null without check-ins"}
    )
