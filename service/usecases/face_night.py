"""The night of faces: once a day, in a worker, everybody who is enrolled is looked through."""

from collections.abc import Callable
from uuid import UUID

import structlog
from sqlalchemy.dialects.postgresql import insert

from service.deps import Deps
from service.domain.calendar import business_day
from service.domain.topics import Topic
from service.store.base import new_id
from service.store.models import FaceNight
from service.usecases.drift import measure_drift
from service.usecases.duplicates import look_at_everybody

log = structlog.get_logger(__name__)

#: The longest last: one that is ended for its length (`JOB_TIMEOUT_S`) takes nothing from the others.
STEPS: list[Callable[..., object]] = [measure_drift, look_at_everybody]


def begin_night(*, deps: Deps) -> None:
    """Say once a day, just after midnight, that it is night; the day's row lets one of several ticks say it."""
    with deps.database.begin() as work:
        now = work.clock.now()
        row = insert(FaceNight).values(id=new_id(), created_at=now, day=business_day(now))
        night_id = work.session.scalar(row.on_conflict_do_nothing().returning(FaceNight.id))
        if night_id is not None:
            work.publish(Topic.FACES_NIGHT, night_id)


def run(night_id: UUID, /, *, deps: Deps) -> None:  # noqa: ARG001 - tasks take the id of their fact
    """Take each step of a night for itself; what breaks is in the log, and the next night takes it again."""
    for step in STEPS:
        try:
            step(deps=deps)
        except Exception as error:
            log.error("a step of the night broke", step=step.__name__, exc_info=error)
