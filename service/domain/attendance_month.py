"""A project's month: every person on a post and every vacant post, day by day, and why each day counts or not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from service.domain.attendance import Day, Outcome, Tally, Why, judge_day, tally
from service.domain.policies import AttendancePolicy
from service.domain.sites import SiteDays, TeamKind


@dataclass(frozen=True, slots=True)
class Post:
    """A key post."""

    code: str
    team_kind: TeamKind
    category: int


@dataclass(frozen=True, slots=True)
class Holder:
    """A person on a post from a first to a last day, by a line that was filed."""

    person_id: UUID
    post_code: str
    starts_on: date
    ends_on: date | None

    def covers(self, day: date) -> bool:
        """True when he holds it on that day."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a project's month: a person on a post (None: the post while it is vacant) and his days."""

    person_id: UUID | None
    post: Post
    days: Mapping[date, Day]


@dataclass(frozen=True, slots=True)
class Roster:
    """Who holds which post, and which posts a project must fill."""

    posts: Mapping[str, Post]
    holders: Sequence[Holder]


def month_rows(
    days: Sequence[date],
    through: date,
    site: SiteDays,
    roster: Roster,
    policy_on: Callable[[date], AttendancePolicy],
    kept: Mapping[tuple[UUID, date], Day],
) -> list[Row]:
    """Every person on a post and every required post while vacant, with every day of the month.

    `through` is the last day that is over; `kept` are the days that check-ins made.
    """
    due_days = {day: _why_not_due(day, through, site) for day in days}
    seats = sorted({(h.post_code, h.person_id) for h in roster.holders}, key=lambda seat: (seat[0], str(seat[1])))
    held = {day: {h.post_code for h in roster.holders if h.covers(day)} for day in days}
    rows = []
    for post_code, person_id in seats:
        spans = [h for h in roster.holders if (h.post_code, h.person_id) == (post_code, person_id)]
        cells = {day: _held_day(day, due_days[day], spans, policy_on, kept.get((person_id, day))) for day in days}
        if any(span.covers(day) for span in spans for day in days):
            rows.append(Row(person_id, roster.posts[post_code], cells))
    for code, post in roster.posts.items():
        cells = {day: _vacant_day(code, due_days[day], held[day], policy_on(day)) for day in days}
        if any(cell.outcome is Outcome.VACANT for cell in cells.values()):
            rows.append(Row(None, post, cells))
    return sorted(rows, key=lambda row: (group_of(row.post), row.post.code))


def _why_not_due(day: date, through: date, site: SiteDays) -> Why | None:
    if day < site.counting_from:
        return Why("counting_not_begun", {"counting_from": site.counting_from.isoformat()})
    at_rest = site.why_at_rest(day)
    if at_rest is not None:
        return Why(at_rest.code, at_rest.data)
    return Why("day_not_over", {"through": through.isoformat()}) if day > through else None


def _held_day(
    day: date,
    why_not: Why | None,
    spans: Sequence[Holder],
    policy_on: Callable[[date], AttendancePolicy],
    kept: Day | None,
) -> Day:
    made = kept or judge_day((), policy_on(day))
    if not any(span.covers(day) for span in spans):
        why_not = Why("post_not_held")
    if why_not is None:
        return made
    # What was punched is shown on a day that is not due, too.
    return Day(Outcome.NOT_DUE, (why_not,), made.punches, made.first_at, made.last_at, made.policy_version)


def _vacant_day(code: str, why_not: Why | None, held: set[str], policy: AttendancePolicy) -> Day:
    if code not in policy.required_posts:
        return Day(Outcome.NOT_DUE, (Why("post_not_required"),), policy_version=policy.version)
    if code in held:
        return Day(Outcome.NOT_DUE, (Why("post_held"),), policy_version=policy.version)
    if why_not is not None:
        return Day(Outcome.NOT_DUE, (why_not,), policy_version=policy.version)
    return Day(Outcome.VACANT, (Why("post_vacant"),), policy_version=policy.version)


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """What a rate is of: one category of one team."""

    team_kind: TeamKind
    category: int


def group_of(post: Post) -> Group:
    """The group whose rate a post's days are part of."""
    return Group(post.team_kind, post.category)


def tallies(rows: Sequence[Row]) -> dict[Group, Tally]:
    """The person-days of each team and category."""
    groups: dict[Group, Tally] = {}
    for row in rows:
        group = group_of(row.post)
        groups[group] = groups.get(group, Tally()) + tally(row.days.values())
    return groups


def thresholds(rows: Sequence[Row], policy: AttendancePolicy) -> dict[Group, float]:
    """The percentage each team and category must reach, by the posts in it on which somebody was due."""
    posts: dict[Group, set[str]] = {}
    for row in rows:
        if tally(row.days.values()).best is not None:
            posts.setdefault(group_of(row.post), set()).add(row.post.code)
    return {group: policy.threshold(codes) for group, codes in posts.items()}
