"""Business time over HTTP, with the machine's clock and with a movable one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.api.context import EXTENSION
from service.deps import Deps
from service.domain.actors import PERMISSIONS, SCOPES, Permission, Role, Scope
from service.store.clock import MovableClock
from service.store.work import Database, connect
from tests.api.support import Caller, as_json, member, problem, said
from tests.factories import World

BEGINS = datetime.fromisoformat("2026-03-02T08:00:00+08:00")
CITY_WIDE = [role for role in Role if Scope.CITY in SCOPES[role]]


def put(caller: Caller, **values: object):
    return caller.ask("PUT", "/clock", **as_json(values))


@pytest.fixture
def moving(app: Flask, deps: Deps, empty_database: str) -> Iterator[World]:
    """The application over an instance whose business time can be moved."""
    engine = connect(empty_database)
    clock = MovableClock(engine, BEGINS)
    app.extensions[EXTENSION] = replace(deps, clock=clock, database=Database(engine, clock))
    yield World(app.extensions[EXTENSION])
    engine.dispose()


@pytest.fixture
def mover(moving: World, client: FlaskClient) -> Caller:
    return Caller(client, moving.city, moving.deps)


def test_the_machines_clock_is_told_and_not_moved(city: Caller) -> None:
    assert city.get("/clock").json == {
        "now": "2026-03-02T02:00:00Z",
        "today": "2026-03-02",
        "timezone": "Asia/Shanghai",
        "movable": False,
    }
    assert said(put(city, now="2026-03-03T00:00:00Z")) == (409, [("clock_not_movable", None)])


def test_the_city_moves_it_forward_and_everybody_sees_it(mover: Caller, moving: World, client: FlaskClient) -> None:
    told = put(mover, now="2026-03-31T23:30:00+08:00")
    assert told.status_code == 200
    assert (told.json["now"][:16], told.json["today"], told.json["movable"]) == ("2026-03-31T15:30", "2026-03-31", True)
    operator = Caller(client, member(moving, Role.OPERATOR, Scope.CITY), moving.deps)
    assert operator.get("/clock").json["now"] > told.json["now"]


def test_it_only_moves_forward(mover: Caller) -> None:
    put(mover, now="2026-03-05T08:00:00+08:00")
    refused = put(mover, now="2026-03-04T08:00:00+08:00")
    assert said(refused) == (409, [("clock_backwards", "now")])
    assert problem(refused)["errors"][0]["data"]["now"].startswith("2026-03-05T00:00")
    assert mover.get("/clock").json["today"] == "2026-03-05"


@pytest.mark.parametrize("role", [role for role in CITY_WIDE if role is not Role.CITY])
def test_no_other_role_moves_it(world: World, client: FlaskClient, role: Role) -> None:
    assert [role for role in Role if Permission.CLOCK_MOVE in PERMISSIONS[role]] == [Role.CITY]
    caller = Caller(client, member(world, role, Scope.CITY), world.deps)
    assert said(put(caller, now="2026-03-03T00:00:00Z")) == (403, [("forbidden", None)])
    assert caller.get("/clock").status_code == 200


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({}, "missing", "now"),
        ({"now": None}, "null_not_allowed", "now"),
        ({"now": "2026-03-03T08:00:00"}, "naive_time", "now"),
        ({"now": "noon"}, "invalid", "now"),
        ({"now": "2150-01-01T00:00:00Z"}, "out_of_range", "now"),
        ({"now": "2026-03-03T08:00:00Z", "zone": "Asia/Shanghai"}, "unknown_field", "zone"),
    ],
)
def test_what_is_no_instant_is_refused(mover: Caller, values: dict[str, object], code: str, field: str) -> None:
    assert said(put(mover, **values)) == (422, [(code, field)])


def test_without_a_token_nobody_learns_it(client: FlaskClient) -> None:
    assert client.get("/api/v1/clock").status_code == 401
