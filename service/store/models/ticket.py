"""Tickets, their history, and the notices that tell people of them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

from service.domain.actors import Role
from service.domain.findings.base import FindingKind
from service.domain.sites import TeamKind
from service.domain.tickets import Checker, Label, Loop, TicketState
from service.store.base import Base, Identified, Versioned
from service.store.models.kinds import kind
from service.store.models.project import Project


class Ticket(Identified, Versioned, Base):
    """派单: findings sent to a team to be put right; `created_at` is when it was dispatched."""

    __tablename__ = "ticket"

    #: For people: short, in the order of dispatch.
    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    team_kind: Mapped[TeamKind] = mapped_column(kind(TeamKind))
    #: The responsible team, its enterprise, and the team that gets a copy, as they were at dispatch.
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id"))
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    copy_team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id"))
    #: The first day of the month it is about.
    period: Mapped[date]
    #: The whole document as it was at dispatch, which is the one this ticket lives by.
    scenario: Mapped[dict[str, Any]]
    scenario_version: Mapped[str]
    state: Mapped[TicketState] = mapped_column(kind(TicketState))
    checker: Mapped[Checker] = mapped_column(kind(Checker))
    reworks: Mapped[int] = mapped_column(default=0)
    appealed: Mapped[bool] = mapped_column(default=False)
    observed: Mapped[bool] = mapped_column(default=False)
    #: How many things happened to it, which is the position of the last.
    events: Mapped[int] = mapped_column(default=0)
    #: [{"clock", "since", "at", "provisional"}], the clocks that run now, the earliest first.
    steps: Mapped[list[Any]]
    next_step_at: Mapped[datetime | None]
    label: Mapped[Label | None] = mapped_column(kind(Label))
    loop: Mapped[Loop | None] = mapped_column(kind(Loop))
    finished_at: Mapped[datetime | None]
    #: Read with the row: its project's name, and the body it answers to now.
    project_name: Mapped[str] = column_property(
        select(Project.name).where(Project.id == project_id).correlate_except(Project).scalar_subquery()
    )
    body_id: Mapped[UUID] = column_property(
        select(Project.body_id).where(Project.id == project_id).correlate_except(Project).scalar_subquery()
    )
    # The last column, because its name hides the function that makes such columns.
    kind: Mapped[FindingKind] = mapped_column(kind(FindingKind))

    __table_args__ = (
        Index(
            "uq_ticket_open",
            "project_id",
            "team_kind",
            "kind",
            "period",
            unique=True,
            postgresql_where="finished_at IS NULL",
        ),
        Index("ix_ticket_project_id", "project_id", "id"),
        Index("ix_ticket_team_id", "team_id", "id"),
        Index("ix_ticket_copy_team_id", "copy_team_id", "id"),
        Index("ix_ticket_unit_id", "unit_id", "id"),
        Index("ix_ticket_open", "id", postgresql_where="finished_at IS NULL"),
        Index("ix_ticket_state", "state", "id"),
        Index("ix_ticket_next_step_at", "next_step_at", postgresql_where="next_step_at IS NOT NULL"),
    )


class TicketEvent(Identified, Base):
    """One thing that happened to a ticket: added, never edited (a trigger refuses it)."""

    __tablename__ = "ticket_event"

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    position: Mapped[int]
    act: Mapped[str]
    from_state: Mapped[TicketState | None] = mapped_column(kind(TicketState))
    to_state: Mapped[TicketState] = mapped_column(kind(TicketState))
    #: Who acted and in which role; both empty where the program did.
    actor_id: Mapped[UUID | None]
    role: Mapped[Role | None] = mapped_column(kind(Role))
    note: Mapped[str | None]
    data: Mapped[dict[str, Any]]

    __table_args__ = (UniqueConstraint("ticket_id", "position"),)


class Notice(Identified, Base):
    """通知: one line in an account's inbox; an event tells an account once."""

    __tablename__ = "notice"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"), index=True)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("ticket_event.id"))
    #: The text, by code, and its numbers.
    code: Mapped[str]
    data: Mapped[dict[str, Any]]
    read_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("event_id", "account_id"),
        Index("ix_notice_account_id", "account_id", "id"),
        Index("ix_notice_unread", "account_id", "id", postgresql_where="read_at IS NULL"),
    )
