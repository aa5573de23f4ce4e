"""`./daogang faces`, as an operator types it, on a database of its own."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from face.engines.base import length_of
from service.deps import Deps, load_engine
from service.settings import Settings
from tests.factories import World
from tests.factories_faces import PaperEngine, enrol_all, enrol_with_photos, population
from tests.fakes import HeldQueue
from tests.faults.poisoned_worker import POISON_SEED

ROOT = Path(__file__).parents[2]
Typed = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def typed(settings: Settings, empty_database: str, tmp_path: Path) -> Typed:
    """Type a command with the settings of the database in the environment."""
    environment = {
        **os.environ,
        "DAOGANG_ENV": settings.env,
        "DATABASE_URL": empty_database,
        "REDIS_URL": settings.redis_url,
        "DAOGANG_KEYS": f"1={b64encode(settings.keys[1]).decode()}",
        "DAOGANG_TOKEN_SECRET": settings.token_secret,
        "DAOGANG_PHOTO_DIR": str(settings.photo_dir),
        "DAOGANG_MODEL_DIR": str(ROOT / settings.model_dir),
        "WECHAT_BASE_URL": settings.wechat_url,
        "WECHAT_APP_ID": settings.wechat_app_id,
        "WECHAT_APP_SECRET": settings.wechat_app_secret,
        "PYTHONPATH": str(ROOT),
    }

    def run(*words: str, program: str = "service.cli", **more: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", program, "faces", *words]
        told = {"env": environment | more, "cwd": tmp_path, "capture_output": True, "text": True}
        return subprocess.run(argv, check=False, **told)

    return run


@pytest.fixture
def on_paper(deps: Deps) -> PaperEngine:
    """The name and the parts of the engine that the command loads."""
    engine = deps.engine()
    return PaperEngine(engine.id, engine.version, engine.parts)


def test_from_status_over_adapting_and_calibrating_to_a_policy(
    meeting_deps: Deps, on_paper: PaperEngine, typed: Typed, tmp_path: Path
) -> None:
    length = length_of(on_paper.parts)
    enrol_all(meeting_deps, on_paper, population(55, length=length))
    first = typed("status").stdout
    assert f"{on_paper.id} {on_paper.version}: 55 persons, 0 of them weak" in first
    assert "policy check_in-2" in first
    learned = typed("adapt")
    assert "fused-1 was learned from 55 persons" in learned.stdout, learned.stderr
    shown = typed("calibrate", "--fmr", "0.01", "--picture", "pictures/det.svg")
    assert "nothing was written" in shown.stdout, shown.stderr
    assert [line.split(" ", 1)[0] for line in shown.stdout.splitlines()[3:5]] == ["check_in-2", "proposed"]
    curves = ET.parse(tmp_path / "pictures" / "det.svg").findall("{*}polyline")  # noqa: S314 - our own file
    assert len(curves) == 2
    written = typed("calibrate", "--fmr", "0.01", "--write", "--from", "2999-01-01", "--json")
    numbers = json.loads(written.stdout)
    assert (numbers["written"], numbers["proposed"]["adaptation"], numbers["persons"]) == ("check_in-3", "fused-1", 55)
    again = typed("calibrate", "--write", "--from", "2999-01-01")
    assert again.stderr == "daogang: check_in-3 begins on 2999-01-01 already: choose another day with --from\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("adapt",), "0 persons are enrolled with two photos or more by fused"),
        (("calibrate",), "0 persons are too few to try anything"),
        (("calibrate", "--adaptation", "fused-9"), "there is no adaptation fused-9 for fused"),
        (("calibrate", "--write", "--from", "2020-01-01"), "a policy begins after today"),
        (("calibrate", "--fmr", "2"), "Invalid value for '--fmr'"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(typed: Typed, words: tuple[str, ...], told: str) -> None:
    result = typed(*words)
    assert result.returncode != 0
    assert told in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["status", "adapt", "calibrate", "rebuild"])
def test_an_engine_that_cannot_start_is_said_in_a_line(typed: Typed, command: str) -> None:
    result = typed(command, DAOGANG_FACE_ENGINE="no-such")
    assert result.stderr.startswith("daogang: there is no engine no-such")
    assert result.returncode == 1


@pytest.mark.parametrize("command", ["status", "rebuild"])
def test_a_database_that_is_down_is_said_in_a_line(typed: Typed, command: str) -> None:
    result = typed(command, DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    assert (result.returncode, result.stderr) == (1, "daogang: the database does not answer\n")


@pytest.mark.parametrize(("poison", "processes"), [("hangs", "1"), ("dies", "2")])
def test_a_photo_that_kills_the_engine_twice_is_skipped_and_the_rebuild_ends(
    meeting_deps: Deps, queue: HeldQueue, typed: Typed, tmp_path: Path, poison: str, processes: str
) -> None:
    world = World(meeting_deps)
    people = [world.person().id for _ in range(4)]
    for at, person_id in enumerate(people):
        world.enrol(person_id, seed=POISON_SEED if at == 1 else 10 * at)
    sface = load_engine("sface", meeting_deps.settings.model_dir)
    queue.work_off(replace(meeting_deps, engine=lambda: sface))

    def run() -> subprocess.CompletedProcess[str]:
        told = ("rebuild", "--processes", processes, "--report", "report.csv")
        return typed(*told, program="tests.faults.poisoned_faces", POISON=poison, DAOGANG_HANG_S="3")

    first, second, last = run(), run(), run()
    assert 0 not in {first.returncode, second.returncode}
    assert ("daogang: a process died over a photo: run it again" in first.stderr) is (processes == "2")
    assert (last.returncode, (tmp_path / "report.csv").read_text()) == (
        0,
        f"person_id,code\n{people[1]},engine_failed\n",
    )
    assert run().returncode == 0
    # Another engine than the one that died looks at him.
    done = typed("rebuild", "--report", "report.csv", DAOGANG_FACE_ENGINE="dlib")
    assert (done.returncode, done.stderr.count("engine_failed")) == (0, 0)
    assert "4 templates made" in done.stdout


@pytest.mark.parametrize("processes", ["1", "2"])
def test_rebuild_names_whom_it_could_not_serve(
    meeting_deps: Deps, queue: HeldQueue, typed: Typed, tmp_path: Path, processes: str
) -> None:
    world = World(meeting_deps)
    person = world.person().id
    world.enrol(person)
    sface = load_engine("sface", meeting_deps.settings.model_dir)
    queue.work_off(replace(meeting_deps, engine=lambda: sface))
    # What is kept for him is no photo.
    (unlucky,) = enrol_with_photos(meeting_deps, PaperEngine(), population(1))
    assert typed("rebuild", "--check").stdout.startswith("2 persons have no template of fused")
    done = typed("rebuild", "--processes", processes, "--report", "report.csv")
    assert "1 templates made, 1 of other engines or versions retired" in done.stdout, done.stderr
    assert "making templates" in done.stderr
    assert (tmp_path / "report.csv").read_text() == f"person_id,code\n{unlucky},engine_failed\n"
    assert f"{unlucky},engine_failed" in done.stdout
    assert typed("rebuild", "--check").stdout.startswith("1 persons")
