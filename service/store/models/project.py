"""Projects with their states over time, filings, permits, the units on them, their two teams, and who was named."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.domain.roster import Basis
from service.domain.sites import ProjectKind, ProjectState, TeamKind, UnitRoleKind
from service.domain.sources import Source
from service.store.base import Base, Identified, Versioned
from service.store.models.kinds import kind


class Project(Identified, Versioned, Base):
    """工程项目: a site under construction; its supervising body decides routing and scope."""

    __tablename__ = "project"

    name: Mapped[str]
    body_id: Mapped[UUID] = mapped_column(ForeignKey("supervising_body.id"), index=True)
    district_code: Mapped[str] = mapped_column(ForeignKey("district.code"))
    address: Mapped[str | None]
    #: The first day on which attendance is due: the day after it was entered, unless said otherwise.
    counting_from: Mapped[date]
    #: What it is and how large decides what posts ask for; None where nobody said.
    kind: Mapped[ProjectKind | None] = mapped_column(kind(ProjectKind))
    area_m2: Mapped[float | None]
    price_yuan: Mapped[int | None]
    #: The days the contract names for the begin and the end of the works.
    planned_from: Mapped[date | None]
    planned_until: Mapped[date | None]

    states: Mapped[list["ProjectStateRow"]] = relationship(
        order_by="(ProjectStateRow.from_on, ProjectStateRow.id)", lazy="selectin"
    )

    __table_args__ = (
        Index("ix_project_name", "name", postgresql_ops={"name": "text_pattern_ops"}),
        CheckConstraint("planned_until IS NULL OR planned_until >= planned_from", name="plan_in_order"),
    )


class ProjectStateRow(Identified, Base):
    """A project's state and the first day on which it holds; rows are added, never changed."""

    __tablename__ = "project_state"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), index=True)
    state: Mapped[ProjectState] = mapped_column(kind(ProjectState))
    from_on: Mapped[date]


class Filing(Identified, Versioned, Base):
    """报建/标段: a filing of the project; its number's format is not public, so it is opaque and unique."""

    __tablename__ = "filing"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), index=True)
    number: Mapped[str] = mapped_column(unique=True)
    filed_on: Mapped[date | None]
    #: 标段: which part of the works it is.
    section: Mapped[str | None]
    #: Filed sections that name the same group are adjacent: they may share a team, also across projects.
    section_group: Mapped[str | None] = mapped_column(index=True)
    source: Mapped[Source] = mapped_column(kind(Source), default=Source.TYPED)
    #: When the filing system last confirmed it; None: never.
    checked_at: Mapped[datetime | None]


class Permit(Identified, Versioned, Base):
    """施工许可证: a permit of the project, for one of its filings where it is known for which."""

    __tablename__ = "permit"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), index=True)
    filing_id: Mapped[UUID | None] = mapped_column(ForeignKey("filing.id"))
    number: Mapped[str] = mapped_column(unique=True)
    issued_on: Mapped[date | None]


class UnitRole(Identified, Versioned, Base):
    """参建单位: a unit's role on a project."""

    __tablename__ = "unit_role"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), index=True)
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"), index=True)
    role: Mapped[UnitRoleKind] = mapped_column(kind(UnitRoleKind))

    __table_args__ = (UniqueConstraint("project_id", "unit_id", "role"),)


class Team(Identified, Versioned, Base):
    """项目部: the construction or the supervision team of a project, and the enterprise it belongs to."""

    __tablename__ = "team"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    kind: Mapped[TeamKind] = mapped_column(kind(TeamKind))
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"), index=True)
    name: Mapped[str]

    __table_args__ = (UniqueConstraint("project_id", "kind"),)


class ListEntry(Identified, Versioned, Base):
    """名单条目: whom a project's filing, contract or appointment names for a post; rosters are held against it."""

    __tablename__ = "list_entry"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    basis: Mapped[Basis] = mapped_column(kind(Basis))
    filing_id: Mapped[UUID | None] = mapped_column(ForeignKey("filing.id"))
    #: The ids of all filings whose records name him so; with the last of them it ends.
    named_by: Mapped[list[Any]] = mapped_column(default=list)
    post_code: Mapped[str] = mapped_column(ForeignKey("post.code"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    #: The unit it names him of.
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    source: Mapped[Source] = mapped_column(kind(Source), default=Source.TYPED)
    #: When its source last confirmed it.
    checked_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("project_id", "basis", "post_code", "person_id", "starts_on"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="dates_in_order"),
    )
