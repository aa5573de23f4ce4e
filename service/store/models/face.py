"""What faces leave behind: descriptors of check-ins, suspicions of two kinds, adaptations, challenges."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base, Identified, Versioned
from service.store.models.kinds import kind


class CaseState(StrEnum):
    """A suspicion is open until an officer has looked; a likely duplicate is `gone` once a template of it is."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    GONE = "gone"


class CheckInFace(Base):
    """What was read of an accepted or reviewed photo: the descriptor for a while, the mark as long as the check-in."""

    __tablename__ = "check_in_face"

    check_in_id: Mapped[UUID] = mapped_column(ForeignKey("check_in.id"), primary_key=True)
    person_id: Mapped[UUID]
    created_at: Mapped[datetime]
    engine: Mapped[str]
    engine_version: Mapped[str]
    #: Sealed; None once retention has deleted it.
    descriptor: Mapped[bytes | None]
    #: `face.replay.fingerprint`, sealed: a face can be sketched from it. None from an engine that makes none.
    mark: Mapped[bytes | None]

    __table_args__ = (
        Index("ix_check_in_face_person", "person_id", "created_at"),
        Index("ix_check_in_face_expiring", "created_at", postgresql_where="descriptor IS NOT NULL"),
    )


class IdentityCase(Identified, Versioned, Base):
    """冒名嫌疑: photos that were refused for a person and are clearly nearer to another: for an officer's eyes."""

    __tablename__ = "identity_case"

    check_in_id: Mapped[UUID] = mapped_column(ForeignKey("check_in.id"), unique=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    #: Whom the photo is nearer to.
    other_person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    #: Distances, margin, thresholds, engine and policy version as they were.
    record: Mapped[dict[str, Any]]
    state: Mapped[CaseState] = mapped_column(kind(CaseState), default=CaseState.OPEN)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    note: Mapped[str | None]

    __table_args__ = (
        Index("ix_identity_case_project", "project_id", "id"),
        Index("ix_identity_case_state", "state", "id"),
        # The same two people are looked at once at a time.
        Index("uq_identity_case_open", "person_id", "other_person_id", unique=True, postgresql_where="state = 'open'"),
    )


class DuplicateCase(Identified, Versioned, Base):
    """疑似重复录入: two people whose templates are nearer than strangers' are; `confirmed` says they are one person."""

    __tablename__ = "duplicate_case"

    #: The smaller id of the two.
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    other_person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    #: The templates that were compared: those of the same two people that come later are another suspicion.
    template_id: Mapped[UUID] = mapped_column(ForeignKey("template.id"))
    other_template_id: Mapped[UUID] = mapped_column(ForeignKey("template.id"))
    #: The enrolment that brought it up; None when the night did.
    enrolment_id: Mapped[UUID | None] = mapped_column(ForeignKey("enrolment.id"))
    engine: Mapped[str]
    engine_version: Mapped[str]
    #: The worklist is ranked by it, the nearest first.
    distance: Mapped[float]
    limit: Mapped[float]
    state: Mapped[CaseState] = mapped_column(kind(CaseState), default=CaseState.OPEN)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    note: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("person_id < other_person_id", name="two_people"),
        Index("uq_duplicate_case_pair", "person_id", "other_person_id", unique=True),
        Index("ix_duplicate_case_rank", "state", "distance", "id"),
        Index("ix_duplicate_case_other", "other_person_id"),
    )


class FaceNight(Identified, Base):
    """人脸夜检: the night of a day on which everybody enrolled is looked through; its row is what makes it once."""

    __tablename__ = "face_night"

    day: Mapped[date] = mapped_column(unique=True)


class AdaptationRow(Identified, Base):
    """What was learned of the enrolled population for one engine version; a policy names the one in force."""

    __tablename__ = "adaptation"

    name: Mapped[str] = mapped_column(unique=True)
    engine: Mapped[str]
    engine_version: Mapped[str]
    persons: Mapped[int]
    sealed: Mapped[bytes]
    #: How far the population has moved since, as the last night saw it; None before the first.
    drift: Mapped[float | None]
    drift_at: Mapped[datetime | None]


class Challenge(Identified, Base):
    """A random order of head turns for one check-in of one person: short-lived and used once."""

    __tablename__ = "challenge"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    #: Whose policy says how long it is valid; it is answered there and nowhere else.
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    turns: Mapped[list[Any]]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class CheckInFrame(Base):
    """One more photo of a check-in, in the order in which they were taken, counted from 1."""

    __tablename__ = "check_in_frame"

    check_in_id: Mapped[UUID] = mapped_column(ForeignKey("check_in.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[UUID] = mapped_column(ForeignKey("photo.id"), unique=True)
