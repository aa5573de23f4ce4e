"""Policies, the outbox, heartbeats and the audit trail."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Identity, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.domain.topics import Topic
from service.store.base import Base, Identified
from service.store.models.kinds import kind


class Policy(Identified, Base):
    """考勤规则: versioned, effective-dated numbers for a scope; a change is a new row."""

    __tablename__ = "policy"

    subject: Mapped[str]
    policy_version: Mapped[str]
    effective_from: Mapped[date]
    scope: Mapped[str]
    scope_id: Mapped[UUID | None]
    body: Mapped[dict[str, Any]]

    __table_args__ = (
        UniqueConstraint("subject", "policy_version"),
        # Of two that begin on one day nobody could say which holds.
        UniqueConstraint("subject", "scope", "scope_id", "effective_from", postgresql_nulls_not_distinct=True),
    )


class Outbox(Base):
    """A fact somebody else must act on, written in the transaction that made it true."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    topic: Mapped[Topic] = mapped_column(kind(Topic))
    subject_id: Mapped[UUID]
    created_at: Mapped[datetime]
    enqueued_at: Mapped[datetime | None]
    #: Until then one worker serves it, and nobody else begins.
    claimed_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_outbox_open", "id", postgresql_where="done_at IS NULL"),
        Index("ix_outbox_subject", "topic", "subject_id", postgresql_where="done_at IS NULL"),
    )


class Heartbeat(Base):
    """When a process last said that it lives, in real time."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    beat_at: Mapped[datetime]


class Audit(Identified, Base):
    """Who did what to what, added in the act's own transaction; never edited (a trigger refuses it)."""

    __tablename__ = "audit"

    actor_id: Mapped[UUID | None]
    action: Mapped[str]
    subject_id: Mapped[str]
    request_id: Mapped[str | None]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (Index("ix_audit_subject_id", "subject_id", "id"),)
