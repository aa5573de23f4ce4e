"""The route of challenges."""

from typing import Any

from face.liveness import Turn
from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps
from service.api.schemas.challenges import ChallengeIn, ChallengeOut
from service.domain.actors import Permission
from service.texts.words import TURNS
from service.usecases import challenges

blueprint = Blueprint("challenges", __name__, description="Head turns that show a living person")


@blueprint.route("/challenges", methods=["POST"])
@asks(blueprint, Permission.CHECK_IN_CREATE)
@blueprint.arguments(ChallengeIn)
@blueprint.response(201, ChallengeOut)
def draw_challenge(values: dict[str, Any]) -> dict[str, Any]:
    """Draw an order of head turns for your next check-in: frames that show it go with the check-in's photo.

    Frames must be as the camera saw them: a mirrored one exchanges left and right. Asked again soon, the same is given.
    """
    row, needed = challenges.draw(values["project_id"], actor=actor(), deps=deps())
    turns = [Turn(turn) for turn in row.turns]
    texts = [{"zh": chinese, "en": english} for chinese, english in (TURNS[turn] for turn in turns)]
    return {"id": row.id, "turns": turns, "texts": texts, "expires_at": row.expires_at, "needed": needed}
