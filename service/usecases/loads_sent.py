"""Spreadsheets sent in: kept sealed, waiting for a worker, followed by who sent them."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import defer

from service.deps import Deps
from service.domain.actors import Actor, Permission, Reach
from service.domain.exchange import Things
from service.domain.topics import Topic
from service.errors import fault
from service.spreadsheets.files import MEDIA_TYPES, kind_of
from service.store.models import Photo, PhotoKind, SpreadsheetLoad
from service.store.queries.paging import Page, Window, page
from service.store.work import Work
from service.usecases.access import found, require
from service.usecases.intake import keep_file_row, keep_photo, open_photo

#: Long enough to correct what was refused and to look into what went wrong; identity numbers are kept no longer.
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class LoadForm:
    """What comes with a spreadsheet."""

    dry_run: bool = False
    in_force: bool = False


def receive(things: Things, source: bytes, form: LoadForm, *, actor: Actor, deps: Deps) -> SpreadsheetLoad:
    """The load, durable and waiting; a file that cannot be a spreadsheet is refused at once (`kind_of`)."""
    require(actor, Permission.SPREADSHEET_LOAD)
    media_type = MEDIA_TYPES[kind_of(source)]
    with keep_photo(source, deps) as file_id, deps.database.begin(actor.account_id) as work:
        keep_spreadsheet(work, file_id, source, media_type, deps)
        load = work.add(
            SpreadsheetLoad(
                things=things,
                dry_run=form.dry_run,
                in_force=form.in_force,
                file_id=file_id,
                asked_by=actor.account_id,
                enqueued_at=deps.clock.real(),
            )
        )
        work.audit("spreadsheet:receive", load.id, things=str(things), dry_run=form.dry_run)
    deps.queue.send(Topic.SPREADSHEET_RECEIVED, load.id)
    return load


def keep_spreadsheet(work: Work, file_id: UUID, data: bytes, media_type: str, deps: Deps) -> None:
    """Write the row of a file that is kept for its days."""
    keep_file_row(work, file_id, PhotoKind.SPREADSHEET, data, media_type, deps)
    work.session.get_one(Photo, file_id).expires_at = deps.clock.now() + KEPT
    work.save()


def list_loads(window: Window, *, actor: Actor, deps: Deps) -> Page[SpreadsheetLoad]:
    """A page of what the actor sent, or of what anybody sent for the city, newest first."""
    reach = require(actor, Permission.SPREADSHEET_LOAD)
    with deps.database.begin() as work:
        statement = select(SpreadsheetLoad).where(_within(reach, actor)).options(defer(SpreadsheetLoad.problems))
        return page(work.session, statement, SpreadsheetLoad.id, window)


def read_load(load_id: UUID, *, actor: Actor, deps: Deps) -> SpreadsheetLoad:
    """One load, of his own unless he is the city's."""
    reach = require(actor, Permission.SPREADSHEET_LOAD)
    with deps.database.begin() as work:
        statement = select(SpreadsheetLoad).where(SpreadsheetLoad.id == load_id, _within(reach, actor))
        return found(work, statement, "spreadsheet_load")


def read_errors(load_id: UUID, *, actor: Actor, deps: Deps) -> bytes:
    """The workbook of the rows refused; `not_found` where none were, or once it was deleted."""
    load = read_load(load_id, actor=actor, deps=deps)
    if load.errors_id is None:
        raise fault("not_found", thing="spreadsheet_errors")
    with deps.database.begin(actor.account_id) as work:
        photo = work.session.get_one(Photo, load.errors_id)
        work.audit("spreadsheet:read_errors", load.id)
    return open_photo(photo, deps)[0]


def _within(reach: Reach, actor: Actor) -> ColumnElement[bool]:
    return true() if reach.city else SpreadsheetLoad.asked_by == actor.account_id
