"""Plain records: units, bodies, districts, posts, projects, filings, unit roles, teams."""

from marshmallow import fields
from stdnum.cn import uscc

from service.api.paging import PageIn
from service.api.schemas.base import Day, Instant, Out, Strict, Text, between, check, choice
from service.domain.sites import BodyKind, ProjectState, TeamKind, UnitRoleKind


class CreditCode(Text):
    """A unified social credit code, checked by its check character (GB 32100-2015)."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(18, 18, **kwargs)
        self.validators = [check("bad_credit_code", uscc.is_valid)]


class Stamped(Out):
    """What every record with an id shows."""

    id = fields.UUID()
    version = fields.Integer()
    created_at = Instant()


class DistrictOut(Out):
    """行政区."""

    code = fields.String()
    name = fields.String()


class DistrictIn(Strict):
    """A new district."""

    code = Text(6, 6, required=True)
    name = Text(required=True, most=40)


class DistrictChange(Strict):
    """A district's new name."""

    name = Text(most=40, required=True)


class PostOut(Out):
    """岗位."""

    code = fields.String()
    name_zh = fields.String()
    name_en = fields.String()
    team_kind = choice(TeamKind)
    category = fields.Integer()
    version = fields.Integer()


class PostChange(Strict):
    """What may change of a post."""

    name_zh = Text(most=40)
    name_en = Text(most=80)
    category = fields.Integer(validate=between(1, 2))


class PostIn(PostChange):
    """A new post; category 1 is 一类, 2 is 二类."""

    code = Text(most=40, required=True)
    name_zh = Text(most=40, required=True)
    name_en = Text(most=80, required=True)
    team_kind = choice(TeamKind, required=True)
    category = fields.Integer(required=True, validate=between(1, 2))


class PostQuery(PageIn):
    """Filters of the list of posts."""

    team_kind = choice(TeamKind)
    category = fields.Integer(validate=between(1, 2))


class UnitOut(Stamped):
    """单位."""

    credit_code = fields.String()
    name = fields.String()


class UnitChange(Strict):
    """A unit's new name; its code is its identity."""

    name = Text(required=True)


class UnitIn(UnitChange):
    """A new unit."""

    credit_code = CreditCode(required=True)


class UnitQuery(PageIn):
    """Filters of the list of units."""

    q = Text(metadata={"description": "beginning of the name"})
    credit_code = Text(most=18)


class BodyOut(Stamped):
    """监督机构."""

    code = fields.String()
    name = fields.String()
    kind = choice(BodyKind)
    district_code = fields.String(allow_none=True)


class BodyChange(Strict):
    """What may change of a supervising body."""

    name = Text()
    district_code = Text(6, 6, allow_none=True)


class BodyIn(BodyChange):
    """A new supervising body."""

    code = Text(most=40, required=True)
    name = Text(required=True)
    kind = choice(BodyKind, required=True)


class BodyQuery(PageIn):
    """Filters of the list of supervising bodies."""

    district_code = Text(6, 6)
    kind = choice(BodyKind)


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
