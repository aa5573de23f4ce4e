"""Fences and roster lines."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from geofence.position import Datum
from service.api.paging import PageIn
from service.api.schemas.base import Day, Instant, Lines, Out, Strict, Text, choice, length
from service.api.schemas.registers import Stamped
from service.domain.roster import Basis, LineState, Match, ReturnReason, ScanKind
from service.domain.sites import FenceState
from service.domain.sources import Source
from service.texts.people import RETURN_REASONS

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


class ReturnReasonOut(Out):
    """Why a line went back."""

    code = fields.Function(lambda code: code, metadata={"type": "string", "enum": [*map(str, ReturnReason)]})
    text = fields.Function(
        lambda code: dict(zip(("zh", "en"), RETURN_REASONS[code], strict=True)), metadata={"type": "object"}
    )


class LineOut(Stamped):
    """任职; approved and still submitted, it waits until the list that binds its post names the person."""

    project_id = fields.UUID()
    team_id = fields.UUID()
    person_id = fields.UUID()
    post_code = fields.String()
    basis = choice(Basis)
    state = choice(LineState)
    starts_on = Day()
    ends_on = Day(allow_none=True)
    note = fields.String(allow_none=True)
    return_reasons = fields.List(fields.Nested(ReturnReasonOut))
    replaces_id = fields.UUID(allow_none=True)
    concurrent_consent_on = Day(allow_none=True)
    approved_at = Instant(allow_none=True)
    match = choice(Match, allow_none=True)
    source = choice(Source)


class LineIn(Strict):
    """A roster line proposed; the project is the team's."""

    team_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    post_code = Text(most=40, required=True)
    basis = choice(Basis, required=True)
    starts_on = Day(required=True)
    ends_on = Day(allow_none=True)
    replaces_id = fields.UUID(allow_none=True, metadata={"description": "变更: the line whose person he replaces"})
    concurrent_consent_on = Day(
        allow_none=True, metadata={"description": "the client's written consent that he also serves other projects"}
    )


class LineChange(Strict):
    """What may change of a line that is still a draft or was returned."""

    post_code = Text(most=40)
    basis = choice(Basis)
    starts_on = Day()
    ends_on = Day(allow_none=True)
    replaces_id = fields.UUID(allow_none=True)
    concurrent_consent_on = Day(allow_none=True)


class ConsentIn(Strict):
    """The day of the client's written consent that he also serves other projects; null withdraws it."""

    concurrent_consent_on = Day(required=True, allow_none=True)


class LineQuery(PageIn):
    """Filters of the list of roster lines."""

    project_id = fields.UUID()
    team_id = fields.UUID()
    person_id = fields.UUID()
    state = choice(LineState)
    match = choice(Match, metadata={"description": "how it stood against its list when it was last held against it"})


class NoteIn(Strict):
    """Why, in words that the other side reads."""

    note = Text(most=500, required=True)


class ReturnIn(Strict):
    """Why, by codes and in words that the other side reads; `other` says nothing without words."""

    reasons = fields.List(
        choice(ReturnReason, validate=validate.NoneOf([ReturnReason.LEFT_UNIT], error="invalid")),
        required=True,
        validate=length(1, len(ReturnReason)),
    )
    note = Lines(most=500, load_default=None)

    @validates_schema
    def _other_in_words(self, data: dict[str, Any], **_: Any) -> None:
        if ReturnReason.OTHER in data["reasons"] and not data["note"]:
            raise ValidationError("missing", "note")


class StandingOut(Out):
    """How a line stands against the list that binds its post; others are counted, never named."""

    binding = choice(Basis)
    match = choice(Match)
    others = fields.Integer(metadata={"description": "how many other people the list names for the post"})
    listed_for_other_post = fields.Boolean()


class ScanIn(Strict):
    """What the file shows."""

    kind = choice(ScanKind, required=True)


class ScanOut(Out):
    """任职附件."""

    id = fields.UUID()
    kind = choice(ScanKind)
    added_by = fields.UUID(allow_none=True, metadata={"description": "the account that sent it"})
    created_at = Instant()
