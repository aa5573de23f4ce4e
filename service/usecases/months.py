"""A project's month: read whole and live, and kept as person-days of each team and category."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from service.domain.attendance import Day, Outcome, Tally, Why, judge_day
from service.domain.attendance_month import Group, Post, Roster, Row, group_of, month_rows, tallies
from service.domain.calendar import begin_of, business_day, days_between, next_month
from service.domain.counting import count
from service.domain.policies import AttendancePolicy
from service.domain.reasons import Verdict
from service.domain.sites import ProjectState, TeamKind, state_on
from service.store.models import AttendanceDay, AttendanceMonth, CheckIn, DayClose, Project
from service.store.work import Work
from service.usecases.ground import Ground, lines_of, roster_of

_KEY = ("project_id", "month", "team_kind", "category")


@dataclass(frozen=True, slots=True)
class Month:
    """A project's month through its last whole day."""

    ground: Ground
    month: date
    through: date
    posts: Mapping[str, Post]
    rows: list[Row]
    #: Whose rows these are.
    team_kinds: frozenset[TeamKind] = frozenset(TeamKind)

    @property
    def policy(self) -> AttendancePolicy:
        """The policy of the month's last day, by which its rates are measured."""
        return self.ground.policy_on(month_end(self.month))

    def tallies(self) -> dict[Group, Tally]:
        """The person-days of each team and category that somebody held or had to hold, also where nothing was due."""
        required = (self.posts[code] for code in self.policy.required_posts)
        groups = {group_of(post): Tally() for post in required if post.team_kind in self.team_kinds}
        return groups | tallies(self.rows)

    def policy_versions(self) -> list[str]:
        """The attendance policies of its days."""
        days = days_between(self.month, month_end(self.month))
        return sorted({self.ground.policy_on(day).version for day in days})


def month_end(month: date) -> date:
    """The last day of a month."""
    return next_month(month) - timedelta(days=1)


def last_whole_day(work: Work) -> date:
    """Yesterday, in Shanghai: today is not over."""
    return business_day(work.clock.now()) - timedelta(days=1)


def open_book(work: Work, project: Project) -> None:
    """Begin closing a project's days, with the first that counts."""
    work.add(DayClose(project_id=project.id, through=project.counting_from - timedelta(days=1)))


def load_month(work: Work, ground: Ground, month: date, through: date | None = None) -> Month:
    """Every person and vacant post of a project with each day of a month."""
    last = month_end(month)
    through = min(last, through or last_whole_day(work))
    roster = roster_of(work, ground.project.id, month, last)
    return Month(ground, month, through, roster.posts, rows_between(work, ground, roster, month, last, through))


def rows_between(work: Work, ground: Ground, roster: Roster, first: date, last: date, through: date) -> list[Row]:
    """The rows of any span of days."""
    days = list(days_between(first, last))
    kept = _kept_days(work, ground, first, last)
    return month_rows(days, through, ground.site, roster, ground.policy_on, kept)


def _kept_days(work: Work, ground: Ground, first: date, last: date) -> Mapping[tuple[UUID, date], Day]:
    """The days that check-ins made; one not judged yet that could count keeps its day from being an absence."""
    d = AttendanceDay
    columns = select(d.person_id, d.day, d.outcome, d.reasons, d.punches, d.first_at, d.last_at, d.policy_version)
    days = columns.where(d.project_id == ground.project.id, d.day.between(first, last))
    kept = {(row.person_id, row.day): _as_day(row) for row in work.session.execute(days)}
    received = _received(work, ground.project.id, first, last)
    lines = lines_of(work, ground.project.id) if received else {}
    for person_id, at in received:
        day = business_day(at)
        if count(Verdict.ACCEPTED, at, lines.get(person_id, ()), ground.site, ground.policy_on(day)).reasons:
            continue
        made = kept.get((person_id, day)) or judge_day((), ground.policy_on(day))
        if made.outcome is not Outcome.VALID:
            why = (Why("check_in_undecided", {"check_ins": 1}),)
            kept[person_id, day] = Day(
                Outcome.PENDING, why, made.punches, made.first_at, made.last_at, made.policy_version
            )
    return kept


def _received(work: Work, project_id: UUID, first: date, last: date) -> list[Any]:
    statement = select(CheckIn.person_id, CheckIn.at).where(
        CheckIn.state == Verdict.RECEIVED,
        CheckIn.project_id == project_id,
        CheckIn.at >= begin_of(first),
        CheckIn.at < begin_of(last + timedelta(days=1)),
    )
    return list(work.session.execute(statement))


def _as_day(row: Any) -> Day:  # noqa: ANN401 - a row of those columns
    why = tuple(Why(item["code"], item["data"]) for item in row.reasons)
    return Day(row.outcome, why, row.punches, row.first_at, row.last_at, row.policy_version)


def keep_month(work: Work, month: Month) -> bool:
    """Keep the person-days of a month; True when they changed. A project that is not begun or over has none."""
    wanted = _wanted(month)
    of_month = (AttendanceMonth.project_id == month.ground.project.id, AttendanceMonth.month == month.month)
    kept = {
        (row.team_kind, row.category): _columns_of(row)
        for row in work.session.scalars(select(AttendanceMonth).where(*of_month))
    }
    changed = [key for key, columns in wanted.items() if kept.get(key) != columns]
    if changed:
        rows = [
            {"project_id": month.ground.project.id, "month": month.month, "team_kind": t, "category": c, **wanted[t, c]}
            for t, c in changed
        ]
        statement = insert(AttendanceMonth).values(rows)
        news = {name: statement.excluded[name] for name in rows[0] if name not in _KEY}
        work.session.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=news))
    gone = kept.keys() - wanted.keys()
    if gone:
        named = tuple_(AttendanceMonth.team_kind, AttendanceMonth.category).in_(gone)
        work.session.execute(delete(AttendanceMonth).where(*of_month, named))
    return bool(changed or gone)


def _wanted(month: Month) -> dict[tuple[TeamKind, int], dict[str, Any]]:
    site = month.ground.site
    first = max(month.month, site.counting_from)
    begun = {state_on(site.states, day) for day in days_between(first, month.through)}
    if not begun & {ProjectState.ACTIVE, ProjectState.STOPPED}:
        return {}
    versions = month.policy_versions()
    return {
        (group.team_kind, group.category): {
            "through": month.through,
            "due": sums.due,
            "valid": sums.valid,
            "pending": sums.pending,
            "vacant": sums.vacant,
            "policy_versions": versions,
        }
        for group, sums in month.tallies().items()
    }


def _columns_of(row: AttendanceMonth) -> dict[str, Any]:
    names = ("through", "due", "valid", "pending", "vacant", "policy_versions")
    return {name: getattr(row, name) for name in names}
