"""Roster lines against the lists that bind their posts: approved lines wait until their list names the person."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select

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
_WAITING = (RosterLine.state == LineState.SUBMITTED, RosterLine.approved_at.is_not(None))


def approve(work: Work, line: RosterLine, actor: Actor) -> None:
    """Record the approval, and put the line in force where the list that binds its post names the person.

    Where the project has no such list the body answers for the roster: its approval is enough, the client's waits.
    """
    if line.person_id == actor.person_id:
        raise fault("own_affair")
    by_body = _as_body(work, line, actor)
    if line.replaces_id is not None:
        if by_body:
            require_consent(work, line)
        require_qualified(work, line)
    # A list that changes while this is being decided is held against the line right after.
    share(work, _LISTS, line.project_id)
    line.match = standings(work, [line])[0].match
    line.approved_at, line.approved_by = work.clock.now(), actor.account_id
    if line.match is Match.MATCHED or (line.match is Match.NO_LIST and by_body):
        line.state = LineState.IN_FORCE


def _as_body(work: Work, line: RosterLine, actor: Actor) -> bool:
    reach = actor.reach(Permission.ROSTER_APPROVE)
    return reach.city or work.session.get_one(Project, line.project_id).body_id in reach.bodies


def standings(work: Work, lines: Sequence[RosterLine]) -> list[Standing]:
    """How each line stands against the list binding its post, on its first day or today, whichever is later."""
    today = business_day(work.clock.now())
    rules = post_rules_on(work, today)
    current = or_(ListEntry.ends_on.is_(None), ListEntry.ends_on >= today)
    entries: dict[UUID, list[ListEntry]] = {}
    of_projects = ListEntry.project_id.in_({line.project_id for line in lines})
    for entry in work.session.scalars(select(ListEntry).where(of_projects, current)):
        entries.setdefault(entry.project_id, []).append(entry)
    told = []
    for line in lines:
        binding = rules[line.post_code].binding if line.post_code in rules else Basis.FILING
        listed = listed_on(entries.get(line.project_id, ()), max(today, line.starts_on))
        told.append(standing(listed, binding, line.person_id, line.post_code))
    return told


def listed_on(entries: Sequence[ListEntry], day: date) -> list[Listed]:
    """What entries name on a day."""
    return [
        Listed(entry.id, entry.basis, entry.post_code, entry.person_id, entry.unit_id)
        for entry in entries
        if entry.starts_on <= day <= (entry.ends_on or date.max)
    ]


def read_standing(line_id: UUID, *, actor: Actor, deps: Deps) -> Standing:
    """How a line within reach stands now."""
    reach = require(actor, Permission.ROSTER_READ)
    with deps.database.begin() as work:
        line = found(work, select(RosterLine).where(RosterLine.id == line_id, lines_within(reach)), "roster_line")
        return standings(work, [line])[0]


def lists_changed(project_id: UUID, *, deps: Deps) -> None:
    """Put the waiting lines of a project in force whom its lists name now, and close the findings that were about it.

    Run twice it finds nothing to do.
    """
    with deps.database.begin() as work:
        hold(work, _LISTS, project_id)
        waiting = select(RosterLine).where(RosterLine.project_id == project_id, *_WAITING)
        lines = work.session.scalars(waiting.order_by(RosterLine.id).with_for_update()).all()
        for line, stands in zip(lines, standings(work, lines), strict=True):
            line.match = stands.match
            if stands.match is Match.MATCHED:
                line.state = LineState.IN_FORCE
                work.audit("roster_line:in_force", line.id)
                work.publish(Topic.ROSTER_LINE_CHANGED, line.id)
        work.save()
    recheck(project_id, (), deps=deps)


def look_again(work: Work) -> None:
    """Have every project with waiting lines looked at: entries begin and end by the day, and nobody says so."""
    for project_id in work.session.scalars(select(RosterLine.project_id).where(*_WAITING).distinct()).all():
        work.publish(Topic.LIST_CHANGED, project_id)
