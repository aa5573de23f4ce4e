"""Counting check-ins: at each verdict, and anew when roster, project state, stop-work or policy change."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select, update

from service.deps import Deps
from service.domain.calendar import begin_of, business_day, month_of, next_month
from service.domain.counting import Counting, Line, count
from service.domain.reasons import Verdict
from service.domain.reviews import ReviewOwner, owner_for
from service.domain.sites import TeamKind
from service.store.models import CheckIn, Project, Team
from service.store.work import Work
from service.usecases.attendance_days import put_days
from service.usecases.ground import Ground, ground_of, lines_of

_COUNTED = ("counts", "counting_reasons", "team_id", "roster_line_id", "review_owner")


def put_counting(work: Work, row: CheckIn, ground: Ground) -> Counting:
    """Count a check-in whose row is locked, and write the result on it."""
    lines = lines_of(work, row.project_id, row.person_id).get(row.person_id, [])
    counting = count(row.state, row.at, lines, ground.site, ground.policy_on(business_day(row.at)))
    for name, value in _columns(counting, row.state, row.review_owner, _teams(work, row.project_id)).items():
        setattr(row, name, value)
    work.save()
    return counting


def _columns(
    counting: Counting, state: Verdict, owner: ReviewOwner | None, teams: Mapping[UUID, TeamKind]
) -> dict[str, Any]:
    # A line nobody approved gives neither a team nor a reviewer: anybody may have typed it.
    line = counting.line if counting.line and counting.line.filed else None
    if state is Verdict.REVIEW:
        owner = owner_for(teams[line.team_id] if line else None)
    return {
        "counts": counting.counts,
        "counting_reasons": [reason.as_dict() for reason in counting.reasons],
        "team_id": line.team_id if line else None,
        "roster_line_id": line.id if line else None,
        "review_owner": owner,
    }


def _teams(work: Work, project_id: UUID) -> dict[UUID, TeamKind]:
    rows = work.session.execute(select(Team.id, Team.kind).where(Team.project_id == project_id))
    return {row.id: row.kind for row in rows}


def recount(project_id: UUID, first: date, last: date, deps: Deps, person_id: UUID | None = None) -> int:
    """Count anew the check-ins of a project between two days, of one person if given, and write their days.

    A transaction a month, so that nobody waits long; the number of check-ins and days that changed.
    """
    changed, month = 0, month_of(first)
    while month <= last:
        with deps.database.begin() as work:
            begins, ends = max(first, month), min(last, next_month(month) - timedelta(days=1))
            rows = _locked(work, project_id, begins, ends, person_id)
            # Read once the rows are ours: whoever counted them before us knew no newer roster, state or stop-work.
            ground = ground_of(work, work.session.get_one(Project, project_id))
            changed += _recount(work, rows, ground, person_id)
            changed += put_days(work, ground, begins, ends, person_id)
        month = next_month(month)
    return changed


def days_of_check_ins(
    work: Work, project_id: UUID, person_id: UUID | None = None, since: date | None = None
) -> tuple[date, date] | None:
    """The first and last day on which somebody, or one person, checked in on a project; None when nobody did."""
    statement = select(func.min(CheckIn.at), func.max(CheckIn.at)).where(CheckIn.project_id == project_id)
    if person_id is not None:
        statement = statement.where(CheckIn.person_id == person_id)
    if since is not None:
        statement = statement.where(CheckIn.at >= begin_of(since))
    first, last = work.session.execute(statement).one()
    return (business_day(first), business_day(last)) if first else None


def _recount(work: Work, rows: Sequence[Row[Any]], ground: Ground, person_id: UUID | None) -> int:
    lines, teams = lines_of(work, ground.project.id, person_id), _teams(work, ground.project.id)
    news = [
        {"row_id": row.id, **{f"new_{name}": value for name, value in columns.items()}}
        for row in rows
        if (columns := _recounted(row, ground, lines.get(row.person_id, []), teams))
    ]
    if news:
        changed = update(CheckIn).where(CheckIn.id == bindparam("row_id"))
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _COUNTED}
        # By connection, because the session's way of updating many rows has no place for the version.
        work.session.connection().execute(changed.values(**values, version=CheckIn.version + 1), news)
        work.audit_all("check_in:recount", ((item["row_id"], {"counts": item["new_counts"]}) for item in news))
    return len(news)


def _locked(work: Work, project_id: UUID, first: date, last: date, person_id: UUID | None) -> Sequence[Row[Any]]:
    # Rows not judged yet are locked too: the verdict being written now waits for us, or we for it, and nobody's
    # older roster wins.
    statement = select(CheckIn.id, CheckIn.person_id, CheckIn.at, CheckIn.state, *_counted()).where(
        CheckIn.project_id == project_id,
        CheckIn.at >= begin_of(first),
        CheckIn.at < begin_of(last + timedelta(days=1)),
    )
    if person_id is not None:
        statement = statement.where(CheckIn.person_id == person_id)
    return work.session.execute(statement.order_by(CheckIn.id).with_for_update()).all()


def _counted() -> list[Any]:
    return [getattr(CheckIn, name) for name in _COUNTED]


def _recounted(
    row: Row[Any], ground: Ground, lines: Sequence[Line], teams: Mapping[UUID, TeamKind]
) -> dict[str, Any] | None:
    """The new columns of a check-in, or None where nothing changes or nothing was counted yet."""
    if row.state is Verdict.RECEIVED:
        return None
    counting = count(row.state, row.at, lines, ground.site, ground.policy_on(business_day(row.at)))
    columns = _columns(counting, row.state, row.review_owner, teams)
    return columns if any(getattr(row, name) != value for name, value in columns.items()) else None
