"""Accounts: opened by the city with a one-time password, signed in by password or WeChat, seen as actors."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select

from service.connectors.base import Permanent, Temporary
from service.deps import Deps
from service.domain.actors import SCOPES, Actor, Grant, Permission, Role, Scope
from service.errors import fault
from service.store.models import Account, GrantRow, Invitation, Project, SupervisingBody, Team, Unit
from service.store.queries.paging import Page, Window, page
from service.store.work import Work
from service.usecases.access import found, require

TOKEN_LIFE = timedelta(hours=12)
ALGORITHM = "HS256"
PASSWORD_MIN = 10
# What the id of a scope names.
_SCOPED: dict[Scope, type[SupervisingBody | Unit | Project | Team]] = {
    Scope.BODY: SupervisingBody,
    Scope.UNIT: Unit,
    Scope.PROJECT: Project,
    Scope.TEAM: Team,
}


@dataclass(frozen=True, slots=True)
class Session:
    """What a sign-in gives: a bearer token and how long it lasts."""

    access_token: str
    expires_in: int
    account_id: UUID


@cache
def hasher() -> PasswordHasher:
    """Argon2id with the library's current defaults (RFC 9106, low-memory profile)."""
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return hasher().hash(secrets.token_hex(16))


def sign_in(name: str, password: str, new_password: str | None, *, deps: Deps) -> Session:
    """A token for a name and password; a one-time password must be replaced in the same request."""
    with deps.database.begin() as work:
        account = work.session.scalars(select(Account).where(Account.name == name)).one_or_none()
    # An unknown name costs the same time as a wrong password, so names cannot be tried out.
    stored = account.password_hash if account and account.password_hash else _nobodys_hash()
    if not _matches(stored, password) or account is None or not account.active:
        raise fault("wrong_credentials")
    if account.password_once or new_password is not None:
        _replace_password(account, password, new_password, deps)
    return _session(account.id, deps)


def _matches(stored: str, password: str) -> bool:
    try:
        return hasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _replace_password(account: Account, password: str, new_password: str | None, deps: Deps) -> None:
    if new_password is None:
        raise fault("new_password_needed", "new_password", min=PASSWORD_MIN)
    if new_password == password:
        raise fault("new_password_same", "new_password")
    fresh = hasher().hash(new_password)
    with deps.database.begin(account.id) as work:
        # Re-read under a lock: a one-time password opens once, also for two who send it at the same instant.
        statement = select(Account).where(Account.id == account.id, Account.password_hash == account.password_hash)
        row = work.session.scalars(statement.with_for_update()).one_or_none()
        if row is None:
            raise fault("wrong_credentials")
        row.password_hash, row.password_once = fresh, False
        work.audit("account:set_password", account.id)


def sign_in_wechat(code: str, activation_code: str | None, *, deps: Deps) -> Session:
    """A token for a wx.login code; the first time, the activation code binds this WeChat to its person."""
    try:
        openid = deps.wechat.openid(code)
    except Permanent as error:
        raise fault(error.code, "code") from None
    except Temporary:
        raise fault("wechat_unavailable") from None
    with deps.database.begin() as work:
        account = work.session.scalars(select(Account).where(Account.openid == openid)).one_or_none()
        if account is None:
            account = _bind(work, openid, activation_code, deps)
        elif not account.active:
            raise fault("account_closed")
    return _session(account.id, deps)


def _bind(work: Work, openid: str, activation_code: str | None, deps: Deps) -> Account:
    if activation_code is None:
        raise fault("activation_needed", "activation_code")
    invitation = _use_invitation(work, activation_code, deps)
    account = work.session.scalars(
        select(Account).where(Account.person_id == invitation.person_id).with_for_update()
    ).one_or_none()
    if account is None:
        account = work.add(Account(person_id=invitation.person_id))
    elif not account.active:
        raise fault("account_closed")
    if Role.KEY_PERSON not in {grant.role for grant in account.grants}:
        work.add(GrantRow(account_id=account.id, role=Role.KEY_PERSON, scope=Scope.SELF))
    account.openid = openid
    work.save()
    work.audit("account:bind_wechat", account.id)
    return account


def _use_invitation(work: Work, activation_code: str, deps: Deps) -> Invitation:
    digest = deps.vault.digest("invitation", activation_code.strip().upper().encode())
    now = deps.clock.real()
    statement = select(Invitation).where(
        Invitation.code_hash == digest, Invitation.used_at.is_(None), Invitation.expires_at > now
    )
    invitation = work.session.scalars(statement.with_for_update()).one_or_none()
    if invitation is None:
        raise fault("activation_invalid", "activation_code")
    invitation.used_at = now
    return invitation


def _session(account_id: UUID, deps: Deps) -> Session:
    now = deps.clock.real()
    claims = {"sub": str(account_id), "iat": now, "exp": now + TOKEN_LIFE}
    token = jwt.encode(claims, deps.settings.token_secret, ALGORITHM)
    return Session(token, int(TOKEN_LIFE.total_seconds()), account_id)


def actor_of(token: str, *, deps: Deps) -> Actor:
    """Who a bearer token speaks for, with the grants of this moment: a closed account stops at once."""
    try:
        claims = jwt.decode(
            token,
            deps.settings.token_secret,
            [ALGORITHM],
            # The expiry is compared below with our own clock, the one that wrote it.
            options={"require": ["sub", "exp"], "verify_exp": False, "verify_iat": False},
        )
        account_id = UUID(claims["sub"])
    except (jwt.InvalidTokenError, ValueError):
        raise fault("token_invalid") from None
    if claims["exp"] <= deps.clock.real().timestamp():
        raise fault("token_invalid")
    with deps.database.begin() as work:
        account = work.session.get(Account, account_id)
    if account is None or not account.active:
        raise fault("token_invalid")
    return as_actor(account)


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
        account = work.add(Account(name=name, password_hash=hashed, password_once=True, person_id=person_id))
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


def _require_scope(work: Work, grant: Grant) -> None:
    model = _SCOPED.get(grant.scope)
    if model is not None and work.session.get(model, grant.scope_id) is None:
        raise fault("unknown_reference", "grants", scope=str(grant.scope))


def close_account(name: str, *, deps: Deps) -> None:
    """An account that opens nothing any more, its tokens of this moment included; for the operator's command line."""
    with deps.database.begin() as work:
        account = found(work, select(Account).where(Account.name == name), "account")
        account.active = False
        work.audit("account:close", account.id)


def reset_password(name: str, *, deps: Deps) -> str:
    """A fresh one-time password for an account, for the operator's command line."""
    password = secrets.token_urlsafe(9)
    hashed = hasher().hash(password)
    with deps.database.begin() as work:
        account = found(work, select(Account).where(Account.name == name), "account")
        account.password_hash, account.password_once = hashed, True
        work.audit("account:reset_password", account.id)
    return password


def list_accounts(window: Window, *, actor: Actor, deps: Deps) -> Page[Account]:
    """A page of accounts, for who may open them."""
    require(actor, Permission.ACCOUNT_WRITE)
    with deps.database.begin() as work:
        return page(work.session, select(Account), Account.id, window)
