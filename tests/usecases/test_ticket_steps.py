"""What comes due on tickets: reminders, overdue, silent checkers, observation, and a tick that was down."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from service.deps import Deps
from service.domain.actors import Role
from service.domain.attendance import Outcome
from service.domain.calendar import SHANGHAI, days_between
from service.domain.sites import TeamKind
from service.domain.tickets import Act, Checker, Label, Loop, TicketState
from service.errors import ServiceError
from service.store.models import AttendanceDay, Audit, CalendarDay, Finding, Ticket, TicketEvent
from service.usecases.ticket_keeping import standing_of
from service.usecases.ticket_steps import take_steps
from tests.factories import World
from tests.factories_attendance import stop_work
from tests.factories_tickets import Case, case_of, to_checking
from tests.fakes import SetClock

R = Role


@pytest.fixture
def case(world: World) -> Case:
    return case_of(world)


@pytest.fixture
def ticket(case: Case) -> Ticket:
    """Dispatched on Monday, 2026-03-02."""
    return case.ticket()


def shanghai(day: str, hour: int = 0) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), SHANGHAI) + timedelta(hours=hour)


def events(case: Case) -> list[TicketEvent]:
    with case.deps.database.begin() as work:
        return list(work.session.scalars(select(TicketEvent).order_by(TicketEvent.id)))


def test_a_ticket_nobody_acknowledged_for_a_working_day_is_told_to_the_enterprise(
    case: Case, ticket: Ticket, clock: SetClock
) -> None:
    clock.at = shanghai("2026-03-03", 23)
    assert case.tick() == 0
    clock.at = shanghai("2026-03-04")
    assert (case.tick(), case.tick()) == (1, 0)
    assert (case.history(ticket), case.row(ticket).state) == (["dispatch", "remind"], TicketState.DISPATCHED)
    assert case.told(case.who(R.ENTERPRISE)) == ["ticket_remind"]


def test_overdue_goes_to_the_body_and_is_closed_there(case: Case, ticket: Ticket, clock: SetClock) -> None:
    case.do(ticket, Act.ACKNOWLEDGE, case.who(R.PROJECT_OFFICE))
    case.do(ticket, Act.START, case.who(R.PROJECT_OFFICE))
    clock.at = shanghai("2026-03-12")
    assert case.tick() == 1
    row = case.row(ticket)
    assert (row.state, row.label, row.loop) == (TicketState.TRANSFERRED, Label.TRANSFERRED, None)
    last = events(case)[-1]
    assert (last.act, last.actor_id, last.role) == ("expire", None, None)
    assert last.data == {"clock": "rectify", "due_at": "2026-03-11T16:00:00+00:00"}
    assert case.told(case.who(R.OFFICER)) == ["ticket_transferred"]
    closed = case.do(ticket, Act.CLOSE, case.who(R.OFFICER)).ticket
    assert (closed.state, closed.loop) == (TicketState.CLOSED, Loop.MEDIUM)


def test_what_is_submitted_late_is_late_even_if_no_tick_ran(case: Case, ticket: Ticket, clock: SetClock) -> None:
    seen = case.do(ticket, Act.ACKNOWLEDGE, case.who(R.PROJECT_OFFICE)).ticket.version
    clock.at = shanghai("2026-03-12")
    with pytest.raises(ServiceError) as late:
        case.act(ticket, Act.SUBMIT, case.who(R.PROJECT_OFFICE), seen)
    assert late.value.code == "version_conflict"
    assert case.row(ticket).state is TicketState.TRANSFERRED


def test_what_is_submitted_on_the_last_day_stops_the_clock(case: Case, ticket: Ticket, clock: SetClock) -> None:
    case.do(ticket, Act.ACKNOWLEDGE, case.who(R.PROJECT_OFFICE))
    clock.at = shanghai("2026-03-11", 23)
    case.do(ticket, Act.SUBMIT, case.who(R.PROJECT_OFFICE))
    clock.at = shanghai("2026-03-12", 10)
    assert (case.tick(), case.row(ticket).state) == (0, TicketState.CHECKING)


def test_what_comes_due_while_somebody_waits_for_the_row_is_taken_before_he_acts(
    meeting_deps: Deps, clock: SetClock
) -> None:
    case = case_of(World(meeting_deps))
    ticket = case.ticket()
    seen = case.do(ticket, Act.ACKNOWLEDGE, case.who(R.PROJECT_OFFICE)).ticket.version
    clock.at = shanghai("2026-03-11", 23)
    with ThreadPoolExecutor(1) as pool:
        with meeting_deps.database.begin() as work:
            work.session.scalars(select(Ticket).where(Ticket.id == ticket.id).with_for_update(of=Ticket)).one()
            late = pool.submit(case.act, ticket, Act.SUBMIT, case.who(R.PROJECT_OFFICE), seen)
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            while not work.session.scalars(waiting).one():
                time.sleep(0.01)
            clock.at = shanghai("2026-03-12")
        with pytest.raises(ServiceError, match="version_conflict"):
            late.result()
    assert case.row(ticket).state is TicketState.TRANSFERRED


def test_a_tick_leaves_a_ticket_that_somebody_holds_and_takes_the_next(meeting_deps: Deps, clock: SetClock) -> None:
    case = case_of(World(meeting_deps))
    held, free = case.ticket(), case.ticket(team_kind=TeamKind.SUPERVISION)
    clock.at = shanghai("2026-03-04")
    with meeting_deps.database.begin() as work:
        work.session.scalars(select(Ticket).where(Ticket.id == held.id).with_for_update(of=Ticket)).one()
        assert case.tick() == 1
    assert (case.history(held), case.history(free)) == (["dispatch"], ["dispatch", "remind"])
    assert case.tick() == 1


def test_deadlines_run_over_the_spring_festival(case: Case, clock: SetClock) -> None:
    # Off from Sunday, 15 to Monday, 23 February 2026; the Saturdays before and after are worked.
    clock.at = shanghai("2026-02-13", 10)
    ticket = case.ticket(month=date(2026, 1, 1))
    lasts = {step.clock: step.last_day.isoformat() for step in standing_of(case.row(ticket)).steps}
    assert lasts == {"remind": "2026-02-14", "rectify": "2026-03-02"}
    case.do(ticket, Act.ACKNOWLEDGE, case.who(R.PROJECT_OFFICE))
    clock.at = shanghai("2026-03-02", 23)
    assert case.tick() == 0
    clock.at = shanghai("2026-03-03")
    assert (case.tick(), case.history(ticket)[-1]) == (1, "expire")


def test_silent_checkers_hand_a_ticket_on_to_the_body_and_its_head(case: Case, ticket: Ticket, clock: SetClock) -> None:
    to_checking(case, ticket)
    clock.at = shanghai("2026-03-05")
    case.tick()
    row = case.row(ticket)
    assert (row.state, row.checker) == (TicketState.CHECKING, Checker.BODY)
    assert case.told(case.who(R.OFFICER)) == ["ticket_pass_to_body"]
    with pytest.raises(ServiceError) as too_late:
        case.do(ticket, Act.PASS, case.who(R.CHIEF_ENGINEER))
    assert too_late.value.code == "act_not_allowed"
    clock.at = shanghai("2026-03-13")
    case.tick()
    assert case.told(case.who(R.BODY_HEAD))[-1] == "ticket_pass_to_head"
    assert case.told(case.world.city) == ["ticket_pass_to_head"]
    # And again, as long as nobody acts.
    clock.at = shanghai("2026-03-21")
    assert (case.tick(), case.told(case.who(R.BODY_HEAD))[-2:]) == (1, ["ticket_pass_to_head"] * 2)
    assert case.do(ticket, Act.PASS, case.who(R.OFFICER)).ticket.state is TicketState.PASSED


def test_an_enterprise_that_does_not_urge_is_told_to_the_body(case: Case, ticket: Ticket, clock: SetClock) -> None:
    to_checking(case, ticket)
    case.do(ticket, Act.SEND_BACK, case.who(R.CHIEF_ENGINEER))
    clock.at = shanghai("2026-03-05")
    case.tick()
    assert case.history(ticket)[-1] == "urge_late"
    assert case.told(case.who(R.OFFICER)) == ["ticket_urge_late"]
    clock.at = shanghai("2026-03-12")
    case.tick()
    assert case.row(ticket).state is TicketState.TRANSFERRED


def test_after_a_week_without_a_tick_everything_happens_once_in_the_order_in_which_it_was_due(
    case: Case, clock: SetClock
) -> None:
    first = case.ticket()
    clock.at = shanghai("2026-03-03", 10)
    second = case.ticket(team_kind=TeamKind.SUPERVISION)
    to_checking(case, second, TeamKind.SUPERVISION)
    before = len(events(case))
    clock.at = shanghai("2026-03-16", 10)
    assert take_steps(deps=case.deps, limit=1) == 1
    assert take_steps(deps=case.deps) == 2
    assert case.tick() == 0
    late = events(case)[before:]
    assert [(event.ticket_id, event.act) for event in late] == [
        (first.id, "remind"), (second.id, "pass_to_body"), (first.id, "expire"),
    ]  # fmt: skip
    assert [event.data["due_at"][:10] for event in late] == ["2026-03-03", "2026-03-05", "2026-03-11"]
    # What a late step begins counts from now: five working days from the 16th.
    (step,) = case.row(first).steps
    assert (step["clock"], step["at"]) == ("transferred", "2026-03-23T16:00:00+00:00")


def test_a_deadline_in_a_year_entered_meanwhile_is_put_off(case: Case, clock: SetClock) -> None:
    clock.at = shanghai("2026-12-25", 10)
    ticket = case.ticket()
    case.do(ticket, Act.ACKNOWLEDGE, case.who(R.PROJECT_OFFICE))
    (step,) = case.row(ticket).steps
    assert (step["at"], step["provisional"]) == ("2027-01-05T16:00:00+00:00", True)
    with case.deps.database.begin() as work:
        for day in days_between(date(2027, 1, 1), date(2027, 12, 31)):
            work.session.add(CalendarDay(day=day, working=day.weekday() < 5 and day != date(2027, 1, 1)))
    clock.at = shanghai("2027-01-06")
    version = case.row(ticket).version
    case.tick()
    row = case.row(ticket)
    assert (row.state, row.steps[0]["provisional"]) == (TicketState.ACKNOWLEDGED, False)
    assert row.next_step_at == shanghai("2027-01-07")
    assert (row.version, case.history(ticket)[-1]) == (version + 1, "acknowledge")
    with case.deps.database.begin() as work:
        audited = work.session.scalars(select(Audit).where(Audit.action == "ticket:postpone")).one()
    new = {"clock": "rectify", "old": "2027-01-05T16:00:00+00:00", "new": "2027-01-06T16:00:00+00:00"}
    assert (audited.subject_id, audited.data) == (str(ticket.id), new)
    clock.at = shanghai("2027-01-07")
    case.tick()
    assert case.history(ticket)[-1] == "expire"


def test_a_ticket_that_breaks_does_not_stop_the_others(case: Case, clock: SetClock) -> None:
    broken, sound = case.ticket(), case.ticket(team_kind=TeamKind.SUPERVISION)
    with case.deps.database.begin() as work:
        spoilt = {name: value for name, value in broken.scenario.items() if name != "acts"}
        work.session.execute(update(Ticket).where(Ticket.id == broken.id).values(scenario=spoilt))
    clock.at = shanghai("2026-03-04")
    # What breaks is no part of the batch: the sound one has its turn in the smallest of them.
    assert take_steps(deps=case.deps, limit=1) == 1
    assert case.history(sound)[-1] == "remind"


# Observation.


@pytest.fixture
def manager(case: Case, world: World) -> UUID:
    """The only one of the construction team's first category, on the roster since January."""
    person = world.person()
    world.line(case.site.construction, person.id)
    return person.id


def came(case: Case, person_id: UUID, first: str, days: int, outcome: Outcome = Outcome.VALID) -> None:
    begins = date.fromisoformat(first)
    with case.deps.database.begin() as work:
        for day in days_between(begins, begins + timedelta(days - 1)):
            row: dict[str, Any] = {"reasons": [], "punches": 2, "policy_version": "attendance-1", "outcome": outcome}
            key = {"project_id": case.site.project_id, "person_id": person_id, "day": day}
            work.session.add(AttendanceDay(**key, **row))


def observed(case: Case, ticket: Ticket) -> None:
    to_checking(case, ticket)
    case.do(ticket, Act.OBSERVE, case.who(R.CHIEF_ENGINEER))


def watch(case: Case, clock: SetClock, until: str) -> None:
    """A tick shortly after each midnight."""
    while clock.at < shanghai(until):
        clock.at = shanghai((clock.at.astimezone(SHANGHAI).date() + timedelta(days=1)).isoformat(), 1)
        case.tick()


def test_ten_due_days_prove_a_rectification_which_is_then_checked(
    case: Case, ticket: Ticket, manager: UUID, clock: SetClock
) -> None:
    observed(case, ticket)
    assert case.row(ticket).state is TicketState.OBSERVING
    came(case, manager, "2026-03-03", 8)
    watch(case, clock, "2026-03-12")
    assert (case.row(ticket).state, case.history(ticket)[-1]) == (TicketState.OBSERVING, "observe")
    watch(case, clock, "2026-03-13")
    assert (case.row(ticket).state, case.history(ticket)[-1]) == (TicketState.CHECKING, "keep")
    told = events(case)[-1].data
    assert told["since"] == "2026-03-03"
    numbers = {"days": 10, "due": 10, "valid": 8, "pending": 0, "per_day": 1}
    assert told["observed"] == [{"category": 1, "threshold": 80.0, **numbers}]
    shown = case.do(ticket, Act.PASS, case.who(R.CHIEF_ENGINEER))
    assert (shown.ticket.state, shown.ticket.loop) == (TicketState.PASSED, Loop.SMALL)


def test_the_nightly_look_at_an_observation_changes_nothing(case: Case, ticket: Ticket, clock: SetClock) -> None:
    observed(case, ticket)
    seen = case.row(ticket)
    clock.at = shanghai("2026-03-03", 1)
    assert case.tick() == 1
    row = case.row(ticket)
    assert (row.version, row.next_step_at) == (seen.version, shanghai("2026-03-04"))
    clock.at = shanghai("2026-03-04", 1)
    # Who saw it before the night acts on what he saw.
    shown = case.act(ticket, Act.SEND_BACK, case.who(R.CHIEF_ENGINEER), seen.version)
    assert shown.ticket.state is TicketState.SENT_BACK


def test_an_observation_without_due_days_goes_back_to_the_check(
    case: Case, world: World, ticket: Ticket, clock: SetClock
) -> None:
    observed(case, ticket)
    stop_work(world, case.site, date(2026, 3, 3), date(2026, 6, 30))
    clock.at = shanghai("2026-04-15")
    case.tick()
    assert (case.row(ticket).state, case.history(ticket)[-1]) == (TicketState.CHECKING, "lapse")
    assert case.told(case.who(R.CHIEF_ENGINEER))[-1] == "ticket_lapse"
    with pytest.raises(ServiceError, match="act_not_allowed"):
        case.do(ticket, Act.OBSERVE, case.who(R.CHIEF_ENGINEER))


def test_an_observation_fails_as_soon_as_it_cannot_be_met_any_more(
    case: Case, ticket: Ticket, manager: UUID, clock: SetClock
) -> None:
    observed(case, ticket)
    came(case, manager, "2026-03-03", 1)
    watch(case, clock, "2026-03-06")
    assert case.row(ticket).state is TicketState.OBSERVING
    watch(case, clock, "2026-03-07")
    row = case.row(ticket)
    assert (row.state, row.label, row.reworks) == (TicketState.SENT_BACK, Label.REWORK, 1)
    failed = events(case)[-1]
    assert (failed.act, failed.data["observed"][0]["valid"], failed.data["observed"][0]["due"]) == ("fail", 1, 4)
    assert failed.data["regulations"] == ["regulation_staff_construction", "regulation_duty_project_manager"]


def test_a_second_observation_that_fails_goes_to_the_body(
    case: Case, ticket: Ticket, manager: UUID, clock: SetClock
) -> None:
    observed(case, ticket)
    watch(case, clock, "2026-03-07")
    case.do(ticket, Act.SUBMIT, case.who(R.PROJECT_OFFICE))
    case.do(ticket, Act.OBSERVE, case.who(R.CHIEF_ENGINEER))
    came(case, manager, "2026-03-08", 1)
    watch(case, clock, "2026-03-12")
    row = case.row(ticket)
    assert (row.state, row.reworks) == (TicketState.TRANSFERRED, 1)
    # It began with the day after it was ordered: the days before count no more.
    assert events(case)[-1].data["since"] == "2026-03-08"


def test_undecided_days_neither_keep_nor_fail(case: Case, ticket: Ticket, manager: UUID, clock: SetClock) -> None:
    observed(case, ticket)
    came(case, manager, "2026-03-03", 7)
    came(case, manager, "2026-03-10", 2, Outcome.ABSENT)
    came(case, manager, "2026-03-12", 1, Outcome.PENDING)
    watch(case, clock, "2026-03-16")
    # Seven of nine are 78 %, and eight of ten would be enough.
    assert case.history(ticket)[-1] == "observe"
    with case.deps.database.begin() as work:
        decided = AttendanceDay.outcome == Outcome.PENDING
        work.session.execute(update(AttendanceDay).where(decided).values(outcome=Outcome.VALID))
    watch(case, clock, "2026-03-17")
    assert case.history(ticket)[-1] == "keep"


def test_every_category_with_a_finding_is_watched(case: Case, manager: UUID, clock: SetClock) -> None:
    case.finding()
    case.finding(category=2)
    (ticket,) = case.dispatch()
    observed(case, ticket)
    came(case, manager, "2026-03-03", 10)
    # Nobody holds the required posts of the second category.
    watch(case, clock, "2026-03-06")
    assert case.history(ticket)[-1] == "fail"
    watched = events(case)[-1].data["observed"]
    assert [(item["category"], item["valid"]) for item in watched] == [(1, 3), (2, 0)]


def test_only_findings_that_still_stand_are_watched(case: Case, manager: UUID, clock: SetClock) -> None:
    case.finding()
    second = case.finding(category=2)
    (ticket,) = case.dispatch()
    with case.deps.database.begin() as work:
        work.session.execute(update(Finding).where(Finding.id == second).values(closed_at=clock.now()))
    observed(case, ticket)
    came(case, manager, "2026-03-03", 10)
    watch(case, clock, "2026-03-13")
    assert case.history(ticket)[-1] == "keep"
