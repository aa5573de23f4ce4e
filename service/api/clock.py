"""Routes of business time."""

from typing import Any

from flask.views import MethodView

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps
from service.api.schemas.clock import ClockIn, ClockOut
from service.domain.actors import Permission
from service.usecases.clock import move_clock, read_clock

blueprint = Blueprint("clock", __name__, description="Business time")


@blueprint.route("/clock")
class Clock(MethodView):
    """Business time: the machine's, or in development a movable one."""

    @asks(blueprint, Permission.ME_READ)
    @blueprint.response(200, ClockOut)
    def get(self) -> Any:
        """Business time now."""
        return read_clock(actor=actor(), deps=deps())

    @asks(blueprint, Permission.CLOCK_MOVE)
    @blueprint.arguments(ClockIn)
    @blueprint.response(200, ClockOut)
    def put(self, values: dict[str, Any]) -> Any:
        """Move business time forward; only in development, where the instance was started with a movable clock."""
        return move_clock(values["now"], actor=actor(), deps=deps())
