"""What the API tests share: a client for an account, requests as a phone sends them, answers looked through."""

import json
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from demo.photos import portrait, variant
from service.deps import Deps
from service.domain.actors import Actor, Grant, Role, Scope
from service.store.models import Account, CheckIn, ConsentKind, Enrolment, GrantRow, Photo, PhotoSeen, RosterLine
from service.usecases import enrolment
from service.usecases.accounts import as_actor
from service.usecases.enrolment import EnrolmentForm
from service.usecases.sessions import _session
from tests.factories import CENTRE, NUMBERS, Site, World, sent

API = "/api/v1"


class Caller:
    """A client that sends the bearer token of one account."""

    def __init__(self, client: FlaskClient, actor: Actor, deps: Deps) -> None:
        self.client, self.actor, self.deps = client, actor, deps
        self.sign_in()

    def sign_in(self) -> None:
        """A token of this moment: one from before a test moved the clock has expired."""
        with self.deps.database.begin() as work:
            self.token = _session(work.session.get_one(Account, self.actor.account_id), self.deps).access_token

    def ask(self, method: str, path: str, *, version: int | None = None, **options: Any) -> TestResponse:
        """One request below /api/v1; `version` is what If-Match says."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return self.client.open(f"{API}{path}", method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.ask("GET", path, **options)

    def post(self, path: str, content: Any = None, **options: Any) -> TestResponse:
        return self.ask("POST", path, **({} if content is None else as_json(content)), **options)

    def patch(self, path: str, content: Any, version: int | None = None, **options: Any) -> TestResponse:
        return self.ask("PATCH", path, version=version, **as_json(content), **options)

    def ids(self, path: str, **query: Any) -> list[str]:
        """The ids of the first page of a list."""
        response = self.get(path, query_string=query)
        assert response.status_code == 200, response.text
        return [item["id"] for item in response.json["items"]]

    def punch(self, claim: Any, photo: bytes, **options: Any) -> TestResponse:
        """A check-in as a phone sends it."""
        return self.ask("POST", "/check-ins", **multipart(text("claim", claim), file("photo", photo)), **options)


def as_json(content: Any) -> dict[str, Any]:
    """A JSON body written in ASCII, so that it can hold what is no text at all: half a surrogate pair, NaN."""
    return {"data": json.dumps(content), "content_type": "application/json"}


Part = tuple[str, str | None, bytes]


def text(name: str, content: Any) -> Part:
    """A part without a file name; what is no text is written as JSON."""
    return name, None, (content if isinstance(content, str) else json.dumps(content)).encode()


def file(name: str, content: bytes, filename: str = "photo.jpg") -> Part:
    """A part with a file name."""
    return name, filename, content


def multipart(*parts: Part) -> dict[str, Any]:
    """A multipart request written byte for byte, also one that no client library would write."""
    lines = []
    for name, filename, content in parts:
        called = "" if filename is None else f'; filename="{filename}"'
        lines.append(f'--parts\r\nContent-Disposition: form-data; name="{name}"{called}\r\n\r\n'.encode() + content)
    body = b"\r\n".join([*lines, b"--parts--\r\n"])
    return {"data": body, "content_type": "multipart/form-data; boundary=parts"}


@cache
def bomb() -> bytes:
    """A PNG of 30,000 x 30,000 pixels of one colour, 110 kB long."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(30_000 * (1 + 30_000 // 8)), 1)
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def member(
    world: World, role: Role, scope: Scope, scope_id: UUID | None = None, also: Iterable[Grant] = (), **fields: Any
) -> Actor:
    """A fresh account with a role and perhaps others; unlike World.actor it has no password, which costs a hash."""
    with world.deps.database.begin() as work:
        account = work.add(Account(name=f"{role}-{next(NUMBERS)}", **fields))
        for grant in (Grant(role, scope, scope_id), *also):
            work.add(GrantRow(account_id=account.id, role=grant.role, scope=grant.scope, scope_id=grant.scope_id))
        work.session.refresh(account, ["grants"])
        return as_actor(account)


@cache
def shot(seed: int, who: str = "obama") -> bytes:
    """A photo of somebody, made once in a run for each seed."""
    return variant(portrait(who), seed=seed)


def fresh_shot(who: str = "obama") -> bytes:
    """A photo of somebody that nobody sent before."""
    return variant(portrait(who), seed=next(NUMBERS))


def enrol(world: World, person_id: UUID, who: str = "obama") -> None:
    """A template of one photo, consents to face and location included."""
    form = EnrolmentForm(f"enrol-{uuid4()}", tuple(ConsentKind), "2026-01")
    row, _ = enrolment.receive_enrolment(person_id, form, [sent(shot(500_000, who))], actor=world.city, deps=world.deps)
    world.deps.queue.work_off(world.deps)
    with world.deps.database.begin() as work:
        assert work.session.get_one(Enrolment, row.id).state == "provisional"


@dataclass
class Puncher:
    """Somebody with a phone who stands on a site."""

    world: World
    site: Site
    person_id: UUID
    caller: Caller
    line: RosterLine | None = None

    def claim(self, **changes: Any) -> dict[str, Any]:
        """The claim part at the middle of the fence, now; `position` is merged, anything else replaces."""
        now = self.world.deps.clock.now().isoformat()
        position = {"lat": CENTRE[0], "lon": CENTRE[1], "datum": "wgs84", "accuracy_m": 15, "fixed_at": now}
        position |= {"precision": "precise", **changes.pop("position", {})}
        claim = {"project_id": str(self.site.project_id), "client_ref": f"ref-{uuid4()}", "taken_at": now}
        return {**claim, "position": position, **changes}

    def send(self, photo: bytes | None = None, **changes: Any) -> TestResponse:
        """One punch, not judged yet."""
        return self.caller.punch(self.claim(**changes), fresh_shot() if photo is None else photo)

    def judged(self, photo: bytes | None = None, **changes: Any) -> dict[str, Any]:
        """One punch as its owner reads it after a worker came by."""
        response = self.send(photo, **changes)
        assert response.status_code == 202, response.text
        self.world.deps.queue.work_off(self.world.deps)
        return self.caller.get(f"/check-ins/{response.json['id']}").json

    def in_review(self) -> dict[str, Any]:
        """A punch the machine cannot decide: near the fence with an accuracy nobody can use."""
        row = self.judged(position={"accuracy_m": 61})
        assert row["state"] == "review"
        return row


def problem(response: TestResponse) -> dict[str, Any]:
    """The body of a refusal, after a look at its shape: RFC 9457, every text in both languages, nothing of a page."""
    assert response.content_type == "application/problem+json", response.text
    body = response.json
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:daogang:problem:{body['code']}"
    assert body["code"] == body["errors"][0]["code"]
    assert body["request_id"] == response.headers["X-Request-ID"]
    for told in (body, *body["errors"]):
        for language in ("zh", "en"):
            # A code without a text would show itself.
            assert told["text"][language] not in {"", told["code"]}, told
        assert told["text"]["zh"] != told["text"]["en"]
    return body


def said(response: TestResponse) -> tuple[int, list[tuple[str, str | None]]]:
    """The status of a refusal, and code and field of each problem."""
    body = problem(response)
    return response.status_code, [(item["code"], item["field"]) for item in body["errors"]]


@dataclass(frozen=True)
class Kept:
    """What stands in the tables and the photo folder, and what is queued."""

    check_ins: int
    photos: int
    seen: int
    files: int
    queued: int


NOTHING = Kept(0, 0, 0, 0, 0)


def kept(deps: Deps) -> Kept:
    """What was kept of every photo request so far."""
    files = sum(path.is_file() for path in deps.settings.photo_dir.rglob("*"))
    with deps.database.begin() as work:
        rows = [work.session.scalars(select(func.count()).select_from(m)).one() for m in (CheckIn, Photo, PhotoSeen)]
    return Kept(*rows, files, len(deps.queue.held))
