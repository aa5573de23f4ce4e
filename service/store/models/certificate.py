"""Certificates of people, and their types."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base, Identified, Versioned


class CertificateType(Versioned, Base):
    """证书类型: what a post may ask for."""

    __tablename__ = "certificate_type"

    code: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]


class Certificate(Identified, Versioned, Base):
    """证书: of a person, naming a unit; `valid_until` is its last day."""

    __tablename__ = "certificate"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    type_code: Mapped[str] = mapped_column(ForeignKey("certificate_type.code"))
    number: Mapped[str]
    #: The unit named on it.
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]

    __table_args__ = (
        UniqueConstraint("type_code", "number"),
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="validity_in_order"),
    )
