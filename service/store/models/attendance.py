"""Attendance: days and months computed from check-ins, roster, states, stop-works and policy; never typed in."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.attendance import Outcome
from service.domain.sites import TeamKind
from service.store.base import Base
from service.store.models.kinds import kind


class AttendanceDay(Base):
    """考勤日: what a person's check-ins of one day on a project came to; kept with every verdict."""

    __tablename__ = "attendance_day"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    outcome: Mapped[Outcome] = mapped_column(kind(Outcome))
    #: [{"code", "data"}]: why the day is what it is.
    reasons: Mapped[list[Any]]
    #: Check-ins that count, and the first and last of them.
    punches: Mapped[int]
    first_at: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    policy_version: Mapped[str]

    __table_args__ = (Index("ix_attendance_day_project_day", "project_id", "day"),)


class AttendanceMonth(Base):
    """考勤月: the person-days of one team and category of a project in a month, through its last whole day."""

    __tablename__ = "attendance_month"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), primary_key=True)
    #: The first day of the month.
    month: Mapped[date] = mapped_column(primary_key=True)
    team_kind: Mapped[TeamKind] = mapped_column(kind(TeamKind), primary_key=True)
    category: Mapped[int] = mapped_column(primary_key=True)
    through: Mapped[date]
    due: Mapped[int]
    valid: Mapped[int]
    pending: Mapped[int]
    #: Of those due, the person-days of required posts that nobody held.
    vacant: Mapped[int]
    policy_versions: Mapped[list[Any]]

    __table_args__ = (Index("ix_attendance_month_month", "month", "project_id"),)


class DayClose(Base):
    """日结: the last day of a project that was closed: its months computed, its findings looked for."""

    __tablename__ = "day_close"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), primary_key=True)
    through: Mapped[date] = mapped_column(index=True)
    #: A month that was over and changed since: the next night looks for findings from there on.
    look_again_from: Mapped[date | None]
    #: When its id was last put on the queue.
    enqueued_at: Mapped[datetime | None]
