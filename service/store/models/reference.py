"""Reference data: districts (geography only) and key posts (data, because a regulation may change them)."""

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from service.domain.sites import TeamKind
from service.store.base import Base, Versioned
from service.store.models.kinds import kind


class District(Versioned, Base):
    """行政区: geography; routing and scope follow the supervising body."""

    __tablename__ = "district"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Post(Versioned, Base):
    """岗位: a key post of a construction or supervision team; category 1 is 一类, 2 is 二类."""

    __tablename__ = "post"

    code: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    team_kind: Mapped[TeamKind] = mapped_column(kind(TeamKind))
    category: Mapped[int]
    #: Certificate types: one of each inner list is needed, [["safety_c2", "safety_c3"]]; [] asks for none.
    certificates: Mapped[list[Any]] = mapped_column(default=list)
