"""How far a reach goes over tickets, and who is reached by one, as conditions."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, true, tuple_

from service.domain.actors import Actor, Permission, Reach, Role
from service.store.models import GrantRow, Ticket
from service.store.queries.reach import among, project_ids


def tickets_within(actor: Actor, permission: Permission) -> ColumnElement[bool]:
    """Tickets: a team's own, a unit's own, every one of a project reached as such, and a manager's copies."""
    reach = actor.reach(permission)
    if reach.city:
        return true()
    ways: list[ColumnElement[bool]] = []
    if reach.teams:
        ways.append(Ticket.team_id.in_(reach.teams))
    if managed := [grant.scope_id for grant in actor.grants if grant.role is Role.PROJECT_MANAGER]:
        ways.append(Ticket.copy_team_id.in_(managed))
    if reach.units:
        ways.append(Ticket.unit_id.in_(reach.units))
    if reach.projects:
        ways.append(Ticket.project_id.in_(reach.projects))
    if reach.bodies:
        ways.append(among(Ticket.project_id, project_ids(Reach(bodies=reach.bodies))))
    return or_(false(), *ways)


def grants_of(addressed: Collection[tuple[Role, UUID | None]]) -> ColumnElement[bool]:
    """The grants of these roles within these scopes; None is the city's."""
    named = [(role, scope_id) for role, scope_id in addressed if scope_id]
    city = [role for role, scope_id in addressed if scope_id is None]
    return or_(
        tuple_(GrantRow.role, GrantRow.scope_id).in_(named), and_(GrantRow.role.in_(city), GrantRow.scope_id.is_(None))
    )
