"""Roster lines against the lists that bind their posts: approved lines wait until their list names the person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.calendar import business_day
from service.domain.findings.facts import Listed
from service.domain.lists import Standing, standing
from service.domain.roster import Basis, LineState, Match
from service.domain.topics import Topic
from service.errors import fault
from service.store.locks import hold, share
from service.store.models import ListEntry, Project, RosterLine
from service.store.queries.reach import lines_within
from service.store.work import Work
from service.usecases.access import found, require
from service.usecases.analysis import recheck
from service.usecases.post_rules import post_rules_on
from service.usecases.replacements import require_consent, require_qualified

_LISTS = "lists of a project"


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
    # A list that changes while this is being decided is held against the line right after.
    share(work, _LISTS, line.project_id)
    (held,) = _held(work, [line])
    line.approved_at, line.approved_by = work.clock.now(), actor.account_id
    if not _put_in_force(line, held) and line.match is Match.NO_LIST and by_body:
        line.state = LineState.IN_FORCE


def _as_body(work: Work, line: RosterLine, actor: Actor) -> bool:
    reach = actor.reach(Permission.ROSTER_APPROVE)
    return reach.city or work.session.get_one(Project, line.project_id).body_id in reach.bodies


@dataclass(frozen=True, slots=True)
class _Held:
    """How a line stands, and since when the entry that names its person does."""

    standing: Standing
    since: date | None


def _put_in_force(line: RosterLine, held: _Held) -> bool:
    """True where its list names the person: it is in force, and not before the list named him."""
    line.match = held.standing.match
    if held.since is None or held.since > (line.ends_on or date.max):
        return False
    line.state, line.starts_on = LineState.IN_FORCE, max(line.starts_on, held.since)
    return True


def _held(work: Work, lines: Sequence[RosterLine]) -> list[_Held]:
    """Each line held against the list binding its post, on its first day or today, whichever is later."""
    today = business_day(work.clock.now())
    days = [max(today, line.starts_on) for line in lines]
    rules = {day: post_rules_on(work, day) for day in {*days}}
    current = or_(ListEntry.ends_on.is_(None), ListEntry.ends_on >= today)
    entries: dict[UUID, list[ListEntry]] = {}
    of_projects = ListEntry.project_id.in_({line.project_id for line in lines})
    for entry in work.session.scalars(select(ListEntry).where(of_projects, current)):
        entries.setdefault(entry.project_id, []).append(entry)
    told = []
    for line, day in zip(lines, days, strict=True):
        binding = rules[day][line.post_code].binding if line.post_code in rules[day] else Basis.FILING
        listed = [entry for entry in entries.get(line.project_id, ()) if _covers(entry, day)]
        seat = (binding, line.person_id, line.post_code)
        his = [each.starts_on for each in listed if (each.basis, each.person_id, each.post_code) == seat]
        told.append(_Held(standing(listed_on(listed, day), *seat), min(his, default=None)))
    return told


def listed_on(entries: Sequence[ListEntry], day: date) -> list[Listed]:
    """What entries name on a day."""
    return [
        Listed(entry.id, entry.basis, entry.post_code, entry.person_id, entry.unit_id)
        for entry in entries
        if _covers(entry, day)
    ]


def _covers(entry: ListEntry, day: date) -> bool:
    return entry.starts_on <= day <= (entry.ends_on or date.max)


def read_standing(line_id: UUID, *, actor: Actor, deps: Deps) -> Standing:
    """How a line within reach stands now."""
    reach = require(actor, Permission.ROSTER_READ)
    with deps.database.begin() as work:
        line = found(work, select(RosterLine).where(RosterLine.id == line_id, lines_within(reach)), "roster_line")
        return _held(work, [line])[0].standing


def lists_changed(project_id: UUID, *, deps: Deps) -> None:
    """Put the waiting lines of a project in force whom its lists name now, and close the findings that were about it.

    Run twice it finds nothing to do.
    """
    with deps.database.begin() as work:
        hold(work, _LISTS, project_id)
        waiting = select(RosterLine).where(RosterLine.project_id == project_id, *_waiting(work))
        lines = work.session.scalars(waiting.order_by(RosterLine.id).with_for_update()).all()
        for line, held in zip(lines, _held(work, lines), strict=True):
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
    for project_id in work.session.scalars(select(RosterLine.project_id).where(*_waiting(work)).distinct()).all():
        work.publish(Topic.LIST_CHANGED, project_id)
