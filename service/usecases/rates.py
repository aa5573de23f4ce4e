"""Rates of attendance over a project, a body and the city, and the projects behind them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, func, select, true

from service.deps import Deps
from service.domain.actors import Actor, Permission, Reach
from service.domain.sites import TeamKind
from service.errors import fault
from service.store.models import AttendanceMonth, Project, SupervisingBody
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach import projects_within
from service.store.queries.reach_attendance import within_teams
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
    #: Whose person-days these are: both teams', or that of the team the reader belongs to.
    team_kinds: Sequence[TeamKind]
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
        behind = _behind(work, within)
        rows = work.session.execute(_rates(within))
        return [_as_rates(row, behind[row.month, row.category]) for row in rows]


def _months_in(work: Work, scope: Scope, reach: Reach, first: date, last: date) -> ColumnElement[bool]:
    """The kept months of a scope the reach covers; out of reach is not found, as everywhere."""
    between = AttendanceMonth.month.between(first, last)
    if scope.project_id is not None:
        project = select(Project).where(Project.id == scope.project_id, projects_within(reach))
        if scope.body_id is not None:
            project = project.where(Project.body_id == scope.body_id)
        of_project = AttendanceMonth.project_id == found(work, project, "project").id
        return and_(between, of_project, within_teams(AttendanceMonth, reach))
    if scope.body_id is not None:
        within = true() if reach.city else SupervisingBody.id.in_(reach.bodies)
        found(work, select(SupervisingBody.id).where(SupervisingBody.id == scope.body_id, within), "supervising_body")
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


@dataclass(slots=True)
class _Behind:
    """What stands behind the rates of a month and category."""

    teams: set[TeamKind] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)


def _behind(work: Work, within: ColumnElement[bool]) -> dict[tuple[date, int], _Behind]:
    m = AttendanceMonth
    found: dict[tuple[date, int], _Behind] = defaultdict(_Behind)
    kinds = select(m.month, m.category, m.team_kind, m.policy_versions).where(within).distinct()
    for row in work.session.execute(kinds):
        found[row.month, row.category].teams.add(row.team_kind)
        found[row.month, row.category].versions.update(row.policy_versions)
    return found


def _as_rates(row: Row[Any], behind: _Behind) -> Rates:
    return Rates(
        month=row.month,
        category=row.category,
        team_kinds=sorted(behind.teams),
        over_projects=None if row.over_projects is None else float(row.over_projects),
        over_person_days=100 * float(row.valid) / float(row.due) if row.due else None,
        projects=row.projects,
        not_applicable=row.not_applicable,
        full_roster=row.full_roster,
        due=int(row.due),
        valid=int(row.valid),
        pending=int(row.pending),
        through=row.through,
        policy_versions=sorted(behind.versions),
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
    of_month = and_(m.project_id == Project.id, m.month == month, within_teams(m, reach))
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
    m = AttendanceMonth
    groups: dict[UUID, list[AttendanceMonth]] = {project.id: [] for project in projects}
    statement = select(m).where(m.project_id.in_(groups), m.month == month, within_teams(m, reach))
    for row in work.session.scalars(statement.order_by(m.team_kind, m.category)):
        groups[row.project_id].append(row)
    return groups
