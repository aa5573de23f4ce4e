"""When runs begin: each night by the tick, on demand by the city, and again where one was left or its peer was down."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.calendar import business_day
from service.domain.exchange import OPEN, Peer, RunState, Trigger
from service.domain.topics import Topic
from service.errors import fault
from service.store.base import new_id
from service.store.locks import free
from service.store.models import Outbox, SupervisingBody, SyncRun
from service.store.work import Work
from service.usecases.access import require
from service.usecases.sync import source_of

#: A peer that was down is asked again after this time, as long as its night lasts.
AGAIN_AFTER = timedelta(minutes=30)
_MAY_PASS = ("source_unavailable", "source_unreadable")


def begin_sync(*, deps: Deps) -> None:
    """Begin the run of a day once for each connected peer, and take up what was left; safe beside other ticks."""
    for peer in Peer:
        if source_of(peer, deps) is not None:
            with deps.database.begin() as work:
                # Before there is a body no filing has a place, and the night would only refuse.
                if work.session.scalar(select(exists(select(SupervisingBody.id)))):
                    _begin(work, peer, Trigger.NIGHT, night=business_day(work.clock.now()))
                _try_again(work, peer)
                _take_up(work, peer)


def ask(peer: Peer, *, actor: Actor, deps: Deps) -> SyncRun:
    """A run on demand, which a worker takes up; `sync_running` while one of this peer is open."""
    require(actor, Permission.SYNC_RUN)
    with deps.database.begin(actor.account_id) as work:
        run_id = _asked(work, peer, deps, asked_by=actor.account_id)
        return work.session.get_one(SyncRun, run_id)


def ask_here(peer: Peer, *, deps: Deps) -> UUID:
    """The run that an operator's command goes through: the open one, or a new one."""
    with deps.database.begin() as work:
        is_open = select(SyncRun.id).where(SyncRun.peer == peer, SyncRun.state.in_(OPEN))
        return work.session.scalar(is_open) or _asked(work, peer, deps)


def _asked(work: Work, peer: Peer, deps: Deps, asked_by: UUID | None = None) -> UUID:
    if source_of(peer, deps) is None:
        raise fault("source_not_connected", "peer", peer=str(peer))
    run_id = _begin(work, peer, Trigger.DEMAND, asked_by=asked_by)
    if run_id is None:
        raise fault("sync_running", "peer", peer=str(peer))
    work.audit("sync:ask", run_id, peer=str(peer))
    return run_id


def _begin(work: Work, peer: Peer, trigger: Trigger, **values: object) -> UUID | None:
    """A new run and its fact; None while another is open, or where the night has its run already."""
    row = {"id": new_id(), "created_at": work.clock.now(), "version": 1, "peer": peer, "trigger": trigger, **values}
    statement = insert(SyncRun).values(state=RunState.WAITING, counts={}, **row)
    run_id = work.session.scalar(statement.on_conflict_do_nothing().returning(SyncRun.id))
    if run_id is not None:
        work.publish(Topic.SYNC_ASKED, run_id)
    return run_id


def _try_again(work: Work, peer: Peer) -> None:
    """Open the night's run again whose peer did not answer then."""
    other = aliased(SyncRun)
    statement = select(SyncRun).where(
        SyncRun.peer == peer,
        SyncRun.night == business_day(work.clock.now()),
        SyncRun.state == RunState.FAILED,
        SyncRun.failure.in_(_MAY_PASS),
        SyncRun.ended_at <= work.clock.now() - AGAIN_AFTER,
        ~exists().where(other.peer == peer, other.state.in_(OPEN)),
    )
    row = work.session.scalars(statement.with_for_update(skip_locked=True)).one_or_none()
    if row is not None:
        row.state, row.failure, row.ended_at = RunState.WAITING, None, None
        work.save()


def _take_up(work: Work, peer: Peer) -> None:
    """Say again of an open run that it waits, where nobody is at it and nothing on its way says so."""
    fact = exists().where(Outbox.topic == Topic.SYNC_ASKED, Outbox.subject_id == SyncRun.id, Outbox.done_at.is_(None))
    statement = select(SyncRun.id).where(SyncRun.peer == peer, SyncRun.state.in_(OPEN), ~fact)
    run_id = work.session.scalar(statement)
    if run_id is not None and free(work, "sync", peer):
        work.publish(Topic.SYNC_ASKED, run_id)
