"""Challenges: for which project one is asked, and which turns it asks for."""

from marshmallow import fields

from face.liveness import Turn
from service.api.schemas.base import Instant, Out, Strict, choice
from service.api.schemas.problem import TextOut


class ChallengeIn(Strict):
    """The project of the check-in that is to come."""

    project_id = fields.UUID(required=True)


class ChallengeOut(Out):
    """The turns in their order, each with what to say to the person."""

    id = fields.UUID()
    turns = fields.List(choice(Turn), metadata={"description": "left and right are the person's own"})
    texts = fields.List(fields.Nested(TextOut), metadata={"description": "what to say at each turn"})
    expires_at = Instant(metadata={"description": "from then on no check-in answers it"})
    needed = fields.Boolean(metadata={"description": "whether the project's check-ins must answer one today"})
