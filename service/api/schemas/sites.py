"""Fences and roster lines."""

from typing import Any

from marshmallow import ValidationError, fields

from geofence.position import Datum
from service.api.paging import PageIn
from service.api.schemas.base import Day, Strict, Text, choice
from service.api.schemas.registers import Stamped
from service.domain.roster import Basis, LineState
from service.domain.sites import FenceState

_GEOMETRY, _POINT = {"kind", "centre", "radius_m", "points"}, {"lat", "lon"}


def _known_fields_only(geometry: dict[str, Any]) -> None:
    """Refuse what no shape has; whether the shape is one is geofence's to say."""
    points = geometry.get("points")
    places = {"centre": geometry.get("centre")}
    places |= {f"points.{at}": point for at, point in enumerate(points if isinstance(points, list) else [])}
    unknown = geometry.keys() - _GEOMETRY
    for place, point in places.items():
        unknown |= {f"{place}.{name}" for name in point.keys() - _POINT} if isinstance(point, dict) else set()
    if unknown:
        raise ValidationError({name: ["unknown_field"] for name in sorted(unknown)})


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
    geometry = fields.Dict(keys=fields.String(), required=True, validate=_known_fields_only)
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
