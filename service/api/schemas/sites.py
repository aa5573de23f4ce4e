"""Fences and roster lines."""

from marshmallow import fields

from geofence.position import Datum
from service.api.paging import PageIn
from service.api.schemas.base import Day, Strict, Text, choice
from service.api.schemas.registers import Stamped
from service.domain.roster import Basis, LineState
from service.domain.sites import FenceState


class FenceOut(Stamped):
    """电子围栏: `shape` in WGS-84, `geometry` as it was drawn in `datum`."""

    project_id = fields.UUID()
    name = fields.String()
    shape = fields.Dict()
    geometry = fields.Dict()
    datum = choice(Datum)
    state = choice(FenceState)
    starts_on = Day()
    ends_on = Day(allow_none=True)


class FenceIn(Strict):
    """A fence as drawn: {kind: circle, centre: {lat, lon}, radius_m} or {kind: polygon, points: [{lat, lon}]}."""

    project_id = fields.UUID(required=True)
    name = Text(required=True)
    datum = choice(Datum, required=True)
    geometry = fields.Dict(keys=fields.String(), required=True)
    starts_on = Day(required=True)
    ends_on = Day(allow_none=True)


class FenceChange(Strict):
    """A fence's new name; a new shape is a new fence, so that old verdicts keep theirs."""

    name = Text(required=True)


class FenceQuery(PageIn):
    """Filters of the list of fences."""

    project_id = fields.UUID()
    state = choice(FenceState)


class EndIn(Strict):
    """The last day on which it holds."""

    ends_on = Day(required=True)


class LineOut(Stamped):
    """任职."""

    project_id = fields.UUID()
    team_id = fields.UUID()
    person_id = fields.UUID()
    post_code = fields.String()
    basis = choice(Basis)
    state = choice(LineState)
    starts_on = Day()
    ends_on = Day(allow_none=True)
    note = fields.String(allow_none=True)


class LineIn(Strict):
    """A roster line proposed; the project is the team's."""

    team_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    post_code = Text(most=40, required=True)
    basis = choice(Basis, required=True)
    starts_on = Day(required=True)
    ends_on = Day(allow_none=True)


class LineChange(Strict):
    """What may change of a line that is still a draft or was returned."""

    post_code = Text(most=40)
    basis = choice(Basis)
    starts_on = Day()
    ends_on = Day(allow_none=True)


class LineQuery(PageIn):
    """Filters of the list of roster lines."""

    project_id = fields.UUID()
    team_id = fields.UUID()
    person_id = fields.UUID()
    state = choice(LineState)


class NoteIn(Strict):
    """Why, in words that the other side reads."""

    note = Text(most=500, required=True)
