"""The inbox: what happened to a ticket is told to whom it concerns, once an event, and read there."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from service.deps import Deps
from service.domain.actors import Actor, Permission, Role
from service.domain.escalation import Standing
from service.domain.tickets import Act, Party, Place, TicketState, addresses
from service.store.base import new_id
from service.store.models import Account, GrantRow, Notice, Ticket, TicketEvent
from service.store.queries.paging import Page, Window, page
from service.store.work import Work
from service.usecases.access import found, require

#: The text of a notice, by the act or else by the state it led to.
CODES: dict[str, str] = {
    TicketState.DISPATCHED: "ticket_dispatched",
    TicketState.ACKNOWLEDGED: "ticket_acknowledged",
    TicketState.RECTIFYING: "ticket_rectifying",
    TicketState.SUBMITTED: "ticket_submitted",
    TicketState.OBSERVING: "ticket_observing",
    TicketState.CHECKING: "ticket_checking",
    TicketState.SENT_BACK: "ticket_sent_back",
    TicketState.TRANSFERRED: "ticket_transferred",
    TicketState.PASSED: "ticket_passed",
    TicketState.CLOSED: "ticket_closed",
    TicketState.WITHDRAWN: "ticket_withdrawn",
    Act.REMIND: "ticket_unread",
    Act.URGE: "ticket_urged",
    Act.URGE_LATE: "ticket_not_urged",
    Act.PASS_TO_BODY: "ticket_passed_to_body",
    Act.PASS_TO_HEAD: "ticket_passed_to_head",
    Act.INTERVIEW: "ticket_interview",
    Act.ORDER_CORRECTION: "ticket_order_correction",
    Act.PROPOSE_POINTS: "ticket_propose_points",
    Act.REPLY: "ticket_reply",
    Act.APPEAL: "ticket_appeal",
    Act.DENY_APPEAL: "ticket_appeal_denied",
}


def tell(work: Work, ticket: Ticket, event: TicketEvent, standing: Standing) -> None:
    """Put an event into the inboxes the scenario names, but not into that of who did it."""
    tells = standing.scenario.tells
    word = event.act if event.act in tells or event.from_state is event.to_state else event.to_state
    accounts = _accounts(work, _addressed(ticket, standing, tells.get(word, ())), event.actor_id)
    if not accounts:
        return
    notice = {
        "ticket_id": ticket.id,
        "event_id": event.id,
        "created_at": event.created_at,
        "code": CODES.get(word) or CODES[event.to_state],
        "data": {"number": ticket.number, "project": ticket.project_name, "until": _until(standing)},
    }
    # The ids are made here, because they are the cursor of the list and PostgreSQL 15 makes none that sort by time.
    rows = [{"id": new_id(), "account_id": account_id, **notice} for account_id in accounts]
    work.session.execute(insert(Notice).on_conflict_do_nothing(), rows)


def _addressed(ticket: Ticket, standing: Standing, parties: Iterable[Party]) -> set[tuple[Role, UUID]]:
    """The role and scope of every grant that is told."""
    own = Place(ticket.project_id, ticket.body_id, ticket.team_id, ticket.unit_id)
    copied = Place(ticket.project_id, ticket.body_id, ticket.copy_team_id, None)
    told = set()
    for party in parties:
        meant = Party(standing.checker) if party is Party.CHECKER else party
        roles = standing.scenario.parties[meant][standing.team_kind]
        told |= addresses(roles, copied if party is Party.COPY else own)
    return told


def _accounts(work: Work, addressed: set[tuple[Role, UUID]], but: UUID | None) -> list[UUID]:
    if not addressed:
        return []
    statement = (
        select(GrantRow.account_id)
        .join(Account, Account.id == GrantRow.account_id)
        .where(Account.active, tuple_(GrantRow.role, GrantRow.scope_id).in_(addressed))
        .distinct()
    )
    return sorted(account_id for account_id in work.session.scalars(statement) if account_id != but)


def _until(standing: Standing) -> str | None:
    """The last day of the clock that runs longest, which is what a person works towards."""
    return standing.steps[-1].last_day.isoformat() if standing.steps else None


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
        return len(work.session.scalars(statement.returning(Notice.id)).all())


def _unread(work: Work, actor: Actor) -> int:
    return work.session.scalars(select(func.count()).select_from(Notice).where(*_own_unread(actor))).one()


def _own_unread(actor: Actor) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Notice.account_id == actor.account_id, Notice.read_at.is_(None)
