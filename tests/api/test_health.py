"""Health: the process lives whatever is missing, and each missing part is named."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.deps import Deps
from service.settings import Settings
from service.store.work import Database, connect
from service.usecases.health import SILENT_AFTER, beat
from tests.api.conftest import Log
from tests.api.support import API, Caller, said
from tests.fakes import HeldQueue, SetClock


@pytest.fixture
def ready(deps: Deps) -> Deps:
    """Everything is there: a tick and a worker said so just now."""
    for kind in ("tick", "worker"):
        beat(f"{kind}-1", kind, deps=deps)
    return deps


def missing(client: FlaskClient) -> tuple[int, list[str]]:
    response = client.get("/readyz")
    assert response.json["status"] == ("missing" if response.json["missing"] else "ready")
    return response.status_code, response.json["missing"]


@pytest.mark.usefixtures("ready")
def test_everything_there_is_ready(client: FlaskClient) -> None:
    assert missing(client) == (200, [])


@pytest.mark.usefixtures("ready")
def test_a_queue_that_is_down_is_named(client: FlaskClient, queue: HeldQueue) -> None:
    queue.down = True
    assert missing(client) == (503, ["redis"])


@pytest.mark.usefixtures("ready")
def test_a_photo_folder_that_cannot_be_made_is_named(client: FlaskClient, settings: Settings) -> None:
    settings.photo_dir.write_text("a file where the folder should be")
    assert missing(client) == (503, ["photo_store"])


@pytest.mark.parametrize("kind", ["tick", "worker"])
def test_a_process_that_never_spoke_is_named(client: FlaskClient, deps: Deps, kind: str) -> None:
    beat("the other", "worker" if kind == "tick" else "tick", deps=deps)
    assert missing(client) == (503, [kind])


@pytest.mark.parametrize("kind", ["tick", "worker"])
def test_a_process_that_fell_silent_is_named(client: FlaskClient, ready: Deps, clock: SetClock, kind: str) -> None:
    clock.at += SILENT_AFTER
    assert missing(client) == (200, [])
    clock.at += timedelta(milliseconds=1)
    beat("another", "worker" if kind == "tick" else "tick", deps=ready)
    assert missing(client) == (503, [kind])


def test_several_missing_parts_are_all_named(client: FlaskClient, queue: HeldQueue, settings: Settings) -> None:
    queue.down = True
    settings.photo_dir.write_text("a file where the folder should be")
    assert missing(client) == (503, ["tick", "worker", "redis", "photo_store"])


@pytest.fixture
def stranded(settings: Settings, deps: Deps) -> FlaskClient:
    """A client of an application whose database address leads nowhere."""
    engine = connect(f"postgresql+psycopg://nobody@localhost/none?host={settings.photo_dir.parent}")
    return create_app(settings, replace(deps, database=Database(engine, deps.clock))).test_client()


def test_a_database_that_refuses_is_named(stranded: FlaskClient) -> None:
    assert missing(stranded) == (503, ["database"])
    assert stranded.get("/healthz").status_code == 200


def test_a_request_without_a_database_is_asked_to_come_back_and_nothing_of_it_is_logged(
    stranded: FlaskClient, city: Caller, log: Log
) -> None:
    values = {"name": "city official", "password": "a password of his"}
    for response in (
        stranded.post(f"{API}/sessions", json=values),
        stranded.get(f"{API}/me", headers={"Authorization": f"Bearer {city.token}"}),
    ):
        assert said(response) == (503, [("unavailable", None)])
        assert response.headers["Retry-After"] == "2"
    assert [line["event"] for line in log.lines] == ["the database does not answer"] * 2
    for secret in ("city official", "a password of his", city.token, str(city.actor.account_id)):
        assert secret not in log.text


def test_the_process_lives_whatever_is_missing(client: FlaskClient, queue: HeldQueue) -> None:
    queue.down = True
    response = client.get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "ok"})
