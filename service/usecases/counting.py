"""Counting check-ins: at each verdict, and anew when roster or project state change."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy import select

from service.deps import Deps
from service.domain.calendar import SHANGHAI, business_day
from service.domain.counting import Counting, Line, count
from service.domain.policies import CheckInPolicy, PolicyRow, parse, pick
from service.domain.reasons import Verdict
from service.domain.reviews import owner_for
from service.domain.roster import FILED
from service.domain.sites import StateFrom
from service.errors import fault
from service.store.models import CheckIn, Policy, Project, ProjectStateRow, RosterLine, Team
from service.store.work import Work

SUBJECT = "check_in"
BATCH = 500


def policy_for(work: Work, project: Project, on: date) -> CheckInPolicy:
    """The check-in policy in force for a project on a day."""
    rows = work.session.scalars(
        select(Policy).where(
            Policy.subject == SUBJECT,
            Policy.effective_from <= on,
            Policy.scope_id.is_(None) | Policy.scope_id.in_([project.body_id, project.id]),
        )
    )
    known = [PolicyRow(r.policy_version, r.effective_from, r.scope, r.scope_id, r.body) for r in rows]
    row = pick(known, on, body_id=project.body_id, project_id=project.id)
    if row is None:
        raise fault("no_policy", on=on.isoformat())
    return parse(row)


def lines_of(work: Work, person_id: UUID, project_id: UUID) -> list[Line]:
    """The person's roster lines on the project, whatever their state, oldest first."""
    statement = select(RosterLine).where(RosterLine.project_id == project_id, RosterLine.person_id == person_id)
    rows = work.session.scalars(statement.order_by(RosterLine.id))
    return [Line(r.id, r.team_id, r.post_code, r.state in FILED, r.starts_on, r.ends_on) for r in rows]


def states_of(project: Project) -> list[StateFrom]:
    """The project's states in the order in which they were entered."""
    return [StateFrom(row.state, row.from_on) for row in project.states]


def put_counting(work: Work, row: CheckIn, project: Project, lines: Sequence[Line], policy: CheckInPolicy) -> Counting:
    """Count a check-in whose row is locked, and write the result on it."""
    counting = count(row.state, row.at, lines, states_of(project), policy)
    row.counts = counting.counts
    row.counting_reasons = [reason.as_dict() for reason in counting.reasons]
    # A line nobody approved gives neither a team nor a reviewer: anybody may have typed it.
    line = counting.line if counting.line and counting.line.filed else None
    row.roster_line_id = line.id if line else None
    row.team_id = line.team_id if line else None
    if row.state is Verdict.REVIEW:
        team = work.session.get_one(Team, line.team_id) if line else None
        row.review_owner = owner_for(team.kind if team else None)
    work.save()
    return counting


def recount_line(line_id: UUID, *, deps: Deps) -> None:
    """Count anew every check-in of a roster line's person on its project."""
    with deps.database.begin() as work:
        line = work.session.get(RosterLine, line_id)
    if line is not None:
        _recount(line.project_id, line.person_id, None, deps)


def recount_project(state_row_id: UUID, *, deps: Deps) -> None:
    """Count anew every check-in of a project from the day on which a state of it begins."""
    with deps.database.begin() as work:
        row = work.session.get(ProjectStateRow, state_row_id)
        if row is None:
            return
        since = datetime.combine(row.from_on, time.min, SHANGHAI).astimezone(UTC)
        there = select(CheckIn.person_id).where(CheckIn.project_id == row.project_id, CheckIn.at >= since).distinct()
        people = work.session.scalars(there).all()
    for person_id in people:
        _recount(row.project_id, person_id, since, deps)


def _recount(project_id: UUID, person_id: UUID, since: datetime | None, deps: Deps) -> None:
    after: UUID | None = None
    while True:
        with deps.database.begin() as work:
            rows = _locked_batch(work, project_id, person_id, since, after)
            if rows:
                _recount_rows(work, rows, project_id, person_id)
        if len(rows) < BATCH:
            return
        after = rows[-1].id


def _locked_batch(
    work: Work, project_id: UUID, person_id: UUID, since: datetime | None, after: UUID | None
) -> Sequence[CheckIn]:
    # Rows not judged yet are locked too: the verdict being written now waits for us, or we for it, and nobody's
    # older roster wins.
    statement = select(CheckIn).where(CheckIn.project_id == project_id, CheckIn.person_id == person_id)
    if since is not None:
        statement = statement.where(CheckIn.at >= since)
    if after is not None:
        statement = statement.where(CheckIn.id > after)
    return work.session.scalars(statement.order_by(CheckIn.id).limit(BATCH).with_for_update()).all()


def _recount_rows(work: Work, rows: Sequence[CheckIn], project_id: UUID, person_id: UUID) -> None:
    project = work.session.get_one(Project, project_id)
    lines = lines_of(work, person_id, project_id)
    policies: dict[date, CheckInPolicy] = {}
    for row in rows:
        day = business_day(row.at)
        if day not in policies:
            policies[day] = policy_for(work, project, day)
        before = row.counts
        counting = put_counting(work, row, project, lines, policies[day])
        if before != counting.counts:
            work.audit("check_in:recount", row.id, counts=counting.counts, policy=policies[day].version)
