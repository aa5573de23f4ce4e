"""What a project's attendance rests on: its days, its policies, and the roster."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select

from service.domain.attendance_month import Holder, Post, Roster
from service.domain.counting import Line
from service.domain.policies import (
    AttendancePolicy,
    CheckInPolicy,
    NoPolicy,
    Parsed,
    PolicyBook,
    PolicyRow,
    Subject,
    parse_attendance,
    parse_check_in,
    ranked,
    with_lent_faces,
)
from service.domain.roster import FILED
from service.domain.sites import SiteDays, StateFrom
from service.domain.stop_works import Stop, StopWorkState
from service.errors import fault
from service.store.models import Policy, Project, RosterLine, StopWork
from service.store.models import Post as PostRow
from service.store.work import Work
from service.usecases.post_rules import post_rules_on


@dataclass(frozen=True, slots=True)
class Ground:
    """A project with the days on which it is at work and the attendance policies of its time."""

    project: Project
    site: SiteDays
    policies: PolicyBook[AttendancePolicy]

    def policy_on(self, day: date) -> AttendancePolicy:
        """The attendance policy of a day, `no_policy` when there is none; before a project counts none is needed."""
        return _on(self.policies, max(day, self.project.counting_from))


def ground_of(work: Work, project: Project) -> Ground:
    """The ground as it is now."""
    return Ground(project, _site_days(work, project), policy_book(work, project, Subject.ATTENDANCE, parse_attendance))


def check_in_policy(work: Work, project: Project, on: date) -> CheckInPolicy:
    """The check-in policy in force for a project on a day; wider and earlier ones lend what it says of no engine."""
    book = policy_book(work, project, Subject.CHECK_IN, parse_check_in)
    others = ranked(book.rows, on, body_id=project.body_id, project_id=project.id)[1:]
    return with_lent_faces(_on(book, on), others)


def policy_book(
    work: Work, project: Project, subject: Subject, parse: Callable[[PolicyRow], Parsed]
) -> PolicyBook[Parsed]:
    """Every policy of a subject that may hold for a project."""
    rows = work.session.scalars(
        select(Policy).where(
            Policy.subject == subject,
            Policy.scope_id.is_(None) | Policy.scope_id.in_([project.body_id, project.id]),
        )
    )
    known = [PolicyRow(r.policy_version, r.effective_from, r.scope, r.scope_id, r.body) for r in rows]
    return PolicyBook(known, project.body_id, project.id, parse)


def _on(book: PolicyBook[Parsed], day: date) -> Parsed:
    try:
        return book.on(day)
    except NoPolicy:
        raise fault("no_policy", on=day.isoformat()) from None


def _site_days(work: Work, project: Project) -> SiteDays:
    approved = select(StopWork).where(StopWork.project_id == project.id, StopWork.state == StopWorkState.APPROVED)
    return SiteDays(
        states=[StateFrom(row.state, row.from_on) for row in project.states],
        stops=[Stop(row.starts_on, row.ends_on) for row in work.session.scalars(approved)],
        counting_from=project.counting_from,
    )


def lines_of(work: Work, project_id: UUID, person_id: UUID | None = None) -> dict[UUID, list[Line]]:
    """The roster lines of a project, whatever their state, by person and oldest first; of one person if given."""
    statement = select(RosterLine).where(RosterLine.project_id == project_id)
    if person_id is not None:
        statement = statement.where(RosterLine.person_id == person_id)
    lines: dict[UUID, list[Line]] = {}
    for row in work.session.scalars(statement.order_by(RosterLine.id)):
        filed = row.state in FILED
        line = Line(row.id, row.person_id, row.team_id, row.post_code, filed, row.starts_on, row.ends_on)
        lines.setdefault(row.person_id, []).append(line)
    return lines


def roster_of(work: Work, project_id: UUID, first: date, last: date) -> Roster:
    """All posts as ruled on the first of two days, and who held one on the project by a filed line between them.

    So a month is counted by the category of its first day, the only one on which another category may begin.
    """
    statement = select(RosterLine).where(
        RosterLine.project_id == project_id,
        RosterLine.state.in_(FILED),
        RosterLine.starts_on <= last,
        or_(RosterLine.ends_on.is_(None), RosterLine.ends_on >= first),
    )
    rows = work.session.scalars(statement)
    rules = post_rules_on(work, first)
    posts = {
        row.code: Post(row.code, row.team_kind, rules[row.code].category)
        for row in work.session.scalars(select(PostRow))
        if row.code in rules
    }
    return Roster(posts, [Holder(r.person_id, r.post_code, r.starts_on, r.ends_on) for r in rows])
