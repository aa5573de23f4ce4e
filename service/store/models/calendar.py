"""The calendar of working days, filled from a library and edited by the city."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base, Versioned


class CalendarDay(Versioned, Base):
    """日历: whether a day is worked; a year without rows is not known yet."""

    __tablename__ = "calendar_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    #: The holiday, or the weekend that was moved for it.
    name: Mapped[str | None]
