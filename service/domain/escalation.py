"""The clocks of a ticket: where it stands, what runs there, what is due, and what data says meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from service.domain.attendance import Progress
from service.domain.calendar import Deadline, WorkCalendar, business_day
from service.domain.findings.base import FindingKind
from service.domain.scenario import ClockRule, Scenario
from service.domain.sites import TeamKind
from service.domain.tickets import Act, Checker, Clock, Label, Loop, TicketState


@dataclass(frozen=True, slots=True)
class Running:
    """A clock that runs: since when, and the first instant that is too late."""

    clock: Clock
    since: datetime
    at: datetime
    provisional: bool

    @property
    def last_day(self) -> date:
        """The last day that is in time."""
        return business_day(self.at - timedelta(microseconds=1))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a ticket stands in its own scenario; `steps` are the clocks that run, the earliest first."""

    scenario: Scenario
    kind: FindingKind
    team_kind: TeamKind
    state: TicketState
    checker: Checker = Checker.VERIFIER
    reworks: int = 0
    appealed: bool = False
    #: True once it was under observation since it was submitted last.
    observed: bool = False
    steps: tuple[Running, ...] = ()
    label: Label | None = None
    loop: Loop | None = None


def wound(
    before: Standing | None,
    after: Standing,
    now: datetime,
    calendar: WorkCalendar,
    restarts: Iterable[Clock] = (),
) -> Standing:
    """The standing with its clocks: those that run in both states go on, the others stop or begin now."""
    again = frozenset(restarts)
    kept = [step for step in after.steps if _runs(after.scenario.clocks[step.clock], after) and step.clock not in again]
    begun = [
        started(rule, now, calendar)
        for rule in after.scenario.clocks.values()
        if _runs(rule, after) and (rule.clock in again or before is None or not _runs(rule, before))
    ]
    return replace(after, steps=tuple(sorted([*kept, *begun], key=lambda step: step.at)))


def _runs(rule: ClockRule, standing: Standing) -> bool:
    return standing.state in rule.runs and rule.checker in {None, standing.checker}


def started(rule: ClockRule, now: datetime, calendar: WorkCalendar) -> Running:
    """A clock that begins now."""
    deadline = _deadline(rule, now, calendar)
    return Running(rule.clock, now, deadline.at, deadline.provisional)


def _deadline(rule: ClockRule, since: datetime, calendar: WorkCalendar) -> Deadline:
    return Deadline(since, provisional=False) if rule.days is None else calendar.deadline(since, rule.days)


def due(standing: Standing, now: datetime) -> Running | None:
    """The earliest clock that ran out."""
    return standing.steps[0] if standing.steps and standing.steps[0].at <= now else None


def postponed(standing: Standing, step: Running, now: datetime, calendar: WorkCalendar) -> Standing | None:
    """The standing with a due step put off, where today's calendar gives it longer; a deadline never moves earlier."""
    deadline = _deadline(standing.scenario.clocks[step.clock], step.since, calendar)
    if deadline.at <= max(step.at, now):
        return None
    return _replaced(standing, replace(step, at=deadline.at, provisional=deadline.provisional))


def again(standing: Standing, step: Running, now: datetime, calendar: WorkCalendar) -> Standing:
    """The standing with a due step begun anew, where data could not say yet."""
    return _replaced(standing, started(standing.scenario.clocks[step.clock], now, calendar))


def _replaced(standing: Standing, step: Running) -> Standing:
    steps = [step, *(other for other in standing.steps if other.clock is not step.clock)]
    return replace(standing, steps=tuple(sorted(steps, key=lambda item: item.at)))


@dataclass(frozen=True, slots=True)
class Watched:
    """One category under observation: its progress, and the percentage asked of it."""

    progress: Progress
    threshold: float


def observed(watched: Iterable[Watched], days: int) -> Act | None:
    """Keep when every category proved itself on all its days, fail when one no longer can, else wait."""
    verdicts = {_proved(item, days) for item in watched}
    if Act.FAIL in verdicts:
        return Act.FAIL
    return Act.KEEP if verdicts == {Act.KEEP} else None


def _proved(item: Watched, days: int) -> Act | None:
    seen = item.progress
    ahead = seen.pending + seen.per_day * max(days - seen.days, 0)
    # Compared without dividing: nothing may have been due yet.
    if 100 * (seen.valid + ahead) < item.threshold * (seen.due + ahead):
        return Act.FAIL
    # Days that are pending may still turn out not to be valid.
    enough = seen.due > 0 and 100 * seen.valid >= item.threshold * (seen.due + seen.pending)
    return Act.KEEP if seen.days >= days and enough else None
