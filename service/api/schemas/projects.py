"""Projects and what belongs to them: states, filings, unit roles, teams."""

from marshmallow import fields

from service.api.paging import PageIn
from service.api.schemas.base import Day, Out, Strict, Text, choice
from service.api.schemas.registers import Stamped
from service.domain.sites import ProjectState, TeamKind, UnitRoleKind


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
    states = fields.List(fields.Nested(StateOut))


class ProjectChange(Strict):
    """What may change of a project; its state changes by an act of its own."""

    name = Text()
    address = Text(allow_none=True)


class ProjectIn(ProjectChange):
    """A new project."""

    name = Text(required=True)
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
    permit_number = fields.String(allow_none=True)
    filed_on = Day(allow_none=True)


class FilingChange(Strict):
    """What may change of a filing."""

    permit_number = Text(most=40, allow_none=True)
    filed_on = Day(allow_none=True)


class FilingIn(FilingChange):
    """A new filing; the number's format is not public, so it is opaque and unique."""

    project_id = fields.UUID(required=True)
    number = Text(most=60, required=True)


class FilingQuery(PageIn):
    """Filters of the list of filings."""

    project_id = fields.UUID()
    number = Text(most=60)


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

    name = Text()
    unit_id = fields.UUID()


class TeamIn(TeamChange):
    """A new team; a project has one of each kind."""

    project_id = fields.UUID(required=True)
    kind = choice(TeamKind, required=True)
    unit_id = fields.UUID(required=True)
    name = Text(required=True)


class TeamQuery(PageIn):
    """Filters of the list of teams."""

    project_id = fields.UUID()
    unit_id = fields.UUID()
    kind = choice(TeamKind)
