"""Attendance on a real database: days with each verdict, months at night, findings that open and close."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from threading import Thread
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select, update

from service.deps import Deps
from service.domain.attendance import Outcome
from service.domain.calendar import business_day, days_between
from service.domain.reasons import Verdict
from service.domain.roster import LineAct
from service.domain.sites import ProjectState, TeamKind
from service.domain.stop_works import StopWorkAct
from service.errors import ServiceError
from service.store.models import (
    AttendanceDay,
    AttendanceMonth,
    CheckIn,
    DayClose,
    Finding,
    Outbox,
    RosterLine,
    StopWork,
)
from service.store.queries.paging import Window
from service.store.work import Database
from service.usecases import analysis, counting, dispatch, projects, roster, stop_works
from tests.attendance import clock as at
from tests.factories import Site, World
from tests.factories_attendance import decide, full_day, kept_days, kept_months, punched, received, stop_work
from tests.fakes import HeldQueue, SetClock

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
TODAY = date(2026, 3, 2)
#: The clock of tests stands at ten in the morning of 2 March.


@pytest.fixture
def site(world: World) -> Site:
    return world.site(fenced=False)


@pytest.fixture
def manager(world: World, site: Site) -> UUID:
    person = world.person()
    world.line(site.construction, person.id, starts_on=TODAY)
    return person.id


def work_off(deps: Deps) -> None:
    """Everything the tick would queue, and the workers do."""
    while analysis.send_ended_days(deps=deps) + dispatch.dispatch(deps=deps):
        deps.queue.work_off(deps)  # type: ignore[attr-defined]
        deps.clock.pass_(seconds=3)  # type: ignore[attr-defined]


def go_to(deps: Deps, day: date, hours: str = "00:30") -> None:
    """The clock moves on to a day, and all that is due there happens."""
    deps.clock.at = at(hours, day)  # type: ignore[attr-defined]
    work_off(deps)


def outcomes(deps: Deps, site: Site, person_id: UUID) -> dict[date, str]:
    return {day: str(row[0]) for (who, day), row in kept_days(deps, site.project_id).items() if who == person_id}


def findings(deps: Deps, site: Site, *, standing: bool = True) -> list[str]:
    with deps.database.begin() as work:
        rows = work.session.scalars(select(Finding).where(Finding.project_id == site.project_id).order_by(Finding.key))
        return [row.key for row in rows if (row.closed_at is None) is standing and row.rule.startswith("attendance")]


def test_a_day_is_written_with_each_verdict(world: World, site: Site, manager: UUID, deps: Deps) -> None:
    punched(world, site, manager, TODAY, "08:00")
    assert outcomes(deps, site, manager) == {TODAY: "short"}
    punched(world, site, manager, TODAY, "11:00")
    assert outcomes(deps, site, manager) == {TODAY: "short"}
    punched(world, site, manager, TODAY, "12:00")
    assert outcomes(deps, site, manager) == {TODAY: "valid"}


def test_a_day_waits_for_a_review_and_is_mended_by_its_decision(
    world: World, site: Site, manager: UUID, deps: Deps
) -> None:
    punched(world, site, manager, TODAY, "08:00")
    doubtful = punched(world, site, manager, TODAY, "17:00", Verdict.REVIEW)
    assert outcomes(deps, site, manager) == {TODAY: "pending"}
    decide(world, doubtful, Verdict.ACCEPTED)
    assert outcomes(deps, site, manager) == {TODAY: "valid"}


def test_a_refused_verdict_leaves_no_day_behind_when_it_breaks(
    world: World, site: Site, manager: UUID, deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_in = received(world, site, manager, at("08:00", TODAY))
    monkeypatch.setattr("service.store.work.Work.audit", lambda *_args, **_data: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        decide(world, check_in, Verdict.ACCEPTED)
    assert outcomes(deps, site, manager) == {}


def test_two_verdicts_of_one_day_at_once_both_count(meeting_deps: Deps) -> None:
    world = World(meeting_deps)
    site = world.site(fenced=False)
    people = [world.person().id for _ in range(4)]
    for person_id in people:
        world.line(site.construction, person_id, starts_on=TODAY)
    waiting = [received(world, site, who, at(hours, TODAY)) for who in people for hours in ("08:00", "17:00")]
    threads = [Thread(target=decide, args=(world, one, Verdict.ACCEPTED)) for one in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {row[0] for row in kept_days(meeting_deps, site.project_id).values()} == {Outcome.VALID}


def test_the_night_keeps_the_month_through_yesterday(world: World, site: Site, manager: UUID, deps: Deps) -> None:
    full_day(world, site, manager, TODAY)
    go_to(deps, TODAY + timedelta(days=2))
    month = kept_months(deps, site.project_id)
    construction = month[MARCH, TeamKind.CONSTRUCTION, 1]
    # The site is active since January, and counted from the day on which it was registered.
    assert construction == (date(2026, 3, 3), 2, 1, 0, 0, ["attendance-1"])


def test_a_late_verdict_repairs_yesterday(world: World, site: Site, manager: UUID, deps: Deps) -> None:
    punched(world, site, manager, TODAY, "08:00")
    late = received(world, site, manager, at("17:00", TODAY))
    go_to(deps, TODAY + timedelta(days=1))
    before = kept_months(deps, site.project_id)[MARCH, TeamKind.CONSTRUCTION, 1]
    # Received and not judged is never an absence.
    assert before[1:4] == (0, 0, 1)
    decide(world, late, Verdict.ACCEPTED)
    assert outcomes(deps, site, manager) == {TODAY: "valid"}
    work_off(deps)
    assert kept_months(deps, site.project_id)[MARCH, TeamKind.CONSTRUCTION, 1][1:4] == (1, 1, 0)


def test_a_stop_work_and_its_withdrawal_are_counted_anew(world: World, site: Site, manager: UUID, deps: Deps) -> None:
    row = stop_work(world, site, TODAY, TODAY)
    work_off(deps)
    full_day(world, site, manager, TODAY)
    assert outcomes(deps, site, manager) == {TODAY: "absent"}
    stop_works.act_on(row.id, StopWorkAct.WITHDRAW, row.version, actor=world.city, deps=deps, note="a mistake")
    work_off(deps)
    assert outcomes(deps, site, manager) == {TODAY: "valid"}


def test_findings_open_at_night_once_the_month_is_over_and_close_by_themselves(
    world: World, site: Site, deps: Deps
) -> None:
    go_to(deps, date(2026, 3, 31))
    assert findings(deps, site) == []
    go_to(deps, APRIL)
    assert findings(deps, site) == [
        "construction:1:2026-03", "construction:2:2026-03", "supervision:1:2026-03", "supervision:2:2026-03",
    ]  # fmt: skip
    # The body finds that the whole month was stopped: what opened by the data closes by it.
    stop_work(world, site, MARCH, date(2026, 3, 31))
    work_off(deps)
    assert findings(deps, site) == []
    assert len(findings(deps, site, standing=False)) == 4


def test_what_is_typed_in_by_day_closes_and_never_opens(world: World, site: Site, deps: Deps) -> None:
    stop_work(world, site, MARCH, date(2026, 3, 31))
    go_to(deps, APRIL)
    assert findings(deps, site) == []
    (row,) = stop_works.list_stop_works({}, Window(), actor=world.city, deps=deps).items
    stop_works.act_on(row.id, StopWorkAct.WITHDRAW, row.version, actor=world.city, deps=deps, note="a mistake")
    work_off(deps)
    assert findings(deps, site) == []
    go_to(deps, date(2026, 4, 2))
    assert len(findings(deps, site)) == 4


def test_a_week_of_downtime_is_closed_in_one_go_and_over_the_end_of_a_month(site: Site, deps: Deps) -> None:
    go_to(deps, date(2026, 3, 27))
    go_to(deps, date(2026, 4, 3))
    months = kept_months(deps, site.project_id)
    assert months[MARCH, TeamKind.CONSTRUCTION, 1][0] == date(2026, 3, 31)
    assert months[APRIL, TeamKind.CONSTRUCTION, 1][:2] == (date(2026, 4, 2), 2)
    assert len(findings(deps, site)) == 4
    with deps.database.begin() as work:
        assert work.session.get_one(DayClose, site.project_id).through == date(2026, 4, 2)


def test_ending_a_day_twice_changes_nothing(site: Site, deps: Deps) -> None:
    go_to(deps, APRIL)
    before = findings(deps, site), kept_months(deps, site.project_id)
    analysis.end_days(site.project_id, deps=deps)
    with deps.database.begin() as work:
        work.session.execute(update(DayClose).values(through=date(2026, 3, 30)))
    analysis.end_days(site.project_id, deps=deps)
    assert (findings(deps, site), kept_months(deps, site.project_id)) == before


def test_a_recompute_mends_what_was_damaged_and_then_finds_nothing(
    world: World, site: Site, manager: UUID, deps: Deps
) -> None:
    full_day(world, site, manager, TODAY)
    go_to(deps, date(2026, 3, 5))
    before = kept_days(deps, site.project_id), kept_months(deps, site.project_id)
    assert analysis.recompute(site.project_id, MARCH, deps=deps) == 0
    with deps.database.begin() as work:
        work.session.execute(delete(AttendanceDay))
        work.session.execute(delete(AttendanceMonth))
        work.session.execute(update(CheckIn).values(counts=False))
    # Two check-ins, one day, four groups of the month.
    assert analysis.recompute(site.project_id, MARCH, deps=deps) == 2 + 1 + 1
    assert (kept_days(deps, site.project_id), kept_months(deps, site.project_id)) == before


@pytest.mark.parametrize("starts_on", [date(2018, 9, 1), date(1991, 1, 1)])
def test_a_line_from_before_every_policy_is_counted_like_any_other(
    world: World, site: Site, deps: Deps, starts_on: date
) -> None:
    person = world.person().id
    for day in days_between(TODAY, date(2026, 3, 31)):
        full_day(world, site, person, day)
    go_to(deps, APRIL)
    assert "construction:1:2026-03" in findings(deps, site)
    world.line(site.construction, person, starts_on=starts_on)
    projects.set_state(site.project_id, ProjectState.ACTIVE, starts_on, actor=world.city, deps=deps)
    work_off(deps)
    assert "construction:1:2026-03" not in findings(deps, site)
    with deps.database.begin() as work:
        assert work.session.scalars(select(Outbox.id).where(Outbox.done_at.is_(None))).all() == []


def test_a_shortfall_that_becomes_certain_late_is_found_in_the_next_night(
    world: World, site: Site, manager: UUID, deps: Deps
) -> None:
    doubtful = [
        punched(world, site, manager, day, hours, Verdict.REVIEW)
        for day in days_between(TODAY, date(2026, 3, 31))
        for hours in ("08:00", "17:00")
    ]
    go_to(deps, date(2026, 5, 5))
    assert "construction:1:2026-03" not in findings(deps, site)
    for check_in in doubtful:
        decide(world, check_in, Verdict.REFUSED)
    work_off(deps)
    go_to(deps, date(2026, 5, 6))
    assert "construction:1:2026-03" in findings(deps, site)


def test_a_recount_that_waited_knows_what_changed_meanwhile(
    meeting_deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(meeting_deps)
    site, person = world.site(fenced=False), world.person().id
    world.line(site.construction, person, starts_on=TODAY)
    row = stop_work(world, site, TODAY, TODAY)
    work_off(meeting_deps)
    full_day(world, site, person, TODAY)
    real = counting._locked

    def withdrawn_meanwhile(*arguments: object) -> object:
        monkeypatch.setattr(counting, "_locked", real)
        stop_works.act_on(
            row.id, StopWorkAct.WITHDRAW, row.version, actor=world.city, deps=meeting_deps, note="it was none"
        )
        work_off(meeting_deps)
        return real(*arguments)

    monkeypatch.setattr(counting, "_locked", withdrawn_meanwhile)
    counting.recount(site.project_id, TODAY, TODAY, meeting_deps)
    assert outcomes(meeting_deps, site, person) == {TODAY: "valid"}


def test_a_check_in_that_could_never_count_leaves_no_day_pending(
    world: World, site: Site, manager: UUID, deps: Deps
) -> None:
    received(world, site, manager, at("23:00", TODAY))
    go_to(deps, TODAY + timedelta(days=1))
    assert kept_months(deps, site.project_id)[MARCH, TeamKind.CONSTRUCTION, 1][1:4] == (1, 0, 0)


def test_a_project_is_counted_from_the_day_after_it_was_entered(world: World, deps: Deps) -> None:
    values = {"name": "新项目", "body_id": world.body(), "district_code": "310115", "state": ProjectState.ACTIVE}
    project = projects.open_project(values, actor=world.city, deps=deps)
    assert project.counting_from == TODAY + timedelta(days=1)
    with pytest.raises(ServiceError, match="counting_in_the_past"):
        projects.open_project({**values, "counting_from": date(2026, 3, 1)}, actor=world.city, deps=deps)


@contextmanager
def undone(deps: Deps) -> Iterator[Deps]:
    """Parts over a savepoint, so that each example of Hypothesis begins from the same world."""
    assert isinstance(deps.database.bind, Connection)
    savepoint = deps.database.bind.begin_nested()
    fresh = replace(deps, clock=SetClock(at("10:00", TODAY)), queue=HeldQueue())
    yield replace(fresh, database=Database(deps.database.bind, fresh.clock))
    savepoint.rollback()


PEOPLE, SPAN = 3, 12
WHO, OFFSETS, WHICH = st.integers(0, PEOPLE - 1), st.integers(0, SPAN), st.integers(0, 1000)
VERDICTS = st.sampled_from(["received", "accepted", "accepted", "refused", "review"])
ACTS = st.one_of(
    st.tuples(st.just("day"), WHO, VERDICTS, VERDICTS),
    st.tuples(st.just("day"), WHO, VERDICTS, VERDICTS),
    st.tuples(st.just("decide"), WHICH, st.sampled_from(["accepted", "refused"])),
    st.tuples(st.just("stop"), OFFSETS, st.integers(0, 4)),
    st.tuples(st.just("withdraw"), WHICH),
    st.tuples(st.just("state"), OFFSETS, st.sampled_from(list(ProjectState))),
    st.tuples(st.just("line"), WHO, OFFSETS),
    st.tuples(st.just("end"), WHICH, OFFSETS),
    st.tuples(st.just("wait"), st.integers(1, 3)),
    st.tuples(st.just("wait"), st.integers(1, 3)),
)


REFUSED = {"stop_work_overlaps", "act_not_allowed", "dates_in_order", "line_overlaps"}


class History:
    """A site to which things happen in any order; what is not possible just then is refused and does not happen."""

    def __init__(self, deps: Deps) -> None:
        self.deps, self.world = deps, World(deps)
        self.site = self.world.site(fenced=False)
        self.people = [self.world.person().id for _ in range(PEOPLE)]
        self.lines: list[RosterLine] = []
        self.stops: list[StopWork] = []
        self.check_ins: list[UUID] = []
        for who, post in zip(self.people, ("project_manager", "safety_officer", "chief_engineer"), strict=True):
            team = self.site.supervision if post == "chief_engineer" else self.site.construction
            self.lines.append(self.world.line(team, who, post, starts_on=TODAY))
        work_off(deps)

    def act(self, name: str, *arguments: object) -> None:
        try:
            getattr(self, name)(*arguments)
        except ServiceError as error:
            if error.code not in REFUSED:
                raise
        # At once, so that no later task can put right what this one should have.
        work_off(self.deps)

    def day(self, who: int, *verdicts: str) -> None:
        for hours, verdict in zip(("08:00", "17:00"), verdicts, strict=True):
            moment = at(hours, business_day(self.deps.clock.now()))
            self.check_ins.append(received(self.world, self.site, self.people[who], moment))
            if verdict != Verdict.RECEIVED:
                decide(self.world, self.check_ins[-1], Verdict(verdict))

    def decide(self, which: int, verdict: str) -> None:
        if self.check_ins:
            decide(self.world, self.check_ins[which % len(self.check_ins)], Verdict(verdict))

    def stop(self, offset: int, days: int) -> None:
        first = TODAY + timedelta(days=offset)
        self.stops.append(stop_work(self.world, self.site, first, first + timedelta(days=days)))

    def withdraw(self, which: int) -> None:
        if self.stops:
            row = self.stops.pop(which % len(self.stops))
            stop_works.act_on(
                row.id, StopWorkAct.WITHDRAW, row.version, actor=self.world.city, deps=self.deps, note="again"
            )

    def state(self, offset: int, state: ProjectState) -> None:
        projects.set_state(
            self.site.project_id, state, TODAY + timedelta(days=offset), actor=self.world.city, deps=self.deps
        )

    def line(self, who: int, offset: int) -> None:
        starts_on = TODAY + timedelta(days=offset)
        self.lines.append(
            self.world.line(self.site.construction, self.people[who], "site_engineer", starts_on=starts_on)
        )

    def end(self, which: int, offset: int) -> None:
        if self.lines:
            line, day = self.lines.pop(which % len(self.lines)), TODAY + timedelta(days=offset)
            roster.act_on_line(line.id, LineAct.END, line.version, actor=self.world.city, deps=self.deps, ends_on=day)

    def wait(self, days: int) -> None:
        self.deps.clock.pass_(days=days)  # type: ignore[attr-defined]


@settings(
    max_examples=25, phases=(Phase.explicit, Phase.generate), deadline=None, suppress_health_check=list(HealthCheck)
)
@given(acts=st.lists(ACTS, min_size=15, max_size=40))
def test_what_is_kept_step_by_step_is_what_a_recompute_gives(deps: Deps, acts: list[tuple[object, ...]]) -> None:
    with undone(deps) as parts:
        history = History(parts)
        for name, *arguments in acts:
            history.act(str(name), *arguments)
        site = history.site.project_id
        before = kept_days(parts, site), kept_months(parts, site)
        for month in (MARCH, APRIL):
            assert analysis.recompute(site, month, deps=parts) == 0
        assert (kept_days(parts, site), kept_months(parts, site)) == before
