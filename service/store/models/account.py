"""Accounts, what they were granted, and the invitations that bind a phone to a person."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.domain.actors import Role, Scope
from service.store.base import Base, Identified, Versioned
from service.store.models.kinds import kind


class Account(Identified, Versioned, Base):
    """A way to sign in: a name with a password, a WeChat openid, or both."""

    __tablename__ = "account"

    name: Mapped[str | None] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    #: True until its owner has chosen a password of his own.
    password_once: Mapped[bool] = mapped_column(default=False)
    openid: Mapped[str | None] = mapped_column(unique=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), unique=True)
    active: Mapped[bool] = mapped_column(default=True)
    #: Stands in every token; raising it ends all tokens given out before.
    epoch: Mapped[int] = mapped_column(default=1)

    grants: Mapped[list["GrantRow"]] = relationship(lazy="selectin", order_by="GrantRow.id")


class GrantRow(Identified, Base):
    """One role of an account within one scope; scope_id names a body, unit, project or team."""

    __tablename__ = "account_grant"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    role: Mapped[Role] = mapped_column(kind(Role))
    scope: Mapped[Scope] = mapped_column(kind(Scope))
    scope_id: Mapped[UUID | None]

    __table_args__ = (
        UniqueConstraint("account_id", "role", "scope", "scope_id", postgresql_nulls_not_distinct=True),
        Index("ix_account_grant_scope_id", "scope_id", "role"),
    )


class Invitation(Identified, Base):
    """A code, kept as a keyed hash, with which a person binds his WeChat once."""

    __tablename__ = "invitation"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
