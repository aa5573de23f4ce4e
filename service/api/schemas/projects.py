"""Projects and what belongs to them: states, filings, unit roles, teams."""

from marshmallow import fields

from service.api.paging import PageIn
from service.api.schemas.base import Day, Instant, Measure, Name, Out, Strict, Text, between, choice
from service.api.schemas.registers import Stamped
from service.domain.sites import ProjectKind, ProjectState, TeamKind, UnitRoleKind
from service.domain.sources import Source


class StateOut(Out):
    """A project's state and its first day."""

    state = choice(ProjectState)
    from_on = Day()


class ProjectOut(Stamped):
    """工程项目, with its states in the order in which they were entered."""

    name = fields.String()
    body_id = fields.UUID()
    district_code = fields.String()
    address = fields.String(allow_none=True)
    counting_from = Day(metadata={"description": "the first day on which attendance is due"})
    kind = choice(ProjectKind, allow_none=True)
    area_m2 = fields.Float(allow_none=True)
    price_yuan = fields.Integer(allow_none=True)
    planned_from = Day(allow_none=True)
    planned_until = Day(allow_none=True)
    states = fields.List(fields.Nested(StateOut))


class ProjectChange(Strict):
    """What may change of a project; its state changes by an act of its own."""

    name = Name()
    address = Text(allow_none=True)
    kind = choice(ProjectKind, allow_none=True)
    area_m2 = Measure(allow_none=True, validate=between(0, 1e8), metadata={"description": "floor area, m²"})
    price_yuan = fields.Integer(
        strict=True, allow_none=True, validate=between(0, 10**13), metadata={"description": "contract price, yuan"}
    )
    planned_from = Day(allow_none=True)
    planned_until = Day(allow_none=True)


class ProjectIn(ProjectChange):
    """A new project."""

    name = Name(required=True)
    body_id = fields.UUID(required=True)
    district_code = Text(6, 6, required=True)
    state = choice(ProjectState, load_default=ProjectState.ACTIVE)
    state_from_on = Day(metadata={"description": "first day of the state; today when missing"})
    counting_from = Day(metadata={"description": "first day on which attendance is due; tomorrow when missing"})


class StateIn(Strict):
    """A state and the day from which it holds."""

    state = choice(ProjectState, required=True)
    from_on = Day(required=True)


class ProjectQuery(PageIn):
    """Filters of the list of projects."""

    q = Text(metadata={"description": "beginning of the name"})
    body_id = fields.UUID()
    district_code = Text(6, 6)


class FilingOut(Stamped):
    """报建/标段."""

    project_id = fields.UUID()
    number = fields.String()
    filed_on = Day(allow_none=True)
    section = fields.String(allow_none=True, metadata={"description": "标段"})
    section_group = fields.String(allow_none=True, metadata={"description": "adjacent sections name the same"})
    source = choice(Source)
    checked_at = Instant(allow_none=True, metadata={"description": "when the filing system last confirmed it"})


class FilingChange(Strict):
    """What may change of a filing."""

    filed_on = Day(allow_none=True)
    section = Text(most=60, allow_none=True)
    section_group = Text(most=60, allow_none=True)


class FilingIn(FilingChange):
    """A new filing; the number's format is not public, so it is opaque and unique."""

    project_id = fields.UUID(required=True)
    number = Text(most=60, required=True)


class FilingQuery(PageIn):
    """Filters of the list of filings."""

    project_id = fields.UUID()
    number = Text(most=60)
    section_group = Text(most=60)


class PermitOut(Stamped):
    """施工许可证."""

    project_id = fields.UUID()
    filing_id = fields.UUID(allow_none=True)
    number = fields.String()
    issued_on = Day(allow_none=True)


class PermitChange(Strict):
    """What may change of a permit."""

    filing_id = fields.UUID(allow_none=True)
    issued_on = Day(allow_none=True)


class PermitIn(PermitChange):
    """A new permit; the form of its number changed over the years, so it is only unique."""

    project_id = fields.UUID(required=True)
    number = Text(most=40, required=True)


class PermitQuery(PageIn):
    """Filters of the list of permits."""

    project_id = fields.UUID()
    filing_id = fields.UUID()
    number = Text(most=40)


class UnitRoleOut(Stamped):
    """参建单位."""

    project_id = fields.UUID()
    unit_id = fields.UUID()
    role = choice(UnitRoleKind)


class UnitRoleChange(Strict):
    """A role put right."""

    role = choice(UnitRoleKind, required=True)


class UnitRoleIn(UnitRoleChange):
    """A unit's role on a project."""

    project_id = fields.UUID(required=True)
    unit_id = fields.UUID(required=True)


class UnitRoleQuery(PageIn):
    """Filters of the list of unit roles."""

    project_id = fields.UUID()
    unit_id = fields.UUID()
    role = choice(UnitRoleKind)


class TeamOut(Stamped):
    """项目部."""

    project_id = fields.UUID()
    kind = choice(TeamKind)
    unit_id = fields.UUID()
    name = fields.String()


class TeamChange(Strict):
    """What may change of a team."""

    name = Name()
    unit_id = fields.UUID()


class TeamIn(TeamChange):
    """A new team; a project has one of each kind."""

    project_id = fields.UUID(required=True)
    kind = choice(TeamKind, required=True)
    unit_id = fields.UUID(required=True)
    name = Name(required=True)


class TeamQuery(PageIn):
    """Filters of the list of teams."""

    project_id = fields.UUID()
    unit_id = fields.UUID()
    kind = choice(TeamKind)
