"""Business time."""

from marshmallow import fields

from service.api.schemas.base import Instant, Out, Strict


class ClockIn(Strict):
    """The instant to move business time to."""

    now = Instant(required=True)


class ClockOut(Out):
    """Business time, its day in `timezone`, and whether it can be moved here."""

    now = Instant()
    today = fields.Date()
    timezone = fields.String()
    movable = fields.Boolean()
