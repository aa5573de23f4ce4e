"""What the tick does each second: put on the queues whatever PostgreSQL says is still to be done."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import or_, select, update

from service.deps import Deps
from service.domain.topics import QUEUE_OF, Queue, Topic
from service.store.claims import Row, take_due
from service.store.models import CheckIn, Enrolment, Outbox, SpreadsheetLoad
from service.store.work import Work

BATCH = 500
#: Longer than RQ lets a job run, so that a task is never begun beside itself.
CLAIM = timedelta(seconds=360)
#: With an empty queue nothing is on its way, so what waits may be queued again soon.
IDLE_AGAIN_S = 2.0


def dispatch(*, deps: Deps) -> int:
    """Queue what is due and return how many ids went out; safe beside other ticks and after any crash."""
    if not deps.queue.ready():
        return 0
    check_ins = _send_due(CheckIn, Topic.CHECK_IN_RECEIVED, deps)
    enrolments = _send_due(Enrolment, Topic.ENROLMENT_RECEIVED, deps)
    loads = _send_due(SpreadsheetLoad, Topic.SPREADSHEET_RECEIVED, deps)
    with deps.database.begin() as work:
        rows = _take_outbox(work, _again_after_s(Queue.UPKEEP, deps))
    return check_ins + enrolments + loads + sum(deps.queue.send(topic, subject_id) for topic, subject_id in rows)


def _send_due(model: type[Row], topic: Topic, deps: Deps) -> int:
    with deps.database.begin() as work:
        ids = take_due(work, model, again_after_s=_again_after_s(QUEUE_OF[topic], deps), limit=BATCH)
    return sum(deps.queue.send(topic, row_id) for row_id in ids)


def _again_after_s(queue: Queue, deps: Deps) -> float:
    often = deps.queue.waiting(queue) == 0
    return min(IDLE_AGAIN_S, deps.settings.requeue_s) if often else deps.settings.requeue_s


def _take_outbox(work: Work, again_after_s: float) -> list[tuple[Topic, UUID]]:
    now = work.clock.real()
    stale = now - timedelta(seconds=again_after_s)
    due = (
        select(Outbox.id)
        .where(
            Outbox.done_at.is_(None),
            or_(Outbox.claimed_until.is_(None), Outbox.claimed_until <= now),
            or_(Outbox.enqueued_at.is_(None), Outbox.enqueued_at <= stale),
        )
        .order_by(Outbox.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    statement = update(Outbox).where(Outbox.id.in_(due.scalar_subquery())).values(enqueued_at=now)
    rows = work.session.execute(statement.returning(Outbox.topic, Outbox.subject_id))
    # One job serves all the facts about one subject.
    return list(dict.fromkeys((row.topic, row.subject_id) for row in rows))


def claim_facts(topic: Topic, subject_id: UUID, *, deps: Deps) -> list[int]:
    """The outbox rows a task may serve now; none where another worker serves them, or where nothing is left to do.

    Those written while it runs are served by its next run.
    """
    with deps.database.begin() as work:
        now = work.clock.real()
        statement = (
            update(Outbox)
            .where(
                Outbox.topic == topic,
                Outbox.subject_id == subject_id,
                Outbox.done_at.is_(None),
                or_(Outbox.claimed_until.is_(None), Outbox.claimed_until <= now),
            )
            .values(claimed_until=now + CLAIM)
        )
        return list(work.session.scalars(statement.returning(Outbox.id)))


def mark_done(ids: list[int], *, deps: Deps) -> None:
    """The rows served; an outbox row that is never marked is tried again for ever."""
    if ids:
        with deps.database.begin() as work:
            work.session.execute(update(Outbox).where(Outbox.id.in_(ids)).values(done_at=work.clock.real()))
