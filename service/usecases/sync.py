"""Synchronisation (同步): a run reads what changed at a peer, a page a transaction, from where the run before it ended.

The row is what must happen: a run that was killed goes on from its last page as soon as somebody takes it up.
"""

from collections.abc import Callable
from datetime import timedelta
from itertools import chain
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Uuid, cast, func, select, true, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import aliased

from service.connectors.base import Permanent
from service.connectors.source import Page, Source, SourceDown
from service.deps import Deps
from service.domain.exchange import READING, Peer, RunState
from service.domain.topics import Topic
from service.store.locks import alone, hold
from service.store.models import Certificate, Filing, KeyMapping, ListEntry, SyncIssue, SyncRun
from service.store.work import Work
from service.usecases.bulk.lists import KEY
from service.usecases.sync_records import SOURCES, THINGS, newest, settle, take_items

log = structlog.get_logger(__name__)

#: Then a worker lets others go first and takes the run up again: the same workers judge check-ins, and a page that was
#: begun within this time may need as long again.
SLICE = timedelta(seconds=5)
Watch = Callable[[SyncRun], None]


def source_of(peer: Peer, deps: Deps) -> Source | None:
    """The system behind a peer, None where it is not connected."""
    return {Peer.FILING_SYSTEM: deps.filing, Peer.CERTIFICATE_REGISTRY: deps.certificates}[peer]


def run(run_id: UUID, /, *, deps: Deps, within: timedelta | None = SLICE, watch: Watch | None = None) -> None:
    """Take a run up and go on until its end, its failure, or for so long; nothing where somebody else is at it."""
    with deps.database.begin() as work:
        peer = work.session.get_one(SyncRun, run_id).peer
    with alone(deps.database, "sync", peer) as mine:
        if mine:
            _Run(run_id, deps, watch).go_on(within)


class _Run:
    """A run in this process; the lock of its peer is held."""

    def __init__(self, run_id: UUID, deps: Deps, watch: Watch | None) -> None:
        self._id, self._deps, self._watch = run_id, deps, watch

    def go_on(self, within: timedelta | None) -> None:
        begun = self._begin()
        if begun is None:
            return
        peer, cursor, refused = begun
        source = source_of(peer, self._deps)
        if source is None:
            self._end(RunState.FAILED, "source_not_connected")
            return
        until = None if within is None else self._deps.clock.real() + within
        try:
            for page in chain(source.again(refused), source.changes(cursor)):
                self._keep(page)
                # Of a peer that is slow even to say that there is no more, the next slice would only hear it again.
                came_on = bool(page.asked) or page.cursor != cursor
                cursor = page.cursor or cursor
                if came_on and until is not None and self._deps.clock.real() >= until:
                    self._hand_on()
                    return
        except (SourceDown, Permanent) as error:
            self._end(RunState.FAILED, error.code)
        except OperationalError:
            # Our database is busy or down: the run stays open, and whoever takes it up goes on.
            raise
        except Exception:
            # Shown as what it is, instead of tried again all day.
            self._end(RunState.FAILED, "internal")
            raise
        else:
            self._end(RunState.DONE)

    def _begin(self) -> tuple[Peer, str | None, list[str]] | None:
        """The run's peer, its cursor and the keys to be asked for again; None for a run that is over."""
        with self._deps.database.begin() as work:
            row = work.session.get_one(SyncRun, self._id, with_for_update=True)
            if row.state is RunState.WAITING:
                row.state, row.started_at = RunState.RUNNING, work.clock.now()
                row.cursor = row.cursor or _cursor_before(work, row)
            if row.state is not RunState.RUNNING:
                return None
            return row.peer, row.cursor, _open_keys(work, row.peer, row.id)

    def _keep(self, page: Page) -> None:
        with self._deps.database.begin() as work:
            row = work.session.get_one(SyncRun, self._id, with_for_update=True)
            row.answer_sha256, row.answered_at = page.sha256, work.clock.now()
            row.cursor = page.cursor or row.cursor
            # What was asked for and is not told is gone at the peer.
            settle(work, row.peer, page.asked)
            take_items(work, row, newest(page.items), self._deps)
        if self._watch:
            self._watch(row)

    def _hand_on(self) -> None:
        with self._deps.database.begin() as work:
            work.publish(Topic.SYNC_ASKED, self._id)

    def _end(self, state: RunState, failure: str | None = None) -> None:
        with self._deps.database.begin() as work:
            row = work.session.get_one(SyncRun, self._id, with_for_update=True)
            row.state, row.failure, row.ended_at = state, failure, work.clock.now()
            if state is RunState.DONE:
                _confirm(work, row)
            work.audit("sync:end", row.id, state=str(state), failure=failure, counts=row.counts)
        log.info("a synchronisation ended", peer=str(row.peer), state=str(state), failure=failure, counts=row.counts)


def _cursor_before(work: Work, row: SyncRun) -> str | None:
    """How far the runs before this one came; what a failed one kept before it failed is not read again."""
    earlier = (
        select(SyncRun.cursor)
        .where(SyncRun.peer == row.peer, SyncRun.trigger.in_(READING), SyncRun.id < row.id, SyncRun.cursor.is_not(None))
        .order_by(SyncRun.id.desc())
        .limit(1)
    )
    return work.session.scalar(earlier)


def _open_keys(work: Work, peer: Peer, run_id: UUID) -> list[str]:
    """The keys of records that were refused before this run and not told again since."""
    statement = (
        select(SyncIssue.external_key)
        .join(SyncRun, SyncRun.id == SyncIssue.run_id)
        .where(SyncRun.peer == peer, SyncIssue.run_id != run_id, SyncIssue.settled_at.is_(None))
        .distinct()
        .order_by(SyncIssue.external_key)
    )
    return list(work.session.scalars(statement))


def _confirm(work: Work, row: SyncRun) -> None:
    """A peer that was read to its end has said of all it has keys for that it is as it was; not of what we refused."""
    # As take_items does, so that whoever pushes records meanwhile waits before either has a row the other needs.
    hold(work, "records", row.peer)
    runs = select(SyncRun.id).where(SyncRun.peer == row.peer)
    refused = select(SyncIssue.external_key).where(SyncIssue.run_id.in_(runs), SyncIssue.settled_at.is_(None))
    keys = select(KeyMapping.internal_key).where(
        KeyMapping.peer == row.peer, KeyMapping.thing == THINGS[row.peer], KeyMapping.external_key.not_in(refused)
    )
    ids = keys.with_only_columns(cast(KeyMapping.internal_key, Uuid))
    if row.peer is Peer.CERTIFICATE_REGISTRY:
        _say_checked(work, row, Certificate, Certificate.id.in_(ids), Certificate.type_code, Certificate.number)
        return
    _say_checked(work, row, Filing, Filing.id.in_(ids), Filing.number)
    # Whatever filing somebody put it under, only those that name him speak for an entry.
    entry = aliased(ListEntry)
    by = func.jsonb_array_elements_text(entry.named_by).table_valued("value")
    named = select(entry.id).join(by, true()).where(by.c.value.in_(keys))
    _say_checked(work, row, ListEntry, ListEntry.id.in_(named), *KEY)


def _say_checked(work: Work, row: SyncRun, model: Any, kept: ColumnElement[bool], *order: Any) -> None:  # noqa: ANN401
    """Of those that rest on the run's peer; locked in the order in which loads of files lock them too."""
    own = select(model.id).where(model.source == SOURCES[row.peer], kept)
    locked = own.order_by(*order).with_for_update(key_share=True).cte("locked")
    rows = update(model).where(model.id.in_(select(locked.c.id))).values(checked_at=row.ended_at)
    work.session.execute(rows.execution_options(synchronize_session=False))
