"""How far a reach goes over the lists of projects, as conditions."""

from sqlalchemy import ColumnElement, select

from service.domain.actors import Reach
from service.store.models import ListEntry, Post, Team
from service.store.queries.reach_attendance import of_teams


def entries_within(reach: Reach) -> ColumnElement[bool]:
    """Entries of lists: those for the posts of one's own team or teams, and all of a project reached as such."""
    posts = select(Post.code).where(Post.team_kind == Team.kind).correlate(Team)
    return of_teams(ListEntry.project_id, ListEntry.post_code.in_(posts), reach)
