"""Findings: opened and closed by rules."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.findings.base import FindingKind, Rule
from service.domain.sites import TeamKind
from service.store.base import Base, Identified, Versioned
from service.store.models.kinds import kind


class Finding(Identified, Versioned, Base):
    """问题: a rule's result with its evidence; it closes by itself when the data is right again."""

    __tablename__ = "finding"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    rule: Mapped[Rule] = mapped_column(kind(Rule))
    rule_version: Mapped[str]
    #: Tells it from the rule's other findings on the project.
    key: Mapped[str]
    team_kind: Mapped[TeamKind] = mapped_column(kind(TeamKind))
    month: Mapped[date]
    category: Mapped[int | None]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    post_code: Mapped[str | None] = mapped_column(ForeignKey("post.code"))
    evidence: Mapped[dict[str, Any]]
    #: Codes of the regulations it rests on, as they were when it opened or its evidence last changed.
    cites: Mapped[list[Any]] = mapped_column(default=list)
    closed_at: Mapped[datetime | None]
    ticket_id: Mapped[UUID | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    # The last column, because its name hides the function that makes such columns.
    kind: Mapped[FindingKind] = mapped_column(kind(FindingKind))

    __table_args__ = (
        Index("uq_finding_open", "project_id", "rule", "key", unique=True, postgresql_where="closed_at IS NULL"),
        Index("ix_finding_project_id", "project_id", "id"),
        Index("ix_finding_month", "month", "id"),
        Index("ix_finding_person_id", "person_id", "id"),
    )
