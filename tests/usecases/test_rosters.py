"""Rosters against lists: who is in force, who waits, who replaces whom, and what happens to two at once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier, Thread
from uuid import UUID

import pytest
from sqlalchemy import select

from jobs.tasks import perform
from service.deps import Deps
from service.domain.actors import Actor, Role, Scope
from service.domain.identifiers import UnmaskReason
from service.domain.lists import Difference
from service.domain.roster import Basis, LineAct, LineState, Match, ReturnReason, ScanKind
from service.domain.topics import Topic
from service.errors import ServiceError
from service.store.models import Audit, ListEntry, Outbox, PostRuleRow, RosterLine
from service.store.queries.paging import Window
from service.usecases import certificates, crosscheck_night, lists, people, roster, roster_match, roster_scans
from tests.factories import STARTED, Site, World
from tests.fakes import SetClock

POST = "project_manager"
PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


@pytest.fixture
def site(world: World) -> Site:
    return world.site(fenced=False)


@pytest.fixture
def client(world: World, site: Site) -> Actor:
    return world.actor(Role.CLIENT, Scope.PROJECT, site.project_id)


@pytest.fixture
def officer(world: World, site: Site) -> Actor:
    return world.actor(Role.OFFICER, Scope.BODY, site.body)


def submitted(world: World, site: Site, person_id: UUID, **values: object) -> RosterLine:
    line = {"team_id": site.construction, "person_id": person_id, "post_code": POST, "basis": Basis.FILING}
    row = roster.propose_line({**line, "starts_on": STARTED, **values}, actor=world.city, deps=world.deps)
    return roster.act_on_line(row.id, LineAct.SUBMIT, row.version, actor=world.city, deps=world.deps)


def approved(line: RosterLine, actor: Actor, deps: Deps) -> RosterLine:
    return roster.act_on_line(line.id, LineAct.APPROVE, line.version, actor=actor, deps=deps)


def now(line: RosterLine, deps: Deps) -> RosterLine:
    with deps.database.begin() as work:
        return work.session.get_one(RosterLine, line.id)


def refused(code: str, act: Callable[[], object]) -> ServiceError:
    with pytest.raises(ServiceError) as error:
        act()
    assert error.value.code == code
    return error.value


def listen(deps: Deps, project_id: UUID) -> int:
    """What the worker does when a list changed: how many facts about it were open."""
    with deps.database.begin() as work:
        told = select(Outbox).where(
            Outbox.topic == Topic.LIST_CHANGED, Outbox.subject_id == project_id, Outbox.done_at.is_(None)
        )
        facts = len(work.session.scalars(told).all())
    perform(Topic.LIST_CHANGED, project_id, deps=deps)
    return facts


def test_an_approved_line_is_in_force_where_the_filing_names_the_person(
    world: World, site: Site, client: Actor, deps: Deps
) -> None:
    person = world.person().id
    world.listed(site.project_id, person)
    line = approved(submitted(world, site, person), client, deps)
    assert (line.state, line.match) == (LineState.IN_FORCE, Match.MATCHED)
    assert (line.approved_by, line.approved_at) == (client.account_id, deps.clock.now())


@pytest.mark.parametrize("who", ["client", "officer"])
def test_whom_the_filing_does_not_name_waits_whoever_approves(
    world: World, site: Site, deps: Deps, who: str, request: pytest.FixtureRequest
) -> None:
    person, other = world.person().id, world.person().id
    world.listed(site.project_id, other)
    world.listed(site.project_id, person, "safety_officer")
    line = approved(submitted(world, site, person), request.getfixturevalue(who), deps)
    assert (line.state, line.match) == (LineState.SUBMITTED, Match.MISMATCHED)
    assert line.approved_at is not None
    told = roster_match.read_standing(line.id, actor=world.city, deps=deps)
    assert (told.binding, told.match, told.others, told.listed_for_other_post) == ("filing", "mismatched", 1, True)


def test_without_a_list_the_body_s_approval_is_enough_and_the_client_s_waits_for_it(
    world: World, site: Site, client: Actor, officer: Actor, deps: Deps
) -> None:
    line = approved(submitted(world, site, world.person().id), client, deps)
    assert (line.state, line.match) == (LineState.SUBMITTED, Match.NO_LIST)
    line = approved(line, officer, deps)
    assert (line.state, line.match, line.approved_by) == (LineState.IN_FORCE, Match.NO_LIST, officer.account_id)


def test_only_the_list_that_binds_the_post_counts(world: World, site: Site, client: Actor, deps: Deps) -> None:
    person = world.person().id
    world.listed(site.project_id, person, basis=Basis.CONTRACT)
    assert approved(submitted(world, site, person), client, deps).match is Match.NO_LIST


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "match"),
    [
        (date(2026, 3, 2), None, Match.MATCHED),
        (date(2026, 3, 3), None, Match.NO_LIST),
        (date(2026, 1, 5), date(2026, 3, 2), Match.MATCHED),
        # A list whose last entry ended names nobody, and is one.
        (date(2026, 1, 5), date(2026, 3, 1), Match.MISMATCHED),
    ],
)
def test_a_list_names_somebody_from_its_first_day_to_its_last(
    world: World, site: Site, client: Actor, deps: Deps, starts_on: date, ends_on: date | None, match: Match
) -> None:
    person = world.person().id
    world.listed(site.project_id, person, starts_on=starts_on, ends_on=ends_on)
    # Today is 2 March; the line began in January.
    assert approved(submitted(world, site, person), client, deps).match is match


def test_a_line_that_begins_later_is_held_against_the_list_of_its_first_day(
    world: World, site: Site, client: Actor, deps: Deps
) -> None:
    person = world.person().id
    world.listed(site.project_id, person, starts_on=date(2026, 4, 1))
    line = submitted(world, site, person, starts_on=date(2026, 4, 1))
    assert approved(line, client, deps).state is LineState.IN_FORCE


def test_a_waiting_line_goes_in_force_by_itself_when_its_list_names_the_person(
    world: World, site: Site, client: Actor, deps: Deps
) -> None:
    person = world.person().id
    world.listed(site.project_id, world.person().id)
    line = approved(submitted(world, site, person), client, deps)
    unapproved = submitted(world, site, world.person().id)
    assert listen(deps, site.project_id) == 1
    assert now(line, deps).state is LineState.SUBMITTED
    world.listed(site.project_id, person)
    world.listed(site.project_id, unapproved.person_id)
    assert listen(deps, site.project_id) == 2
    again = now(line, deps)
    assert (again.state, again.match, again.approved_by) == (LineState.IN_FORCE, Match.MATCHED, client.account_id)
    assert now(unapproved, deps).state is LineState.SUBMITTED
    roster_match.lists_changed(site.project_id, deps=deps)
    assert now(line, deps).version == again.version
    with deps.database.begin() as work:
        told = select(Audit).where(Audit.action == "roster_line:in_force")
        assert [entry.subject_id for entry in work.session.scalars(told)] == [str(line.id)]
        changed = select(Outbox).where(Outbox.topic == Topic.ROSTER_LINE_CHANGED, Outbox.subject_id == line.id)
        # Proposed, submitted, approved, in force.
        assert len(work.session.scalars(changed).all()) == 4


def test_the_night_finds_the_lists_that_begin_with_the_day(
    world: World, site: Site, client: Actor, deps: Deps, clock: SetClock
) -> None:
    person = world.person().id
    world.listed(site.project_id, person, starts_on=date(2026, 3, 3))
    line = approved(submitted(world, site, person), client, deps)
    listen(deps, site.project_id)
    assert now(line, deps).state is LineState.SUBMITTED
    clock.pass_(days=1)
    crosscheck_night.run_all(deps=deps)
    assert listen(deps, site.project_id) == 1
    assert now(line, deps).state is LineState.IN_FORCE


def test_a_line_begins_with_the_list_that_names_its_person_later(
    world: World, site: Site, client: Actor, deps: Deps
) -> None:
    world.listed(site.project_id, world.person().id)
    waiting, over, approved_late = (world.person().id for _ in range(3))
    line = approved(submitted(world, site, waiting), client, deps)
    past = approved(submitted(world, site, over, ends_on=date(2026, 3, 1)), client, deps)
    for person in (waiting, over, approved_late):
        world.listed(site.project_id, person, starts_on=date(2026, 2, 1), ends_on=date(2026, 2, 10))
        world.listed(site.project_id, person, starts_on=date(2026, 2, 20))
    listen(deps, site.project_id)
    assert (now(line, deps).state, now(line, deps).starts_on) == (LineState.IN_FORCE, date(2026, 2, 20))
    # Nobody comes in force on days that are over.
    assert (now(past, deps).state, now(past, deps).match) == (LineState.SUBMITTED, Match.MISMATCHED)
    late = approved(submitted(world, site, approved_late), client, deps)
    assert (late.state, late.starts_on) == (LineState.IN_FORCE, date(2026, 2, 20))
    to_come = submitted(world, site, approved_late, starts_on=date(2026, 4, 1), post_code="safety_officer")
    world.listed(site.project_id, approved_late, "safety_officer")
    assert approved(to_come, client, deps).starts_on == date(2026, 4, 1)
    with deps.database.begin() as work:
        told = select(Audit.data).where(Audit.action == "roster_line:in_force")
        assert work.session.scalars(told).all() == [{"starts_on": "2026-02-20"}]


def test_the_rule_of_the_line_s_first_day_says_which_list_binds(
    world: World, site: Site, client: Actor, deps: Deps
) -> None:
    person = world.person().id
    world.listed(site.project_id, person)
    world.listed(site.project_id, world.person().id, basis=Basis.CONTRACT)
    with deps.database.begin() as work:
        old = work.session.scalars(select(PostRuleRow).where(PostRuleRow.post_code == POST)).one()
        values = {"post_code": POST, "rule_version": "test", "effective_from": date(2026, 3, 10), "category": 1}
        work.add(PostRuleRow(**values, body={**old.body, "binding": "contract"}))
    before = submitted(world, site, person, ends_on=date(2026, 3, 31))
    later = submitted(world, site, person, starts_on=date(2026, 4, 1))
    assert approved(before, client, deps).state is LineState.IN_FORCE
    assert approved(later, client, deps).match is Match.MISMATCHED
    assert roster_match.read_standing(later.id, actor=world.city, deps=deps).binding is Basis.CONTRACT


def test_a_waiting_line_tells_how_it_stands_when_another_list_comes(
    world: World, site: Site, client: Actor, deps: Deps
) -> None:
    line = approved(submitted(world, site, world.person().id), client, deps)
    assert line.match is Match.NO_LIST
    world.listed(site.project_id, world.person().id)
    listen(deps, site.project_id)
    assert (now(line, deps).state, now(line, deps).match) == (LineState.SUBMITTED, Match.MISMATCHED)


def test_a_line_that_goes_back_loses_its_approval(world: World, site: Site, client: Actor, deps: Deps) -> None:
    person = world.person().id
    line = approved(submitted(world, site, person), client, deps)
    reasons = [ReturnReason.NOT_AS_FILED, ReturnReason.NOT_AS_FILED]
    line = roster.act_on_line(line.id, LineAct.RETURN, line.version, actor=client, deps=deps, reasons=reasons)
    assert (line.approved_at, line.approved_by, line.match) == (None, None, None)
    assert line.return_reasons == ["not_as_filed"]
    line = roster.act_on_line(line.id, LineAct.SUBMIT, line.version, actor=world.city, deps=deps)
    world.listed(site.project_id, person)
    listen(deps, site.project_id)
    assert (now(line, deps).state, now(line, deps).return_reasons) == (LineState.SUBMITTED, [])


def test_nobody_approves_his_own_line(world: World, site: Site, client: Actor, deps: Deps) -> None:
    person = world.person().id
    line = submitted(world, site, person)
    refused("own_affair", lambda: approved(line, replace(client, person_id=person), deps))


def test_nobody_but_the_city_approves_what_he_proposed(world: World, site: Site, officer: Actor, deps: Deps) -> None:
    values = {"team_id": site.construction, "person_id": world.person().id, "post_code": POST, "basis": Basis.FILING}
    line = roster.propose_line({**values, "starts_on": STARTED}, actor=officer, deps=deps)
    line = roster.act_on_line(line.id, LineAct.SUBMIT, line.version, actor=officer, deps=deps)
    refused("own_proposal", lambda: approved(line, officer, deps))
    colleague = world.actor(Role.OFFICER, Scope.BODY, site.body)
    assert approved(line, colleague, deps).state is LineState.IN_FORCE
    assert world.line(site.construction, world.person().id).proposed_by == world.city.account_id


@pytest.mark.parametrize(("days", "has_power"), [(31, True), (32, False)])
def test_a_line_gives_power_over_its_person_a_month_before_its_first_day(
    world: World, site: Site, officer: Actor, deps: Deps, days: int, has_power: bool
) -> None:
    person = world.person().id
    world.line(site.construction, person, starts_on=date(2026, 3, 2) + timedelta(days=days))
    if has_power:
        assert people.unmask(person, UnmaskReason.CONTACT, actor=officer, deps=deps).document_number
    else:
        refused("no_line_in_force", lambda: people.unmask(person, UnmaskReason.CONTACT, actor=officer, deps=deps))


def test_a_line_only_ends_earlier(world: World, site: Site, deps: Deps) -> None:
    line = world.line(site.construction, world.person().id)

    def end(ends_on: date) -> RosterLine:
        version = now(line, deps).version
        return roster.act_on_line(line.id, LineAct.END, version, actor=world.city, deps=deps, ends_on=ends_on)

    for day in (31, 31, 30):
        assert end(date(2026, 3, day)).ends_on == date(2026, 3, day)
    (problem,) = refused("ends_later", lambda: end(date(2026, 3, 31))).problems
    assert (problem.field, problem.data) == ("ends_on", {"ends_on": "2026-03-30"})
    refused("dates_in_order", lambda: end(STARTED - timedelta(days=1)))


@pytest.mark.parametrize("state", ["draft", "submitted", "returned", "in_force", "ended"])
@pytest.mark.parametrize(
    ("starts_on", "ends_on", "overlaps"),
    [
        (date(2026, 1, 1), date(2026, 1, 4), False),
        (date(2026, 1, 1), date(2026, 1, 5), True),
        (date(2026, 3, 31), None, True),
        (date(2026, 4, 1), None, False),
    ],
)
def test_one_seat_is_given_once_on_a_day(
    world: World, site: Site, deps: Deps, state: str, starts_on: date, ends_on: date | None, overlaps: bool
) -> None:
    person = world.person().id
    seat = {"team_id": site.construction, "person_id": person, "post_code": POST, "basis": Basis.FILING}
    line = roster.propose_line(
        {**seat, "starts_on": STARTED, "ends_on": date(2026, 3, 31)}, actor=world.city, deps=deps
    )
    ways = {"draft": "", "submitted": "submit", "returned": "submit return", "in_force": "submit approve"}
    for act in {**ways, "ended": "submit approve end"}[state].split():
        line = roster.act_on_line(line.id, LineAct(act), line.version, actor=world.city, deps=deps)

    def again() -> RosterLine:
        values = {**seat, "starts_on": starts_on, "ends_on": ends_on}
        return roster.propose_line(values, actor=world.city, deps=deps)

    if overlaps:
        (problem,) = refused("line_overlaps", again).problems
        assert (problem.field, problem.data) == ("starts_on", {"line": str(line.id), "state": state})
    else:
        assert again().state is LineState.DRAFT


def test_a_draft_is_not_moved_onto_a_seat_that_is_taken(world: World, site: Site, deps: Deps) -> None:
    person = world.person().id
    world.line(site.construction, person)
    draft = world.line(site.construction, person, "safety_officer", in_force=False)
    moved = {"post_code": POST}
    refused("line_overlaps", lambda: roster.change_line(draft.id, moved, 1, actor=world.city, deps=deps))
    assert now(draft, deps).post_code == "safety_officer"


def test_several_posts_and_projects_are_kept_and_an_ended_seat_is_free(world: World, site: Site, deps: Deps) -> None:
    person = world.person().id
    line = world.line(site.construction, person)
    world.line(site.construction, person, "safety_officer")
    world.line(world.site(fenced=False).construction, person)
    until = date(2026, 2, 28)
    roster.act_on_line(line.id, LineAct.END, line.version, actor=world.city, deps=deps, ends_on=until)
    assert world.line(site.construction, person, starts_on=until + timedelta(days=1)).state is LineState.IN_FORCE


def replacing(world: World, site: Site, old: RosterLine, person_id: UUID, **values: object) -> RosterLine:
    return submitted(world, site, person_id, replaces_id=old.id, starts_on=date(2026, 3, 9), **values)


def certified(world: World, person_id: UUID, type_code: str, **values: object) -> None:
    certificate = {"person_id": person_id, "type_code": type_code, "number": f"{type_code}-{person_id.hex}"}
    values = {**certificate, "valid_from": date(2025, 1, 1), **values}
    certificates.create_certificate(values, actor=world.city, deps=world.deps)


def test_a_replacement_leaves_the_old_line_in_force_until_its_end_is_recorded(
    world: World, site: Site, client: Actor, deps: Deps
) -> None:
    old = world.line(site.construction, world.person().id)
    person = world.person().id
    world.listed(site.project_id, person)
    line = approved(replacing(world, site, old, person), client, deps)
    assert (line.state, line.replaces_id) == (LineState.IN_FORCE, old.id)
    assert (now(old, deps).state, now(old, deps).ends_on) == (LineState.IN_FORCE, None)


def test_the_body_approves_a_replacement_only_with_the_client_s_consent(
    world: World, site: Site, officer: Actor, deps: Deps
) -> None:
    old = world.line(site.construction, world.person().id)
    line = replacing(world, site, old, world.person().id)
    refused("consent_missing", lambda: approved(line, officer, deps))
    roster_scans.add_scan(line.id, ScanKind.APPOINTMENT, PDF, actor=world.city, deps=deps)
    refused("consent_missing", lambda: approved(line, officer, deps))
    roster_scans.add_scan(line.id, ScanKind.CLIENT_CONSENT, PDF, actor=world.city, deps=deps)
    other = world.line(site.construction, world.person().id)
    back = roster.act_on_line(line.id, LineAct.RETURN, line.version, actor=officer, deps=deps)
    for replaces_id in (other.id, old.id):
        values = {"replaces_id": replaces_id}
        back = roster.change_line(line.id, values, back.version, actor=world.city, deps=deps)
        back = roster.act_on_line(line.id, LineAct.SUBMIT, back.version, actor=world.city, deps=deps)
        if replaces_id == other.id:
            # The client consented to another replacement.
            refused("consent_missing", lambda: approved(now(line, deps), officer, deps))
            back = roster.act_on_line(line.id, LineAct.RETURN, back.version, actor=officer, deps=deps)
    assert approved(back, officer, deps).state is LineState.IN_FORCE


def test_the_client_s_earlier_approval_is_his_consent(
    world: World, site: Site, client: Actor, officer: Actor, deps: Deps
) -> None:
    old = world.line(site.construction, world.person().id)
    line = approved(replacing(world, site, old, world.person().id), client, deps)
    assert line.state is LineState.SUBMITTED
    assert approved(line, officer, deps).state is LineState.IN_FORCE


def test_a_replacement_names_a_line_of_another_person_on_the_same_seat(world: World, site: Site) -> None:
    person = world.person().id
    mine = world.line(site.construction, person, "safety_officer")
    other_post = world.line(site.construction, world.person().id, "technical_lead")
    elsewhere = world.line(world.site(fenced=False).construction, world.person().id)
    draft = world.line(site.construction, world.person().id, in_force=False)
    for old in (other_post, elsewhere, draft):
        refused("not_replaceable", lambda old=old: replacing(world, site, old, person))
    himself = {"post_code": "safety_officer", "starts_on": date(2025, 1, 1), "ends_on": date(2025, 6, 1)}
    refused("not_replaceable", lambda: submitted(world, site, person, replaces_id=mine.id, **himself))
    refused("unknown_reference", lambda: submitted(world, site, person, replaces_id=UUID(int=7)))


@pytest.mark.parametrize(
    ("old_holds", "new_holds", "lower"),
    [
        (["constructor_1", "safety_b"], ["constructor_2", "safety_b"], ["constructor_1"]),
        (["constructor_2", "safety_b"], ["constructor_1", "safety_b"], []),
        (["constructor_1", "safety_b"], ["constructor_1"], ["safety_b"]),
        (["constructor_1", "safety_b"], [], ["constructor_1", "safety_b"]),
        ([], [], []),
        ([], ["constructor_2"], []),
    ],
)
def test_who_comes_is_qualified_no_lower_than_who_goes(
    world: World,
    site: Site,
    client: Actor,
    deps: Deps,
    old_holds: Sequence[str],
    new_holds: Sequence[str],
    lower: list[str],
) -> None:
    old_person, new_person = world.person().id, world.person().id
    for person_id, held in ((old_person, old_holds), (new_person, new_holds)):
        for type_code in held:
            certified(world, person_id, type_code)
    old = world.line(site.construction, old_person)
    world.listed(site.project_id, new_person)
    line = replacing(world, site, old, new_person)
    if not lower:
        assert approved(line, client, deps).state is LineState.IN_FORCE
        return
    problems = refused("qualification_lower", lambda: approved(line, client, deps)).problems
    assert [problem.data["asked"][0] for problem in problems] == lower
    assert now(line, deps).approved_at is None


@pytest.mark.parametrize("until", [date(2026, 3, 8), date(2026, 3, 9)])
def test_certificates_count_on_the_first_day_of_who_comes(
    world: World, site: Site, client: Actor, deps: Deps, until: date
) -> None:
    old_person, new_person = world.person().id, world.person().id
    for person_id, ends in ((old_person, None), (new_person, until)):
        for type_code in ("constructor_1", "safety_b"):
            certified(world, person_id, type_code, valid_until=ends)
    line = replacing(world, site, world.line(site.construction, old_person), new_person)
    if until < line.starts_on:
        refused("qualification_lower", lambda: approved(line, client, deps))
    else:
        assert approved(line, client, deps).approved_at is not None


def differences(world: World, site: Site, **asked: object) -> dict[UUID, tuple[str, bool, bool, str | None, str]]:
    page = lists.list_differences(site.project_id, Window(), actor=world.city, deps=world.deps, **asked)
    rows = [row.compared for row in page.items]
    return {r.person_id: (r.post_code, r.filing, r.contract, r.roster, r.difference) for r in rows}


def test_differences_are_told_as_rows(world: World, site: Site) -> None:
    same, missing, unlisted, not_in_contract, waiting = (world.person().id for _ in range(5))
    for person in (same, missing, not_in_contract, waiting):
        world.listed(site.project_id, person)
    for person in (same, missing, waiting):
        world.listed(site.project_id, person, basis=Basis.CONTRACT)
    for person in (same, not_in_contract):
        world.line(site.construction, person)
    # In force before there was a filing to hold it against.
    with world.deps.database.begin() as work:
        values = {"project_id": site.project_id, "team_id": site.construction, "basis": Basis.FILING}
        work.add(RosterLine(**values, person_id=unlisted, post_code=POST, starts_on=STARTED, state=LineState.IN_FORCE))
    submitted(world, site, waiting)
    expected = {
        missing: (POST, True, True, None, Difference.NOT_ON_ROSTER),
        unlisted: (POST, False, False, "in_force", Difference.NOT_LISTED),
        not_in_contract: (POST, True, False, "in_force", Difference.LISTS_DIFFER),
        waiting: (POST, True, True, "submitted", Difference.NOT_ON_ROSTER),
    }
    assert differences(world, site) == expected
    assert differences(world, site, same=True) == {**expected, same: (POST, True, True, "in_force", Difference.SAME)}
    # The day before everything began there was nothing to compare.
    assert differences(world, site, day=STARTED - timedelta(days=1), same=True) == {}


def test_a_roster_without_any_list_is_a_difference_of_its_own(world: World, site: Site) -> None:
    person = world.person().id
    world.line(site.construction, person)
    assert differences(world, site) == {person: (POST, False, False, "in_force", Difference.NO_LIST)}


def test_whoever_reaches_one_team_sees_the_differences_of_its_posts_only(world: World, site: Site, deps: Deps) -> None:
    manager, engineer = world.person().id, world.person().id
    world.listed(site.project_id, manager)
    world.listed(site.project_id, engineer, "chief_engineer")
    for team, expected in ((site.construction, {manager}), (site.supervision, {engineer})):
        office = world.actor(Role.PROJECT_OFFICE, Scope.TEAM, team)
        rows = lists.all_differences(site.project_id, actor=office, deps=deps)
        assert {row.compared.person_id for row in rows} == expected
        seen = lists.LIST_ENTRIES.within(office.reach(lists.LIST_ENTRIES.read))
        with deps.database.begin() as work:
            assert set(work.session.scalars(select(ListEntry.person_id).where(seen))) == expected
    stranger = world.actor(Role.PROJECT_OFFICE, Scope.TEAM, world.site(fenced=False).construction)
    refused("not_found", lambda: lists.all_differences(site.project_id, actor=stranger, deps=deps))


def at_once(*acts: Callable[[], object]) -> list[str]:
    """What became of acts that began together: "done", or the code of the refusal, sorted."""
    barrier, outcomes = Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            act()
            outcomes.append("done")
        except ServiceError as error:
            outcomes.append(error.code)

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_of_the_same_seat_proposed_many_times_at_once_one_is_kept(meeting_deps: Deps) -> None:
    world = World(meeting_deps)
    site, person = world.site(fenced=False), world.person().id

    def propose() -> RosterLine:
        return world.line(site.construction, person, in_force=False)

    assert at_once(*[propose] * 4) == ["done", *["line_overlaps"] * 3]
    with meeting_deps.database.begin() as work:
        assert len(work.session.scalars(select(RosterLine)).all()) == 1


def test_of_two_approvals_at_once_one_is_kept(meeting_deps: Deps) -> None:
    world = World(meeting_deps)
    site = world.site(fenced=False)
    line = submitted(world, site, world.person().id)
    body = [world.actor(Role.OFFICER, Scope.BODY, site.body) for _ in range(2)]
    acts = [lambda actor=actor: approved(line, actor, meeting_deps) for actor in body]
    assert at_once(*acts) == ["done", "version_conflict"]
    assert now(line, meeting_deps).version == line.version + 1


def test_a_list_that_changes_while_a_line_is_approved_is_never_missed(meeting_deps: Deps) -> None:
    world = World(meeting_deps)
    site = world.site(fenced=False)
    client = world.actor(Role.CLIENT, Scope.PROJECT, site.project_id)
    world.listed(site.project_id, world.person().id)
    for _ in range(8):
        person = world.person().id
        line = submitted(world, site, person)

        def name(person: UUID = person) -> None:
            world.listed(site.project_id, person)
            roster_match.lists_changed(site.project_id, deps=meeting_deps)

        assert at_once(name, lambda line=line: approved(line, client, meeting_deps)) == ["done", "done"]
        assert now(line, meeting_deps).state is LineState.IN_FORCE
