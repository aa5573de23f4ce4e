"""How far a reach goes over findings, stop-works and attendance, as conditions."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from service.domain.actors import Reach
from service.domain.sites import TeamKind
from service.store.models import AttendanceMonth, Finding, Project, StopWork, Team
from service.store.queries.reach import among, project_ids
from service.store.work import Work


def within_teams(model: type[Finding | AttendanceMonth], reach: Reach) -> ColumnElement[bool]:
    """What is a team's: a team's own, a unit's own teams', everything of a project reached as such."""
    return of_teams(model.project_id, Team.kind == model.team_kind, reach)


def of_teams(
    project_id: InstrumentedAttribute[UUID], of_team: ColumnElement[bool], reach: Reach
) -> ColumnElement[bool]:
    """The same of any row with a project; `of_team` says which `Team` of the project it belongs to."""
    if reach.city:
        return true()
    ways: list[ColumnElement[bool]] = []
    if reach.projects:
        ways.append(project_id.in_(reach.projects))
    if reach.bodies:
        ways.append(among(project_id, project_ids(Reach(bodies=reach.bodies))))
    if reach.teams or reach.units:
        mine = or_(
            Team.id.in_(reach.teams) if reach.teams else false(),
            Team.unit_id.in_(reach.units) if reach.units else false(),
        )
        own = exists().where(Team.project_id == project_id, of_team, mine)
        ways.append(and_(among(project_id, select(Team.project_id).where(mine)), own))
    return or_(false(), *ways)


def stop_works_within(reach: Reach) -> ColumnElement[bool]:
    """Stop-works of the projects somebody reaches in any way: a site rests as a whole."""
    return true() if reach.city else among(StopWork.project_id, project_ids(reach))


def teams_within(work: Work, reach: Reach, projects: Sequence[Project]) -> frozenset[tuple[UUID, TeamKind]]:
    """Whose attendance somebody sees on some projects: both teams', or only that of the team or unit he belongs to."""
    whole = [p.id for p in projects if reach.city or p.body_id in reach.bodies or p.id in reach.projects]
    teams = select(Team.project_id, Team.kind).where(
        Team.project_id.in_([p.id for p in projects]), or_(Team.id.in_(reach.teams), Team.unit_id.in_(reach.units))
    )
    mine = {(row.project_id, row.kind) for row in work.session.execute(teams)} if reach.teams or reach.units else set()
    return frozenset(mine | {(project_id, kind) for project_id in whole for kind in TeamKind})


def team_kinds_within(work: Work, reach: Reach, project: Project) -> frozenset[TeamKind]:
    """The same of one project."""
    return frozenset(kind for _, kind in teams_within(work, reach, [project]))
