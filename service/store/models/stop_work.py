"""Stop-works of a project."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.stop_works import StopWorkState
from service.store.base import Base, Identified, Versioned
from service.store.models.kinds import kind


class StopWork(Identified, Versioned, Base):
    """停工: from its first to its last day nothing is due, once it is approved."""

    __tablename__ = "stop_work"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    reason: Mapped[str]
    state: Mapped[StopWorkState] = mapped_column(kind(StopWorkState), default=StopWorkState.PROPOSED)
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    #: True where the body proposed or approved it: then the site does not end it.
    by_body: Mapped[bool]
    #: Why it was refused or ended, in the words of who did it.
    note: Mapped[str | None]

    __table_args__ = (
        Index("ix_stop_work_project_starts_on", "project_id", "starts_on"),
        CheckConstraint("ends_on >= starts_on", name="dates_in_order"),
    )
