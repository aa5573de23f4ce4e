"""How somebody comes to the API: with a one-time password of the city, or with WeChat and a code of the station."""

import secrets

import httpx

from demo.caller import Caller, ok
from demo.instance import Throwaway


def first_sign_in(address: str, name: str, one_time: str) -> Caller:
    """Sign in with a one-time password, which a password of one's own replaces."""
    body = {"name": name, "password": one_time, "new_password": secrets.token_urlsafe(12)}
    return _signed_in(address, "/sessions", body)


def open_account(city: Caller, name: str, role: str, scope: str, scope_id: str | None) -> Caller:
    """An account opened by the city, and its owner signed in."""
    grant = {"role": role, "scope": scope} | ({"scope_id": scope_id} if scope_id else {})
    account = ok(city.post("/accounts", {"name": name, "grants": [grant]}))
    return first_sign_in(city.address, name, account["one_time_password"])


def register(registrar: Caller, name: str, document_number: str) -> str:
    """A person with a passport, and his id."""
    values = {"name": name, "document_kind": "passport", "document_number": document_number}
    return str(ok(registrar.post("/people", values))["id"])


def bind_phone(instance: Throwaway, officer: Caller, person_id: str, user: str) -> Caller:
    """A person signed in from his phone for the first time, with the code he was given at the station."""
    code = ok(officer.post(f"/people/{person_id}/invitations"))["activation_code"]
    body = {"code": wx_login(instance, user), "activation_code": code}
    return _signed_in(instance.api, "/sessions/wechat", body)


def sign_in_by_phone(instance: Throwaway, user: str) -> Caller:
    """A person signed in from a phone that is bound."""
    return _signed_in(instance.api, "/sessions/wechat", {"code": wx_login(instance, user)})


def wx_login(instance: Throwaway, user: str) -> str:
    """The code WeChat gives the mini-program on somebody's phone."""
    answer = httpx.get(f"{instance.wechat}/wx.login", params={"user": user}, trust_env=False)
    return str(answer.raise_for_status().json()["code"])


def _signed_in(address: str, path: str, body: dict[str, str]) -> Caller:
    session = ok(Caller(address).post(path, body))
    return Caller(address, session["access_token"])
