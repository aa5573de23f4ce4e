"""The fake registries on ports of their own, and records as they tell them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from stdnum.cn import ric, uscc
from werkzeug.serving import make_server

from service.connectors.fakes import certificates as fake_certificates
from service.connectors.fakes import filing as fake_filing
from service.connectors.fakes.registry import Shelf

TOKEN = "a token of a test"
CONTRACTOR = "91310115MADEM00B2"
CHANGED = "2026-03-01T09:00:00+08:00"
Record = dict[str, Any]


@contextmanager
def serving(app: Flask) -> Iterator[tuple[str, Shelf]]:
    """The address of a fake, and its shelf."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", app.extensions["shelf"]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def filing_fake(*records: Record) -> Flask:
    return fake_filing.create_fake(TOKEN, records)


def certificate_fake(*records: Record) -> Flask:
    return fake_certificates.create_fake(TOKEN, records)


def credit_code(stem: str = CONTRACTOR) -> str:
    return stem + uscc.calc_check_digit(stem)


def document(number: int, name: str = "陈立项") -> Record:
    """A number that checks but belongs to nobody."""
    stem = f"31999919000101{number:03d}"
    return {"kind": "resident_id", "number": stem + ric.calc_check_digit(f"{stem}0"), "name": name}


def person(number: int, name: str = "陈立项", **changes: Any) -> Record:
    told = {"post": "project_manager", "document": document(number, name), "unit": credit_code()}
    return {**told, "from": "2026-01-05", "until": None, "basis": "filing", **changes}


def filing(key: str = "F-1", body: str = "pudong", people: tuple[Record, ...] = (), **changes: Any) -> Record:
    """A filing with every field of the contract."""
    project = {"name": f"项目{key}", "district": "310115", "body": body, "address": "世纪大道 1 号", "kind": "building"}
    project |= {"area_m2": 12000.5, "price_yuan": 30_000_000, "planned_from": "2026-01-05", "planned_until": None}
    project |= {"state": "active", "state_from": "2026-01-05", **changes.pop("project", {})}
    own = {"key": key, "number": f"N-{key}", "filed_on": "2026-01-05", "section": None, "section_group": None}
    unit = {"role": "contractor", "credit_code": credit_code(), "name": "示范单位"}
    told = {**own, "permit_number": None, "project": project, "units": [unit], "personnel": list(people)}
    return {**told, "changed_at": CHANGED, **changes}


def certificate(key: str = "C-1", holder: Record | None = None, **changes: Any) -> Record:
    """A certificate with every field of the contract."""
    told = {
        "key": key,
        "type": "constructor_1",
        "level": None,
        "number": f"沪1312026{key[2:]:0>8}",
        "specialty": "建筑",
    }
    told |= {"holder": {"document": holder or document(1)}, "unit": {"credit_code": credit_code(), "name": "示范单位"}}
    told |= {"valid_from": "2026-01-05", "valid_until": "2029-01-05", "status": "valid", "status_from": None}
    return {**told, "changed_at": CHANGED, **changes}
