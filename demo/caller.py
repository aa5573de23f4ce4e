"""Somebody at the API: his address, his token, and what he is answered, as text for the table."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

Row = dict[str, Any]
VERDICT_S = 60.0


class Unexpected(Exception):  # noqa: N818 - it says what happened
    """An answer the story cannot go on with."""


class Caller:
    """A client of the API with one token, or with none."""

    def __init__(self, address: str, token: str | None = None) -> None:
        self.address = address
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # A connection a request: one that is kept may be closed by the server in the very moment it is used again.
        fresh = httpx.Limits(max_keepalive_connections=0)
        base = f"{address}/api/v1"
        self.http = httpx.Client(base_url=base, headers=headers, timeout=30, limits=fresh, trust_env=False)

    def get(self, path: str, **query: str) -> httpx.Response:
        """Read."""
        return self.http.get(path, params=query)

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, seen: int | None = None) -> httpx.Response:
        """Create or act; `seen` is the version of the row as the caller knows it."""
        headers = {} if seen is None else {"If-Match": f'"{seen}"'}
        return self.http.post(path, json=body, headers=headers)

    def put(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        """Set."""
        return self.http.put(path, json=body)

    def enrol(self, person_id: str, form: Mapping[str, Any], photos: Sequence[bytes]) -> httpx.Response:
        """Send enrolment photos."""
        files = [("photo", (f"{at}.jpg", photo, "image/jpeg")) for at, photo in enumerate(photos, start=1)]
        return self.http.post(f"/people/{person_id}/enrolments", data={"form": json.dumps(form)}, files=files)

    def punch(self, claim: Mapping[str, Any], photo: bytes, *, read_s: float = 30, wait_s: int = 0) -> httpx.Response:
        """Send a check-in; the answer is awaited for `read_s`, the verdict for `wait_s`."""
        return self.http.post(
            "/check-ins",
            data={"claim": json.dumps(claim)},
            files={"photo": ("photo.jpg", photo, "image/jpeg")},
            headers={"Prefer": f"wait={wait_s}"} if wait_s else {},
            timeout=httpx.Timeout(30, read=read_s),
        )

    def judged(self, row: Row) -> Row:
        """A check-in, as this caller may see it, once there is a verdict."""
        until = time.monotonic() + VERDICT_S
        while row["state"] == "received":
            if time.monotonic() > until:
                raise Unexpected(f"no verdict within {VERDICT_S:.0f} s")
            row = ok(self.http.get(f"/check-ins/{row['id']}", headers={"Prefer": "wait=5"}))
        return row


def ok(response: httpx.Response) -> Any:  # noqa: ANN401 - JSON of any shape
    """The content of an answer that must be a success."""
    if not response.is_success:
        raise Unexpected(told(response))
    return response.json()


def told(response: httpx.Response) -> str:
    """The status of an answer, and the code of a refusal."""
    if response.is_success:
        return str(response.status_code)
    refusal = "problem+json" in response.headers.get("Content-Type", "")
    return f"{response.status_code} {response.json()['code'] if refusal else response.reason_phrase}"


def verdict(row: Row) -> str:
    """What a check-in came to: accepted and whether it counts, or else why not."""
    if row["state"] != "accepted":
        return f"{row['state']}: {', '.join(item['code'] for item in row['reasons'])}"
    against = ", ".join(item["code"] for item in row["counting_reasons"])
    return f"accepted, {'counts' if row['counts'] else against}"
