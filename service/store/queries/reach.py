"""How far an actor's reach goes, as conditions: every list and every read is scoped by one of these."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, any_, false, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from service.domain.actors import Actor, Permission, Reach, reach_of
from service.domain.reasons import Verdict
from service.domain.reviews import owners_open_to
from service.domain.roster import FILED
from service.store.models import CheckIn, Employment, Person, Project, RosterLine, Team, UnitRole

#: How long before its first day a line gives power over its person, who is enrolled and certified before he begins;
#: a line of some distant day would make everybody anybody's.
BEFORE_FIRST_DAY = timedelta(days=31)


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


def among(column: InstrumentedAttribute[Any], ids: Select[UUID]) -> ColumnElement[bool]:
    """`column = ANY (ARRAY (SELECT ...))`: unlike IN, alternatives of this form still use their indexes."""
    return column == any_(func.array(ids.scalar_subquery()))


def _any_of(*ways: ColumnElement[bool] | None) -> ColumnElement[bool]:
    """The ways that lead somewhere: a planner walks a whole table for an alternative that is always false."""
    return or_(false(), *(way for way in ways if way is not None))


def _in_projects(column: InstrumentedAttribute[Any], reach: Reach) -> list[ColumnElement[bool] | None]:
    """Belonging to a project reached as such, in which every team and person is reached too."""
    of_bodies = project_ids(Reach(bodies=reach.bodies))
    return [
        # Ids known here are written out: the planner then knows how few they are.
        column.in_(reach.projects) if reach.projects else None,
        among(column, of_bodies) if reach.bodies else None,
    ]


def _in_teams(column: InstrumentedAttribute[Any], reach: Reach) -> list[ColumnElement[bool] | None]:
    """Belonging to a team reached as such, or to a team of a unit reached."""
    of_units = select(Team.id).where(Team.unit_id.in_(reach.units))
    return [
        column.in_(reach.teams) if reach.teams else None,
        among(column, of_units) if reach.units else None,
    ]


def lines_within(reach: Reach) -> ColumnElement[bool]:
    """Roster lines: a team's own, a unit's own teams', every line of a project reached otherwise."""
    if reach.city:
        return true()
    return _any_of(*_in_teams(RosterLine.team_id, reach), *_in_projects(RosterLine.project_id, reach))


def people_within(reach: Reach, account_id: UUID, today: date) -> ColumnElement[bool]:
    """The people somebody may see: those on a roster he reaches, in whatever state, and those he may act on."""
    return or_(_people(reach, account_id, lines_within(reach)), _employed(reach, today))


def people_acted_on(reach: Reach, account_id: UUID, today: date) -> ColumnElement[bool]:
    """The people somebody may act on: those he has by `people_seated`, and those his units employ today."""
    return or_(people_seated(reach, account_id, today), _employed(reach, today))


def people_seated(reach: Reach, account_id: UUID, today: date) -> ColumnElement[bool]:
    """The people somebody has by a line in force that has begun or soon will, himself, and those he registered.

    A draft gives no power over a person, it is anybody's to write.
    """
    in_force = and_(
        lines_within(reach),
        RosterLine.state.in_(FILED),
        RosterLine.starts_on <= today + BEFORE_FIRST_DAY,
        or_(RosterLine.ends_on.is_(None), RosterLine.ends_on >= today),
    )
    return _people(reach, account_id, in_force)


def _employed(reach: Reach, today: date) -> ColumnElement[bool]:
    if not reach.units:
        return false()
    lasting = or_(Employment.ends_on.is_(None), Employment.ends_on >= today)
    employed = select(Employment.person_id).where(Employment.unit_id.in_(reach.units), Employment.starts_on <= today)
    return among(Person.id, employed.where(lasting))


def _people(reach: Reach, account_id: UUID, lines: ColumnElement[bool]) -> ColumnElement[bool]:
    if reach.city:
        return true()
    return _any_of(
        among(Person.id, select(RosterLine.person_id).where(lines)),
        Person.registered_by == account_id,
        Person.id == reach.person_id if reach.person_id else None,
    )


def check_ins_within(reach: Reach) -> ColumnElement[bool]:
    """Check-ins: one's own, those of one's team, and a project's, also of people on no roster of it."""
    if reach.city:
        return true()
    unrostered = project_ids(Reach(teams=reach.teams, units=reach.units))
    narrow = bool(reach.teams or reach.units)
    return _any_of(
        CheckIn.person_id == reach.person_id if reach.person_id else None,
        *_in_projects(CheckIn.project_id, reach),
        *_in_teams(CheckIn.team_id, reach),
        # Before it is judged nobody knows whose team it is, so only the project as a whole sees it.
        and_(CheckIn.team_id.is_(None), CheckIn.state != Verdict.RECEIVED, among(CheckIn.project_id, unrostered))
        if narrow
        else None,
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
