"""Certificates of people, their types, and how their status went."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.certificates import CertificateStatus
from service.domain.sources import Source
from service.store.base import Base, Identified, Versioned
from service.store.models.kinds import kind


class CertificateType(Versioned, Base):
    """证书类型: what a post may ask for; types of one family stand in for one another as far as a post says."""

    __tablename__ = "certificate_type"

    code: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    #: constructor, safety, supervision_engineer, ...: tells a wrong type from none at all.
    family: Mapped[str]
    #: 1 is the highest; None where the family has no levels.
    level: Mapped[int | None]
    #: What its numbers look like, a regular expression; a number that does not match is told, not refused.
    number_pattern: Mapped[str | None]
    #: How long one is valid, where the source says so.
    validity_months: Mapped[int | None]


class Certificate(Identified, Versioned, Base):
    """证书: of a person, naming a unit; `valid_until` is its last day."""

    __tablename__ = "certificate"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    type_code: Mapped[str] = mapped_column(ForeignKey("certificate_type.code"))
    number: Mapped[str]
    #: 专业, in the words of who issued it.
    specialty: Mapped[str | None]
    #: The unit named on it.
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"), index=True)
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    source: Mapped[Source] = mapped_column(kind(Source), default=Source.TYPED)
    #: When the registry last confirmed it; None: never.
    checked_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("type_code", "number"),
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="validity_in_order"),
        Index("ix_certificate_valid_until", "valid_until", "id"),
    )


class CertificateStatusRow(Identified, Base):
    """证书状态: from which day a certificate had a status, and who said so; added, never edited."""

    __tablename__ = "certificate_status"

    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificate.id"))
    status: Mapped[CertificateStatus] = mapped_column(kind(CertificateStatus))
    from_on: Mapped[date]
    source: Mapped[Source] = mapped_column(kind(Source))

    __table_args__ = (Index("ix_certificate_status_certificate_id", "certificate_id", "from_on", "id"),)
