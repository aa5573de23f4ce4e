"""Taking a spreadsheet that was sent in, in a worker: claimed by its row, a batch at a time, resumed after a kill."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled
from sqlalchemy import func, update
from sqlalchemy.exc import OperationalError

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.exchange import RunState
from service.domain.records import Origin
from service.domain.sources import Source
from service.domain.topics import Topic
from service.errors import Problem, ServiceError, fault
from service.spreadsheets.files import MEDIA_TYPES, FileKind
from service.spreadsheets.rows import Misplaced
from service.store.claims import MAX_ATTEMPTS, Held, claim, release, still_held
from service.store.models import Account, SpreadsheetLoad
from service.store.photos import PhotoStoreDown
from service.store.work import Work
from service.usecases.access import require
from service.usecases.accounts import as_actor
from service.usecases.intake import keep_photo
from service.usecases.loads import Loaded, Progress, Watch, load_rows
from service.usecases.loads_sent import keep_spreadsheet

log = structlog.get_logger(__name__)

#: Longer than a batch that waits for locks (10 s) at each of its tries, and than the largest file takes to be read.
LEASE_S = 180.0
#: One worker may be all there is, and check-ins wait while it loads: after so much another job goes on.
SLICE = timedelta(seconds=6)


class _ClaimLost(Exception):  # noqa: N818 - it only leaves a transaction
    """Another worker goes on with this load."""


def run(load_id: UUID, /, *, deps: Deps) -> None:
    """Take what is left of a load; what another worker holds, and what is done, is left alone."""
    with deps.database.begin() as work:
        held = claim(work, SpreadsheetLoad, load_id, LEASE_S)
    if held is None:
        return
    try:
        loaded = _load(held, deps)
        _finish(held, loaded, deps)
    except _ClaimLost:
        log.warning("a load went to another worker", load_id=str(load_id))
    except ServiceError as error:
        if error.code == "photo_store_down":
            _give_back(held, deps)
        else:
            _fail(held, error, deps)
    except (PhotoStoreDown, OperationalError) as error:
        log.error("a part is down, the load waits", load_id=str(load_id), part=type(error).__name__)
        # What always takes too long, or always waits too long, would else be tried for ever.
        counted = isinstance(getattr(error, "orig", None), QueryCanceled | LockNotAvailable | DeadlockDetected)
        _give_back(held, deps, counted=counted)


def _load(held: Held, deps: Deps) -> Loaded:
    with deps.database.begin() as work:
        load = work.session.get_one(SpreadsheetLoad, held.row_id)
        actor, begun = _sender(work, load.asked_by), (_begun(load), load.remembered)
    # Each batch that was kept counts the claims anew from one: these went by without any.
    if held.attempt > MAX_ATTEMPTS:
        raise fault("load_given_up", None, attempts=held.attempt - 1)
    origin = Origin(Source.SPREADSHEET, actor, in_force=load.in_force)
    until: list[datetime] = []
    watch = Watch(
        keep=partial(_keep, held),
        # The file is read by now.
        told=lambda _: None if until else until.append(deps.clock.real() + SLICE),
        pause=lambda: deps.clock.real() > until[0],
    )
    source = deps.photos.get(load.file_id)
    return load_rows(source, load.things, origin, deps=deps, dry_run=load.dry_run, begun=begun, watch=watch)


def _sender(work: Work, account_id: UUID) -> Actor:
    """Who sent it, with what he may do now; `account_closed`, `forbidden`."""
    account = work.session.get_one(Account, account_id)
    if not account.active:
        raise fault("account_closed")
    actor = as_actor(account)
    require(actor, Permission.SPREADSHEET_LOAD)
    return actor


def _begun(load: SpreadsheetLoad) -> Progress:
    problems = tuple(Misplaced(**each) for each in load.problems)
    return replace(Progress(), rows_done=load.rows_done, counts=load.counts or Progress().counts, problems=problems)


def _keep(held: Held, work: Work, progress: Progress, piece: bytes) -> None:
    """Write how far it is and what to remember, and hold the claim on; whoever gets further counts anew."""
    load = SpreadsheetLoad
    statement = update(load).where(load.id == held.row_id, load.claim_id == held.claim_id)
    until = work.clock.real() + timedelta(seconds=LEASE_S)
    remembered = func.array_append(load.remembered, piece)
    news = statement.values(
        **_told(progress), state=RunState.RUNNING, attempts=1, claimed_until=until, remembered=remembered
    )
    if work.session.scalars(news.returning(load.id)).first() is None:
        raise _ClaimLost


def _told(progress: Progress) -> Mapping[str, Any]:
    return {
        "rows": progress.rows,
        "rows_done": progress.rows_done,
        "counts": dict(progress.counts),
        "problems": [asdict(problem) for problem in progress.problems],
    }


def _finish(held: Held, loaded: Loaded, deps: Deps) -> None:
    if not loaded.finished:
        _give_back(held, deps)
        deps.queue.send(Topic.SPREADSHEET_RECEIVED, held.row_id)
        return
    if loaded.errors is None:
        _end(held, loaded, None, deps)
        return
    with keep_photo(loaded.errors, deps) as errors_id:
        _end(held, loaded, errors_id, deps)


def _end(held: Held, loaded: Loaded, errors_id: UUID | None, deps: Deps) -> None:
    with deps.database.begin() as work:
        row = _ending(work, held)
        if errors_id is not None and loaded.errors is not None:
            keep_spreadsheet(work, errors_id, loaded.errors, MEDIA_TYPES[FileKind.WORKBOOK], deps)
        for name, value in _told(loaded.progress).items():
            setattr(row, name, value)
        row.notices = _listed(loaded.notices)
        row.errors_id, row.state = errors_id, RunState.DONE
        work.save()
        work.audit("spreadsheet:end", row.id, state=str(row.state), **loaded.progress.counts)


def _fail(held: Held, error: ServiceError, deps: Deps) -> None:
    with suppress(_ClaimLost), deps.database.begin() as work:
        row = _ending(work, held)
        row.state = RunState.FAILED
        row.failure = {"problems": _listed(error.problems)}
        work.save()
        work.audit("spreadsheet:end", row.id, state=str(row.state), code=error.code)


def _listed(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [{"code": problem.code, "data": dict(problem.data)} for problem in problems]


def _ending(work: Work, held: Held) -> SpreadsheetLoad:
    row = still_held(work, SpreadsheetLoad, held)
    if row is None:
        raise _ClaimLost
    row.claim_id, row.claimed_until, row.ended_at = None, None, work.clock.now()
    row.remembered = []
    return row


def _give_back(held: Held, deps: Deps, *, counted: bool = False) -> None:
    with deps.database.begin() as work:
        release(work, SpreadsheetLoad, held, counted=counted)
