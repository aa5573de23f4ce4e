"""Units: whom somebody sees the people of, and who belongs to one on a day."""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select, true

from service.domain.actors import Reach
from service.domain.roster import FILED
from service.domain.sites import ProjectState
from service.store.models import Employment, Project, ProjectStateRow, RosterLine, Unit, UnitRole
from service.store.queries.reach import project_ids

_STAFFED = (ProjectState.ACTIVE, ProjectState.STOPPED)


def units_within(reach: Reach) -> ColumnElement[bool]:
    """The units whose people somebody oversees: his own, those with a role on a body's projects, all for the city.

    A team, a client and a chief engineer see who stands on their rosters, and nobody else of a unit.
    """
    if reach.city:
        return true()
    ways: list[ColumnElement[bool]] = []
    if reach.units:
        ways.append(Unit.id.in_(reach.units))
    if reach.bodies:
        on_theirs = UnitRole.project_id.in_(project_ids(Reach(bodies=reach.bodies)))
        ways.append(exists().where(UnitRole.unit_id == Unit.id, on_theirs))
    return or_(false(), *ways)


def employed_by(unit_id: UUID, day: date) -> Select[UUID]:
    """The ids of the people a unit employs on a day."""
    lasting = or_(Employment.ends_on.is_(None), Employment.ends_on >= day)
    return select(Employment.person_id).where(Employment.unit_id == unit_id, Employment.starts_on <= day, lasting)


def seated_on(day: date) -> ColumnElement[bool]:
    """Roster lines in force on a day."""
    lasting = or_(RosterLine.ends_on.is_(None), RosterLine.ends_on >= day)
    return and_(RosterLine.state.in_(FILED), RosterLine.starts_on <= day, lasting)


def staffed_on(day: date) -> ColumnElement[bool]:
    """Projects that somebody has to serve on a day; beside `Project` in a query."""
    said = ProjectStateRow
    state = (
        select(said.state)
        .where(said.project_id == Project.id, said.from_on <= day)
        .order_by(said.from_on.desc(), said.id.desc())
        .limit(1)
        .correlate(Project)
        .scalar_subquery()
    )
    return state.in_(_STAFFED)
