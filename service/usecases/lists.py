"""Lists of a project: whom filing, contract and appointment name for its posts, and where the roster differs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.calendar import business_day
from service.domain.lists import Compared, Difference, compare
from service.domain.sites import TeamKind
from service.domain.sources import Source
from service.domain.topics import Topic
from service.store.models import ListEntry, Person, Post, Project, RosterLine, Team
from service.store.queries.paging import Page, Window
from service.store.queries.reach import projects_within
from service.store.queries.reach_attendance import team_kinds_within
from service.store.queries.reach_lists import entries_within
from service.store.work import Work
from service.usecases.access import found, require, require_project, require_version
from service.usecases.post_rules import post_rules_on
from service.usecases.registers import Register, require_filing_of
from service.usecases.roster_match import entries_of, lists_on

LIST_ENTRIES = Register(
    "list_entry",
    ListEntry,
    ListEntry.id,
    Permission.ROSTER_READ,
    Permission.LIST_WRITE,
    entries_within,
    {
        "project_id": ListEntry.project_id,
        "basis": ListEntry.basis,
        "person_id": ListEntry.person_id,
        "post_code": ListEntry.post_code,
    },
)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the comparison with the names of whom and of which post it is about."""

    compared: Compared
    name: str
    post_name: str


def add_entry(values: Mapping[str, Any], *, actor: Actor, deps: Deps) -> ListEntry:
    """A new entry, typed in; a filing it names must be of the project. Lines that wait are held against it soon."""
    with deps.database.begin(actor.account_id) as work:
        require_project(work, actor, Permission.LIST_WRITE, values["project_id"])
        require_filing_of(work, values.get("filing_id"), values["project_id"])
        entry = work.add(ListEntry(**values))
        work.audit("list_entry:create", entry.id)
        work.publish(Topic.LIST_CHANGED, entry.project_id)
        return entry


def change_entry(entry_id: UUID, values: Mapping[str, Any], version: int, *, actor: Actor, deps: Deps) -> ListEntry:
    """An entry with other dates, unit or filing; whom it names for what stays, that would be another entry.

    What somebody typed over a system's word nobody confirmed, and it is shown so.
    """
    reach = require(actor, Permission.LIST_WRITE)
    with deps.database.begin(actor.account_id) as work:
        entry = found(work, select(ListEntry).where(ListEntry.id == entry_id, entries_within(reach)), "list_entry")
        require_version(entry.version, version)
        require_filing_of(work, values.get("filing_id"), entry.project_id)
        changed = [name for name, value in values.items() if getattr(entry, name) != value]
        for name in changed:
            setattr(entry, name, values[name])
        if changed:
            entry.source, entry.checked_at = Source.TYPED, None
            work.save()
            work.audit("list_entry:change", entry.id, fields=sorted(changed))
            work.publish(Topic.LIST_CHANGED, entry.project_id)
        return entry


def list_differences(
    project_id: UUID, window: Window, *, actor: Actor, deps: Deps, day: date | None = None, same: bool = False
) -> Page[Row]:
    """A page of where lists and roster of a project differ on a day (None: today), by post and person.

    `same` adds those in which they agree. Who reaches a team sees the posts of its kind.
    """
    with deps.database.begin() as work:
        rows = _rows(work, project_id, actor, day, same=same)
    after = window.after or ("", UUID(int=0))
    rest = [row for row in rows if (row.compared.post_code, row.compared.person_id) > after]
    items = rest[: window.limit]
    more = len(rest) > window.limit
    return Page(items, f"{items[-1].compared.post_code}_{items[-1].compared.person_id.hex}" if more else None)


def seat_key(cursor: str) -> tuple[str, UUID]:
    """What `list_differences` gave as `next`; ValueError for anything else."""
    post_code, _, person_id = cursor.rpartition("_")
    return post_code, UUID(person_id)


def all_differences(
    project_id: UUID, *, actor: Actor, deps: Deps, day: date | None = None, same: bool = False
) -> list[Row]:
    """All of them at once, a project has some dozens; who took them with him is recorded."""
    with deps.database.begin(actor.account_id) as work:
        rows = _rows(work, project_id, actor, day, same=same)
        work.audit("project:export_differences", project_id)
        return rows


def _rows(work: Work, project_id: UUID, actor: Actor, day: date | None, *, same: bool) -> list[Row]:
    reach = require(actor, Permission.ROSTER_READ)
    project = found(work, select(Project).where(Project.id == project_id, projects_within(reach)), "project")
    on = day or business_day(work.clock.now())
    rows = [
        row
        for row in _compared(work, project.id, team_kinds_within(work, reach, project), on)
        if same or row.difference is not Difference.SAME
    ]
    wanted = select(Person.id, Person.name).where(Person.id.in_({row.person_id for row in rows}))
    names = {row.id: row.name for row in work.session.execute(wanted)}
    posts = {row.code: row.name_zh for row in work.session.execute(select(Post.code, Post.name_zh))}
    return [Row(row, names[row.person_id], posts[row.post_code]) for row in rows]


def _compared(work: Work, project_id: UUID, kinds: frozenset[TeamKind], day: date) -> list[Compared]:
    posts = set(work.session.scalars(select(Post.code).where(Post.team_kind.in_(kinds))))
    lines = select(RosterLine.person_id, RosterLine.post_code, RosterLine.state).where(
        RosterLine.project_id == project_id,
        RosterLine.post_code.in_(posts),
        RosterLine.starts_on <= day,
        or_(RosterLine.ends_on.is_(None), RosterLine.ends_on >= day),
    )
    lists = lists_on(entries_of(work, [project_id])[project_id], day)
    of_teams = select(Post.code, Team.unit_id).join(Team, Team.kind == Post.team_kind)
    return compare(
        replace(lists, named=tuple(each for each in lists.named if each.post_code in posts)),
        [(row.person_id, row.post_code, row.state) for row in work.session.execute(lines)],
        {code: rule.binding for code, rule in post_rules_on(work, day).items()},
        {row.code: row.unit_id for row in work.session.execute(of_teams.where(Team.project_id == project_id))},
    )
