"""Enterprises and supervising bodies."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.sites import BodyKind
from service.store.base import Base, Identified, Versioned
from service.store.models.kinds import kind


class Unit(Identified, Versioned, Base):
    """单位: an enterprise, by its unified social credit code (GB 32100)."""

    __tablename__ = "unit"

    credit_code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]

    __table_args__ = (Index("ix_unit_name", "name", postgresql_ops={"name": "text_pattern_ops"}),)


class SupervisingBody(Identified, Versioned, Base):
    """监督机构: routing and scope follow it."""

    __tablename__ = "supervising_body"

    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[BodyKind] = mapped_column(kind(BodyKind))
    district_code: Mapped[str | None] = mapped_column(ForeignKey("district.code"))
