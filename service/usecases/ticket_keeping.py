"""A ticket's row as the rules see it, and what an act leaves: row, event, notices and audit in one transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from service.domain.actors import Role
from service.domain.calendar import WorkCalendar, business_day
from service.domain.escalation import Running, Standing
from service.domain.scenario import parse_scenario
from service.domain.ticket_loop import NOTHING_KNOWN, Facts, moved
from service.domain.tickets import ENDS, Act, Clock, TicketState
from service.store.models import Ticket, TicketEvent
from service.store.work import Work
from service.usecases.calendar import calendar_from
from service.usecases.inbox import tell

#: No deadline lies farther ahead: scenario.MOST_DAYS working days and the longest holidays.
_AHEAD_DAYS = 90


@dataclass(frozen=True, slots=True)
class Deed:
    """An act about to be done: who does it (nobody: the program), what he says, what it rests on."""

    act: Act
    actor_id: UUID | None = None
    role: Role | None = None
    note: str | None = None
    facts: Facts = NOTHING_KNOWN
    fired: Running | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def standing_of(row: Ticket) -> Standing:
    """Where the ticket stands, in the scenario frozen into it."""
    return Standing(
        scenario=parse_scenario(row.scenario),
        kind=row.kind,
        team_kind=row.team_kind,
        state=row.state,
        checker=row.checker,
        reworks=row.reworks,
        appealed=row.appealed,
        observed=row.observed,
        steps=tuple(running(step) for step in row.steps),
        label=row.label,
        loop=row.loop,
    )


def running(step: Mapping[str, Any]) -> Running:
    """A clock as it is kept on the row."""
    since, at = datetime.fromisoformat(step["since"]), datetime.fromisoformat(step["at"])
    return Running(Clock(step["clock"]), since, at, step["provisional"])


def columns_of(standing: Standing) -> dict[str, Any]:
    """What of a ticket's row follows from where it stands."""
    return {
        "state": standing.state,
        "checker": standing.checker,
        "reworks": standing.reworks,
        "appealed": standing.appealed,
        "observed": standing.observed,
        "label": standing.label,
        "loop": standing.loop,
        "steps": [_as_dict(step) for step in standing.steps],
        "next_step_at": standing.steps[0].at if standing.steps else None,
    }


def _as_dict(step: Running) -> dict[str, Any]:
    at, since = step.at.isoformat(), step.since.isoformat()
    return {"clock": str(step.clock), "since": since, "at": at, "provisional": step.provisional}


def calendar_of(work: Work, steps: Collection[Running], now: datetime) -> WorkCalendar:
    """The calendar since the oldest clock that runs, as far ahead as a deadline may lie."""
    since = business_day(min((step.since for step in steps), default=now))
    return calendar_from(work, since, (business_day(now) - since).days + _AHEAD_DAYS)


def carry_out(work: Work, row: Ticket, deed: Deed) -> None:
    """Do an act that is open to a locked ticket."""
    now, before = work.clock.now(), standing_of(row)
    calendar = calendar_of(work, before.steps, now)
    after = moved(before, deed.act, now, calendar, deed.facts, deed.fired)
    put(work, row, after)
    record(work, row, deed, before.state, after)


def put(work: Work, row: Ticket, standing: Standing) -> None:
    """Write where a ticket stands on its row, which raises its version."""
    for name, value in columns_of(standing).items():
        setattr(row, name, value)
    if standing.state in ENDS:
        row.finished_at = work.clock.now()


def record(work: Work, row: Ticket, deed: Deed, from_state: TicketState | None, standing: Standing) -> None:
    """Add an act to the history, tell whom it concerns, and audit it; the version rises, so nothing is done twice."""
    row.events += 1
    event = work.add(
        TicketEvent(
            ticket_id=row.id,
            position=row.events,
            act=str(deed.act),
            from_state=from_state,
            to_state=standing.state,
            actor_id=deed.actor_id,
            role=deed.role,
            note=deed.note,
            data={**deed.data, **_regulations(from_state, standing)},
        )
    )
    tell(work, row, event, standing)
    work.audit(f"ticket:{deed.act}", row.id, state=str(standing.state))


def _regulations(from_state: TicketState | None, standing: Standing) -> dict[str, Any]:
    if standing.state is not TicketState.SENT_BACK or from_state is TicketState.SENT_BACK:
        return {}
    return {"regulations": list(standing.scenario.regulations[standing.team_kind][standing.kind])}
