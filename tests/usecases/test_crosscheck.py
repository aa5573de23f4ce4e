"""The cross-check on a real database: what the night opens, what closes by itself, and what a check-in adds."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, event, select, update

from jobs.tasks import perform
from service.deps import Deps
from service.domain.certificates import CertificateStatus
from service.domain.findings.base import Rule
from service.domain.policies import Subject
from service.domain.reasons import Verdict
from service.domain.roster import LineAct
from service.domain.sites import ProjectState
from service.domain.tickets import TicketState
from service.domain.topics import Topic
from service.store.models import (
    Audit,
    Certificate,
    CrosscheckNight,
    DayClose,
    DecisionRecord,
    Finding,
    Outbox,
    Policy,
    PostRuleRow,
    Ticket,
)
from service.store.work import Database, Work
from service.usecases import analysis, crosscheck_night, dispatch, projects, roster
from service.usecases.crosscheck import check_person
from service.usecases.crosscheck_facts import project_facts
from service.usecases.crosscheck_rulebook import rulebook
from tests.factories import Site, World
from tests.factories_attendance import punched
from tests.factories_crosscheck import (
    adjoining,
    certified,
    employed,
    in_state,
    listed,
    manager_of,
    set_line,
    sized,
    standing,
    told,
    unit_of,
    with_status,
)
from tests.fakes import SetClock

TODAY = date(2026, 3, 2)


@pytest.fixture
def site(world: World) -> Site:
    return world.site(fenced=False)


def night(deps: Deps) -> CrosscheckNight:
    return crosscheck_night.run_all(deps=deps)


def mend(world: World, certificate_id: UUID, **values: Any) -> None:
    """A certificate put right, and what is published then."""
    with world.deps.database.begin() as work:
        row = work.session.get_one(Certificate, certificate_id)
        work.session.execute(update(Certificate).where(Certificate.id == certificate_id).values(**values))
        work.publish(Topic.CERTIFICATE_CHANGED, row.person_id)
    work_off(world.deps)


def work_off(deps: Deps) -> None:
    while dispatch.dispatch(deps=deps):
        deps.queue.work_off(deps)  # type: ignore[attr-defined]


# --- the night ----------------------------------------------------------------------------------------------------


def test_who_has_all_his_post_asks_for_is_not_found(world: World, site: Site, deps: Deps) -> None:
    manager_of(world, site)
    row = night(deps)
    assert told(world, site) == []
    assert (row.projects, row.day, row.closed) == (1, TODAY, 0)
    assert row.opened == len(standing(world, site))
    assert row.ended_at is not None


def test_each_kind_of_fact_reaches_its_rule(world: World, site: Site, deps: Deps) -> None:
    """One mistake after the other, each told by its own rule; what is right again closes with the next night."""
    person_id, own = manager_of(world, site), unit_of(world, site.construction)
    rules: list[list[str]] = []

    def then() -> None:
        night(deps)
        rules.append(told(world, site))

    entry = listed(world, site, world.person().id, "project_manager")
    then()
    listed(world, site, person_id, "project_manager")
    then()
    employed(world, person_id, world.unit())
    then()
    with deps.database.begin() as work:
        work.session.execute(update(Certificate).where(Certificate.type_code == "constructor_1").values(unit_id=own))
        held = work.session.scalars(select(Certificate.id).where(Certificate.type_code == "constructor_1")).one()
    with_status(world, held, CertificateStatus.SUSPENDED, TODAY)
    then()
    with_status(world, held, CertificateStatus.VALID, TODAY)
    sized(world, site, area_m2=30_000)
    with deps.database.begin() as work:
        work.session.execute(update(Certificate).where(Certificate.id == held).values(type_code="constructor_2"))
    then()
    assert entry
    assert rules == [
        ["filing_mismatch"],
        # Two are named, one is there.
        ["understaffed"],
        ["employed_elsewhere", "understaffed"],
        ["certificate_suspended", "employed_elsewhere", "understaffed"],
        # A large building needs two officers too, of whom there is none.
        ["certificate_wrong_level", "employed_elsewhere", "understaffed"],
    ]
    assert told(world, site, closed=True) == ["certificate_suspended", "filing_mismatch"]


def test_a_status_of_tomorrow_is_not_todays(world: World, site: Site, deps: Deps, clock: SetClock) -> None:
    person_id = manager_of(world, site)
    bad = certified(world, person_id, "safety_c1")
    with deps.database.begin() as work:
        held = work.session.scalars(select(Certificate.id).where(Certificate.type_code == "safety_b")).one()
    with_status(world, held, CertificateStatus.REVOKED, TODAY + timedelta(1))
    night(deps)
    assert told(world, site) == []
    clock.pass_(days=1)
    night(deps)
    assert told(world, site) == ["certificate_suspended"]
    assert bad


def test_a_finding_cites_what_the_table_says_and_names_its_rows(world: World, site: Site, deps: Deps) -> None:
    person_id = world.person().id
    line = world.line(site.construction, person_id)
    night(deps)
    (row,) = [each for each in standing(world, site) if each.rule == Rule.CERTIFICATE_MISSING]
    assert row.cites == sorted(row.cites)
    assert {"constructor_registration", "shanghai_2012_46"} <= set(row.cites)
    assert (row.key, row.person_id, row.post_code) == (f"{person_id}:project_manager", person_id, "project_manager")
    assert row.evidence["roster_line_id"] == str(line.id)
    assert row.evidence["post_rule"] == "project_manager-1"
    with deps.database.begin() as work:
        acts = work.session.scalars(select(Audit.action).where(Audit.subject_id == str(row.id))).all()
    assert acts == ["finding:open"]


def test_evidence_follows_the_data_and_the_finding_stays_the_same(world: World, site: Site, deps: Deps) -> None:
    person_id = world.person().id
    world.line(site.construction, person_id)
    night(deps)
    (before,) = [each for each in standing(world, site) if each.rule == Rule.CERTIFICATE_MISSING]
    certified(world, person_id, "safety_b")
    assert (night(deps).opened, night(deps).closed) == (0, 0)
    (after,) = [each for each in standing(world, site) if each.rule == Rule.CERTIFICATE_MISSING]
    assert (after.id, after.version, after.month) == (before.id, before.version + 1, before.month)
    assert (len(before.evidence["needs"]), len(after.evidence["needs"])) == (2, 1)


def test_a_project_that_is_accepted_has_no_findings(world: World, site: Site, deps: Deps) -> None:
    world.line(site.construction, world.person().id)
    night(deps)
    assert standing(world, site)
    in_state(world, site, ProjectState.COMPLETED, TODAY)
    row = night(deps)
    assert (standing(world, site), row.closed) == ([], len(standing(world, site, closed=True)))


def test_adjacent_sections_and_consent_reach_the_rule(world: World, deps: Deps) -> None:
    one, other = world.site(fenced=False), world.site(fenced=False)
    person_id = manager_of(world, one)
    world.line(other.construction, person_id)
    night(deps)
    assert "several_projects" in told(world, one)
    assert "several_projects" in told(world, other)
    for site in (one, other):
        adjoining(world, site, "north")
    night(deps)
    assert "several_projects" not in told(world, one) + told(world, other)


def test_consent_to_the_second_project_is_enough_for_a_chief(world: World, deps: Deps) -> None:
    sites = [world.site(fenced=False) for _ in range(2)]
    person_id = world.person().id
    lines = [world.line(site.supervision, person_id, "chief_engineer") for site in sites]
    night(deps)
    assert ["several_projects" in told(world, site) for site in sites] == [True, True]
    set_line(world, lines[1], concurrent_consent_on=TODAY)
    night(deps)
    assert ["several_projects" in told(world, site) for site in sites] == [False, False]


def test_a_certificate_finding_gets_a_ticket_and_the_ticket_ends_with_it(world: World, site: Site, deps: Deps) -> None:
    person_id = manager_of(world, site)
    with deps.database.begin() as work:
        held = work.session.scalars(select(Certificate.id).where(Certificate.type_code == "safety_b")).one()
        work.session.execute(update(Certificate).where(Certificate.id == held).values(valid_until=date(2026, 3, 1)))
    night(deps)
    (row,) = [each for each in standing(world, site) if each.rule == Rule.CERTIFICATE_EXPIRED]
    assert row.ticket_id is not None
    mend(world, held, valid_until=date(2027, 1, 1))
    with deps.database.begin() as work:
        assert work.session.get_one(Ticket, row.ticket_id).state == TicketState.PASSED
    assert told(world, site) == []
    assert person_id


# --- by day -------------------------------------------------------------------------------------------------------


def test_by_day_a_finding_closes_and_none_opens(world: World, site: Site, deps: Deps) -> None:
    person_id = manager_of(world, site)
    with deps.database.begin() as work:
        held = work.session.scalars(select(Certificate.id).where(Certificate.type_code == "safety_b")).one()
    mend(world, held, valid_until=date(2026, 3, 1))
    assert standing(world, site) == []
    night(deps)
    assert told(world, site) == ["certificate_expired"]
    mend(world, held, valid_until=None)
    assert told(world, site) == []
    assert person_id


def test_whom_a_list_names_from_now_on_is_no_mismatch_any_more(world: World, site: Site, deps: Deps) -> None:
    person_id = manager_of(world, site)
    listed(world, site, world.person().id, "quality_officer")
    night(deps)
    assert told(world, site) == ["filing_mismatch"]
    listed(world, site, person_id, "project_manager")
    with deps.database.begin() as work:
        work.publish(Topic.LIST_CHANGED, site.project_id)
    work_off(deps)
    assert told(world, site) == []


def test_who_leaves_one_project_is_no_finding_on_the_other(world: World, deps: Deps, clock: SetClock) -> None:
    one, other = world.site(fenced=False), world.site(fenced=False)
    person_id = manager_of(world, one)
    line = world.line(other.construction, person_id)
    night(deps)
    ends = {"actor": world.city, "deps": deps, "ends_on": TODAY}
    roster.act_on_line(line.id, LineAct.END, line.version, **ends)
    work_off(deps)
    assert "several_projects" in told(world, one), "he is there until tonight"
    clock.pass_(days=1)
    analysis.line_changed(line.id, deps=deps)
    assert told(world, one) == told(world, other) == []


def test_a_site_that_is_accepted_frees_its_manager_at_once(world: World, deps: Deps) -> None:
    one, other = world.site(fenced=False), world.site(fenced=False)
    person_id = manager_of(world, one)
    world.line(other.construction, person_id)
    night(deps)
    projects.set_state(other.project_id, ProjectState.COMPLETED, TODAY, actor=world.city, deps=deps)
    work_off(deps)
    assert told(world, one) == []
    assert standing(world, other) == []


# --- the night's own life -----------------------------------------------------------------------------------------


def waiting_nights(deps: Deps) -> list[UUID]:
    with deps.database.begin() as work:
        facts = select(Outbox.subject_id).where(Outbox.topic == Topic.CROSSCHECK_NIGHT, Outbox.done_at.is_(None))
        return list(work.session.scalars(facts))


def the_night(deps: Deps) -> CrosscheckNight:
    with deps.database.begin() as work:
        return work.session.scalars(select(CrosscheckNight).order_by(CrosscheckNight.id.desc())).first()  # type: ignore[return-value]


def test_a_night_begins_once_a_day(world: World, site: Site, deps: Deps, clock: SetClock) -> None:
    world.line(site.construction, world.person().id)
    for _ in range(3):
        crosscheck_night.begin_crosscheck(deps=deps)
    assert len(waiting_nights(deps)) == 1
    work_off(deps)
    assert told(world, site) == ["certificate_missing"]
    assert the_night(deps).ended_at is not None
    crosscheck_night.begin_crosscheck(deps=deps)
    assert waiting_nights(deps) == []
    clock.pass_(days=1)
    crosscheck_night.begin_crosscheck(deps=deps)
    assert len(waiting_nights(deps)) == 1


class Killed(BaseException):
    """A process that ends where it stands."""


class Dying(Database):
    """A database of a process that is killed within one of its transactions, all of it written and not committed."""

    def __init__(self, bind: Engine | Connection, clock: SetClock, last: int) -> None:
        super().__init__(bind, clock)
        self.left = last

    @contextmanager
    def begin(self, actor_id: UUID | None = None) -> Iterator[Work]:
        self.left -= 1
        with super().begin(actor_id) as work:
            yield work
            if self.left == 0:
                raise Killed


def test_a_night_that_is_killed_goes_on_where_it_was(
    world: World, deps: Deps, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crosscheck_night, "BATCH", 1)
    sites = [world.site(fenced=False) for _ in range(3)]
    for site in sites:
        world.line(site.construction, world.person().id)
    crosscheck_night.begin_crosscheck(deps=deps)
    night_id = the_night(deps).id
    # Its rules, a project, and a second one that is lost with it.
    with pytest.raises(Killed):
        crosscheck_night.run(night_id, deps=replace(deps, database=Dying(deps.database.bind, clock, 3)))
    assert [told(world, site) for site in sites] == [["certificate_missing"], [], []]
    assert (the_night(deps).projects, the_night(deps).ended_at) == (1, None)
    work_off(deps)
    assert [told(world, site) for site in sites] == [["certificate_missing"]] * 3
    assert the_night(deps).projects == 3
    assert the_night(deps).opened == sum(len(standing(world, site)) for site in sites)


def test_a_long_night_gives_the_rest_to_the_next_job(world: World, deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crosscheck_night, "BATCH", 1)
    monkeypatch.setattr(crosscheck_night, "ENOUGH", timedelta(0))
    for _ in range(3):
        world.site(fenced=False)
    crosscheck_night.begin_crosscheck(deps=deps)
    night_id = the_night(deps).id
    for done in (1, 2, 3):
        perform(Topic.CROSSCHECK_NIGHT, night_id, deps=deps)
        assert (the_night(deps).projects, waiting_nights(deps)) == (done, [night_id])
    perform(Topic.CROSSCHECK_NIGHT, night_id, deps=deps)
    assert waiting_nights(deps) == []
    assert the_night(deps).ended_at is not None


def test_a_night_nobody_was_told_to_go_on_with_is_said_again(world: World, deps: Deps) -> None:
    world.site(fenced=False)
    crosscheck_night.begin_crosscheck(deps=deps)
    with deps.database.begin() as work:
        work.session.execute(update(Outbox).values(done_at=work.clock.real()))
    crosscheck_night.begin_crosscheck(deps=deps)
    assert waiting_nights(deps) == [the_night(deps).id]


def test_a_night_of_yesterday_is_left_alone(world: World, site: Site, deps: Deps, clock: SetClock) -> None:
    world.line(site.construction, world.person().id)
    crosscheck_night.begin_crosscheck(deps=deps)
    clock.pass_(days=1)
    crosscheck_night.run(the_night(deps).id, deps=deps)
    assert standing(world, site) == []


def test_two_workers_do_each_project_once(meeting_deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crosscheck_night, "BATCH", 1)
    world = World(meeting_deps)
    sites = [world.site(fenced=False) for _ in range(6)]
    for site in sites:
        world.line(site.construction, world.person().id)
    crosscheck_night.begin_crosscheck(deps=meeting_deps)
    night_id = the_night(meeting_deps).id
    threads = [Thread(target=crosscheck_night.run, args=(night_id,), kwargs={"deps": meeting_deps}) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = the_night(meeting_deps)
    assert (row.projects, row.ended_at is not None) == (6, True)
    assert row.opened == sum(len(standing(world, site)) for site in sites)
    assert [told(world, site) for site in sites] == [["certificate_missing"]] * 6


def test_one_project_that_cannot_be_read_keeps_no_other_unchecked(world: World, deps: Deps) -> None:
    sites = [world.site(fenced=False) for _ in range(3)]
    for site in sites:
        world.line(site.construction, world.person().id)
    broken = {"policy_version": "broken-1", "effective_from": date(2020, 1, 1), "body": {}}
    with deps.database.begin() as work:
        work.add(Policy(subject=Subject.ATTENDANCE, scope="project", scope_id=sites[1].project_id, **broken))
    row = night(deps)
    assert [told(world, site) for site in sites] == [["certificate_missing"], [], ["certificate_missing"]]
    assert (row.projects, row.failed, row.ended_at is not None) == (2, 1, True)


@contextmanager
def counted(deps: Deps) -> Iterator[list[str]]:
    """The statements that are executed within, those of savepoints left out."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "SAVEPOINT" not in statement:
            said.append(statement)

    event.listen(deps.database.bind, "before_cursor_execute", note)
    yield said
    event.remove(deps.database.bind, "before_cursor_execute", note)


def test_more_projects_take_no_more_queries(world: World, deps: Deps) -> None:
    ids = []
    for _ in range(4):
        site = world.site(fenced=False)
        listed(world, site, manager_of(world, site), "project_manager")
        ids.append(site.project_id)
    with deps.database.begin() as work:
        book = rulebook(work, TODAY)
        with counted(deps) as one:
            project_facts(work, ids[:1], TODAY, book)
        with counted(deps) as four:
            facts = project_facts(work, ids, TODAY, book)
    assert len(one) == len(four) <= 11
    assert [len(facts[each].seats) for each in ids] == [1] * 4


# --- at a check-in ------------------------------------------------------------------------------------------------


def record_of(deps: Deps, check_in_id: UUID) -> dict[str, Any]:
    with deps.database.begin() as work:
        kept = work.session.scalars(select(DecisionRecord.record).where(DecisionRecord.check_in_id == check_in_id))
        found: dict[str, Any] = kept.one()["crosscheck"]
        return found


def test_a_check_in_opens_what_it_finds_and_keeps_it(world: World, site: Site, deps: Deps) -> None:
    person_id = world.person().id
    world.line(site.construction, person_id)
    check_in_id = punched(world, site, person_id, TODAY, "08:00")
    assert told(world, site) == ["certificate_missing"]
    key = f"{person_id}:project_manager"
    found = [{"rule": "certificate_missing", "rule_version": "1", "key": key}]
    assert record_of(deps, check_in_id) == {"state": "checked", "found": found}
    again = punched(world, site, person_id, TODAY, "09:00", Verdict.REFUSED)
    assert record_of(deps, again)["found"] == found
    assert len(standing(world, site)) == 1
    # Tickets are the night's.
    assert standing(world, site)[0].ticket_id is None
    night(deps)
    (row,) = [each for each in standing(world, site) if each.rule == Rule.CERTIFICATE_MISSING]
    assert analysis.recheck(site.project_id, (), deps=deps) == 0
    assert row.closed_at is None


def test_a_check_in_closes_nothing_and_finds_nothing_on_no_roster(world: World, site: Site, deps: Deps) -> None:
    person_id = world.person().id
    world.line(site.construction, person_id)
    punched(world, site, person_id, TODAY, "08:00")
    for code in ("constructor_1", "safety_b"):
        certified(world, person_id, code)
    later = punched(world, site, person_id, TODAY, "09:00")
    assert record_of(deps, later) == {"state": "checked", "found": []}
    assert told(world, site) == ["certificate_missing"]
    stranger = punched(world, site, world.person().id, TODAY, "10:00")
    assert record_of(deps, stranger) == {"state": "checked", "found": []}


def test_what_was_so_on_an_earlier_day_opens_nothing(world: World, site: Site, deps: Deps, clock: SetClock) -> None:
    person_id = world.person().id
    world.line(site.construction, person_id)
    clock.pass_(days=1)
    late = punched(world, site, person_id, TODAY, "08:00")
    assert [each["rule"] for each in record_of(deps, late)["found"]] == ["certificate_missing"]
    assert standing(world, site) == []


def test_a_cross_check_that_breaks_leaves_the_check_in_as_it_is(world: World, site: Site, deps: Deps) -> None:
    person_id = world.person().id
    world.line(site.construction, person_id)
    with deps.database.begin() as work:
        rule = work.session.scalars(select(PostRuleRow).where(PostRuleRow.post_code == "project_manager")).one()
        body = {**rule.body, "certificates": [[{"one_of": ["of_no_type"]}]]}
        values = {"rule_version": "project_manager-2", "effective_from": TODAY, "category": 1, "body": body}
        work.add(PostRuleRow(post_code="project_manager", **values))
    check_in_id = punched(world, site, person_id, TODAY, "08:00")
    assert record_of(deps, check_in_id) == {"state": "not_checked"}
    assert standing(world, site) == []


def test_a_check_in_asks_little(world: World, site: Site, deps: Deps) -> None:
    person_id = manager_of(world, site)
    with deps.database.begin() as work, counted(deps) as good:
        check_person(work, person_id, site.project_id, TODAY, opening=True)
    assert len(good) <= 11
    assert told(world, site) == []


def test_a_check_in_does_not_wait_for_an_analysis(meeting_deps: Deps) -> None:
    world = World(meeting_deps)
    site, person_id = world.site(fenced=False), world.person().id
    world.line(site.construction, person_id)
    with meeting_deps.database.begin() as work:
        book = select(DayClose).where(DayClose.project_id == site.project_id)
        work.session.scalars(book.with_for_update()).one()
        check_in_id = punched(world, site, person_id, TODAY, "08:00")
    assert [each["rule"] for each in record_of(meeting_deps, check_in_id)["found"]] == ["certificate_missing"]
    with meeting_deps.database.begin() as work:
        assert work.session.scalars(select(Finding)).all() == []
