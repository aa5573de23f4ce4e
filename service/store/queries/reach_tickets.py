"""How far a reach goes over tickets, as a condition."""

from sqlalchemy import ColumnElement, false, or_, true

from service.domain.actors import Reach
from service.store.models import Ticket
from service.store.queries.reach import among, project_ids


def tickets_within(reach: Reach) -> ColumnElement[bool]:
    """Tickets: a team's own and those it gets a copy of, a unit's own, every one of a project reached as such."""
    if reach.city:
        return true()
    ways: list[ColumnElement[bool]] = []
    if reach.teams:
        ways += [Ticket.team_id.in_(reach.teams), Ticket.copy_team_id.in_(reach.teams)]
    if reach.units:
        ways.append(Ticket.unit_id.in_(reach.units))
    if reach.projects:
        ways.append(Ticket.project_id.in_(reach.projects))
    if reach.bodies:
        ways.append(among(Ticket.project_id, project_ids(Reach(bodies=reach.bodies))))
    return or_(false(), *ways)
