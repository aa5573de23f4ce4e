"""Projects with their states over time, filings, the units on them, and their two teams."""

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.domain.sites import ProjectState, TeamKind, UnitRoleKind
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

    states: Mapped[list["ProjectStateRow"]] = relationship(
        order_by="(ProjectStateRow.from_on, ProjectStateRow.id)", lazy="selectin"
    )

    __table_args__ = (Index("ix_project_name", "name", postgresql_ops={"name": "text_pattern_ops"}),)


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
    permit_number: Mapped[str | None]
    filed_on: Mapped[date | None]


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
