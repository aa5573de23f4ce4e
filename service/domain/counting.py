"""Whether an accepted check-in helps attendance: recomputable, apart from what was proved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from service.domain.calendar import SHANGHAI, business_day
from service.domain.policies import AttendancePolicy
from service.domain.reasons import Reason, Verdict
from service.domain.sites import SiteDays


@dataclass(frozen=True, slots=True)
class Line:
    """A roster line as counting sees it; `ends_on` is its last day."""

    id: UUID
    person_id: UUID
    team_id: UUID
    post_code: str
    filed: bool
    starts_on: date
    ends_on: date | None

    def covers(self, day: date) -> bool:
        """True when the line runs on that day."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class Counting:
    """Whether it counts (None until it is accepted or refused), why not, and the line it rests on."""

    counts: bool | None
    reasons: tuple[Reason, ...]
    line: Line | None


def count(verdict: Verdict, at: datetime, lines: Sequence[Line], site: SiteDays, policy: AttendancePolicy) -> Counting:
    """Whether a check-in at `at` counts, from its person's lines, the site's days and the policy of its day."""
    day = business_day(at)
    line = _line_on(lines, day)
    at_rest = site.why_at_rest(day)
    reasons = (*_roster_reasons(line, day), *([at_rest] if at_rest else ()), *_window_reasons(at, policy))
    if verdict in {Verdict.RECEIVED, Verdict.REVIEW}:
        return Counting(None, reasons, line)
    return Counting(verdict is Verdict.ACCEPTED and not reasons, reasons, line)


def _line_on(lines: Sequence[Line], day: date) -> Line | None:
    """The line of that day: a filed one before an unfiled one, then the latest begun."""
    running = [line for line in lines if line.covers(day)]
    return max(running, key=lambda line: (line.filed, line.starts_on), default=None)


def _roster_reasons(line: Line | None, day: date) -> tuple[Reason, ...]:
    if line is None:
        return (Reason("not_on_roster", {"day": day.isoformat()}),)
    return () if line.filed else (Reason("roster_not_filed", {"day": day.isoformat()}),)


def _window_reasons(at: datetime, policy: AttendancePolicy) -> tuple[Reason, ...]:
    # Whole minutes, as clocks and regulations show them: 20:00 lasts until 20:01.
    local = at.astimezone(SHANGHAI).time().replace(second=0, microsecond=0)
    if policy.window_from <= local <= policy.window_to:
        return ()
    window = {"window_from": f"{policy.window_from:%H:%M}", "window_to": f"{policy.window_to:%H:%M}"}
    return (Reason("outside_window", {"time": f"{local:%H:%M}", **window}),)
