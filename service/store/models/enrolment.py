"""Enrolments: the photos of a person, what became of each, and the template they gave."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.store.base import Base, Identified
from service.store.models.claimed import Claimed
from service.store.models.kinds import kind


class EnrolmentState(StrEnum):
    """`provisional` until police and duplicate checks are in; it may already check in."""

    RECEIVED = "received"
    PROVISIONAL = "provisional"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


class Enrolment(Identified, Claimed, Base):
    """人脸录入: several photos of a person taken by an officer."""

    __tablename__ = "enrolment"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    client_ref: Mapped[str]
    fingerprint: Mapped[bytes]
    enrolled_by: Mapped[UUID]
    state: Mapped[EnrolmentState] = mapped_column(kind(EnrolmentState), default=EnrolmentState.RECEIVED)
    decided_at: Mapped[datetime | None]
    #: What the engine said against it: [{"code", "photo", "data"}].
    problems: Mapped[list[Any]] = mapped_column(default=list)

    photos: Mapped[list["EnrolmentPhoto"]] = relationship(lazy="selectin", order_by="EnrolmentPhoto.position")

    __table_args__ = (
        UniqueConstraint("person_id", "client_ref"),
        Index("ix_enrolment_received", "id", postgresql_where="state = 'received'"),
    )


class EnrolmentPhoto(Base):
    """Which photos an enrolment has, in the order in which they came, counted from 1."""

    __tablename__ = "enrolment_photo"

    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[UUID] = mapped_column(ForeignKey("photo.id"))


class TemplateRow(Identified, Base):
    """A sealed template: kept apart from identity data, comparable only within its engine and version."""

    __tablename__ = "template"

    person_id: Mapped[UUID]
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"))
    engine: Mapped[str]
    engine_version: Mapped[str]
    #: The mean descriptor, which is all that comparing needs.
    sealed: Mapped[bytes]
    #: Each photo's descriptor, in the order of the photos: what adapting and calibrating learn from.
    sealed_members: Mapped[bytes | None] = mapped_column(deferred=True)
    photos: Mapped[int]
    #: Made from fewer photos than a good template needs.
    weak: Mapped[bool] = mapped_column(default=False)
    #: The measures of each photo: [{"face_px", "brightness", ...}].
    quality: Mapped[list[Any]] = mapped_column(default=list)
    retired_at: Mapped[datetime | None]

    __table_args__ = (
        # One template in force for a person and engine, whoever enrols him twice at once.
        Index(
            "uq_template_in_force",
            "person_id",
            "engine",
            "engine_version",
            unique=True,
            postgresql_where="retired_at IS NULL",
        ),
    )
