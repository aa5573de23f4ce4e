"""Working days and the deadlines counted in them."""

import importlib.util
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.calendar import SHANGHAI, WorkCalendar, begin_of, business_day, month_of, next_month

MIGRATION = Path(__file__).parents[3] / "migrations" / "versions" / "0004_attendance_reference.py"


def seeded() -> list[dict[str, Any]]:
    """The rows of the calendar as the migration writes them."""
    spec = importlib.util.spec_from_file_location("attendance_reference", MIGRATION)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.calendar())


CALENDAR = WorkCalendar({row["day"]: row["working"] for row in seeded()})


def in_shanghai(day: str, hour: int = 10, minute: int = 0) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour, minute=minute, tzinfo=SHANGHAI).astimezone(UTC)


def test_the_seeded_years_are_what_the_library_says() -> None:
    rows = seeded()
    assert [row["day"] for row in rows] == [date(2025, 1, 1) + timedelta(days=at) for at in range(730)]
    for row in rows:
        off, holiday = chinese_calendar.get_holiday_detail(row["day"])
        name = chinese_calendar.Holiday(holiday).chinese if holiday else None
        assert (row["working"], row["name"]) == (not off, name), row["day"]


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2026-04-03", True),
        ("2026-04-04", False),
        ("2026-04-06", False),
        ("2026-04-07", True),
        ("2026-02-14", True),
        ("2026-02-28", True),
        ("2026-02-16", False),
        ("2026-03-01", False),
        ("2026-10-10", True),
        ("2026-10-11", False),
        # Nothing is known of 2027: a Friday is worked, a Saturday and a Sunday are not.
        ("2027-01-01", True),
        ("2027-01-02", False),
        ("2027-01-03", False),
    ],
)
def test_a_day_is_worked_as_announced_and_else_by_its_weekday(day: str, working: bool) -> None:
    assert CALENDAR.is_working(date.fromisoformat(day)) is working


@pytest.mark.parametrize(
    ("since", "working_days", "last_day"),
    [
        # Qingming 2026 is Saturday 4 to Monday 6 April.
        ("2026-04-02", 1, "2026-04-03"),
        ("2026-04-02", 2, "2026-04-07"),
        ("2026-04-03", 1, "2026-04-07"),
        ("2026-04-03", 5, "2026-04-13"),
        ("2026-04-05", 1, "2026-04-07"),
        ("2026-04-06", 2, "2026-04-08"),
        # Spring Festival 2026, with a Saturday worked before it and one after it.
        ("2026-02-13", 1, "2026-02-14"),
        ("2026-02-13", 2, "2026-02-24"),
        ("2026-02-27", 1, "2026-02-28"),
        ("2026-02-27", 2, "2026-03-02"),
        # National Day 2026: Sunday 20 September and Saturday 10 October are worked, Mid-Autumn lies between.
        ("2026-09-19", 1, "2026-09-20"),
        ("2026-09-24", 2, "2026-09-29"),
        ("2026-09-30", 3, "2026-10-10"),
        ("2026-09-30", 4, "2026-10-12"),
    ],
)
def test_a_deadline_ends_with_the_nth_working_day_after(since: str, working_days: int, last_day: str) -> None:
    deadline = CALENDAR.deadline(in_shanghai(since), working_days)
    assert deadline.at == begin_of(date.fromisoformat(last_day) + timedelta(days=1))
    assert not deadline.provisional


def test_the_hour_at_which_a_clock_begins_makes_no_difference_but_the_day_is_shanghai_s() -> None:
    early, late = in_shanghai("2026-04-03", 0, 0), in_shanghai("2026-04-03", 23, 59)
    assert CALENDAR.deadline(early, 1) == CALENDAR.deadline(late, 1)
    # 17:00 in UTC is the next day in Shanghai.
    assert CALENDAR.deadline(datetime(2026, 4, 7, 17, tzinfo=UTC), 1).at == begin_of(date(2026, 4, 10))


def test_no_working_days_end_with_the_day_itself() -> None:
    deadline = CALENDAR.deadline(in_shanghai("2026-04-04"), 0)
    assert (deadline.at, deadline.provisional) == (begin_of(date(2026, 4, 5)), False)


@pytest.mark.parametrize(
    ("since", "working_days", "provisional"),
    [("2026-12-30", 1, False), ("2026-12-30", 2, True), ("2026-12-31", 1, True), ("2027-03-01", 1, True)],
)
def test_a_deadline_over_days_nobody_entered_yet_is_provisional(
    since: str, working_days: int, provisional: bool
) -> None:
    assert CALENDAR.deadline(in_shanghai(since), working_days).provisional is provisional


def test_entering_the_year_moves_a_provisional_deadline() -> None:
    known = WorkCalendar({**CALENDAR.days, date(2027, 1, 1): False, date(2027, 1, 4): True})
    since = in_shanghai("2026-12-31")
    assert CALENDAR.deadline(since, 1).at == begin_of(date(2027, 1, 2))
    # The Saturday and Sunday between are still nobody's word.
    assert known.deadline(since, 1).at == begin_of(date(2027, 1, 5))
    assert known.deadline(since, 1).provisional


@given(at=st.datetimes(datetime(2025, 1, 2), datetime(2026, 9, 1)), days=st.integers(1, 30))  # noqa: DTZ001
def test_between_a_beginning_and_its_deadline_lie_that_many_working_days(at: datetime, days: int) -> None:
    since = at.replace(tzinfo=UTC)
    first, end = business_day(since), business_day(CALENDAR.deadline(since, days).at)
    between = [first + timedelta(days=n) for n in range(1, (end - first).days)]
    assert sum(map(CALENDAR.is_working, between)) == days
    assert CALENDAR.is_working(between[-1])


@pytest.mark.parametrize(("day", "month"), [("2026-03-31", "2026-03-01"), ("2026-03-01", "2026-03-01")])
def test_a_month_is_its_first_day(day: str, month: str) -> None:
    assert month_of(date.fromisoformat(day)) == date.fromisoformat(month)


@pytest.mark.parametrize(
    ("month", "after"),
    [("2026-01-01", "2026-02-01"), ("2026-02-01", "2026-03-01"), ("2026-12-01", "2027-01-01"), ("2026-01-31", None)],
)
def test_the_month_after(month: str, after: str | None) -> None:
    assert next_month(date.fromisoformat(month)) == date.fromisoformat(after or "2026-02-01")
