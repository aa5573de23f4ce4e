"""Business time: what it is, and in development how it is moved forward."""

from dataclasses import dataclass
from datetime import date, datetime

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.calendar import SHANGHAI, business_day
from service.errors import fault
from service.store.clock import MovableClock, move_forward
from service.usecases.access import require


@dataclass(frozen=True, slots=True)
class BusinessTime:
    """Business time now, the day it falls on, the zone of that day, and whether it can be moved."""

    now: datetime
    today: date
    timezone: str
    movable: bool


def read_clock(*, actor: Actor, deps: Deps) -> BusinessTime:
    """Business time now."""
    require(actor, Permission.ME_READ)
    return _told(deps)


def move_clock(to: datetime, *, actor: Actor, deps: Deps) -> BusinessTime:
    """Business time after it was moved forward to an instant, for every process at once."""
    require(actor, Permission.CLOCK_MOVE)
    if not _movable(deps):
        raise fault("clock_not_movable")
    now = deps.clock.now()
    with deps.database.begin(actor.account_id) as work:
        if not move_forward(work, to):
            raise fault("clock_backwards", "now", now=now.isoformat())
        work.audit("clock:move", "clock", moved_from=now.isoformat(), moved_to=to.isoformat())
    return _told(deps)


def _told(deps: Deps) -> BusinessTime:
    now = deps.clock.now()
    return BusinessTime(now, business_day(now), SHANGHAI.key, _movable(deps))


def _movable(deps: Deps) -> bool:
    return isinstance(deps.clock, MovableClock)
