"""The people of the story, each a client of the API with a token of his own."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

import httpx

NUMBERS = count(1)


class Role:
    """Somebody signed in: asks the API and remembers nothing else."""

    def __init__(self, address: str, token: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.http = httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=30)
        self.address = address
        self.token = token

    def ask(self, method: str, path: str, version: int | None = None, **content: Any) -> httpx.Response:
        """The answer, whatever it is; `version` goes out as If-Match."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return self.http.request(method, path, headers=headers, **content)

    def get(self, path: str, **query: object) -> dict[str, Any]:
        """The content of a read that must succeed."""
        return self._content(self.ask("GET", path, params=query))

    def post(self, path: str, body: Mapping[str, Any] | None = None, version: int | None = None) -> dict[str, Any]:
        """The content of an act that must succeed."""
        return self._content(self.ask("POST", path, version, json=body) if body else self.ask("POST", path, version))

    @staticmethod
    def _content(answer: httpx.Response) -> dict[str, Any]:
        if answer.is_error:
            raise httpx.HTTPError(f"{answer.status_code} {answer.text[:300]}")
        content: dict[str, Any] = answer.json()
        return content


def by_password(address: str, name: str, once: str) -> Role:
    """Somebody who replaces his one-time password at his first sign-in."""
    body = {"name": name, "password": once, "new_password": f"{name} of the demo"}
    return Role(address, Role(address).post("/sessions", body)["access_token"])


def printed_password(accounts: str, name: str) -> str:
    """The one-time password the instance printed for an account."""
    return dict(re.findall(r"^  (\S+) +(\S+) +\S+$", accounts, re.MULTILINE))[name]


def opened_by(city: Role, role: str, scope: str, scope_id: str) -> Role:
    """Somebody for whom the city opens an account."""
    name = f"{role}-{next(NUMBERS)}"
    grants = [{"role": role, "scope": scope, "scope_id": scope_id}]
    account = city.post("/accounts", {"name": name, "grants": grants})
    return by_password(city.address, name, account["one_time_password"])


class Phone(Role):
    """A key person's phone: signed in by WeChat, it sends photos and positions."""

    def punch(self, photo: bytes, claim: Mapping[str, Any], wait_s: int = 5) -> httpx.Response:
        """One check-in, waiting for its verdict unless told otherwise."""
        headers = {"Prefer": f"wait={wait_s}"} if wait_s else {}
        files = {"photo": ("photo.jpg", photo, "image/jpeg")}
        return self.http.post("/check-ins", headers=headers, files=files, data={"claim": json.dumps(claim)})


def phone_of(address: str, wechat: str, user: str, activation_code: str) -> Phone:
    """A phone bound to its person: wx.login, then the code and the activation code."""
    code = httpx.get(f"{wechat}/wx.login", params={"user": user}).json()["code"]
    body = {"code": code, "activation_code": activation_code}
    return Phone(address, Role(address).post("/sessions/wechat", body)["access_token"])


def claim_at(project_id: str, lat: float, lon: float, datum: str, accuracy_m: float = 15) -> dict[str, Any]:
    """What a phone claims, now."""
    now = datetime.now(UTC).isoformat()
    position = {"lat": lat, "lon": lon, "datum": datum, "accuracy_m": accuracy_m}
    position |= {"fixed_at": now, "precision": "precise"}
    return {"project_id": project_id, "client_ref": str(uuid4()), "taken_at": now, "position": position, "samples": []}


def told(row: Mapping[str, Any]) -> str:
    """A check-in in few words: its state, its reasons, and whether it counts."""
    reasons = [reason["code"] for reason in (*row["reasons"], *row["counting_reasons"])]
    state = f"{row['state']}{': ' if reasons else ''}{', '.join(reasons)}"
    return state + {True: ", counts", False: "", None: ""}[row["counts"]]
