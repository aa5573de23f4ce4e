"""Bad requests to ordinary routes: one shape of refusal, whatever was sent, and never a 500."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from service.deps import Deps
from service.domain.actors import Actor, Role, Scope
from service.settings import Settings
from service.store.models import Account, Unit
from service.usecases.sessions import TOKEN_LIFE
from tests.api.conftest import Log
from tests.api.support import API, Caller, member, said
from tests.factories import Site, World
from tests.fakes import SetClock

JSON = "application/json"
DEEP = b"[" * 100_000 + b"]" * 100_000


def units(deps: Deps) -> int:
    with deps.database.begin() as work:
        return work.session.scalars(select(func.count()).select_from(Unit)).one()


@pytest.mark.parametrize(
    ("body", "content_type", "status", "problems"),
    [
        (b"{", JSON, 400, [("bad_json", None)]),
        (b'{"name": "\xff"}', JSON, 400, [("bad_json", None)]),
        (b'{"name": ' + b"9" * 5000 + b"}", JSON, 400, [("bad_json", None)]),
        (b"\xef\xbb\xbf{}", JSON, 400, [("bad_json", None)]),
        (DEEP, JSON, 400, [("json_too_deep", None)]),
        (b'{"name":' * 33, JSON, 400, [("json_too_deep", None)]),
        (b'"' + b"x" * 300_000 + b'"', JSON, 413, [("request_too_large", None)]),
        (b"[1]", JSON, 422, [("invalid", None)]),
        (b"null", JSON, 422, [("invalid", None)]),
        (b"7", JSON, 422, [("invalid", None)]),
        (b"", JSON, 422, [("missing", "name"), ("missing", "credit_code")]),
        (b'{"name": "x"}', "text/plain", 415, [("not_json", None)]),
        (b"name=x", "application/x-www-form-urlencoded", 415, [("not_json", None)]),
        (b'{"name": "x"}', "", 415, [("not_json", None)]),
        (b'{"name": 1e999, "credit_code": true}', JSON, 422, [("invalid", "name"), ("invalid", "credit_code")]),
        (b'{"a": 1, "b": 2}', JSON, 422, None),
        (rb'{"name": "\u0000", "credit_code": "\ud800"}', JSON, 422, [("invalid", "name"), ("invalid", "credit_code")]),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_body_that_is_no_unit_is_refused_and_nothing_is_kept(
    city: Caller, deps: Deps, body: bytes, content_type: str, status: int, problems: list[Any] | None
) -> None:
    before = units(deps)
    got = said(city.ask("POST", "/units", data=body, content_type=content_type))
    everything = [("unknown_field", "a"), ("unknown_field", "b"), ("missing", "credit_code"), ("missing", "name")]
    assert (got[0], sorted(got[1], key=str)) == (status, sorted(problems or everything, key=str))
    assert units(deps) == before


def test_a_change_under_the_wrong_content_type_is_not_taken_for_no_change(city: Caller, world: World) -> None:
    response = city.ask("PATCH", f"/units/{world.unit()}", version=1, data=b'{"name": "x"}', content_type="text/plain")
    assert said(response) == (415, [("not_json", None)])


@pytest.mark.parametrize("depth", [31, 32, 33])
def test_thirty_two_levels_are_read_and_one_more_is_not(city: Caller, depth: int) -> None:
    nested = b'{"x":' * depth + b"1" + b"}" * depth
    status, problems = said(city.ask("POST", "/units", data=nested, content_type=JSON))
    read = (422, {("unknown_field", "x"), ("missing", "credit_code"), ("missing", "name")})
    assert (status, set(problems)) == (read if depth <= 32 else (400, {("json_too_deep", None)}))


def test_brackets_inside_texts_are_no_nesting(city: Caller) -> None:
    status, problems = said(city.post("/units", {"name": '[{"\\' * 40, "credit_code": "no"}))
    assert (status, problems) == (422, [("bad_credit_code", "credit_code")])


@pytest.mark.parametrize(
    ("category", "code"),
    [(1.5, "not_a_number"), ("1", "not_a_number"), (3, "out_of_range"), (10**400, "out_of_range")],
)
def test_a_post_has_category_one_or_two_and_nothing_between(city: Caller, category: object, code: str) -> None:
    rule = {"category": category, "certificates": [], "staffing": [], "binding": "filing", "warn_days": [30]}
    rule |= {"concurrency": {"projects": None}}
    values = {"code": "cook", "name_zh": "厨师", "name_en": "cook", "team_kind": "construction", "rule": rule}
    assert said(city.post("/posts", values)) == (422, [(code, "rule.category")])


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("limit=0", ("out_of_range", "limit")),
        ("limit=201", ("out_of_range", "limit")),
        ("limit=-1", ("out_of_range", "limit")),
        ("limit=1.5", ("not_a_number", "limit")),
        ("limit=many", ("not_a_number", "limit")),
        ("limit=" + "9" * 5000, ("not_a_number", "limit")),
        ("cursor=after", ("invalid", "cursor")),
        ("cursor=", ("bad_length", "cursor")),
        ("cursor=%00", ("invalid", "cursor")),
        ("page=2", ("unknown_field", "page")),
        ("q=%00", ("invalid", "q")),
        ("q=%0a%0b%0c", ("bad_length", "q")),
        ("q=" + "x" * 201, ("bad_length", "q")),
    ],
)
def test_a_bad_query_is_refused_by_name(city: Caller, query: str, problem: tuple[str, str]) -> None:
    assert said(city.get(f"/units?{query}")) == (422, [problem])


def test_a_query_of_no_characters_at_all_finds_nothing(city: Caller, world: World) -> None:
    world.unit()
    assert city.get("/units?q=%ff").json == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("path", "status", "problem"),
    [
        ("/posts/%00", 422, ("invalid", None)),
        ("/posts/%ff", 404, ("not_found", None)),
        ("/posts/%ed%a0%80", 404, ("not_found", None)),
        ("/posts/" + "x" * 3000, 404, ("not_found", None)),
        ("/units/not-an-id", 404, ("not_found", None)),
        ("/units/00000000-0000-0000-0000-000000000007", 404, ("not_found", None)),
        ("/nothing/of/the/kind", 404, ("not_found", None)),
        ("/units/", 404, ("not_found", None)),
    ],
)
def test_a_path_that_leads_nowhere_says_so_in_the_one_shape(
    city: Caller, path: str, status: int, problem: tuple[str, str | None]
) -> None:
    assert said(city.get(path)) == (status, [problem])


@pytest.mark.parametrize("path", ["/nowhere", "/api", "/api/v2/units", "/api/docs/assets/nothing.js"])
def test_an_unknown_path_outside_the_api_answers_in_the_same_shape(client: FlaskClient, path: str) -> None:
    assert said(client.get(path)) == (404, [("not_found", None)])


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/units", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("PUT", f"/units/{uuid4()}", {"GET", "HEAD", "OPTIONS", "PATCH"}),
        ("PATCH", "/me", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", f"/check-ins/{uuid4()}", {"GET", "HEAD", "OPTIONS"}),
        ("BREW", "/sessions", {"OPTIONS", "POST"}),
    ],
)
def test_a_method_that_is_not_there_names_those_that_are(
    city: Caller, method: str, path: str, allowed: set[str]
) -> None:
    response = city.ask(method, path)
    assert said(response) == (405, [("method_not_allowed", None)])
    assert set(response.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic Y2l0eTpwYXNzd29yZA==",
        "Token abc",
    ],
)
def test_without_a_bearer_token_nobody_is_known(client: FlaskClient, header: str) -> None:
    response = client.get(f"{API}/me", headers={"Authorization": header} if header else {})
    assert said(response) == (401, [("token_missing", None)])
    assert response.headers["WWW-Authenticate"] == "Bearer"


def opens_nothing(client: FlaskClient, token: str) -> bool:
    response = client.get(f"{API}/me", headers={"Authorization": f"Bearer {token}"})
    return said(response) == (401, [("token_invalid", None)])


@pytest.mark.parametrize(
    "token", ["garbage", "a.b.c", "ÿÿÿ.ÿÿÿ.ÿÿÿ", "x" * 5000, "{cut}", "{whole}.{whole}", "{whole} x"]
)
def test_a_text_that_is_no_token_opens_nothing(city: Caller, client: FlaskClient, token: str) -> None:
    assert opens_nothing(client, token.format(whole=city.token, cut=city.token[:-2]))


@pytest.mark.parametrize(
    "claims",
    [{"sub": None}, {"exp": None}, {"sub": "the city"}, {"sub": str(uuid4())}, {"exp": 1}, {"exp": 1_772_416_800}],
)
def test_a_token_without_an_end_or_an_owner_opens_nothing(
    city: Caller, client: FlaskClient, settings: Settings, claims: dict[str, Any]
) -> None:
    good = {"sub": str(city.actor.account_id), "exp": 9**10, "epoch": 1}
    changed = {name: value for name, value in {**good, **claims}.items() if value is not None}
    assert (
        client.get(
            f"{API}/me", headers={"Authorization": f"Bearer {jwt.encode(good, settings.token_secret, 'HS256')}"}
        ).status_code
        == 200
    )
    assert opens_nothing(client, jwt.encode(changed, settings.token_secret, "HS256"))


@pytest.mark.parametrize(("secret", "algorithm"), [("k" * 64, "HS256"), ("k" * 64, "HS512"), (None, "none")])
def test_a_token_signed_by_somebody_else_opens_nothing(
    city: Caller, client: FlaskClient, secret: str | None, algorithm: str
) -> None:
    claims = {"sub": str(city.actor.account_id), "exp": 9**10}
    assert opens_nothing(client, jwt.encode(claims, secret, algorithm))


def test_a_token_ends_after_its_twelve_hours(city: Caller, clock: SetClock) -> None:
    clock.at += TOKEN_LIFE - timedelta(seconds=1)
    assert city.get("/me").status_code == 200
    clock.pass_(seconds=1)
    assert said(city.get("/me")) == (401, [("token_invalid", None)])


def test_a_token_of_an_account_that_was_closed_ends_at_once(
    world: World, site: Site, speaking_for: Callable[[Actor], Caller], deps: Deps
) -> None:
    officer = speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body))
    assert officer.get("/me").status_code == 200
    with deps.database.begin() as work:
        work.session.get_one(Account, officer.actor.account_id).active = False
    assert said(officer.get("/me")) == (401, [("token_invalid", None)])


def test_who_is_asking_is_looked_at_before_what_he_sends(client: FlaskClient) -> None:
    response = client.post(f"{API}/check-ins", data=DEEP, content_type=JSON)
    assert said(response) == (401, [("token_missing", None)])


@pytest.mark.parametrize(
    ("given", "kept"), [("trace-1234", True), ("short", False), ("x" * 65, False), ("a b c d e f", False)]
)
def test_a_request_is_followed_under_the_id_it_came_with_if_that_is_a_plain_one(
    client: FlaskClient, given: str, kept: bool
) -> None:
    response = client.get(f"{API}/me", headers={"X-Request-ID": given})
    assert said(response)[0] == 401
    assert (response.headers["X-Request-ID"] == given) is kept


def test_a_query_never_reaches_the_log(city: Caller, log: Log) -> None:
    assert city.get("/people?q=陈立项&colour=red").status_code == 422
    (line,) = log.lines
    assert (line["path"], line["code"]) == ("/api/v1/people", "unknown_field")
    assert "陈立项" not in log.text
