"""Business days and working days: days begin and end in Shanghai, whatever the server's zone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
_SATURDAY = 5
_DAY = timedelta(days=1)


def business_day(at: datetime) -> date:
    """The day in Shanghai on which `at` falls."""
    return at.astimezone(SHANGHAI).date()


def begin_of(day: date) -> datetime:
    """The first instant of a day in Shanghai, in UTC."""
    return datetime.combine(day, time.min, SHANGHAI).astimezone(UTC)


def month_of(day: date) -> date:
    """A month is named by its first day."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)


def month_before(month: date, months: int) -> date:
    """The first day of the month so many months earlier."""
    number = month.year * 12 + month.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included; none when the last lies before."""
    day = first
    while day <= last:
        yield day
        day += _DAY


@dataclass(frozen=True, slots=True)
class Deadline:
    """The first instant that is too late; provisional while a day before it is in a year not entered yet."""

    at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days are worked, as far as they are known; beyond that weekends are off."""

    days: Mapping[date, bool]

    def is_working(self, day: date) -> bool:
        """True on a working day, moved weekends and holidays included."""
        return self.days.get(day, day.weekday() < _SATURDAY)

    def deadline(self, since: datetime, working_days: int) -> Deadline:
        """The end of the nth working day after the day of `since`, which itself is not counted."""
        day, left, provisional = business_day(since), working_days, False
        while left > 0:
            day += _DAY
            provisional = provisional or day not in self.days
            left -= self.is_working(day)
        return Deadline(begin_of(day + _DAY), provisional)
