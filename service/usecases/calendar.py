"""The calendar of working days: filled from a library for a year, read for a deadline."""

from datetime import date, timedelta

from chinese_calendar import Holiday, get_holiday_detail
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from service.deps import Deps
from service.domain.calendar import WorkCalendar, days_between
from service.errors import fault
from service.store.models import CalendarDay
from service.store.work import Work


def calendar_from(work: Work, since: date, days: int = 90) -> WorkCalendar:
    """What is known of a day and the days after it, as many as a deadline may reach."""
    within = CalendarDay.day.between(since, since + timedelta(days))
    rows = work.session.execute(select(CalendarDay.day, CalendarDay.working).where(within))
    return WorkCalendar(dict(rows.all()))


def fill_year(year: int, *, deps: Deps) -> int:
    """How many days of a year were added; a day that is there already is the city's word and stays."""
    try:
        days = [_row(day) for day in days_between(date(year, 1, 1), date(year, 12, 31))]
    except (NotImplementedError, ValueError):
        raise fault("year_not_known", "year", year=year) from None
    statement = insert(CalendarDay).on_conflict_do_nothing().returning(CalendarDay.day)
    with deps.database.begin() as work:
        added = len(work.session.scalars(statement, days).all())
        work.audit("calendar_day:fill", year, added=added)
        return added


def _row(day: date) -> dict[str, object]:
    # A working day with a holiday's name is a weekend moved for it.
    off, holiday = get_holiday_detail(day)
    return {"day": day, "working": not off, "name": Holiday(holiday).chinese if holiday else None}
