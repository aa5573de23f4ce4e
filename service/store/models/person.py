"""People, whom they work for, their consents, and the roster lines that put them on a project."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.identifiers import DocumentKind
from service.domain.roster import Basis, LineState, Match, ScanKind
from service.domain.sources import Source
from service.store.base import Base, Identified, Versioned
from service.store.models.kinds import kind


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
    #: Not unique: two may share a phone. None beside a number that was kept before there were such hashes.
    phone_hash: Mapped[bytes | None] = mapped_column(index=True)
    #: Who registered a person may see him before he stands on any roster.
    registered_by: Mapped[UUID | None] = mapped_column(index=True)
    source: Mapped[Source] = mapped_column(kind(Source), default=Source.TYPED)

    __table_args__ = (Index("ix_person_name", "name", postgresql_ops={"name": "text_pattern_ops"}),)


class Employment(Identified, Versioned, Base):
    """劳动关系: whom a person works for, from a first to a last day; two at once are kept, and found."""

    __tablename__ = "employment"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("unit.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    source: Mapped[Source] = mapped_column(kind(Source), default=Source.TYPED)

    __table_args__ = (
        UniqueConstraint("person_id", "unit_id", "starts_on"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="dates_in_order"),
    )


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
    #: Why it was returned, in the words of who returned it, and in codes.
    note: Mapped[str | None]
    return_reasons: Mapped[list[Any]] = mapped_column(default=list)
    #: 变更: the line whose person this one replaces.
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("roster_line.id"), index=True)
    #: The account that proposed it, which does not approve it; None where a program did.
    proposed_by: Mapped[UUID | None]
    #: The day on which the client consented in writing that he also serves other projects.
    concurrent_consent_on: Mapped[date | None]
    #: Approved lines wait here until the list that binds names the person.
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[UUID | None]
    #: How it stood against the list that binds when it was last held against it.
    match: Mapped[Match | None] = mapped_column(kind(Match))
    source: Mapped[Source] = mapped_column(kind(Source), default=Source.TYPED)

    __table_args__ = (
        Index("ix_roster_line_project_person", "project_id", "person_id"),
        # Approved and not in force: few, and asked for whenever a list changes.
        Index(
            "ix_roster_line_waiting", "project_id", postgresql_where="state = 'submitted' AND approved_at IS NOT NULL"
        ),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="dates_in_order"),
    )


class RosterScan(Identified, Base):
    """任职附件: a paper behind a roster line, kept as a sealed file."""

    __tablename__ = "roster_scan"

    line_id: Mapped[UUID] = mapped_column(ForeignKey("roster_line.id"), index=True)
    kind: Mapped[ScanKind] = mapped_column(kind(ScanKind))
    photo_id: Mapped[UUID] = mapped_column(ForeignKey("photo.id"), unique=True)
    #: Whose replacement the line was when this came: a consent is to that one and to no other.
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("roster_line.id"))
    added_by: Mapped[UUID | None]
