"""Rates of attendance over a project, a body and the city, and the projects behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, func, select

from service.deps import Deps
from service.domain.actors import Actor, Permission, Reach
from service.errors import fault
from service.store.models import AttendanceMonth, Project
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach import projects_within
from service.store.queries.reach_attendance import team_kinds_within, teams_within
from service.store.work import Work
from service.usecases.access import found, require
from service.usecases.attendance import require_begun


@dataclass(frozen=True, slots=True)
class Scope:
    """Over what a rate is taken: one project, one body, or the city where both are None."""

    body_id: UUID | None = None
    project_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """Both averages of one category in one month, never mixed: over projects and over person-days, in percent."""

    month: date
    category: int
    over_projects: float | None
    over_person_days: float | None
    projects: int
    not_applicable: int
    full_roster: int
    due: int
    valid: int
    pending: int
    through: date
    policy_versions: Sequence[str]


def read_rates(scope: Scope, first: date, last: date, *, actor: Actor, deps: Deps) -> list[Rates]:
    """The rates of each category in the months from first to last, from the months as they are kept."""
    reach = require(actor, Permission.ATTENDANCE_READ)
    with deps.database.begin() as work:
        require_begun(work, last)
        within = _months_in(work, scope, reach, first, last)
        versions = _versions(work, within)
        rows = work.session.execute(_rates(within))
        return [_as_rates(row, versions[row.month, row.category]) for row in rows]


def _months_in(work: Work, scope: Scope, reach: Reach, first: date, last: date) -> ColumnElement[bool]:
    """The kept months of a scope the reach covers; out of reach is not found, as everywhere."""
    between = AttendanceMonth.month.between(first, last)
    if scope.project_id is not None:
        within = select(Project).where(Project.id == scope.project_id, projects_within(reach))
        project = found(work, within, "project")
        kinds = team_kinds_within(work, reach, project)
        return and_(between, AttendanceMonth.project_id == project.id, AttendanceMonth.team_kind.in_(kinds))
    if scope.body_id is not None:
        if not reach.city and scope.body_id not in reach.bodies:
            raise fault("not_found", thing="supervising_body")
        of_body = select(Project.id).where(Project.body_id == scope.body_id)
        return and_(between, AttendanceMonth.project_id.in_(of_body))
    if not reach.city:
        raise fault("scope_needed", "body_id")
    return between


def _rates(within: ColumnElement[bool]) -> Select[Any]:
    m = AttendanceMonth
    each = (
        select(
            m.month,
            m.category,
            m.project_id,
            func.sum(m.due).label("due"),
            func.sum(m.valid).label("valid"),
            func.sum(m.pending).label("pending"),
            func.sum(m.vacant).label("vacant"),
            func.min(m.through).label("through"),
        )
        .where(within)
        .group_by(m.month, m.category, m.project_id)
        .subquery()
    )
    due = each.c.due > 0
    share = case((due, 100.0 * each.c.valid / each.c.due))
    return (
        select(
            each.c.month,
            each.c.category,
            func.avg(share).label("over_projects"),
            func.sum(each.c.due).label("due"),
            func.sum(each.c.valid).label("valid"),
            func.sum(each.c.pending).label("pending"),
            func.count().filter(due).label("projects"),
            func.count().filter(~due).label("not_applicable"),
            func.count().filter(and_(due, each.c.vacant == 0)).label("full_roster"),
            func.min(each.c.through).label("through"),
        )
        .group_by(each.c.month, each.c.category)
        .order_by(each.c.month.desc(), each.c.category)
    )


def _versions(work: Work, within: ColumnElement[bool]) -> dict[tuple[date, int], set[str]]:
    """The attendance policies behind each month and category."""
    m = AttendanceMonth
    versions: dict[tuple[date, int], set[str]] = {}
    for row in work.session.execute(select(m.month, m.category, m.policy_versions).where(within).distinct()):
        versions.setdefault((row.month, row.category), set()).update(row.policy_versions)
    return versions


def _as_rates(row: Row[Any], versions: set[str]) -> Rates:
    return Rates(
        month=row.month,
        category=row.category,
        over_projects=None if row.over_projects is None else float(row.over_projects),
        over_person_days=100 * float(row.valid) / float(row.due) if row.due else None,
        projects=row.projects,
        not_applicable=row.not_applicable,
        full_roster=row.full_roster,
        due=int(row.due),
        valid=int(row.valid),
        pending=int(row.pending),
        through=row.through,
        policy_versions=sorted(versions),
    )


@dataclass(frozen=True, slots=True)
class ProjectMonth:
    """A project with its kept person-days of a month, by team and category."""

    project: Project
    groups: Sequence[AttendanceMonth]


def list_projects(
    month: date, filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps
) -> Page[ProjectMonth]:
    """A page of the projects that have a month, with its person-days; `below` keeps those with a rate under it."""
    reach = require(actor, Permission.ATTENDANCE_READ)
    m = AttendanceMonth
    of_month = and_(m.project_id == Project.id, m.month == month)
    if "below" in filters:
        of_month = and_(of_month, m.due > 0, 100 * m.valid < filters["below"] * m.due)
    if "category" in filters:
        of_month = and_(of_month, m.category == filters["category"])
    statement = select(Project).where(projects_within(reach), exists().where(of_month))
    if "body_id" in filters:
        statement = statement.where(Project.body_id == filters["body_id"])
    with deps.database.begin() as work:
        require_begun(work, month)
        found_page = page(work.session, statement, Project.id, window)
        groups = _groups_of(work, found_page.items, month, reach)
        return Page([ProjectMonth(p, groups[p.id]) for p in found_page.items], found_page.next)


def _groups_of(work: Work, projects: Sequence[Project], month: date, reach: Reach) -> dict[UUID, list[AttendanceMonth]]:
    ids = [project.id for project in projects]
    rows = work.session.scalars(
        select(AttendanceMonth)
        .where(AttendanceMonth.project_id.in_(ids), AttendanceMonth.month == month)
        .order_by(AttendanceMonth.team_kind, AttendanceMonth.category)
    ).all()
    seen = teams_within(work, reach, projects)
    return {
        p.id: [row for row in rows if (row.project_id, row.team_kind) in seen and row.project_id == p.id]
        for p in projects
    }
