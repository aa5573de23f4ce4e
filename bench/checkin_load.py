"""How fast check-ins are taken in and judged, over HTTP on a whole instance: `python -m bench.checkin_load`."""

import argparse
import json
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import httpx
import psutil

from demo.photos import portrait, variant
from jobs.local.instance import Instance, Options

#: Inside the fence of the first project of the demo district, in its datum.
GATE = {"lat": 31.2204, "lon": 121.5454, "datum": "gcj02", "accuracy_m": 15, "precision": "precise"}
KINDS = ("jobs.worker", "gunicorn", "jobs.tick", "redis-server", "postgres")
FACES = ("obama", "biden", "collins")
PASSWORD = "a password of a benchmark"  # noqa: S105 - it opens an instance that lives for a minute


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check-ins", type=int, default=200, help="how many are sent")
    parser.add_argument("--people", type=int, default=40, help="by how many in turn: of one only 5 may wait")
    parser.add_argument("--at-once", type=int, default=8, help="how many phones send at the same time")
    choices = parser.parse_args()
    # Two photos of one person at once are judged one after the other, so it takes a crowd to keep all workers busy.
    photos = [variant(portrait(_face(at % choices.people)), seed=at) for at in range(choices.check_ins)]
    with instance() as running, httpx.Client(base_url=f"{running.address}/api/v1", timeout=60) as client:
        figures = measure(client, running, photos, choices)
    for name, value in figures.items():
        print(f"{name:<28}{value}", file=sys.stderr)
    print(json.dumps(figures))


@contextmanager
def instance() -> Iterator[Instance]:
    """A whole instance in a folder of its own, watched in a thread, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=_var()))
    running = Instance(Options(folder=folder, port=0), lambda line: print(line, file=sys.stderr))
    over = Event()

    def watch() -> None:
        while not over.is_set():
            running.watch()

    try:
        running.start()
        Thread(target=watch, daemon=True).start()
        yield running
    finally:
        over.set()
        running.stop()
        shutil.rmtree(folder)


def _var() -> Path:
    var = Path(__file__).parents[1] / "var"
    var.mkdir(exist_ok=True)
    return var


def measure(
    client: httpx.Client, running: Instance, photos: list[bytes], choices: argparse.Namespace
) -> dict[str, Any]:
    """Send every photo as a check-in of the next enrolled person and follow them to their verdicts."""
    words = dict(re.findall(r"^  (\S+) +(\S+) +\S+$", running.accounts, re.MULTILINE))
    officer = _signed_in(client, {"name": "officer", "password": words["officer"], "new_password": PASSWORD})
    phones = [_enrolled(client, running.wechat, officer, number) for number in range(choices.people)]
    projects = client.get("/projects", headers=officer).json()["items"]
    project = next(item["id"] for item in projects if "住宅" in item["name"])
    began = time.perf_counter()
    with ThreadPoolExecutor(choices.at_once) as pool:
        answers = list(pool.map(partial(_punch, client, project), cycle(phones), photos))
    sent_s = time.perf_counter() - began
    while client.get("/check-ins", params={"state": "received", "limit": 1}, headers=officer).json()["items"]:
        time.sleep(0.05)
    judged_s = time.perf_counter() - began
    faces = [_face_ms(client, officer, row_id) for row_id, _ in answers[:50]]
    answered = sorted(ms for _, ms in answers)
    return {
        "check_ins": len(photos),
        "people": choices.people,
        "at_once": choices.at_once,
        "answer_ms_median": round(statistics.median(answered), 1),
        "answer_ms_p95": round(answered[int(len(answered) * 0.95)], 1),
        "received_per_s": round(len(photos) / sent_s, 1),
        "judged_per_s": round(len(photos) / judged_s, 1),
        "face_ms_median": round(statistics.median(faces), 1),
        "rss_mb": _memory(),
    }


def _signed_in(client: httpx.Client, body: dict[str, str], path: str = "/sessions") -> dict[str, str]:
    token = client.post(path, json=body).raise_for_status().json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def _face(person: int) -> str:
    return FACES[person % len(FACES)]


def _enrolled(client: httpx.Client, wechat: str, officer: dict[str, str], number: int) -> dict[str, str]:
    """The phone of a new person whose face is known."""
    values = {"name": f"Bench {number}", "document_kind": "passport", "document_number": f"BENCH{number:04d}"}
    person = client.post("/people", headers=officer, json=values).raise_for_status().json()["id"]
    form = {"client_ref": str(uuid4()), "consents": ["face", "location"], "notice_version": "1"}
    shots = (variant(portrait(_face(number)), seed=-3 * number - at) for at in (1, 2, 3))
    files = [("photo", ("photo.jpg", shot, "image/jpeg")) for shot in shots]
    path = f"/people/{person}/enrolments"
    row = client.post(path, headers=officer, files=files, data={"form": json.dumps(form)}).raise_for_status().json()
    while row["state"] == "received":
        time.sleep(0.05)
        row = client.get(f"/enrolments/{row['id']}", headers=officer).json()
    invited = client.post(f"/people/{person}/invitations", headers=officer).raise_for_status().json()
    return _bind(client, wechat, f"phone-{number}", invited["activation_code"])


def _bind(client: httpx.Client, wechat: str, user: str, activation_code: str) -> dict[str, str]:
    code = httpx.get(f"{wechat}/wx.login", params={"user": user}).json()["code"]
    return _signed_in(client, {"code": code, "activation_code": activation_code}, "/sessions/wechat")


def _punch(client: httpx.Client, project: str, phone: dict[str, str], photo: bytes) -> tuple[str, float]:
    now = datetime.now(UTC).isoformat()
    claim = {"project_id": project, "client_ref": str(uuid4()), "taken_at": now, "position": GATE | {"fixed_at": now}}
    began = time.perf_counter()
    answer = client.post(
        "/check-ins", headers=phone, files={"photo": ("photo.jpg", photo)}, data={"claim": json.dumps(claim)}
    )
    return answer.raise_for_status().json()["id"], (time.perf_counter() - began) * 1000


def _face_ms(client: httpx.Client, officer: dict[str, str], row_id: str) -> float:
    records = client.get(f"/check-ins/{row_id}", headers=officer).json()["records"]
    return float(records[0]["record"]["timings_ms"]["face"])


def _memory() -> dict[str, float]:
    """Resident megabytes of the largest process of each kind."""
    found: dict[str, float] = {}
    for process in psutil.Process().children(recursive=True):
        line = " ".join(process.cmdline())
        kind = next(
            (kind for kind in ("jobs.worker", "gunicorn", "jobs.tick", "redis", "postgres") if kind in line), ""
        )
        if kind:
            found[kind] = max(found.get(kind, 0.0), round(process.memory_info().rss / 1e6, 1))
    return found


if __name__ == "__main__":
    main()
