"""Attendance: from check-ins to days, from days to rates."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from service.domain.policies import AttendancePolicy
from service.domain.reasons import Verdict


class Outcome(StrEnum):
    """What one day of one person on one post came to."""

    VALID = "valid"
    SHORT = "short"
    ABSENT = "absent"
    VACANT = "vacant"
    PENDING = "pending"
    NOT_DUE = "not_due"


#: Days that are due; a pending one is neither due nor valid until somebody decides.
DUE = frozenset({Outcome.VALID, Outcome.SHORT, Outcome.ABSENT, Outcome.VACANT})


@dataclass(frozen=True, slots=True)
class Why:
    """Why a day is what it is: a code and its numbers."""

    code: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The form kept in the database."""
        return {"code": self.code, "data": dict(self.data)}


@dataclass(frozen=True, slots=True)
class Punch:
    """A check-in as its day sees it; `against` are the codes that keep it from counting."""

    at: datetime
    verdict: Verdict
    counts: bool | None
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """What the check-ins of one person on one day came to; `first_at` and `last_at` are of those that count."""

    outcome: Outcome
    why: tuple[Why, ...] = ()
    punches: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    policy_version: str = ""


def judge_day(punches: Iterable[Punch], policy: AttendancePolicy) -> Day:
    """Valid with enough punches far enough apart; else pending while one that could count is undecided; else short."""
    known = list(punches)
    counting = sorted(punch.at for punch in known if punch.counts)
    undecided = sum(1 for punch in known if punch.counts is None and not punch.against)
    missing = _missing(counting, policy)
    if not missing:
        outcome, why = Outcome.VALID, []
    elif undecided:
        outcome, why = Outcome.PENDING, [Why("check_in_undecided", {"check_ins": undecided})]
    else:
        outcome, why = (Outcome.SHORT if counting else Outcome.ABSENT), missing + _of_no_use(known)
    first, last = (counting[0], counting[-1]) if counting else (None, None)
    return Day(outcome, tuple(why), len(counting), first, last, policy.version)


def _missing(counting: Sequence[datetime], policy: AttendancePolicy) -> list[Why]:
    """What the punches that count still lack for a valid day."""
    if not counting:
        return [Why("no_punch_counts", {"needed": policy.min_punches})]
    missing = []
    if len(counting) < policy.min_punches:
        missing.append(Why("too_few_punches", {"punches": len(counting), "needed": policy.min_punches}))
    gap = counting[-1] - counting[0]
    if policy.min_punches > 1 and len(counting) > 1 and gap < timedelta(minutes=policy.min_gap_minutes):
        minutes = int(gap.total_seconds() // 60)
        missing.append(Why("gap_too_short", {"minutes": minutes, "needed": policy.min_gap_minutes}))
    return missing


def _of_no_use(punches: Sequence[Punch]) -> list[Why]:
    """The check-ins that did not help, so that nobody wonders where they went."""
    why = []
    refused = sum(1 for punch in punches if punch.verdict is Verdict.REFUSED)
    if refused:
        why.append(Why("check_ins_refused", {"check_ins": refused}))
    against = Counter(code for punch in punches if punch.verdict is Verdict.ACCEPTED for code in punch.against)
    why.extend(Why("check_ins_not_counted", {"reason": code, "check_ins": n}) for code, n in sorted(against.items()))
    return why


@dataclass(frozen=True, slots=True)
class Tally:
    """Person-days: due, of those valid and vacant; and those pending, which are neither."""

    due: int = 0
    valid: int = 0
    pending: int = 0
    vacant: int = 0

    @property
    def rate(self) -> float | None:
        """Percent of the due person-days that are valid; None where nothing was due."""
        return 100 * self.valid / self.due if self.due else None

    @property
    def best(self) -> float | None:
        """The rate if every pending day were found valid: what is certainly too low is below even then."""
        due = self.due + self.pending
        return 100 * (self.valid + self.pending) / due if due else None

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.due + other.due, self.valid + other.valid, self.pending + other.pending, self.vacant + other.vacant
        )


def tally(days: Iterable[Day]) -> Tally:
    """The person-days of some days."""
    seen = Counter(day.outcome for day in days)
    return Tally(
        due=sum(n for outcome, n in seen.items() if outcome in DUE),
        valid=seen[Outcome.VALID],
        pending=seen[Outcome.PENDING],
        vacant=seen[Outcome.VACANT],
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """Person-days of a team since a day: those over so far, and how many a day asks for now.

    `days` counts the days on which something was due; `pending` person-days are neither due nor valid yet.
    """

    days: int
    due: int
    valid: int
    pending: int
    per_day: int
