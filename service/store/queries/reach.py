"""How far an actor's reach goes, as conditions: every list and every read is scoped by one of these."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true

from service.domain.actors import Actor, Permission, Reach, reach_of
from service.domain.reviews import owners_open_to
from service.store.models import CheckIn, Person, Project, RosterLine, Team, UnitRole


def projects_within(reach: Reach) -> ColumnElement[bool]:
    """The projects somebody reaches."""
    if reach.city:
        return true()
    ways: list[ColumnElement[bool]] = []
    if reach.bodies:
        ways.append(Project.body_id.in_(reach.bodies))
    if reach.projects:
        ways.append(Project.id.in_(reach.projects))
    if reach.teams:
        ways.append(Project.id.in_(select(Team.project_id).where(Team.id.in_(reach.teams))))
    if reach.units:
        ways.append(Project.id.in_(select(UnitRole.project_id).where(UnitRole.unit_id.in_(reach.units))))
    return or_(false(), *ways)


def project_ids(reach: Reach) -> Select[UUID]:
    """Their ids, to scope what belongs to a project."""
    return select(Project.id).where(projects_within(reach))


def lines_within(reach: Reach) -> ColumnElement[bool]:
    """Roster lines: a team's own, a unit's own teams', every line of a project reached otherwise."""
    if reach.city:
        return true()
    whole = Reach(bodies=reach.bodies, projects=reach.projects)
    own = select(Team.id).where(or_(Team.id.in_(reach.teams), Team.unit_id.in_(reach.units)))
    return or_(RosterLine.team_id.in_(own), RosterLine.project_id.in_(project_ids(whole)))


def people_within(reach: Reach, account_id: UUID) -> ColumnElement[bool]:
    """People on a roster somebody reaches, himself, and those he registered."""
    if reach.city:
        return true()
    return or_(
        Person.id.in_(select(RosterLine.person_id).where(lines_within(reach))),
        Person.registered_by == account_id,
        Person.id == reach.person_id if reach.person_id else false(),
    )


def check_ins_within(reach: Reach) -> ColumnElement[bool]:
    """Check-ins: one's own, those of one's team, and a project's, also of people on no roster of it."""
    if reach.city:
        return true()
    whole = Reach(bodies=reach.bodies, projects=reach.projects)
    own_teams = select(Team.id).where(or_(Team.id.in_(reach.teams), Team.unit_id.in_(reach.units)))
    narrow = Reach(teams=reach.teams, units=reach.units)
    return or_(
        CheckIn.person_id == reach.person_id if reach.person_id else false(),
        CheckIn.project_id.in_(project_ids(whole)),
        CheckIn.team_id.in_(own_teams),
        and_(CheckIn.team_id.is_(None), CheckIn.project_id.in_(project_ids(narrow))),
    )


def reviews_open_to(actor: Actor) -> ColumnElement[bool]:
    """The check-ins in review this actor may decide: grant by grant, and never his own."""
    ways = []
    for grant in actor.grants:
        owners = owners_open_to([grant.role])
        if owners:
            within = check_ins_within(reach_of([grant], None))
            ways.append(and_(CheckIn.review_owner.in_(owners), within))
    not_his = CheckIn.person_id != actor.person_id if actor.person_id else true()
    return and_(or_(false(), *ways), not_his)


def reaches_project(actor: Actor, permission: Permission, project_id: UUID) -> Select[UUID]:
    """A select that gives the project's id where the actor may act on it with this permission."""
    return project_ids(actor.reach(permission)).where(Project.id == project_id)
