"""Signing in, by password or by WeChat, and what a token stands for."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from uuid import UUID

import jwt
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select

from service.connectors.base import Permanent, Temporary
from service.deps import Deps
from service.domain.actors import Actor, Permission, Role, Scope
from service.errors import fault
from service.store.models import Account, GrantRow, Invitation
from service.store.work import Work
from service.usecases.access import require
from service.usecases.accounts import PASSWORD_MIN, as_actor, hasher
from service.usecases.people import require_no_staff_account

TOKEN_LIFE = timedelta(hours=12)
ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class Session:
    """What a sign-in gives: a bearer token and how long it lasts."""

    access_token: str
    expires_in: int
    account_id: UUID


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
        account = _replace_password(account, password, new_password, deps)
    return _session(account, deps)


def _matches(stored: str, password: str) -> bool:
    try:
        return hasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _replace_password(account: Account, password: str, new_password: str | None, deps: Deps) -> Account:
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
        row.password_hash, row.password_once, row.epoch = fresh, False, row.epoch + 1
        work.audit("account:set_password", account.id)
    return row


def sign_in_wechat(code: str, activation_code: str | None, *, deps: Deps) -> Session:
    """A token for a wx.login code; the first time, the activation code binds this WeChat to its person."""
    openid = _openid(code, deps)
    with deps.database.begin() as work:
        account = work.session.scalars(select(Account).where(Account.openid == openid)).one_or_none()
        if activation_code is not None:
            account = _bind(work, openid, account, activation_code, deps)
        if account is None:
            raise fault("activation_needed", "activation_code")
        if not account.active:
            raise fault("account_closed")
    return _session(account, deps)


def _openid(code: str, deps: Deps) -> str:
    try:
        return deps.wechat.openid(code)
    except Permanent as error:
        raise fault(error.code, "code") from None
    except Temporary:
        raise fault("wechat_unavailable") from None


def _bind(work: Work, openid: str, bound: Account | None, activation_code: str, deps: Deps) -> Account:
    """The account of the code's person with this WeChat; a code opens a phone and never a staff account."""
    person_id = _use_invitation(work, activation_code, deps).person_id
    if bound is not None and bound.person_id != person_id:
        raise fault("wechat_bound_to_other", "activation_code")
    require_no_staff_account(work, person_id)
    held = select(Account).where(Account.person_id == person_id).with_for_update()
    account = work.session.scalars(held).one_or_none()
    _bind_openid(work, account or work.add(Account(person_id=person_id)), openid)
    return bound or work.session.scalars(held).one()


def _bind_openid(work: Work, account: Account, openid: str) -> None:
    if account.openid != openid:
        # Another phone from now on: what the old one holds ends here.
        account.openid, account.epoch = openid, account.epoch + 1
    if Role.KEY_PERSON not in {grant.role for grant in account.grants}:
        work.add(GrantRow(account_id=account.id, role=Role.KEY_PERSON, scope=Scope.SELF))
    work.save()
    work.audit("account:bind_wechat", account.id)


def bind_own_wechat(code: str, *, actor: Actor, deps: Deps) -> Session:
    """A fresh token for somebody with a staff account who binds his own WeChat after signing in, to check in too."""
    require(actor, Permission.ME_READ)
    if actor.person_id is None:
        raise fault("no_person")
    openid = _openid(code, deps)
    with deps.database.begin(actor.account_id) as work:
        bound = work.session.scalars(select(Account).where(Account.openid == openid)).one_or_none()
        if bound is not None and bound.id != actor.account_id:
            raise fault("wechat_bound_to_other", "code")
        account = work.session.get_one(Account, actor.account_id, with_for_update=True)
        _bind_openid(work, account, openid)
    return _session(account, deps)


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


def _session(account: Account, deps: Deps) -> Session:
    now = deps.clock.real()
    claims = {"sub": str(account.id), "epoch": account.epoch, "iat": now, "exp": now + TOKEN_LIFE}
    token = jwt.encode(claims, deps.settings.token_secret, ALGORITHM)
    return Session(token, int(TOKEN_LIFE.total_seconds()), account.id)


def actor_of(token: str, *, deps: Deps) -> Actor:
    """Who a bearer token speaks for, with the grants of this moment: a closed account stops at once."""
    try:
        claims = jwt.decode(
            token,
            deps.settings.token_secret,
            [ALGORITHM],
            # The expiry is compared below with our own clock, the one that wrote it.
            options={"require": ["sub", "exp", "epoch"], "verify_exp": False, "verify_iat": False},
        )
        account_id = UUID(claims["sub"])
    except (jwt.InvalidTokenError, ValueError):
        raise fault("token_invalid") from None
    if claims["exp"] <= deps.clock.real().timestamp():
        raise fault("token_invalid")
    with deps.database.begin() as work:
        account = work.session.get(Account, account_id)
    if account is None or not account.active or claims["epoch"] != account.epoch:
        raise fault("token_invalid")
    return as_actor(account)
