"""How far a reach goes over the lists of projects, as conditions."""

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true

from service.domain.actors import Reach
from service.store.models import ListEntry, Post, Team
from service.store.queries.reach import among, project_ids


def entries_within(reach: Reach) -> ColumnElement[bool]:
    """Entries of lists: those for the posts of one's own team or teams, and all of a project reached as such."""
    if reach.city:
        return true()
    ways: list[ColumnElement[bool]] = []
    if reach.projects:
        ways.append(ListEntry.project_id.in_(reach.projects))
    if reach.bodies:
        ways.append(among(ListEntry.project_id, project_ids(Reach(bodies=reach.bodies))))
    if reach.teams or reach.units:
        mine = or_(
            Team.id.in_(reach.teams) if reach.teams else false(),
            Team.unit_id.in_(reach.units) if reach.units else false(),
        )
        posts = select(Post.code).where(Post.team_kind == Team.kind).correlate(Team)
        own = exists().where(Team.project_id == ListEntry.project_id, ListEntry.post_code.in_(posts), mine)
        ways.append(and_(among(ListEntry.project_id, select(Team.project_id).where(mine)), own))
    return or_(false(), *ways)
