"""The cross-check where sources meet: what it waits for, what it cites, and what keeps a finding as it is."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from service.connectors.batch import BatchSource
from service.deps import Deps
from service.domain.actors import Role, Scope
from service.domain.calendar import begin_of
from service.domain.exchange import Peer, RunState, Trigger
from service.domain.findings.base import Rule
from service.domain.policies import Subject
from service.domain.reasons import Verdict
from service.domain.stop_works import StopWorkState
from service.domain.topics import Topic
from service.store.models import Audit, Finding, ListEntry, Outbox, Policy, PostRuleRow, StopWork, SyncRun
from service.store.queries.paging import Window
from service.usecases import analysis, crosscheck, crosscheck_night, findings, post_rules
from tests.factories import Site, World
from tests.factories_attendance import punched
from tests.factories_crosscheck import (
    certified,
    employed,
    listed,
    manager_of,
    set_line,
    sized,
    standing,
    told,
    unit_of,
)
from tests.fakes import SetClock

TODAY = date(2026, 3, 2)


@pytest.fixture
def site(world: World) -> Site:
    return world.site(fenced=False)


def night(deps: Deps) -> Any:
    return crosscheck_night.run_all(deps=deps)


def only(world: World, site: Site, rule: Rule) -> Finding:
    (row,) = [each for each in standing(world, site) if each.rule == rule]
    return row


# --- what is held against what ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stops", "exempt"),
    [
        ([(150, -100)], True),
        ([(119, -100)], False),
        ([(150, 60), (59, 0)], True),
        ([(150, 60), (58, 0)], False),
        ([(150, 1)], False),
    ],
)
def test_an_approved_stop_work_stops_a_project_since_its_unbroken_run_began(
    world: World, deps: Deps, stops: list[tuple[int, int]], exempt: bool
) -> None:
    one, two = world.site(fenced=False), world.site(fenced=False)
    line = world.line(two.construction, manager_of(world, one))
    set_line(world, line, concurrent_consent_on=date(2025, 9, 1))
    account_id = world.city.account_id
    with deps.database.begin() as work:
        for began, ended in stops:
            days = {"starts_on": TODAY - timedelta(began), "ends_on": TODAY - timedelta(ended)}
            values = {"reason": "停工", "state": StopWorkState.APPROVED, "proposed_by": account_id, "by_body": True}
            work.add(StopWork(project_id=two.project_id, **days, **values))
    night(deps)
    assert ("several_projects" not in told(world, one)) is exempt


def test_a_list_whose_last_entry_ended_and_one_of_another_unit_name_nobody(
    world: World, site: Site, deps: Deps
) -> None:
    ended, other = site, world.site(fenced=False)
    manager_of(world, ended)
    listed(world, ended, world.person().id, "project_manager", ends_on=TODAY - timedelta(1))
    lent = manager_of(world, other)
    listed(world, other, lent, "project_manager", unit_id=world.unit())
    night(deps)
    assert [told(world, each) for each in (ended, other)] == [["filing_mismatch"]] * 2


def test_a_finding_cites_what_speaks_of_its_rule_and_its_post(world: World, site: Site, deps: Deps) -> None:
    world.line(site.supervision, world.person().id, "chief_engineer")
    assert manager_of(world, site)
    sized(world, site, area_m2=20_000.0)
    world.line(site.construction, world.person().id, "safety_officer")
    night(deps)
    rows = {(row.rule, row.post_code): row.cites for row in standing(world, site)}
    chief = rows[Rule.CERTIFICATE_MISSING, "chief_engineer"]
    assert chief == ["order_147_supervision", "shanghai_2012_46", "shanghai_2012_6"]
    assert "order_17_safety" in rows[Rule.CERTIFICATE_MISSING, "safety_officer"]
    # The table asks for two, and no list asks for anybody.
    assert rows[Rule.UNDERSTAFFED, "safety_officer"] == ["jianzhi_2008_91"]
    assert "shanghai_2012_43" not in rows[Rule.POST_VACANT, "technical_lead"]


def test_staff_by_a_list_cites_what_makes_the_list_bind(world: World, site: Site, deps: Deps) -> None:
    person_id = manager_of(world, site)
    for named in (person_id, world.person().id):
        listed(world, site, named, "project_manager")
    night(deps)
    assert only(world, site, Rule.UNDERSTAFFED).cites == ["hu_jianzhian_2019_347", "shanghai_2012_28"]


# --- what keeps a finding as it is --------------------------------------------------------------------------------


def test_a_source_that_was_asked_again_changes_no_finding(
    world: World, site: Site, deps: Deps, clock: SetClock
) -> None:
    assert manager_of(world, site)
    listed(world, site, world.person().id, "quality_officer")
    for _ in range(3):
        with deps.database.begin() as work:
            work.session.execute(update(ListEntry).values(checked_at=clock.now()))
        night(deps)
        clock.pass_(days=1)
    assert only(world, site, Rule.FILING_MISMATCH).version == 1
    with deps.database.begin() as work:
        assert work.session.scalars(select(Audit).where(Audit.action == "finding:update")).all() == []


def test_a_standing_finding_follows_the_post_it_is_about(world: World, deps: Deps) -> None:
    one, two = world.site(fenced=False), world.site(fenced=False)
    who = world.person().id
    first = world.line(one.construction, who, "safety_officer")
    world.line(two.construction, who, "safety_officer")
    night(deps)
    before = only(world, one, Rule.SEVERAL_PROJECTS)
    assert (before.post_code, before.team_kind, before.category) == ("safety_officer", "construction", 2)
    set_line(world, first, ends_on=TODAY - timedelta(1))
    world.line(one.supervision, who, "chief_engineer")
    night(deps)
    after = only(world, one, Rule.SEVERAL_PROJECTS)
    assert (after.id, after.post_code, after.team_kind, after.category) == (
        before.id,
        "chief_engineer",
        "supervision",
        1,
    )
    assert "gbt_50319_2013" in after.cites


def test_each_office_sees_the_posts_somebody_holds_in_both_teams(world: World, site: Site, deps: Deps) -> None:
    who = world.person().id
    world.line(site.construction, who, "project_manager")
    world.line(site.supervision, who, "chief_engineer")
    night(deps)
    for team in (site.construction, site.supervision):
        office = world.actor(Role.PROJECT_OFFICE, Scope.TEAM, team)
        page = findings.list_findings({"rule": Rule.SEVERAL_POSTS}, Window(), actor=office, deps=deps)
        assert len(page.items) == 1


# --- check-ins ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.REVIEW])
def test_who_was_not_recognised_opens_nothing(world: World, site: Site, verdict: Verdict) -> None:
    who = world.person().id
    world.line(site.construction, who)
    punched(world, site, who, TODAY, "08:00", verdict)
    assert told(world, site) == []


def test_what_is_mended_while_somebody_checks_in_is_not_opened(
    meeting_deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(meeting_deps)
    site, who = world.site(fenced=False), world.person().id
    world.line(site.construction, who)
    taken = crosscheck._taken

    def mended_meanwhile(work: Any, project_id: UUID) -> bool:
        for code in ("constructor_1", "safety_b"):
            certified(world, who, code, unit_id=unit_of(world, site.construction))
        analysis.recheck_person(who, deps=meeting_deps)
        return taken(work, project_id)

    monkeypatch.setattr(crosscheck, "_taken", mended_meanwhile)
    punched(world, site, who, TODAY, "08:00")
    assert told(world, site) == []


# --- the night ----------------------------------------------------------------------------------------------------


@pytest.fixture
def connected(deps: Deps, clock: SetClock, tmp_path: Path) -> Deps:
    """With both registries, a minute after midnight."""
    clock.at = begin_of(TODAY) + timedelta(minutes=1)
    source = BatchSource(tmp_path)
    return replace(deps, filing=source, certificates=source)


def synced(deps: Deps, peer: Peer, state: RunState) -> None:
    with deps.database.begin() as work:
        values = {"peer": peer, "trigger": Trigger.NIGHT, "state": state, "counts": {}, "night": TODAY}
        work.add(SyncRun(**values))


def has_begun(deps: Deps) -> bool:
    crosscheck_night.begin_crosscheck(deps=deps)
    with deps.database.begin() as work:
        return work.session.scalar(select(Outbox.id).where(Outbox.topic == Topic.CROSSCHECK_NIGHT)) is not None


def test_a_night_waits_until_the_registries_have_answered_or_failed(connected: Deps) -> None:
    assert not has_begun(connected)
    synced(connected, Peer.FILING_SYSTEM, RunState.DONE)
    assert not has_begun(connected)
    synced(connected, Peer.CERTIFICATE_REGISTRY, RunState.FAILED)
    assert has_begun(connected)


def test_a_night_does_not_wait_for_a_registry_for_ever(connected: Deps, clock: SetClock) -> None:
    synced(connected, Peer.FILING_SYSTEM, RunState.RUNNING)
    clock.at = begin_of(TODAY) + timedelta(minutes=119)
    assert not has_begun(connected)
    clock.pass_(minutes=1)
    assert has_begun(connected)


def test_where_nothing_is_connected_a_night_begins_at_midnight(deps: Deps, clock: SetClock) -> None:
    clock.at = datetime.combine(TODAY, datetime.min.time(), begin_of(TODAY).tzinfo)
    assert has_begun(deps)


def test_a_scenario_nobody_can_read_leaves_the_findings_standing(world: World, site: Site, deps: Deps) -> None:
    who, other = world.person().id, world.site(fenced=False)
    world.line(site.construction, who)
    employed(world, who, world.unit())
    world.line(other.construction, world.person().id)
    broken = {"policy_version": "bad", "effective_from": date(2026, 1, 1), "body": {"x": 1}}
    with deps.database.begin() as work:
        work.add(Policy(subject=Subject.SCENARIO, scope="project", scope_id=site.project_id, **broken))
    row = night(deps)
    assert (row.projects, row.failed) == (2, 0)
    assert told(world, site) == ["certificate_missing", "employed_elsewhere"]
    assert only(world, site, Rule.CERTIFICATE_MISSING).ticket_id is None
    assert only(world, other, Rule.CERTIFICATE_MISSING).ticket_id is not None


def test_a_rule_nobody_can_read_disables_its_own_post(world: World, site: Site, deps: Deps) -> None:
    world.line(site.construction, world.person().id)
    world.line(site.supervision, world.person().id, "chief_engineer")
    with deps.database.begin() as work:
        values = {"rule_version": "project_manager-2", "effective_from": TODAY, "category": 1, "body": {}}
        work.add(PostRuleRow(post_code="project_manager", **values))
    assert night(deps).failed == 0
    assert [row.post_code for row in standing(world, site) if row.rule == Rule.CERTIFICATE_MISSING] == [
        "chief_engineer"
    ]


def test_a_rule_to_come_is_replaced_by_one_from_the_same_day(world: World, deps: Deps) -> None:
    with deps.database.begin() as work:
        body = work.session.scalars(select(PostRuleRow.body).where(PostRuleRow.post_code == "project_manager")).one()
    values = {"effective_from": date(2026, 4, 1), **body}
    for category in (2, 1):
        # The second is held against what will hold without the first.
        wanted = {**values, "category": category}
        post_rules.add_rule("project_manager", wanted, actor=world.city, deps=deps)
    with deps.database.begin() as work:
        assert post_rules.post_rules_on(work, date(2026, 4, 1))["project_manager"].version == "project_manager-3"
    page = post_rules.list_rules("project_manager", Window(), actor=world.city, deps=deps)
    assert [(each.row.rule_version, str(each.standing)) for each in page.items] == [
        ("project_manager-3", "to_come"),
        ("project_manager-2", "replaced"),
        ("project_manager-1", "in_force"),
    ]
