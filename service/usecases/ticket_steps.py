"""What comes due on tickets: one step a transaction, the oldest first; the row's lock is the claim."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Select, func, select, update

from service.deps import Deps
from service.domain.calendar import business_day
from service.domain.escalation import Running, Standing, Watched, again, due, observed, postponed
from service.domain.ticket_loop import Facts
from service.domain.tickets import Act
from service.store.models import Ticket, TicketEvent
from service.store.work import Work
from service.usecases.attendance import progress
from service.usecases.ticket_keeping import Deed, calendar_of, carry_out, columns_of, put, standing_of
from service.usecases.ticket_parties import are_cleared, findings_of

log = structlog.get_logger(__name__)

BATCH = 200


def take_steps(*, deps: Deps, limit: int = BATCH) -> int:
    """Take up to so many due steps and return how many; safe beside other ticks and after any crash."""
    taken, broken = 0, set[UUID]()
    while taken < limit:
        ticket_id: UUID | None = None
        try:
            with deps.database.begin() as work:
                now = work.clock.now()
                statement = select(Ticket).where(Ticket.next_step_at <= now, Ticket.id.not_in(broken))
                oldest = statement.order_by(Ticket.next_step_at, Ticket.id).limit(1)
                row = work.session.scalars(oldest.with_for_update(of=Ticket, skip_locked=True)).one_or_none()
                if row is None:
                    break
                ticket_id = row.id
                _take(work, row, now)
        except Exception as error:
            if ticket_id is None:
                raise
            # Tickets that break must not stop the others, however many they are; they are tried again next turn.
            log.error("a ticket's step broke", ticket_id=str(ticket_id), exc_info=error)
            broken.add(ticket_id)
        else:
            taken += 1
    return taken


def catch_up(tickets: Select[Ticket], *, deps: Deps) -> None:
    """Take the due steps of these tickets, so that nobody acts on a state that is past."""
    while True:
        with deps.database.begin() as work:
            now = work.clock.now()
            statement = tickets.where(Ticket.next_step_at <= now).limit(1)
            row = work.session.scalars(statement.with_for_update(of=Ticket)).one_or_none()
            if row is None:
                return
            _take(work, row, now)


def _take(work: Work, row: Ticket, now: datetime) -> None:
    """Take exactly the earliest due step of a locked ticket, or put it off where it is not due after all."""
    standing = standing_of(row)
    step = due(standing, now)
    if step is None:
        return
    calendar = calendar_of(work, standing.steps, now)
    later = postponed(standing, step, now, calendar)
    if later is not None:
        put(work, row, later)
        new = next(other for other in later.steps if other.clock is step.clock)
        work.audit("ticket:postpone", row.id, clock=str(step.clock), old=step.at.isoformat(), new=new.at.isoformat())
        return
    act, data = _act_of(work, row, standing, step)
    if act is None:
        _look_again(work, row, again(standing, step, now, calendar))
        return
    facts = Facts(cleared=act is Act.CHECK and are_cleared(findings_of(work, row.id)))
    told = {"clock": str(step.clock), "due_at": step.at.isoformat(), **data}
    carry_out(work, row, Deed(act, facts=facts, fired=step, data=told))


def _look_again(work: Work, row: Ticket, standing: Standing) -> None:
    """Keep when data is looked at next; nothing happened, so whoever saw the ticket saw it as it is."""
    columns = columns_of(standing)
    kept = {name: columns[name] for name in ("steps", "next_step_at")}
    work.session.execute(update(Ticket).where(Ticket.id == row.id).values(kept))


def _act_of(work: Work, row: Ticket, standing: Standing, step: Running) -> tuple[Act | None, Mapping[str, Any]]:
    """The act a step brings; where data decides, what it says, and by which numbers."""
    act = standing.scenario.clocks[step.clock].act
    return (act, {}) if act else _observe(work, row, standing)


def _observe(work: Work, row: Ticket, standing: Standing) -> tuple[Act | None, Mapping[str, Any]]:
    """Whether the coming due days proved every category of the ticket, refuted one, or say nothing yet."""
    since, days = _observed_since(work, row.id), standing.scenario.observed_days
    watched = {}
    for finding in findings_of(work, row.id):
        if finding.closed_at is None and finding.category is not None:
            seen = progress(work, row.project_id, row.team_kind, [finding.category], since, days)
            watched[finding.category] = Watched(seen, float(finding.evidence["threshold"]))
    numbers = [
        {"category": category, "threshold": item.threshold, **asdict(item.progress)}
        for category, item in watched.items()
    ]
    return observed(watched.values(), days), {"since": since.isoformat(), "observed": numbers}


def _observed_since(work: Work, ticket_id: UUID) -> date:
    """The day after the observation began: the first whole day of it."""
    last = select(func.max(TicketEvent.created_at)).where(
        TicketEvent.ticket_id == ticket_id, TicketEvent.act == Act.OBSERVE
    )
    return business_day(work.session.scalars(last).one()) + timedelta(days=1)
