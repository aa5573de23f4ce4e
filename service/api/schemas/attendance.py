"""Attendance: a project's month as a grid of days with their reasons, and rates with their averages named."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import ValidationError, fields

from service.api.paging import PageIn
from service.api.schemas.base import Day, Instant, Out, Strict, between, choice
from service.api.schemas.problem import TextOut
from service.domain.attendance import Outcome
from service.domain.sites import TeamKind
from service.texts import text

_MONTH = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])")


class MonthField(fields.Date):
    """A month as 2026-03; inside, its first day."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        if not isinstance(value, str) or not _MONTH.fullmatch(value):
            raise ValidationError("invalid")
        day: date = super()._deserialize(f"{value}-01", attr, data, **kwargs)
        return day

    def _serialize(self, value: date | None, *_args: Any, **_kwargs: Any) -> str | None:
        return None if value is None else f"{value:%Y-%m}"


class Percent(fields.Float):
    """A percentage with one decimal; null where nothing was due."""

    def _serialize(self, value: float | None, *_args: Any, **_kwargs: Any) -> float | None:
        return None if value is None else round(value, 1)


class MonthQuery(Strict):
    """Which month; this one unless said otherwise."""

    month = MonthField(metadata={"description": "2026-03; the present month unless given"})


class WhyOut(Out):
    """Why a day is what it is."""

    code = fields.String()
    data = fields.Dict()
    text = fields.Nested(TextOut)


class DayOut(Out):
    """One day: `punches` are those that count, `first_at` and `last_at` the first and last of them."""

    day = Day()
    outcome = choice(Outcome)
    why = fields.Method("_why", metadata={"type": "array"})
    punches = fields.Integer()
    first_at = Instant(allow_none=True)
    last_at = Instant(allow_none=True)
    policy_version = fields.String()

    def _why(self, shown: Any) -> Any:
        return [{**why.as_dict(), "text": text(why.code, why.data)} for why in shown["why"]]


class TallyOut(Out):
    """Person-days; `rate` is valid of due in percent, null where nothing was due."""

    due = fields.Integer()
    valid = fields.Integer()
    pending = fields.Integer(metadata={"description": "undecided: neither due nor valid until somebody decides"})
    vacant = fields.Integer(metadata={"description": "of those due: a required post that nobody held"})
    rate = Percent(allow_none=True)


class RowOut(TallyOut):
    """One person on one post, or a required post while nobody holds it, with every day of the month."""

    person_id = fields.UUID(allow_none=True)
    person_name = fields.String(allow_none=True)
    post_code = fields.String()
    team_kind = choice(TeamKind)
    category = fields.Integer()
    days = fields.List(fields.Nested(DayOut))


class GroupOut(TallyOut):
    """One category of one team."""

    team_kind = choice(TeamKind)
    category = fields.Integer()


class AskedGroupOut(GroupOut):
    """The same with the percentage it must reach."""

    threshold = Percent(allow_none=True)


class OwnMonthOut(Out):
    """One's own rows of a project's month, through its last whole day."""

    project_id = fields.UUID()
    project_name = fields.String()
    month = MonthField()
    through = Day(metadata={"description": "the last day that is over"})
    policy_versions = fields.List(fields.String())
    rows = fields.List(fields.Nested(RowOut))


class MonthOut(OwnMonthOut):
    """A project's month: every person and vacant post, and the rates of each team and category."""

    groups = fields.List(fields.Nested(AskedGroupOut))


class OwnMonthsOut(Out):
    """One's own days of a month, project by project."""

    items = fields.List(fields.Nested(OwnMonthOut))


class RatesQuery(Strict):
    """Over what, and over which months up to `month`."""

    month = MonthField(metadata={"description": "the last month; the present one unless given"})
    months = fields.Integer(load_default=1, validate=between(1, 24), metadata={"description": "how many months"})
    body_id = fields.UUID(metadata={"description": "one supervising body"})
    project_id = fields.UUID(metadata={"description": "one project; without both, the city"})


class AverageOut(Out):
    """An average by its name: over projects and over person-days are never mixed."""

    name = fields.String()
    text = fields.Nested(TextOut)
    percent = Percent(allow_none=True)


class RatesOut(Out):
    """One category in one month."""

    month = MonthField()
    category = fields.Integer()
    team_kinds = fields.List(choice(TeamKind), metadata={"description": "whose person-days these are"})
    averages = fields.List(fields.Nested(AverageOut))
    projects = fields.Integer(metadata={"description": "projects on which something was due"})
    not_applicable = fields.Integer(metadata={"description": "projects on which nothing was due, left out"})
    full_roster = fields.Integer(metadata={"description": "of the projects, those without a vacant day"})
    due = fields.Integer()
    valid = fields.Integer()
    pending = fields.Integer()
    through = Day(metadata={"description": "through this day every project is computed"})
    policy_versions = fields.List(fields.String())


class RatesPageOut(Out):
    """The rates of both categories, the newest month first."""

    items = fields.List(fields.Nested(RatesOut))


class ProjectMonthQuery(PageIn):
    """Which projects of a month."""

    month = MonthField(metadata={"description": "2026-03; the present month unless given"})
    body_id = fields.UUID()
    category = fields.Integer(validate=between(1, 2))
    below = fields.Float(validate=between(0, 100), metadata={"description": "only with a rate below this percent"})


class ProjectMonthOut(Out):
    """A project with its kept person-days of a month."""

    project_id = fields.UUID(attribute="project.id")
    project_name = fields.String(attribute="project.name")
    groups = fields.List(fields.Nested(GroupOut))
