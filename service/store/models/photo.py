"""Photos: an opaque key into the photo store, and which bytes were ever seen before."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base, Identified
from service.store.models.kinds import kind


class PhotoKind(StrEnum):
    """What a photo was sent for, which decides how long it is kept."""

    CHECK_IN = "check_in"
    ENROLMENT = "enrolment"
    SCAN = "scan"
    SPREADSHEET = "spreadsheet"


class Photo(Identified, Base):
    """A file in the store: sealed under its id; `digest` is a keyed SHA-256 of its bytes; only pictures have sizes."""

    __tablename__ = "photo"

    kind: Mapped[PhotoKind] = mapped_column(kind(PhotoKind))
    digest: Mapped[bytes]
    media_type: Mapped[str]
    size: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
    expires_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_photo_expiring", "expires_at", postgresql_where="deleted_at IS NULL AND expires_at IS NOT NULL"),
    )


class PhotoSeen(Base):
    """The first photo that had these bytes: its primary key decides who was first, also between two at once."""

    __tablename__ = "photo_seen"

    digest: Mapped[bytes] = mapped_column(primary_key=True)
    photo_id: Mapped[UUID]
