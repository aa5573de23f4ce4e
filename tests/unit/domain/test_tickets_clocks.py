"""The clocks of a ticket: where they run, over holidays and unknown years, what is put off, and what data proves."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.attendance import Progress
from service.domain.calendar import WorkCalendar, days_between
from service.domain.escalation import Standing, Watched, again, due, observed, postponed
from service.domain.findings.base import TICKETED, FindingKind
from service.domain.sites import TeamKind
from service.domain.ticket_loop import Facts, dispatched, is_open_to, moved
from service.domain.tickets import ENDS, Act, Checker, Clock, TicketState
from tests.factories_tickets import shipped


def shanghai(day: str, hour: int = 10) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02d}:00:00+08:00").astimezone(UTC)


def calendar(first: str, last: str, off: tuple[str, ...] = (), worked: tuple[str, ...] = ()) -> WorkCalendar:
    """Weekends off, but for what is said."""
    days = {day: day.weekday() < 5 for day in days_between(date.fromisoformat(first), date.fromisoformat(last))}
    days |= {date.fromisoformat(day): False for day in off} | {date.fromisoformat(day): True for day in worked}
    return WorkCalendar(days)


#: 2026: 劳动节 on May 1 to 5, worked for on Saturday, May 9.
YEAR = calendar("2026-01-01", "2026-12-31", tuple(f"2026-05-0{n}" for n in range(1, 6)), ("2026-05-09",))
MONDAY = shanghai("2026-03-02")


def begun(now: datetime = MONDAY, known: WorkCalendar = YEAR) -> Standing:
    return dispatched(shipped(), FindingKind.ATTENDANCE, TeamKind.CONSTRUCTION, now, known)


def at(state: TicketState, now: datetime = MONDAY, **changes: object) -> Standing:
    """A ticket that came into a state now."""
    if state is TicketState.DISPATCHED:
        return begun(now)
    entering = {
        TicketState.CHECKING: (TicketState.SUBMITTED, Act.CHECK),
        TicketState.SENT_BACK: (TicketState.CHECKING, Act.SEND_BACK),
        TicketState.OBSERVING: (TicketState.CHECKING, Act.OBSERVE),
        TicketState.TRANSFERRED: (TicketState.CHECKING, Act.TRANSFER),
        TicketState.SUBMITTED: (TicketState.RECTIFYING, Act.SUBMIT),
    }
    before, act = entering[state]
    values: dict[str, object] = {"kind": FindingKind.ATTENDANCE, "team_kind": TeamKind.CONSTRUCTION, "state": before}
    return moved(Standing(shipped(), **(values | changes)), act, now, YEAR)  # type: ignore[arg-type]


def clocks(ticket: Standing) -> dict[str, str]:
    """The clocks that run, each with the last day that is in time."""
    return {str(step.clock): step.last_day.isoformat() for step in ticket.steps}


def test_a_ticket_begins_with_a_day_to_be_read_and_seven_to_be_put_right() -> None:
    assert clocks(begun()) == {"remind": "2026-03-03", "rectify": "2026-03-11"}


@pytest.mark.parametrize(
    ("sent", "until"),
    [
        ("2026-04-29", "2026-05-12"),  # over 劳动节; Saturday, May 9 is worked, Sunday, May 10 is not
        ("2026-05-08", "2026-05-18"),  # the worked Saturday counts
        ("2026-03-06", "2026-03-17"),  # a Friday
        ("2026-03-07", "2026-03-17"),  # on a Saturday no day is lost
    ],
)
def test_deadlines_run_over_holidays_and_worked_weekends(sent: str, until: str) -> None:
    assert clocks(begun(shanghai(sent)))["rectify"] == until


def test_a_deadline_ends_with_its_day_in_shanghai() -> None:
    (remind, _) = begun().steps
    assert remind.at == datetime(2026, 3, 3, 16, 0, tzinfo=UTC)
    assert due(begun(), remind.at - timedelta(microseconds=1)) is None
    assert due(begun(), remind.at) == remind


def test_the_clock_of_rectification_runs_on_until_something_is_submitted() -> None:
    ticket = begun()
    for act, day in ((Act.ACKNOWLEDGE, "2026-03-03"), (Act.START, "2026-03-05")):
        ticket = moved(ticket, act, shanghai(day), YEAR)
        assert clocks(ticket) == {"rectify": "2026-03-11"}
    assert clocks(moved(ticket, Act.SUBMIT, shanghai("2026-03-06"), YEAR)) == {"check": "2026-03-06"}


def test_a_ticket_sent_back_gets_its_days_again_and_the_enterprise_two_to_urge() -> None:
    ticket = at(TicketState.SENT_BACK)
    assert clocks(ticket) == {"urge": "2026-03-04", "rectify": "2026-03-11"}
    urged = moved(ticket, Act.URGE, shanghai("2026-03-04"), YEAR)
    assert clocks(urged) == {"rectify": "2026-03-11"}


def test_each_checker_has_a_clock_of_his_own() -> None:
    ticket = at(TicketState.CHECKING)
    assert clocks(ticket) == {"checking": "2026-03-04"}
    (step,) = ticket.steps
    late = shanghai("2026-03-05", 0)
    ticket = moved(ticket, Act.PASS_TO_BODY, late, YEAR, fired=step)
    assert (ticket.checker, clocks(ticket)) == (Checker.BODY, {"body": "2026-03-12"})
    (step,) = ticket.steps
    ticket = moved(ticket, Act.PASS_TO_HEAD, shanghai("2026-03-13", 0), YEAR, fired=step)
    # Its head is asked again and again until somebody acts.
    assert (ticket.state, clocks(ticket)) == (TicketState.CHECKING, {"body": "2026-03-20"})


def test_the_body_that_acts_is_not_silent() -> None:
    ticket = at(TicketState.TRANSFERRED)
    assert clocks(ticket) == {"transferred": "2026-03-09"}
    assert clocks(moved(ticket, Act.INTERVIEW, shanghai("2026-03-05"), YEAR)) == {"transferred": "2026-03-12"}
    # What the addressee says does not help the body.
    assert clocks(moved(ticket, Act.REPLY, shanghai("2026-03-05"), YEAR)) == {"transferred": "2026-03-09"}
    told = moved(ticket, Act.PASS_TO_HEAD, shanghai("2026-03-10"), YEAR, fired=ticket.steps[0])
    assert clocks(told) == {"transferred": "2026-03-17"}
    assert clocks(moved(told, Act.ORDER_CORRECTION, shanghai("2026-03-11"), YEAR)) == {"transferred": "2026-03-18"}


def test_a_clock_that_ran_out_does_not_begin_again_where_the_ticket_stays() -> None:
    ticket = begun()
    reminded = moved(ticket, Act.REMIND, shanghai("2026-03-04"), YEAR, fired=ticket.steps[0])
    assert clocks(reminded) == {"rectify": "2026-03-11"}
    assert clocks(moved(reminded, Act.APPEAL, shanghai("2026-03-05"), YEAR)) == {"rectify": "2026-03-11"}


def test_a_clock_that_a_late_step_begins_counts_from_now() -> None:
    ticket = begun()
    rectify = ticket.steps[1]
    late = moved(ticket, Act.EXPIRE, shanghai("2026-04-29"), YEAR, fired=rectify)
    assert (late.state, clocks(late)) == (TicketState.TRANSFERRED, {"transferred": "2026-05-09"})


def test_a_deadline_in_a_year_nobody_entered_is_provisional_and_put_off_once_it_is() -> None:
    known = calendar("2026-01-01", "2026-12-31")
    ticket = begun(shanghai("2026-12-25"), known)
    remind, rectify = ticket.steps
    assert (remind.provisional, rectify.provisional) == (False, True)
    assert clocks(ticket) == {"remind": "2026-12-28", "rectify": "2027-01-05"}
    # 2027 is entered: New Year's day is a holiday, so there is a day more.
    entered = WorkCalendar({**known.days, **calendar("2027-01-01", "2027-12-31", ("2027-01-01",)).days})
    later = postponed(ticket, rectify, rectify.at, entered)
    assert later is not None
    assert clocks(later) == {"remind": "2026-12-28", "rectify": "2027-01-06"}
    assert [step.provisional for step in later.steps] == [False, False]
    assert later.state is ticket.state
    # Due at last, it is taken.
    moved_on = next(step for step in later.steps if step.clock is Clock.RECTIFY)
    assert postponed(later, moved_on, moved_on.at, entered) is None


def test_a_deadline_never_moves_earlier_and_one_that_is_past_either_way_is_taken() -> None:
    ticket = begun(shanghai("2026-04-29"))
    rectify = ticket.steps[1]
    assert postponed(ticket, rectify, rectify.at, calendar("2026-01-01", "2026-12-31")) is None
    longer = calendar("2026-01-01", "2026-12-31", tuple(f"2026-05-{n:02d}" for n in range(1, 9)))
    assert postponed(ticket, rectify, rectify.at, longer) is not None
    assert postponed(ticket, rectify, rectify.at + timedelta(days=30), longer) is None


def test_an_observation_is_looked_at_every_day_weekends_included() -> None:
    ticket = at(TicketState.OBSERVING, shanghai("2026-03-06"))
    looks = [ticket.steps[0].last_day]
    for day in ("2026-03-07", "2026-03-08"):
        ticket = again(ticket, ticket.steps[0], shanghai(day, 0), YEAR)
        looks.append(ticket.steps[0].last_day)
    assert looks == [date(2026, 3, 6), date(2026, 3, 7), date(2026, 3, 8)]
    assert all(one < other for one, other in pairwise(looks))


def test_an_observation_that_proves_nothing_ends() -> None:
    ticket = at(TicketState.OBSERVING)
    assert clocks(ticket) == {"observing": "2026-03-02", "lapse": "2026-04-13"}
    lapse = ticket.steps[1]
    ticket = again(ticket, ticket.steps[0], lapse.at - timedelta(hours=1), YEAR)
    # On its last day data is asked first.
    first = due(ticket, lapse.at)
    assert first is not None
    assert first.clock is Clock.OBSERVING
    ticket = again(ticket, first, lapse.at, YEAR)
    assert due(ticket, lapse.at) == lapse
    assert moved(ticket, Act.LAPSE, lapse.at, YEAR, fired=lapse).state is TicketState.CHECKING


def leads_to(ticket: Standing) -> Iterator[Standing]:
    """Every standing one act further, whoever does it, the program's by the clocks that run."""
    for act in ticket.scenario.acts:
        by_clock = [step for step in ticket.steps if ticket.scenario.clocks[step.clock].act is act]
        if act is not Act.DISPATCH and is_open_to(ticket, act):
            for fired in by_clock or [None]:
                yield moved(ticket, act, MONDAY, YEAR, Facts(verifier_free=ticket.reworks == 0), fired)


@pytest.mark.parametrize("kind", sorted(TICKETED))
def test_after_every_act_a_clock_runs_until_the_end(kind: FindingKind) -> None:
    first = dispatched(shipped(), kind, TeamKind.CONSTRUCTION, MONDAY, YEAR)
    ahead, seen = [first], set[tuple[Any, ...]]()
    while ahead:
        ticket = ahead.pop()
        # How often it went round is no difference beyond the limit.
        key = ticket.state, ticket.checker, ticket.reworks, ticket.appealed, ticket.observed, frozenset(clocks(ticket))
        if key not in seen:
            seen.add(key)
            assert (ticket.steps == ()) is (ticket.state in ENDS), key
            ahead += leads_to(ticket)
    reached = {state for state, *_ in seen}
    assert reached == set(TicketState) - ({TicketState.OBSERVING} if kind is FindingKind.CERTIFICATE else set())


def test_the_clock_of_a_check_is_due_at_once() -> None:
    ticket = at(TicketState.SUBMITTED)
    step = due(ticket, MONDAY)
    assert step is not None
    assert (step.clock, step.at) == (Clock.CHECK, MONDAY)
    assert postponed(ticket, step, MONDAY, YEAR) is None
    assert moved(ticket, Act.CHECK, MONDAY, YEAR, Facts(), step).state is TicketState.CHECKING


def progress(days: int, due_days: int, valid: int, pending: int = 0, per_day: int = 2) -> Watched:
    return Watched(Progress(days, due_days, valid, pending, per_day), 80)


@pytest.mark.parametrize(
    ("watched", "act"),
    [
        (progress(0, 0, 0, per_day=0), None),
        (progress(3, 6, 6), None),
        (progress(10, 20, 16), Act.KEEP),
        (progress(10, 20, 15), Act.FAIL),
        # 20 person-days in all, 80 % of them are 16: with the fifth that is missing it cannot be met any more.
        (progress(5, 10, 6), None),
        (progress(5, 10, 5), Act.FAIL),
        # Undecided days may still turn out valid.
        (progress(10, 16, 12, pending=4), None),
        # 13 of 16 are enough, 13 of 20 would not be: it is kept once they are decided.
        (progress(10, 16, 13, pending=4), None),
        (progress(10, 16, 16, pending=4), Act.KEEP),
        (progress(10, 17, 12, pending=3), Act.FAIL),
        (progress(10, 0, 0, pending=20), None),
    ],
)
def test_what_an_observation_says(watched: Watched, act: Act | None) -> None:
    assert observed([watched], 10) is act


def test_every_category_has_to_prove_itself() -> None:
    kept, waits, failed = progress(10, 20, 16), progress(3, 6, 6), progress(5, 10, 0)
    assert observed([kept, kept], 10) is Act.KEEP
    assert observed([kept, waits], 10) is None
    assert observed([kept, waits, failed], 10) is Act.FAIL
    assert observed([], 10) is None


@given(st.integers(0, 12), st.integers(0, 3), st.data())
def test_an_observation_never_fails_what_could_still_be_kept(days: int, per_day: int, data: st.DataObject) -> None:
    asked = days * per_day
    pending = data.draw(st.integers(0, asked))
    valid = data.draw(st.integers(0, asked - pending))
    now = Watched(Progress(days, asked - pending, valid, pending, per_day), 80)
    rest = max(10 - days, 0) * per_day
    best = Watched(Progress(days + 10, asked + rest, valid + pending + rest, 0, per_day), 80)
    if observed([best], 10) is Act.KEEP:
        assert observed([now], 10) is not Act.FAIL
    worst = Watched(Progress(days, asked, valid, 0, per_day), 80)
    if observed([now], 10) is Act.KEEP:
        assert observed([worst], 10) is Act.KEEP
