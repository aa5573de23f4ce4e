"""Accounts: opened with a one-time password, reset and closed; one human has one account."""

import secrets
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from sqlalchemy import ColumnElement, or_, select

from service.deps import Deps
from service.domain.actors import SCOPES, Actor, Grant, Permission, Scope
from service.errors import fault
from service.store.models import Account, GrantRow, Project, SupervisingBody, Team, Unit
from service.store.queries.paging import Page, Window, page
from service.store.work import Work
from service.usecases.access import found, require

PASSWORD_MIN = 10
# What the id of a scope names.
_SCOPED: dict[Scope, type[SupervisingBody | Unit | Project | Team]] = {
    Scope.BODY: SupervisingBody,
    Scope.UNIT: Unit,
    Scope.PROJECT: Project,
    Scope.TEAM: Team,
}


@cache
def hasher() -> PasswordHasher:
    """Argon2id with the library's current defaults (RFC 9106, low-memory profile)."""
    return PasswordHasher()


def as_actor(account: Account) -> Actor:
    """The account as the rules see it."""
    grants = tuple(Grant(row.role, row.scope, row.scope_id) for row in account.grants)
    return Actor(account.id, account.person_id, grants)


def open_account(
    name: str, grants: Sequence[Mapping[str, Any]], person_id: UUID | None, *, actor: Actor, deps: Deps
) -> tuple[Account, str]:
    """A new account and its one-time password, which nobody can read again."""
    require(actor, Permission.ACCOUNT_WRITE)
    return add_account(name, [_grant(item) for item in grants], person_id, actor_id=actor.account_id, deps=deps)


def add_account(
    name: str, grants: Sequence[Grant], person_id: UUID | None, *, actor_id: UUID | None, deps: Deps
) -> tuple[Account, str]:
    """The same without an actor: for the operator's command line and the demo district."""
    password = secrets.token_urlsafe(9)
    hashed = hasher().hash(password)
    with deps.database.begin(actor_id) as work:
        account = _account_for(work, person_id)
        account.name, account.password_hash, account.password_once = name, hashed, True
        work.save()
        for grant in grants:
            _require_scope(work, grant)
            work.add(GrantRow(account_id=account.id, role=grant.role, scope=grant.scope, scope_id=grant.scope_id))
        work.audit("account:create", account.id, roles=[str(grant.role) for grant in grants])
        work.session.refresh(account, ["grants"])
        return account, password


def _grant(item: Mapping[str, Any]) -> Grant:
    role, scope, scope_id = item["role"], item["scope"], item.get("scope_id")
    if scope not in SCOPES[role]:
        raise fault("scope_not_of_role", "grants", role=str(role), allowed=[str(s) for s in SCOPES[role]])
    if (scope_id is None) != (scope in {Scope.CITY, Scope.SELF}):
        raise fault("scope_id_needed", "grants", scope=str(scope))
    return Grant(role, scope, scope_id)


def _account_for(work: Work, person_id: UUID | None) -> Account:
    """A new account, or the one with which a person already checks in, so that one human has one account."""
    if person_id is not None:
        held = select(Account).where(Account.person_id == person_id).with_for_update()
        account = work.session.scalars(held).one_or_none()
        if account is not None and account.name is not None:
            raise fault("already_exists", "person_id", thing="account")
        if account is not None:
            return account
    return work.add(Account(person_id=person_id))


def _require_scope(work: Work, grant: Grant) -> None:
    model = _SCOPED.get(grant.scope)
    if model is not None and work.session.get(model, grant.scope_id) is None:
        raise fault("unknown_reference", "grants", scope=str(grant.scope))


def close_account(who: str, *, deps: Deps) -> None:
    """An account that opens nothing any more, its tokens of this moment included; for the operator's command line.

    `who` is its name, its id, or the id of its person, who may have no name to sign in with.
    """
    with deps.database.begin() as work:
        account = found(work, select(Account).where(_called(who)), "account")
        account.active = False
        work.audit("account:close", account.id)


def _called(who: str) -> ColumnElement[bool]:
    try:
        number = UUID(who)
    except ValueError:
        return Account.name == who
    return or_(Account.id == number, Account.person_id == number)


def reset_password(name: str, *, deps: Deps) -> str:
    """A fresh one-time password for an account, for the operator's command line."""
    password = secrets.token_urlsafe(9)
    hashed = hasher().hash(password)
    with deps.database.begin() as work:
        account = found(work, select(Account).where(Account.name == name), "account")
        account.password_hash, account.password_once, account.epoch = hashed, True, account.epoch + 1
        work.audit("account:reset_password", account.id)
    return password


def list_accounts(window: Window, *, actor: Actor, deps: Deps) -> Page[Account]:
    """A page of accounts, for who may open them."""
    require(actor, Permission.ACCOUNT_WRITE)
    with deps.database.begin() as work:
        return page(work.session, select(Account), Account.id, window)
