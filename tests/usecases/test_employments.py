"""Employments: kept as they are told, ended once for all rosters, by whoever has a say and nobody else."""

from collections.abc import Callable
from datetime import date
from threading import Barrier, Thread
from uuid import UUID

import pytest
from sqlalchemy import select

from service.deps import Deps
from service.domain.actors import Actor, Role, Scope
from service.domain.roster import LineAct, LineState
from service.domain.sources import Source
from service.domain.topics import Topic
from service.errors import ServiceError
from service.store.models import Audit, Employment, Outbox, RosterLine, Team
from service.usecases import employments, roster
from service.usecases.employments import Left
from tests.factories import STARTED, Site, World

LEFT = date(2026, 2, 27)


@pytest.fixture
def site(world: World) -> Site:
    return world.site(fenced=False)


def unit_of(deps: Deps, team_id: UUID) -> UUID:
    with deps.database.begin() as work:
        return work.session.get_one(Team, team_id).unit_id


def employ(
    world: World, person_id: UUID, unit_id: UUID, starts_on: date = STARTED, actor: Actor | None = None
) -> Employment:
    values = {"unit_id": unit_id, "starts_on": starts_on}
    return employments.add_employment(person_id, values, actor=actor or world.city, deps=world.deps)


def leave(world: World, person_id: UUID, unit_id: UUID, left_on: date = LEFT, actor: Actor | None = None) -> Left:
    return employments.leave(person_id, unit_id, left_on, actor=actor or world.city, deps=world.deps)


def refused(code: str, act: Callable[[], object]) -> ServiceError:
    with pytest.raises(ServiceError) as error:
        act()
    assert error.value.code == code
    return error.value


def state_of(deps: Deps, line: RosterLine) -> tuple[LineState, date | None, list[str]]:
    with deps.database.begin() as work:
        row = work.session.get_one(RosterLine, line.id)
        return row.state, row.ends_on, row.return_reasons


def told(deps: Deps, topic: Topic, subject_id: UUID) -> int:
    with deps.database.begin() as work:
        statement = select(Outbox).where(Outbox.topic == topic, Outbox.subject_id == subject_id)
        return len(work.session.scalars(statement).all())


def test_two_employments_at_once_are_kept_and_shown_the_latest_first(world: World, deps: Deps) -> None:
    person, one, two = world.person().id, world.unit(), world.unit()
    first, second = employ(world, person, one), employ(world, person, two, date(2026, 2, 1))
    rows = employments.list_employments(person, actor=world.city, deps=deps)
    assert [(row.id, row.unit_id, row.ends_on) for row in rows] == [(second.id, two, None), (first.id, one, None)]
    assert told(deps, Topic.CERTIFICATE_CHANGED, person) == 2
    refused("already_exists", lambda: employ(world, person, one))


def test_leaving_ends_the_employment_and_every_line_on_the_unit_s_teams_at_once(
    world: World, site: Site, deps: Deps
) -> None:
    person, unit = world.person().id, unit_of(deps, site.construction)
    employment = employ(world, person, unit)
    in_force = world.line(site.construction, person)
    short = world.line(site.construction, person, "safety_officer")
    short = roster.act_on_line(
        short.id, LineAct.END, short.version, actor=world.city, deps=deps, ends_on=date(2026, 2, 1)
    )
    later = world.line(site.construction, person, "quality_officer", starts_on=date(2026, 4, 1))
    draft = world.line(site.construction, person, "technical_lead", in_force=False)
    elsewhere = world.line(world.site(fenced=False).construction, person)
    facts = told(deps, Topic.ROSTER_LINE_CHANGED, in_force.id)
    left = leave(world, person, unit)
    assert left == Left([employment.id], [in_force.id], [later.id, draft.id])
    assert state_of(deps, in_force) == (LineState.ENDED, LEFT, [])
    assert state_of(deps, short) == (LineState.ENDED, date(2026, 2, 1), [])
    # What was to begin later gives him no seat, though it was approved.
    assert state_of(deps, later) == (LineState.RETURNED, None, ["left_unit"])
    assert state_of(deps, draft) == (LineState.RETURNED, None, ["left_unit"])
    assert state_of(deps, elsewhere) == (LineState.IN_FORCE, None, [])
    assert told(deps, Topic.ROSTER_LINE_CHANGED, in_force.id) == facts + 1
    (row,) = employments.list_employments(person, actor=world.city, deps=deps)
    assert row.ends_on == LEFT
    with deps.database.begin() as work:
        (entry,) = work.session.scalars(select(Audit).where(Audit.action == "person:leave"))
    assert entry.data == {"unit": str(unit), "employments": 1, "lines": 1, "returned": 2}


def test_a_line_that_has_its_last_day_ends_earlier_when_he_leaves_earlier(world: World, site: Site, deps: Deps) -> None:
    person, unit = world.person().id, unit_of(deps, site.construction)
    line = world.line(site.construction, person)
    later = world.line(site.construction, person, "safety_officer", starts_on=date(2026, 4, 1))
    for each in (line, later):
        until = date(2026, 6, 30)
        roster.act_on_line(each.id, LineAct.END, each.version, actor=world.city, deps=deps, ends_on=until)
    assert leave(world, person, unit) == Left([], [line.id], [later.id])
    assert state_of(deps, line) == (LineState.ENDED, LEFT, [])
    assert state_of(deps, later)[0] is LineState.RETURNED


def test_a_last_day_with_a_mistyped_year_is_refused(world: World, site: Site, deps: Deps) -> None:
    person, unit = world.person().id, unit_of(deps, site.construction)
    line = world.line(site.construction, person)
    # Today is 2 March.
    (problem,) = refused("leaves_too_late", lambda: leave(world, person, unit, date(2026, 6, 3))).problems
    assert (problem.field, problem.data) == ("left_on", {"latest": "2026-06-02"})
    assert leave(world, person, unit, date(2026, 6, 2)).lines == [line.id]
    # The day was put right: he leaves earlier than was said.
    assert leave(world, person, unit).lines == [line.id]


@pytest.mark.parametrize(("by_firm", "last"), [(True, date(2026, 3, 2)), (False, LEFT)])
def test_for_a_firm_a_line_ends_no_earlier_than_the_day_on_which_it_says_so(
    world: World, site: Site, deps: Deps, by_firm: bool, last: date
) -> None:
    person, unit = world.person().id, unit_of(deps, site.construction)
    firm, officer = world.actor(Role.ENTERPRISE, Scope.UNIT, unit), world.actor(Role.OFFICER, Scope.BODY, site.body)
    employ(world, person, unit)
    line = world.line(site.construction, person)
    begun = world.line(site.construction, person, "safety_officer", starts_on=date(2026, 3, 1))
    left = leave(world, person, unit, actor=firm if by_firm else officer)
    assert state_of(deps, line) == (LineState.ENDED, last, [])
    # A line begun since is as long as the firm kept it; by the body's word he never sat there.
    assert left == Left(left.employments, [line.id, begun.id] if by_firm else [line.id], [] if by_firm else [begun.id])
    (employment,) = employments.list_employments(person, actor=world.city, deps=deps)
    assert employment.ends_on == LEFT


def test_a_draft_makes_nobody_anyone_s_employee(world: World, site: Site, deps: Deps) -> None:
    person, own = world.person().id, unit_of(deps, site.construction)
    employ(world, person, world.unit())
    firm = world.actor(Role.ENTERPRISE, Scope.UNIT, own)
    office = world.actor(Role.PROJECT_OFFICE, Scope.TEAM, site.construction)
    line = world.line(site.construction, person, in_force=False)
    refused("no_line_in_force", lambda: employ(world, person, own, actor=firm))
    refused("no_line_in_force", lambda: leave(world, person, own, actor=firm))
    for actor in (firm, office):
        assert employments.list_employments(person, actor=actor, deps=deps) == []
    world.put_in_force(line)
    for actor in (firm, office):
        assert len(employments.list_employments(person, actor=actor, deps=deps)) == 1
    assert employ(world, person, own, actor=firm).unit_id == own


def test_what_somebody_types_over_a_system_s_word_is_his_own(world: World, deps: Deps) -> None:
    person, unit = world.person().id, world.unit()
    row = employ(world, person, unit)
    for change in ({"ends_on": date(2026, 12, 31)}, None):
        with deps.database.begin() as work:
            told = work.session.get_one(Employment, row.id)
            told.source = Source.FILING_SYSTEM
            work.save()
        if change:
            employments.change_employment(row.id, {}, told.version, actor=world.city, deps=deps)
            assert employments.list_employments(person, actor=world.city, deps=deps)[0].source is Source.FILING_SYSTEM
            employments.change_employment(row.id, change, told.version, actor=world.city, deps=deps)
        else:
            leave(world, person, unit)
        assert employments.list_employments(person, actor=world.city, deps=deps)[0].source is Source.TYPED


def test_leaving_twice_changes_nothing(world: World, site: Site, deps: Deps) -> None:
    person, unit = world.person().id, unit_of(deps, site.construction)
    employ(world, person, unit)
    line = world.line(site.construction, person)
    world.line(site.construction, person, "safety_officer", in_force=False)
    leave(world, person, unit)
    before, facts = state_of(deps, line), told(deps, Topic.ROSTER_LINE_CHANGED, line.id)
    for left_on in (LEFT, date(2026, 3, 31)):
        assert leave(world, person, unit, left_on) == Left([], [], [])
    assert (state_of(deps, line), told(deps, Topic.ROSTER_LINE_CHANGED, line.id)) == (before, facts)


def test_of_an_approval_that_waits_nothing_is_left(world: World, site: Site, deps: Deps) -> None:
    person, unit = world.person().id, unit_of(deps, site.construction)
    client = world.actor(Role.CLIENT, Scope.PROJECT, site.project_id)
    line = world.line(site.construction, person, in_force=False)
    for act, actor in ((LineAct.SUBMIT, world.city), (LineAct.APPROVE, client)):
        line = roster.act_on_line(line.id, act, line.version, actor=actor, deps=deps)
    assert leave(world, person, unit).returned == [line.id]
    with deps.database.begin() as work:
        assert work.session.get_one(RosterLine, line.id).approved_at is None


def test_whoever_was_employed_only_later_does_not_leave_before(world: World) -> None:
    person, unit = world.person().id, world.unit()
    employ(world, person, unit, date(2026, 3, 1))
    (problem,) = refused("dates_in_order", lambda: leave(world, person, unit)).problems
    assert (problem.field, problem.data) == ("left_on", {"starts_on": "2026-03-01"})
    assert leave(world, person, unit, date(2026, 3, 1)).employments


def test_nobody_leaves_a_firm_he_does_not_work_for(world: World, site: Site, deps: Deps) -> None:
    person = world.person().id
    world.line(site.construction, person)
    refused("not_employed", lambda: leave(world, person, unit_of(deps, site.supervision)))
    refused(
        "not_found",
        lambda: leave(world, UUID(int=7), world.unit(), actor=world.actor(Role.OFFICER, Scope.BODY, site.body)),
    )


def test_a_firm_has_a_say_over_its_own_people_as_its_own(world: World, site: Site, deps: Deps) -> None:
    person, own, other = world.person().id, unit_of(deps, site.construction), world.unit()
    firm = world.actor(Role.ENTERPRISE, Scope.UNIT, own)
    stranger = world.actor(Role.ENTERPRISE, Scope.UNIT, other)
    refused("not_found", lambda: employ(world, person, own, actor=firm))
    line = world.line(site.construction, person)
    mine = employ(world, person, own, actor=firm)
    theirs = employ(world, person, other)
    refused("forbidden", lambda: employ(world, person, other, date(2026, 3, 1), actor=firm))
    refused("forbidden", lambda: leave(world, person, other, actor=firm))
    change = {"ends_on": LEFT}
    refused("forbidden", lambda: employments.change_employment(theirs.id, change, 1, actor=firm, deps=deps))
    refused("forbidden", lambda: employments.change_employment(mine.id, change, 1, actor=stranger, deps=deps))
    refused("forbidden", lambda: leave(world, person, own, actor=stranger))
    # By its employment the other firm reads its own, and no more.
    (seen,) = employments.list_employments(person, actor=stranger, deps=deps)
    assert seen.id == theirs.id
    assert leave(world, person, own, actor=firm).lines == [line.id]


def test_a_body_has_a_say_over_whoever_is_in_force_with_it(world: World, site: Site, deps: Deps) -> None:
    person, unit = world.person().id, unit_of(deps, site.construction)
    officer = world.actor(Role.OFFICER, Scope.BODY, site.body)
    refused("not_found", lambda: employ(world, person, unit, actor=officer))
    line = world.line(site.construction, person, in_force=False)
    refused("no_line_in_force", lambda: employ(world, person, unit, actor=officer))
    world.put_in_force(line)
    employment = employ(world, person, unit, actor=officer)
    changed = employments.change_employment(employment.id, {"starts_on": date(2025, 1, 1)}, 1, actor=officer, deps=deps)
    assert (changed.starts_on, changed.version) == (date(2025, 1, 1), 2)
    elsewhere = world.site(fenced=False)
    assert leave(world, person, unit, actor=officer).lines == [line.id]
    stranger = world.actor(Role.OFFICER, Scope.BODY, elsewhere.body)
    refused("not_found", lambda: leave(world, person, unit, actor=stranger))


@pytest.mark.parametrize("role", [Role.PROJECT_OFFICE, Role.CLIENT, Role.AUDITOR])
def test_others_read_employments_and_do_not_write_them(world: World, site: Site, deps: Deps, role: Role) -> None:
    person, unit = world.person().id, world.unit()
    world.line(site.construction, person)
    employ(world, person, unit)
    scope = {Role.PROJECT_OFFICE: (Scope.TEAM, site.construction), Role.CLIENT: (Scope.PROJECT, site.project_id)}
    actor = world.actor(role, *scope.get(role, (Scope.CITY, None)))
    assert len(employments.list_employments(person, actor=actor, deps=deps)) == 1
    refused("forbidden", lambda: employ(world, person, unit, actor=actor))
    refused("forbidden", lambda: leave(world, person, unit, actor=actor))


def test_the_office_of_another_team_reads_nobody_s_employments(world: World, site: Site, deps: Deps) -> None:
    person = world.person().id
    world.line(site.construction, person)
    employ(world, person, world.unit())
    office = world.actor(Role.PROJECT_OFFICE, Scope.TEAM, site.supervision)
    refused("not_found", lambda: employments.list_employments(person, actor=office, deps=deps))


def test_dates_that_are_reversed_are_refused_by_field(world: World, deps: Deps) -> None:
    person, unit = world.person().id, world.unit()
    employment = employ(world, person, unit)
    change = {"ends_on": date(2025, 12, 31)}
    problem = refused(
        "dates_in_order",
        lambda: employments.change_employment(employment.id, change, 1, actor=world.city, deps=deps),
    ).problems[0]
    assert problem.field == "ends_on"
    (row,) = employments.list_employments(person, actor=world.city, deps=deps)
    assert row.ends_on is None


def at_once(*acts: Callable[[], object]) -> list[object]:
    barrier, outcomes = Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            outcomes.append(act())
        except ServiceError as error:
            outcomes.append(error.code)

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_of_many_who_let_him_leave_at_once_one_ends_it_all(meeting_deps: Deps) -> None:
    world = World(meeting_deps)
    site = world.site(fenced=False)
    person, unit = world.person().id, unit_of(meeting_deps, site.construction)
    employ(world, person, unit)
    line = world.line(site.construction, person)
    outcomes = at_once(*[lambda: leave(world, person, unit)] * 4)
    assert sorted(len(left.lines) for left in outcomes) == [0, 0, 0, 1]
    assert state_of(meeting_deps, line) == (LineState.ENDED, LEFT, [])


def test_no_line_is_approved_while_its_person_leaves(meeting_deps: Deps) -> None:
    world = World(meeting_deps)
    site = world.site(fenced=False)
    unit = unit_of(meeting_deps, site.construction)
    for _ in range(6):
        person = world.person().id
        line = world.line(site.construction, person, in_force=False)
        line = roster.act_on_line(line.id, LineAct.SUBMIT, line.version, actor=world.city, deps=meeting_deps)

        def approve(line: RosterLine = line) -> str:
            roster.act_on_line(line.id, LineAct.APPROVE, line.version, actor=world.city, deps=meeting_deps)
            return "approved"

        outcomes = at_once(lambda person=person: leave(world, person, unit), approve)
        state, _, reasons = state_of(meeting_deps, line)
        if "approved" in outcomes:
            assert state is LineState.ENDED
        else:
            assert "version_conflict" in outcomes or "act_not_allowed" in outcomes
            assert (state, reasons) == (LineState.RETURNED, ["left_unit"])
