"""Reference data: districts (geography only), key posts with their rules, and the regulations that rules cite."""

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.regulations import Confidence
from service.domain.sites import TeamKind
from service.store.base import Base, Identified, Versioned
from service.store.models.kinds import kind


class District(Versioned, Base):
    """行政区: geography; routing and scope follow the supervising body."""

    __tablename__ = "district"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Post(Versioned, Base):
    """岗位: a key post of a construction or supervision team; what is asked of it stands in its rules."""

    __tablename__ = "post"

    code: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    team_kind: Mapped[TeamKind] = mapped_column(kind(TeamKind))


class PostRuleRow(Identified, Base):
    """岗位规则: what is asked of a post from a day on; a change is a new row, never an edit (a trigger refuses it)."""

    __tablename__ = "post_rule"

    post_code: Mapped[str] = mapped_column(ForeignKey("post.code"))
    rule_version: Mapped[str] = mapped_column(unique=True)
    effective_from: Mapped[date]
    #: 1 is 一类, 2 is 二类.
    category: Mapped[int]
    #: domain/post_rules.py reads it.
    body: Mapped[dict[str, Any]]

    __table_args__ = (
        # Of several that begin on one day the one made last holds.
        Index("ix_post_rule_post_code", "post_code", "effective_from"),
        CheckConstraint("category IN (1, 2)", name="category_known"),
    )


class Regulation(Versioned, Base):
    """法规条款: what a finding cites, how sure we are of its text, and the rules that rest on it."""

    __tablename__ = "regulation"

    code: Mapped[str] = mapped_column(primary_key=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    #: The article in short; the official text holds.
    text_zh: Mapped[str]
    text_en: Mapped[str]
    confidence: Mapped[Confidence] = mapped_column(kind(Confidence))
    source: Mapped[str]
    #: The names of the rules whose findings cite it; a staffing table's is cited by the table.
    rules: Mapped[list[Any]] = mapped_column(default=list)
    #: The codes of the posts it speaks of; none: of every post.
    posts: Mapped[list[Any]] = mapped_column(default=list)
