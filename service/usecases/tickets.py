"""Tickets: listed and read within reach, and what people do with them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.escalation import due
from service.domain.ticket_loop import Facts, acting_role, allowed, require_act
from service.domain.tickets import Act, Party, roles_on
from service.store.models import Finding, Ticket, TicketEvent
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach_tickets import tickets_within
from service.store.work import Work
from service.usecases.access import found, require, require_version
from service.usecases.ticket_keeping import Deed, carry_out, standing_of
from service.usecases.ticket_parties import are_cleared, concerned_by, findings_of, free_judges, place_of
from service.usecases.ticket_steps import catch_up

#: Of a ticket that is talked about without end the latest events are shown.
HISTORY_MOST = 200
# What tells of a single person in evidence and events.
_PERSONAL = frozenset({"people", "needs", "roster_line_id"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A ticket with its lines, its history, and what the reader may do with it now."""

    ticket: Ticket
    findings: Collection[Finding]
    history: Sequence[TicketEvent]
    allowed: Sequence[Act]


def list_tickets(filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps) -> Page[Ticket]:
    """A page of the tickets within reach; `open` tells those that go on from those that ended."""
    require(actor, Permission.TICKET_READ)
    statement = select(Ticket).where(tickets_within(actor, Permission.TICKET_READ))
    for name in ("project_id", "state", "kind", "team_kind", "period"):
        if name in filters:
            statement = statement.where(getattr(Ticket, name) == filters[name])
    if "open" in filters:
        statement = statement.where(Ticket.finished_at.is_(None) == filters["open"])
    with deps.database.begin() as work:
        return page(work.session, statement, Ticket.id, window)


def read_ticket(ticket_id: UUID, *, actor: Actor, deps: Deps) -> Shown:
    """One ticket within reach, with everything that happened to it; who only gets a copy is shown no people."""
    reach, within = require(actor, Permission.TICKET_READ), tickets_within(actor, Permission.TICKET_READ)
    with deps.database.begin() as work:
        row = found(work, select(Ticket).where(Ticket.id == ticket_id, within), "ticket")
        findings = findings_of(work, row.id)
        shown = Shown(row, findings, _history(work, row.id), _allowed(work, row, findings, actor))
    if not place_of(row).is_reached(reach):
        _leave_out_people(shown)
    return shown


def _leave_out_people(shown: Shown) -> None:
    """Take every person out of rows whose transaction is over, so that nothing of it is written."""
    for finding in shown.findings:
        finding.person_id = None
        finding.evidence = {name: value for name, value in finding.evidence.items() if name not in _PERSONAL}
    for event in shown.history:
        event.actor_id = None
        event.data = {name: value for name, value in event.data.items() if name not in _PERSONAL}


def _history(work: Work, ticket_id: UUID) -> Sequence[TicketEvent]:
    latest = select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.position.desc())
    return work.session.scalars(latest.limit(HISTORY_MOST)).all()[::-1]


def _allowed(work: Work, row: Ticket, findings: Collection[Finding], actor: Actor) -> list[Act]:
    concerned = concerned_by(work, row.id, findings).holds(actor)
    facts = Facts(cleared=are_cleared(findings))
    return allowed(standing_of(row), roles_on(actor.grants, place_of(row)), facts, concerned=concerned)


def act_on_ticket(
    ticket_id: UUID, act: Act, version: int, *, actor: Actor, deps: Deps, note: str | None = None
) -> Shown:
    """The ticket after an act; what is due is taken first, so that what comes late is late even if no tick ran."""
    require(actor, Permission.TICKET_ACT)
    ticket = select(Ticket).where(Ticket.id == ticket_id, tickets_within(actor, Permission.TICKET_ACT))
    done = False
    while not done:
        catch_up(ticket, deps=deps)
        with deps.database.begin(actor.account_id) as work:
            row = found(work, ticket.with_for_update(of=Ticket), "ticket")
            # What came due while we waited for the row is taken first, and in a transaction of the program's own.
            done = due(standing_of(row), work.clock.now()) is None
            if done:
                require_version(row.version, version)
                carry_out(work, row, _deed(work, row, act, note, actor))
    # What the act brings at once, such as the check of what was submitted, is not left to the next tick.
    catch_up(ticket, deps=deps)
    return read_ticket(ticket_id, actor=actor, deps=deps)


def _deed(work: Work, row: Ticket, act: Act, note: str | None, actor: Actor) -> Deed:
    """What the actor may do and is about to, or the reason why not."""
    standing, roles, findings = standing_of(row), roles_on(actor.grants, place_of(row)), findings_of(work, row.id)
    concerned = concerned_by(work, row.id, findings)
    cleared = are_cleared(findings)
    require_act(standing, act, roles, note, Facts(cleared=cleared), concerned=concerned.holds(actor))
    verifiers = free_judges(work, row, standing, Party.VERIFIER, concerned) if act is Act.SUBMIT else ()
    # Who submits is concerned from now on.
    free = act is not Act.SUBMIT or any(account_id != actor.account_id for account_id in verifiers)
    return Deed(act, actor.account_id, acting_role(standing, act, roles), note, Facts(cleared, free))
