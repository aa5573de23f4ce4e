"""What the fake filing system and the fake certificate registry share: pages by cursor, and each fault of a peer.

`POST /_fault {"fault": NAME}` switches a fault on, `{"fault": null}` off; `POST /_records {"records": [...]}` tells
records as changed now. Both exist in the fakes only.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from flask import Flask, Response, request

from service.settings import DEVELOPMENT

FAULTS = ("slow", "error", "malformed", "wrong_type", "huge", "repeating", "too_many", "another_person", "refusing")
SLOW_S = 30.0
HUGE = 9_000_000

Record = dict[str, Any]


@dataclass(slots=True)
class Shelf:
    """The records in the order in which they changed, and the fault that is played."""

    token: str
    #: By key: the how manyth change it was, and the record.
    entries: dict[str, tuple[int, Record]] = field(default_factory=dict)
    changes: int = 0
    fault: str | None = None
    #: How often each route was asked.
    asked: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    slow_s: float = SLOW_S

    def put(self, records: Sequence[Record]) -> None:
        """Tell these records as changed last; one with a known key moves to the end."""
        with self.lock:
            for record in records:
                self.changes += 1
                self.entries.pop(record["key"], None)
                self.entries[record["key"]] = (self.changes, record)

    @property
    def records(self) -> list[Record]:
        """All of them."""
        with self.lock:
            return [record for _, record in self.entries.values()]

    def page(self, after: str | None, limit: int) -> Record:
        """The records behind a cursor, which is the number of the last change told."""
        with self.lock:
            behind = [entry for entry in self.entries.values() if entry[0] > int(after or 0)]
        told = behind[:limit]
        cursor = str(told[-1][0]) if told else after
        items = [record for _, record in told]
        if self.fault == "repeating":
            return {"items": items, "next": after or "1", "more": True}
        return {"items": items, "next": cursor, "more": len(behind) > limit}

    def of_keys(self, keys: Sequence[str]) -> Record:
        """The records of these keys."""
        items = [record for record in self.records if record["key"] in keys]
        return {"items": items, "next": None, "more": False}


def create_fake(path: str, token: str, records: Sequence[Record] = ()) -> Flask:
    """The WSGI application of a fake that serves `path`; its shelf is `app.extensions["shelf"]`."""
    app = Flask(__name__)
    shelf = Shelf(token)
    shelf.put(records)
    app.extensions["shelf"] = shelf

    @app.get(path)
    def listing() -> Response:
        shelf.asked.append("list")
        keys = request.args.getlist("key")
        limit = min(int(request.args.get("limit", 200)), 200)
        return answer(shelf, shelf.of_keys(keys) if keys else shelf.page(request.args.get("after"), limit))

    @app.post("/_fault")
    def fault() -> Response:
        shelf.fault = request.get_json()["fault"]
        return Response(status=204)

    @app.post("/_records")
    def tell() -> Response:
        shelf.put(request.get_json()["records"])
        return Response(status=204)

    return app


def answer(shelf: Shelf, content: Record) -> Response:
    """The answer of the contract, or what the fault makes of it."""
    if request.headers.get("Authorization") != f"Bearer {shelf.token}" or shelf.fault == "refusing":
        return Response(status=401)
    if shelf.fault == "slow":
        time.sleep(shelf.slow_s)
    if shelf.fault == "error":
        return Response("<html>Internal Server Error</html>", 500)
    if shelf.fault == "too_many":
        content = {**content, "items": content["items"] * 201}
    body = json.dumps(content, ensure_ascii=False)
    if shelf.fault == "malformed":
        body = body[:-1]
    if shelf.fault == "huge":
        body += " " * HUGE
    kind = "text/html" if shelf.fault == "wrong_type" else "application/json"
    return Response(body, content_type=kind)


def serve(name: str, token_setting: str, create: Callable[[str, Sequence[Record]], Flask]) -> None:
    """Serve a fake on loopback; refused in production."""
    parser = argparse.ArgumentParser(prog=name)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--records", type=Path, help="a JSON file with a list of records")
    choices = parser.parse_args()
    if os.environ.get("DAOGANG_ENV") != DEVELOPMENT:
        raise SystemExit(f"{name} only starts with DAOGANG_ENV=development")
    records = json.loads(choices.records.read_text(encoding="utf-8")) if choices.records else []
    create(os.environ[token_setting], records).run("127.0.0.1", choices.port, threaded=True)
