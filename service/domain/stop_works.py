"""Stop-work: days on which a project rests, proposed by the site and approved; nothing is due on them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from service.domain.calendar import days_between, month_of

_DAY = timedelta(days=1)


class StopWorkState(StrEnum):
    """proposed -> approved | refused | withdrawn; an approved one may end early or be withdrawn."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class StopWorkAct(StrEnum):
    """What somebody does with a stop-work."""

    APPROVE = "approve"
    REFUSE = "refuse"
    END = "end"
    WITHDRAW = "withdraw"


STEPS: dict[tuple[StopWorkState, StopWorkAct], StopWorkState] = {
    (StopWorkState.PROPOSED, StopWorkAct.APPROVE): StopWorkState.APPROVED,
    (StopWorkState.PROPOSED, StopWorkAct.REFUSE): StopWorkState.REFUSED,
    (StopWorkState.PROPOSED, StopWorkAct.WITHDRAW): StopWorkState.WITHDRAWN,
    (StopWorkState.APPROVED, StopWorkAct.WITHDRAW): StopWorkState.WITHDRAWN,
    (StopWorkState.APPROVED, StopWorkAct.END): StopWorkState.APPROVED,
}


@dataclass(frozen=True, slots=True)
class Stop:
    """An approved stop-work as attendance sees it; both days included."""

    starts_on: date
    ends_on: date

    def covers(self, day: date) -> bool:
        """True on its days."""
        return self.starts_on <= day <= self.ends_on

    def days(self) -> Iterator[date]:
        """Each of its days."""
        return days_between(self.starts_on, self.ends_on)


def after(state: StopWorkState, act: StopWorkAct) -> StopWorkState | None:
    """The state after an act, or None where the act is not allowed now."""
    return STEPS.get((state, act))


def allowed(state: StopWorkState) -> list[StopWorkAct]:
    """The acts a stop-work in this state allows, for the answer to one that it does not."""
    return [act for (from_state, act) in STEPS if from_state is state]


def longest_month(stop: Stop, others: Iterable[Stop]) -> int:
    """The most days of stop-work, the others' included, in any one month that a stop-work touches."""
    touched = {month_of(day) for day in stop.days()}
    days = {day for each in (stop, *others) for day in each.days()}
    return max(Counter(month_of(day) for day in days if month_of(day) in touched).values(), default=0)


def run_of(stop: Stop, others: Iterable[Stop]) -> int:
    """The days on end of which a stop-work is part: two that adjoin are one long one."""
    days = {day for each in (stop, *others) for day in each.days()}
    first, last = stop.starts_on, stop.ends_on
    while first - _DAY in days:
        first -= _DAY
    while last + _DAY in days:
        last += _DAY
    return (last - first).days + 1


def first_of_run(day: date, stops: Iterable[Stop]) -> date | None:
    """The first of the unbroken days on end of stops that cover a day, or None where none does."""
    first: date | None = None
    for stop in sorted(stops, key=lambda each: each.ends_on, reverse=True):
        if stop.covers(day) or (first is not None and stop.starts_on < first <= stop.ends_on + _DAY):
            first = stop.starts_on if first is None else min(first, stop.starts_on)
    return first
