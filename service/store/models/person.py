"""People, their consents, and the roster lines that put them on a project."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.roster import Basis, LineState
from service.store.base import Base, Identified, Versioned
from service.store.models.kinds import kind


class DocumentKind(StrEnum):
    """Which document names the person."""

    RESIDENT_ID = "resident_id"
    PASSPORT = "passport"
    PERMIT = "permit"


class ConsentKind(StrEnum):
    """Face and location are consented to apart (PIPL 28, 29): no bundling."""

    FACE = "face"
    LOCATION = "location"


class Person(Identified, Versioned, Base):
    """人员: one human, by document number; number and phone are sealed and found by keyed hash."""

    __tablename__ = "person"

    name: Mapped[str]
    document_kind: Mapped[DocumentKind] = mapped_column(kind(DocumentKind))
    document_sealed: Mapped[bytes]
    document_hash: Mapped[bytes] = mapped_column(unique=True)
    #: The last four characters, which is what most people may see of a number.
    document_tail: Mapped[str]
    phone_sealed: Mapped[bytes | None]
    phone_tail: Mapped[str | None]
    #: Who registered a person may see him before he stands on any roster.
    registered_by: Mapped[UUID | None] = mapped_column(index=True)

    __table_args__ = (Index("ix_person_name", "name", postgresql_ops={"name": "text_pattern_ops"}),)


class Consent(Identified, Base):
    """One consent: to which notice, when, recorded by whom, and when it was withdrawn."""

    __tablename__ = "consent"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[ConsentKind] = mapped_column(kind(ConsentKind))
    notice_version: Mapped[str]
    given_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (
        # At most one consent of a kind is in force, whoever records two at once.
        Index("uq_consent_in_force", "person_id", "kind", unique=True, postgresql_where="withdrawn_at IS NULL"),
    )


class RosterLine(Identified, Versioned, Base):
    """任职: a person on a post of a project's team, dated; `ends_on` is the last day."""

    __tablename__ = "roster_line"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    team_id: Mapped[UUID] = mapped_column(ForeignKey("team.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    post_code: Mapped[str] = mapped_column(ForeignKey("post.code"))
    basis: Mapped[Basis] = mapped_column(kind(Basis))
    state: Mapped[LineState] = mapped_column(kind(LineState), default=LineState.DRAFT)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    #: Why it was returned, in the words of who returned it.
    note: Mapped[str | None]

    __table_args__ = (
        Index("ix_roster_line_project_person", "project_id", "person_id"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="dates_in_order"),
    )
