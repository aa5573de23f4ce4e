"""Reconciliation (对账): runs with what they could not take, and what of ours a peer has not confirmed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from service.deps import Deps
from service.domain.actors import Actor, Permission, Reach
from service.domain.calendar import business_day
from service.domain.exchange import READING, Peer, RunState
from service.store.models import Certificate, Filing, KeyMapping, Person, SyncIssue, SyncRun
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach import people_within, project_ids
from service.store.work import Work
from service.usecases.access import found, require
from service.usecases.key_mappings import WORDS
from service.usecases.sync import source_of


class Difference(StrEnum):
    """What is not as the peer has it."""

    #: A row of ours that the peer never told.
    NEVER_CONFIRMED = "never_confirmed"
    #: One it has not confirmed for some days.
    NOT_CHECKED = "not_checked"
    #: A record of the peer that could not be taken.
    REFUSED = "refused"
    #: A word somebody mapped that no record ever used.
    UNUSED_MAPPING = "unused_mapping"


@dataclass(frozen=True, slots=True)
class Report:
    """How a peer stands, the numbers of all differences, and one page of the rows of one."""

    peer: Peer
    connected: bool
    last_run: SyncRun | None
    #: When it was last read to its end; None: never.
    not_checked_since: datetime | None
    counts: Mapping[Difference, int]
    rows: Page[Any]


def list_runs(filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps) -> Page[SyncRun]:
    """A page of runs, by peer and state."""
    require(actor, Permission.SYNC_READ)
    statement = select(SyncRun).filter_by(**filters)
    with deps.database.begin() as work:
        return page(work.session, statement, SyncRun.id, window)


def read_run(run_id: UUID, *, actor: Actor, deps: Deps) -> SyncRun:
    """One run."""
    require(actor, Permission.SYNC_READ)
    with deps.database.begin() as work:
        return found(work, select(SyncRun).where(SyncRun.id == run_id), "sync_run")


def list_issues(run_id: UUID, window: Window, *, actor: Actor, deps: Deps) -> Page[SyncIssue]:
    """A page of what a run could not take."""
    require(actor, Permission.SYNC_READ)
    with deps.database.begin() as work:
        found(work, select(SyncRun).where(SyncRun.id == run_id), "sync_run")
        return page(work.session, select(SyncIssue).where(SyncIssue.run_id == run_id), SyncIssue.id, window)


def all_issues(run_id: UUID, *, actor: Actor, deps: Deps) -> Iterator[SyncIssue]:
    """Everything a run could not take, page after page."""
    window = Window(1000)
    while True:
        part = list_issues(run_id, window, actor=actor, deps=deps)
        yield from part.items
        if part.next is None:
            return
        window = Window(1000, int(part.next))


def reconcile(peer: Peer, difference: Difference, days: int, window: Window, *, actor: Actor, deps: Deps) -> Report:
    """What differs now between us and a peer, within the actor's reach; `days` is how old a confirmation may be."""
    reach = require(actor, Permission.SYNC_READ)
    with deps.database.begin() as work:
        now = work.clock.now()
        people = people_within(reach, actor.account_id, business_day(now))
        statements = _statements(peer, reach, people, now - timedelta(days=days))
        counts = {each: _count(work, each, statement) for each, statement in statements.items()}
        key = {Difference.REFUSED: SyncIssue.id, Difference.UNUSED_MAPPING: KeyMapping.id}.get(
            difference, _model(peer).id
        )
        return Report(
            peer,
            source_of(peer, deps) is not None,
            work.session.scalar(_runs(peer)),
            work.session.scalar(_runs(peer, done=True).with_only_columns(SyncRun.ended_at)),
            counts,
            page(work.session, statements[difference], key, window),
        )


def _statements(peer: Peer, reach: Reach, within: ColumnElement[bool], old: datetime) -> dict[Difference, Select[Any]]:
    model = _model(peer)
    if model is Filing:
        ours: Select[Any] = select(Filing).where(Filing.project_id.in_(project_ids(reach)))
    else:
        ours = select(Certificate).where(Certificate.person_id.in_(select(Person.id).where(within)))
    refused = select(SyncIssue).join(SyncRun, SyncRun.id == SyncIssue.run_id)
    words = select(KeyMapping).where(KeyMapping.peer == peer, KeyMapping.thing.in_(WORDS))
    return {
        Difference.NEVER_CONFIRMED: ours.where(model.checked_at.is_(None)),
        Difference.NOT_CHECKED: ours.where(model.checked_at < old),
        Difference.REFUSED: refused.where(SyncRun.peer == peer, SyncIssue.settled_at.is_(None)),
        Difference.UNUSED_MAPPING: words.where(KeyMapping.used_at.is_(None)),
    }


def _model(peer: Peer) -> type[Filing | Certificate]:
    return Filing if peer is Peer.FILING_SYSTEM else Certificate


def _runs(peer: Peer, *, done: bool = False) -> Select[Any]:
    """The last run that read the peer, or the last that came to its end."""
    statement = select(SyncRun).where(SyncRun.peer == peer, SyncRun.trigger.in_(READING))
    if done:
        statement = statement.where(SyncRun.state == RunState.DONE)
    return statement.order_by(SyncRun.id.desc()).limit(1)


def _count(work: Work, difference: Difference, statement: Select[Any]) -> int:
    rows = statement.subquery()
    # A record has an issue for each of its fields that is wrong, and counts once.
    counted = func.count(rows.c.external_key.distinct()) if difference is Difference.REFUSED else func.count()
    return work.session.scalar(select(counted).select_from(rows)) or 0
