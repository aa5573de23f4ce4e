"""What the cross-check sees of many projects at once: a fixed number of queries, whatever their number."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, any_, func, literal, or_, select

from service.domain.findings.facts import Employed, Facts, Listed, PersonFacts, Seat, SiteFacts
from service.domain.post_rules import Size
from service.domain.roster import FILED, Basis
from service.domain.sites import ProjectState
from service.domain.stop_works import Stop, StopWorkState, first_of_run
from service.store.models import (
    Employment,
    Filing,
    ListEntry,
    Project,
    ProjectStateRow,
    RosterLine,
    StopWork,
    Team,
)
from service.store.queries.certificates import held_by
from service.store.work import Work
from service.usecases.crosscheck_rulebook import Rulebook


def project_facts(work: Work, project_ids: Collection[UUID], day: date, book: Rulebook) -> dict[UUID, Facts]:
    """The facts of some projects on a day, each with every seat of everybody on it."""
    rows = work.session.execute(select(Project.id, Project.body_id).where(_any(Project.id, project_ids)))
    bodies = {row.id: row.body_id for row in rows}
    lines = _lines(work, day, _any(RosterLine.project_id, project_ids))
    people = _lines(work, day, _any(RosterLine.person_id, {line.person_id for line in lines}))
    sites = _sites(work, {*bodies, *(line.project_id for line in people)}, day)
    known = _people(work, day, [_seat(line, sites) for line in people])
    listed, lists = _listed(work, day, project_ids), _lists(work, day, project_ids)
    teams = _grouped(work, select(Team.project_id, Team.kind).where(_any(Team.project_id, project_ids)))
    seats: dict[UUID, list[Seat]] = defaultdict(list)
    for line in lines:
        seats[line.project_id].append(_seat(line, sites))
    facts = {}
    for project_id, body_id in bodies.items():
        policy = book.attendance(day, body_id, project_id)
        facts[project_id] = Facts(
            day=day,
            site=sites[project_id],
            seats=tuple(seats[project_id]),
            people=known,
            posts=book.posts,
            team_kinds=book.team_kinds,
            kinds=book.kinds,
            listed=listed[project_id],
            lists=lists[project_id],
            required_posts=policy.required_posts if policy else (),
            policy_version=policy.version if policy else None,
            teams=frozenset(row.kind for row in teams[project_id]),
        )
    return facts


def person_facts(work: Work, person_id: UUID, project_id: UUID, day: date, book: Rulebook) -> Facts:
    """The facts of one person's seats on a project; without any there is nothing to look at."""
    lines = _lines(work, day, RosterLine.person_id == person_id)
    sites = _sites(work, {project_id, *(line.project_id for line in lines)}, day)
    seats = [_seat(line, sites) for line in lines]
    return Facts(
        day=day,
        site=sites[project_id],
        seats=tuple(seat for seat in seats if seat.site.id == project_id),
        people={person_id: PersonFacts(), **_people(work, day, seats, {person_id})},
        posts=book.posts,
        team_kinds=book.team_kinds,
        kinds=book.kinds,
        listed=_listed(work, day, [project_id])[project_id],
        lists=_lists(work, day, [project_id])[project_id],
    )


def _any(column: Any, ids: Collection[UUID]) -> ColumnElement[bool]:  # noqa: ANN401 - a column of ids
    """`column = ANY (:ids)`: one parameter and one statement, however many there are."""
    among: ColumnElement[bool] = column == any_(literal(list(ids), ARRAY(Uuid)))
    return among


def _covers(model: type[RosterLine | ListEntry], day: date) -> ColumnElement[bool]:
    return (model.starts_on <= day) & or_(model.ends_on.is_(None), model.ends_on >= day)


def _lines(work: Work, day: date, which: ColumnElement[bool]) -> Sequence[Any]:
    """Roster lines that cover the day, an ended one until its last, oldest first."""
    line = RosterLine
    statement = (
        select(
            line.id,
            line.person_id,
            line.post_code,
            line.project_id,
            Team.kind.label("team_kind"),
            Team.unit_id,
            line.starts_on,
            line.concurrent_consent_on,
        )
        .join(Team, Team.id == line.team_id)
        .where(which, line.state.in_(FILED), _covers(line, day))
    )
    return work.session.execute(statement.order_by(line.id)).all()


def _seat(line: Any, sites: Mapping[UUID, SiteFacts]) -> Seat:  # noqa: ANN401 - a row of those columns
    return Seat(
        line.id,
        line.person_id,
        line.post_code,
        sites[line.project_id],
        line.team_kind,
        line.unit_id,
        line.starts_on,
        line.concurrent_consent_on,
    )


def _sites(work: Work, project_ids: Collection[UUID], day: date) -> dict[UUID, SiteFacts]:
    """The projects with their state, and since when works have rested there."""
    s = ProjectStateRow
    groups = func.array_agg(Filing.section_group).filter(Filing.section_group.is_not(None))
    adjoining = select(groups).where(Filing.project_id == Project.id).scalar_subquery()
    columns = select(Project.id, Project.kind, Project.area_m2, Project.price_yuan, adjoining.label("groups"))
    states = _grouped(
        work,
        select(s.project_id, s.state, s.from_on)
        .where(_any(s.project_id, project_ids), s.from_on <= day)
        .order_by(s.from_on, s.id),
    )
    w = StopWork
    stop_works = select(w.project_id, w.starts_on, w.ends_on).where(_any(w.project_id, project_ids))
    stops = _grouped(work, stop_works.where(w.state == StopWorkState.APPROVED))
    sites = {}
    for row in work.session.execute(columns.where(_any(Project.id, project_ids))):
        state = states[row.id][-1].state if states[row.id] else None
        rests = [*_stopped(states[row.id], day), *(Stop(*each[1:]) for each in stops[row.id])]
        size = Size(row.kind, row.area_m2, row.price_yuan)
        sites[row.id] = SiteFacts(row.id, size, state, first_of_run(day, rests), frozenset(row.groups or ()))
    return sites


def _stopped(states: Sequence[Any], day: date) -> Iterator[Stop]:
    """The days up to this one on which a project's state, begun by one row after the other, was that of a stop."""
    ends = [*(each.from_on - timedelta(days=1) for each in states[1:]), day]
    for begun, last in zip(states, ends, strict=False):
        if begun.state is ProjectState.STOPPED:
            yield Stop(begun.from_on, last)


def _people(work: Work, day: date, seats: Sequence[Seat], also: Collection[UUID] = ()) -> dict[UUID, PersonFacts]:
    ids = {*also, *(seat.person_id for seat in seats)}
    held, employed = held_by(work, ids, day), _employments(work, ids)
    by_person: dict[UUID, list[Seat]] = defaultdict(list)
    for seat in seats:
        by_person[seat.person_id].append(seat)
    return {each: PersonFacts(tuple(held.get(each, ())), tuple(employed[each]), tuple(by_person[each])) for each in ids}


def _employments(work: Work, ids: Collection[UUID]) -> Mapping[UUID, list[Employed]]:
    e = Employment
    statement = select(e.person_id, e.id, e.unit_id, e.starts_on, e.ends_on).where(_any(e.person_id, ids))
    employed: dict[UUID, list[Employed]] = defaultdict(list)
    for row in work.session.execute(statement.order_by(e.starts_on, e.id)):
        employed[row.person_id].append(Employed(*row[1:]))
    return employed


def _listed(work: Work, day: date, project_ids: Collection[UUID]) -> Mapping[UUID, tuple[Listed, ...]]:
    e = ListEntry
    statement = select(e.project_id, e.id, e.basis, e.post_code, e.person_id, e.unit_id, e.checked_at)
    rows = _grouped(work, statement.where(_any(e.project_id, project_ids), _covers(e, day)).order_by(e.id))
    return defaultdict(tuple, {key: tuple(Listed(*row[1:]) for row in some) for key, some in rows.items()})


def _lists(work: Work, day: date, project_ids: Collection[UUID]) -> Mapping[UUID, frozenset[Basis]]:
    """Which lists of a project ever named anybody until the day."""
    e = ListEntry
    statement = select(e.project_id, e.basis).where(_any(e.project_id, project_ids), e.starts_on <= day).distinct()
    rows = _grouped(work, statement)
    return defaultdict(frozenset, {key: frozenset(row.basis for row in some) for key, some in rows.items()})


def _grouped(work: Work, statement: Select[*tuple[Any, ...]]) -> Mapping[UUID, list[Any]]:
    """The rows of a statement by their first column."""
    groups: dict[UUID, list[Any]] = defaultdict(list)
    for row in work.session.execute(statement):
        groups[row[0]].append(row)
    return groups
