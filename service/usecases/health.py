"""Whether every part is there, and which one is not."""

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from service.deps import Deps
from service.store.models import Heartbeat

#: Beats come every two seconds; this many missed ones in a row mean that nobody lives.
BEAT_EVERY_S = 2.0
SILENT_AFTER = timedelta(seconds=10)
FORGOTTEN_AFTER = timedelta(days=1)
WATCHED = ("tick", "worker")


def beat(name: str, kind: str, *, deps: Deps) -> None:
    """Say that a process lives."""
    now = deps.clock.real()
    statement = insert(Heartbeat).values(name=name, kind=kind, beat_at=now)
    with deps.database.begin() as work:
        work.session.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_={"beat_at": now, "kind": kind})
        )


def forget_the_silent(*, deps: Deps) -> None:
    """Delete the beats of processes gone for a day."""
    with deps.database.begin() as work:
        work.session.execute(delete(Heartbeat).where(Heartbeat.beat_at < deps.clock.real() - FORGOTTEN_AFTER))


def missing_parts(*, deps: Deps) -> list[str]:
    """The parts that do not answer now: database, redis, photo_store, tick, worker."""
    missing = _missing_in_database(deps)
    if not deps.queue.ready():
        missing.append("redis")
    if not deps.photos.ready():
        missing.append("photo_store")
    return missing


def _missing_in_database(deps: Deps) -> list[str]:
    try:
        with deps.database.begin() as work:
            since = deps.clock.real() - SILENT_AFTER
            alive = set(work.session.scalars(select(Heartbeat.kind).where(Heartbeat.beat_at >= since)))
    except SQLAlchemyError:
        return ["database"]
    return [kind for kind in WATCHED if kind not in alive]
