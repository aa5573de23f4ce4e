"""The night of faces: once a day, in a worker, everybody who is enrolled is looked through."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from service.deps import Deps
from service.domain.calendar import business_day
from service.domain.topics import Topic
from service.store.base import new_id
from service.store.models import FaceNight
from service.usecases.drift import measure_drift
from service.usecases.duplicates import look_at_everybody

#: In order; each may run twice with the same result, because a night that broke begins anew.
STEPS: list[Callable[..., object]] = [look_at_everybody, measure_drift]


def begin_night(*, deps: Deps) -> None:
    """Say once a day, just after midnight, that it is night; the day's row lets one of several ticks say it."""
    with deps.database.begin() as work:
        now = work.clock.now()
        row = insert(FaceNight).values(id=new_id(), created_at=now, day=business_day(now))
        night_id = work.session.scalar(row.on_conflict_do_nothing().returning(FaceNight.id))
        if night_id is not None:
            work.publish(Topic.FACES_NIGHT, night_id)


def run(night_id: UUID, /, *, deps: Deps) -> None:  # noqa: ARG001 - tasks take the id of their fact
    """Take all steps of a night."""
    for step in STEPS:
        step(deps=deps)
