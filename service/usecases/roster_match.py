"""Roster lines against the lists that bind their posts: approved lines wait until their list names the person."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.calendar import business_day
from service.domain.findings.facts import Listed, Lists
from service.domain.lists import Standing, standing
from service.domain.roster import Basis, LineState, Match
from service.domain.topics import Topic
from service.errors import fault
from service.store.locks import hold, share_all
from service.store.models import ListEntry, Project, RosterLine, Team
from service.store.queries.reach import lines_within
from service.store.work import Work
from service.usecases.access import found, require
from service.usecases.analysis import recheck
from service.usecases.post_rules import post_rules_on
from service.usecases.replacements import require_consent, require_qualified

#: Held by whoever puts lines in force because a list changed, shared by whoever decides on some.
LISTS = "lists of a project"


def approve(work: Work, line: RosterLine, actor: Actor) -> None:
    """Record the approval, and put the line in force where the list that binds its post names the person.

    Where the project has no such list the body answers for the roster: its approval is enough, the client's waits.
    `own_affair` for the person himself, `own_proposal` for who proposed it: a line gives power over its person, and one
    account alone never takes it. The city has it already.
    """
    if line.person_id == actor.person_id:
        raise fault("own_affair")
    if line.proposed_by == actor.account_id and not actor.reach(Permission.ROSTER_APPROVE).city:
        raise fault("own_proposal")
    by_body = _as_body(work, line, actor)
    if line.replaces_id is not None:
        if by_body:
            require_consent(work, line)
        require_qualified(work, line)
    share_lists(work, [line.project_id])
    (held,) = hold_against(work, [line])
    line.approved_at, line.approved_by = work.clock.now(), actor.account_id
    if not _put_in_force(line, held) and line.match is Match.NO_LIST and by_body:
        line.state = LineState.IN_FORCE


def _as_body(work: Work, line: RosterLine, actor: Actor) -> bool:
    reach = actor.reach(Permission.ROSTER_APPROVE)
    return reach.city or work.session.get_one(Project, line.project_id).body_id in reach.bodies


def share_lists(work: Work, project_ids: Iterable[UUID]) -> None:
    """Until the transaction ends, a list that changes is held against the lines decided on here right after.

    Comes before the lines' own locks, as it does where lists change.
    """
    share_all(work, LISTS, project_ids)


class Seated(Protocol):
    """What is held against a list: a row of the roster, or one that a batch is about to write."""

    project_id: UUID
    team_id: UUID
    person_id: UUID
    post_code: str
    starts_on: date


class Held(NamedTuple):
    """How a line stands, and since when the entry that names its person does."""

    standing: Standing
    since: date | None


def _put_in_force(line: RosterLine, held: Held) -> bool:
    """True where its list names the person: it is in force, and not before the list named him."""
    line.match = held.standing.match
    if held.since is None or held.since > (line.ends_on or date.max):
        return False
    line.state, line.starts_on = LineState.IN_FORCE, max(line.starts_on, held.since)
    return True


def hold_against(work: Work, lines: Sequence[Seated]) -> list[Held]:
    """Each line held against the list binding its post, on its first day or today, whichever is later."""
    today = business_day(work.clock.now())
    days = [max(today, line.starts_on) for line in lines]
    rules = {day: post_rules_on(work, day) for day in {*days}}
    entries = entries_of(work, {line.project_id for line in lines})
    of_teams = select(Team.id, Team.unit_id).where(Team.id.in_({line.team_id for line in lines}))
    units = {row.id: row.unit_id for row in work.session.execute(of_teams)}
    places = {(line.project_id, day) for line, day in zip(lines, days, strict=True)}
    lists = {(project_id, day): lists_on(entries[project_id], day) for project_id, day in places}
    starts = {row.id: row.starts_on for rows in entries.values() for row in rows}
    told = []
    for line, day in zip(lines, days, strict=True):
        binding = rules[day][line.post_code].binding if line.post_code in rules[day] else Basis.FILING
        seat = (binding, line.person_id, line.post_code, units[line.team_id])
        there = lists[line.project_id, day]
        since = min((starts[each.id] for each in there.naming(*seat)), default=None)
        told.append(Held(standing(there, *seat), since))
    return told


def entries_of(work: Work, project_ids: Iterable[UUID]) -> defaultdict[UUID, list[Any]]:
    """All rows that lists of these projects ever had, by project."""
    e = ListEntry
    columns = select(e.project_id, e.id, e.basis, e.post_code, e.person_id, e.unit_id, e.starts_on, e.ends_on)
    entries: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in work.session.execute(columns.where(e.project_id.in_(project_ids))):
        entries[row.project_id].append(row)
    return entries


def lists_on(entries: Sequence[Any], day: date) -> Lists:
    """What a project's entries come to on a day."""
    named = [Listed(*row[1:6]) for row in entries if _covers(row, day)]
    return Lists(tuple(named), frozenset(row.basis for row in entries if row.starts_on <= day))


def _covers(entry: Any, day: date) -> bool:  # noqa: ANN401 - a row of `entries_of`
    return bool(entry.starts_on <= day <= (entry.ends_on or date.max))


def read_standing(line_id: UUID, *, actor: Actor, deps: Deps) -> Standing:
    """How a line within reach stands now."""
    reach = require(actor, Permission.ROSTER_READ)
    with deps.database.begin() as work:
        line = found(work, select(RosterLine).where(RosterLine.id == line_id, lines_within(reach)), "roster_line")
        return hold_against(work, [line])[0].standing


def lists_changed(project_id: UUID, *, deps: Deps) -> None:
    """Put the waiting lines of a project in force whom its lists name now, and close the findings that were about it.

    Run twice it finds nothing to do.
    """
    with deps.database.begin() as work:
        hold(work, LISTS, project_id)
        waiting = select(RosterLine).where(RosterLine.project_id == project_id, *_waiting(work))
        lines = work.session.scalars(waiting.order_by(RosterLine.id).with_for_update()).all()
        for line, held in zip(lines, hold_against(work, lines), strict=True):
            if _put_in_force(line, held):
                work.audit("roster_line:in_force", line.id, starts_on=line.starts_on.isoformat())
                work.publish(Topic.ROSTER_LINE_CHANGED, line.id)
        work.save()
    recheck(project_id, (), deps=deps)


def _waiting(work: Work) -> tuple[ColumnElement[bool], ...]:
    """Approved and not in force; of those that are over nothing comes any more."""
    lasting = or_(RosterLine.ends_on.is_(None), RosterLine.ends_on >= business_day(work.clock.now()))
    return RosterLine.state == LineState.SUBMITTED, RosterLine.approved_at.is_not(None), lasting


def look_again(work: Work) -> None:
    """Have every project with waiting lines looked at: entries begin and end by the day, and nobody says so."""
    waiting = select(RosterLine.project_id).where(*_waiting(work)).distinct().order_by(RosterLine.project_id)
    work.publish_all(Topic.LIST_CHANGED, work.session.scalars(waiting).all())
