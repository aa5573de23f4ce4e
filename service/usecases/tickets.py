"""Tickets: listed and read within reach, and what people do with them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.ticket_loop import Facts, acting_role, allowed, require_act
from service.domain.tickets import Act, roles_on
from service.store.models import Finding, Ticket, TicketEvent
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach_tickets import tickets_within
from service.store.work import Work
from service.usecases.access import found, require, require_version
from service.usecases.ticket_keeping import Deed, carry_out, standing_of
from service.usecases.ticket_parties import concerned_by, findings_of, place_of, verifier_free
from service.usecases.ticket_steps import catch_up

#: Of a ticket that is talked about without end the latest events are shown.
HISTORY_MOST = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """A ticket with its lines, its history, and what the reader may do with it now."""

    ticket: Ticket
    findings: Collection[Finding]
    history: Sequence[TicketEvent]
    allowed: Sequence[Act]


def list_tickets(filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps) -> Page[Ticket]:
    """A page of the tickets within reach; `open` tells those that go on from those that ended."""
    statement = select(Ticket).where(tickets_within(require(actor, Permission.TICKET_READ)))
    for name in ("project_id", "state", "kind", "team_kind", "period"):
        if name in filters:
            statement = statement.where(getattr(Ticket, name) == filters[name])
    if "open" in filters:
        statement = statement.where(Ticket.finished_at.is_(None) == filters["open"])
    with deps.database.begin() as work:
        return page(work.session, statement, Ticket.id, window)


def read_ticket(ticket_id: UUID, *, actor: Actor, deps: Deps) -> Shown:
    """One ticket within reach, with everything that happened to it."""
    within = tickets_within(require(actor, Permission.TICKET_READ))
    with deps.database.begin() as work:
        row = found(work, select(Ticket).where(Ticket.id == ticket_id, within), "ticket")
        findings = findings_of(work, row.id)
        return Shown(row, findings, _history(work, row.id), _allowed(work, row, findings, actor))


def _history(work: Work, ticket_id: UUID) -> Sequence[TicketEvent]:
    latest = select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.position.desc())
    return work.session.scalars(latest.limit(HISTORY_MOST)).all()[::-1]


def _allowed(work: Work, row: Ticket, findings: Collection[Finding], actor: Actor) -> list[Act]:
    concerned = concerned_by(work, row.id, findings).holds(actor.account_id, actor.person_id)
    return allowed(standing_of(row), roles_on(actor.grants, place_of(row)), concerned=concerned)


def act_on_ticket(
    ticket_id: UUID, act: Act, version: int, *, actor: Actor, deps: Deps, note: str | None = None
) -> Shown:
    """The ticket after an act; what is due is taken first, so that what comes late is late even if no tick ran."""
    within = tickets_within(require(actor, Permission.TICKET_ACT))
    ticket = select(Ticket).where(Ticket.id == ticket_id, within)
    catch_up(ticket, deps=deps)
    with deps.database.begin(actor.account_id) as work:
        row = found(work, ticket.with_for_update(of=Ticket), "ticket")
        require_version(row.version, version)
        carry_out(work, row, _deed(work, row, act, note, actor))
    # What the act brings at once, such as the check of what was submitted, is not left to the next tick.
    catch_up(ticket, deps=deps)
    return read_ticket(ticket_id, actor=actor, deps=deps)


def _deed(work: Work, row: Ticket, act: Act, note: str | None, actor: Actor) -> Deed:
    """What the actor may do and is about to, or the reason why not."""
    standing, roles = standing_of(row), roles_on(actor.grants, place_of(row))
    concerned = concerned_by(work, row.id, findings_of(work, row.id))
    himself = concerned.holds(actor.account_id, actor.person_id)
    require_act(standing, act, roles, note, concerned=himself)
    free = act is not Act.SUBMIT or verifier_free(work, row, standing, concerned, actor)
    role = acting_role(standing, act, roles)
    return Deed(act, actor.account_id, role, note, Facts(verifier_free=free))
