"""The night of the cross-check: once a day every project, in batches, each of which is done or not."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from service.deps import Deps
from service.domain.calendar import begin_of, business_day
from service.domain.exchange import OPEN, Peer
from service.domain.topics import Topic
from service.store.base import new_id
from service.store.models import CrosscheckNight, Outbox, Project, SyncRun
from service.store.work import Work
from service.usecases.crosscheck import check
from service.usecases.crosscheck_rulebook import Rulebook, rulebook
from service.usecases.findings import Changes
from service.usecases.roster_match import look_again
from service.usecases.sync import source_of

log = structlog.get_logger(__name__)

#: Projects a transaction: some thousand people, and locks that nobody waits long for.
BATCH = 200
#: So long after midnight a night begins, whether or not every registry has answered.
PATIENCE = timedelta(hours=2)
#: Then a worker gives the rest of the night to the next job: the same workers judge check-ins.
ENOUGH = timedelta(seconds=10)


def begin_crosscheck(*, deps: Deps) -> None:
    """Say once a day that it is night, and again while the night is not over and nobody has been told to go on.

    The night comes after those in which registries are asked, which change what it holds projects against; one that
    does not end is waited for no longer than `PATIENCE`.
    """
    with deps.database.begin() as work:
        if _registries_are_asked(work, deps):
            return
        night_id = _night_of_today(work)
        open_fact = select(Outbox.id).where(
            Outbox.topic == Topic.CROSSCHECK_NIGHT, Outbox.subject_id == night_id, Outbox.done_at.is_(None)
        )
        ended_at = work.session.scalar(select(CrosscheckNight.ended_at).where(CrosscheckNight.id == night_id))
        if ended_at is None and work.session.scalar(open_fact.limit(1)) is None:
            work.publish(Topic.CROSSCHECK_NIGHT, night_id)


def _registries_are_asked(work: Work, deps: Deps) -> bool:
    """True early in a day for whose nightly run of some connected peer an end is still to come."""
    now = work.clock.now()
    day = business_day(now)
    connected = {peer for peer in Peer if source_of(peer, deps) is not None}
    if not connected or now >= begin_of(day) + PATIENCE:
        return False
    over = SyncRun.state.not_in(OPEN)
    return not connected <= set(work.session.scalars(select(SyncRun.peer).where(SyncRun.night == day, over)))


def _night_of_today(work: Work) -> UUID:
    now = work.clock.now()
    day, fresh = business_day(now), {"projects": 0, "opened": 0, "closed": 0, "failed": 0}
    row = insert(CrosscheckNight).values(id=new_id(), created_at=now, day=day, **fresh)
    work.session.execute(row.on_conflict_do_nothing())
    return work.session.scalars(select(CrosscheckNight.id).where(CrosscheckNight.day == day)).one()


def run(night_id: UUID, /, *, deps: Deps) -> None:
    """Go on with a night where it stands, for a while; what is left over is said again, and another job goes on."""
    until = deps.clock.real() + ENOUGH
    with deps.database.begin() as work:
        book = rulebook(work, business_day(work.clock.now()))
    while _take_batch(night_id, book, deps):
        if deps.clock.real() >= until:
            with deps.database.begin() as work:
                work.publish(Topic.CROSSCHECK_NIGHT, night_id)
            return


def run_all(*, deps: Deps) -> CrosscheckNight:
    """Cross-check every project now, whether or not today's night is over; its row with what came of it."""
    with deps.database.begin() as work:
        night_id = _night_of_today(work)
        row = work.session.get_one(CrosscheckNight, night_id, with_for_update=True)
        row.through_id, row.ended_at, row.projects, row.opened, row.closed, row.failed = None, None, 0, 0, 0, 0
        work.save()
        book = rulebook(work, row.day)
    while _take_batch(night_id, book, deps):
        pass
    with deps.database.begin() as work:
        return work.session.get_one(CrosscheckNight, night_id)


def _take_batch(night_id: UUID, book: Rulebook, deps: Deps) -> bool:
    """One batch in one transaction; False when the night is over, is another day's, or another worker is at it."""
    with deps.database.begin() as work:
        night = select(CrosscheckNight).where(
            CrosscheckNight.id == night_id,
            CrosscheckNight.day == business_day(work.clock.now()),
            CrosscheckNight.ended_at.is_(None),
        )
        row = work.session.scalars(night.with_for_update(skip_locked=True)).one_or_none()
        if row is None:
            return False
        ids = _next_projects(work, row.through_id)
        if not ids:
            row.ended_at = work.clock.now()
            look_again(work)
            counts = {"projects": row.projects, "failed": row.failed, "opened": row.opened, "closed": row.closed}
            work.audit("crosscheck:end", row.id, **counts)
            return False
        done = _check_each(work, ids, row, book)
        checked = sum(count for count, _ in done)
        row.projects += checked
        row.failed += len(ids) - checked
        row.opened += sum(len(changes.opened) for _, changes in done)
        row.closed += sum(changes.closed for _, changes in done)
        row.through_id = ids[-1]
        return True


def _next_projects(work: Work, through_id: UUID | None) -> Sequence[UUID]:
    ids = select(Project.id).order_by(Project.id).limit(BATCH)
    return work.session.scalars(ids if through_id is None else ids.where(Project.id > through_id)).all()


def _check_each(work: Work, ids: Sequence[UUID], night: CrosscheckNight, book: Rulebook) -> list[tuple[int, Changes]]:
    """The batch in one go; where it breaks one project after the other, so that one keeps nobody else unchecked.

    How many projects were checked at a time, and what came of it; those that cannot be checked are none of them.
    """
    try:
        with work.apart():
            return [(len(ids), check(work, ids, night.day, opening=True, book=book))]
    except OperationalError:
        # Not of a project's making: the whole batch is tried again.
        raise
    except Exception as error:
        log.error("projects could not be cross-checked", first=str(ids[0]), count=len(ids), exc_info=error)
    if len(ids) == 1:
        return []
    return [done for each in ids for done in _check_each(work, [each], night, book)]
