"""Rosters of a batch: lines submitted, mended while nobody decided on them, or put in force by their list."""

from collections.abc import Mapping

from sqlalchemy import select, true

from service.domain.actors import Permission, Reach
from service.domain.records import RosterRecord
from service.domain.sites import TeamKind
from service.store.models import Project, Team
from service.usecases.bulk.batch import Batch
from service.usecases.bulk.documents import hashes_of, known_people, require_known
from service.usecases.bulk.lines import Lines, TeamRow
from service.usecases.bulk.places import Place, places_of, posts_of


def take_lines(batch: Batch[RosterRecord]) -> None:
    """Found by team, post, person and first day, also where its list let it begin later; what is not told stays.

    `line_overlaps` beside another line of the same seat; `act_not_allowed` where somebody decided on the line, and the
    origin may not. With `origin.in_force` a line is in force where by its first day the list names the person, or where
    there is no list and the program or the city says so; one that replaces another waits for somebody to approve it.
    """
    reach = batch.reach(Permission.ROSTER_PROPOSE)
    if batch.origin.in_force:
        batch.reach(Permission.ROSTER_APPROVE)
    posts = posts_of(batch)
    places = places_of(batch, true())
    teams = _teams(batch, places, posts, reach)
    _refuse_by_themselves(batch)
    people = known_people(batch, hashes_of(batch))
    require_known(batch, people)
    _refuse_contradictions(batch, places)
    Lines(batch, teams, people).take()


def _teams(
    batch: Batch[RosterRecord], places: Mapping[str, Place], posts: Mapping[str, TeamKind], reach: Reach
) -> dict[int, TeamRow]:
    """By place of the record its team; where there is none within reach it is refused."""
    columns = select(Team.id, Team.project_id, Team.kind, Team.unit_id, Project.body_id)
    of_projects = Team.project_id.in_({place.project_id for place in places.values()})
    rows = batch.work.session.execute(columns.join(Project, Project.id == Team.project_id).where(of_projects))
    teams = {(row.project_id, row.kind): TeamRow(*row) for row in rows}
    found = {}
    for at, told in list(batch.open()):
        team = teams.get((places[told.filing_number].project_id, posts[told.post_code]))
        if team is None or not team.within(reach):
            batch.refuse(at, "unknown_reference", "filing_number")
        else:
            found[at] = team
    return found


def _refuse_by_themselves(batch: Batch[RosterRecord]) -> None:
    for at, told in list(batch.open()):
        if told.ends_on and told.ends_on < told.starts_on:
            batch.refuse(at, "dates_in_order", "ends_on")


def _refuse_contradictions(batch: Batch[RosterRecord], places: Mapping[str, Place]) -> None:
    batch.agree(
        lambda _, told: (places[told.filing_number].project_id, told.post_code, told.document.number, told.starts_on),
        lambda told: {
            "basis": told.basis,
            "ends_on": told.ends_on,
            "concurrent_consent_on": told.concurrent_consent_on,
        },
    )
    batch.once(lambda told: (told.filing_number, told.post_code, told.document.number, told.starts_on))
