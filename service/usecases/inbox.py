"""The inbox: what happened to a ticket is told to whom it concerns, once an event, and read there."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.escalation import Standing
from service.domain.tickets import Clock, Party, Place, addresses
from service.store.base import new_id
from service.store.models import Notice, Ticket, TicketEvent
from service.store.queries.paging import Page, Window, page
from service.store.work import Work
from service.usecases.access import found, require
from service.usecases.ticket_parties import concerned_by, findings_of, free_judges, holders, place_of


def tell(work: Work, ticket: Ticket, event: TicketEvent, standing: Standing) -> None:
    """Put an event into the inboxes the scenario names, but not into that of who did it."""
    tells = standing.scenario.tells
    word = event.act if event.act in tells or event.from_state is event.to_state else event.to_state
    told = {account_id for party in tells.get(word, ()) for account_id in _accounts(work, ticket, standing, party)}
    notice = {
        "ticket_id": ticket.id,
        "event_id": event.id,
        "created_at": event.created_at,
        "code": f"ticket_{word}",
        "data": {"number": ticket.number, "project": ticket.project_name, **_deadlines(standing)},
    }
    # The ids are made here, because they are the cursor of the list and PostgreSQL 15 makes none that sort by time.
    rows = [{"id": new_id(), "account_id": account_id, **notice} for account_id in sorted(told - {event.actor_id})]
    if rows:
        work.session.execute(insert(Notice).on_conflict_do_nothing(), rows)


def _accounts(work: Work, ticket: Ticket, standing: Standing, party: Party) -> list[UUID]:
    """Who is told as a party; to check is asked only who may."""
    if party is Party.CHECKER:
        concerned = concerned_by(work, ticket.id, findings_of(work, ticket.id))
        return free_judges(work, ticket, standing, Party(standing.checker), concerned)
    copied = Place(ticket.project_id, ticket.body_id, ticket.copy_team_id, None)
    roles = standing.scenario.parties[party][standing.team_kind]
    actors = holders(work, addresses(roles, copied if party is Party.COPY else place_of(ticket)))
    return [actor.account_id for actor in actors]


def _deadlines(standing: Standing) -> dict[str, str | None]:
    """The last day of the clock that runs longest, which is what a person works towards, and the enterprise's own."""
    urge = next((step for step in standing.steps if step.clock is Clock.URGE), None)
    last = standing.steps[-1] if standing.steps else None
    days = {"until": last, "urge_until": urge}
    return {name: step.last_day.isoformat() if step else None for name, step in days.items()}


def list_inbox(filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps) -> tuple[Page[Notice], int]:
    """A page of one's own notices, and how many are unread in all."""
    require(actor, Permission.INBOX_READ)
    statement = select(Notice).where(Notice.account_id == actor.account_id)
    if "unread" in filters:
        statement = statement.where(Notice.read_at.is_(None) == filters["unread"])
    with deps.database.begin() as work:
        return page(work.session, statement, Notice.id, window), _unread(work, actor)


def read_notice(notice_id: UUID, *, actor: Actor, deps: Deps) -> Notice:
    """A notice of one's own, read now; when it was read first stays."""
    require(actor, Permission.INBOX_READ)
    with deps.database.begin(actor.account_id) as work:
        own = select(Notice).where(Notice.id == notice_id, Notice.account_id == actor.account_id)
        notice = found(work, own.with_for_update(), "notice")
        notice.read_at = notice.read_at or work.clock.now()
        work.save()
        return notice


def read_all(*, actor: Actor, deps: Deps) -> int:
    """Every notice of one's own read; how many were not before."""
    require(actor, Permission.INBOX_READ)
    with deps.database.begin(actor.account_id) as work:
        statement = update(Notice).where(*_own_unread(actor)).values(read_at=work.clock.now())
        return work.session.connection().execute(statement).rowcount


def _unread(work: Work, actor: Actor) -> int:
    return work.session.scalars(select(func.count()).select_from(Notice).where(*_own_unread(actor))).one()


def _own_unread(actor: Actor) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Notice.account_id == actor.account_id, Notice.read_at.is_(None)
