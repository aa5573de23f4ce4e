"""Exchange with other systems over HTTP: who may do what, and what it looks like."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from service.api.context import EXTENSION
from service.connectors.fakes.registry import Shelf
from service.connectors.http_source import HttpSource
from service.deps import Deps
from service.domain.actors import Actor, Role, Scope
from service.store.models import SupervisingBody
from service.usecases.dispatch import dispatch
from tests.api.support import Caller, member, said
from tests.factories import World
from tests.sources import TOKEN, certificate, certificate_fake, filing, filing_fake, person, serving

NOBODY = str(UUID(int=7))


@pytest.fixture
def system() -> Iterator[tuple[HttpSource, Shelf]]:
    with serving(filing_fake()) as (url, shelf):
        source = HttpSource(url, TOKEN, "/v1/filings")
        yield source, shelf
        source.close()


@pytest.fixture
def registry() -> Iterator[tuple[HttpSource, Shelf]]:
    with serving(certificate_fake()) as (url, shelf):
        source = HttpSource(url, TOKEN, "/v1/certificates")
        yield source, shelf
        source.close()


@pytest.fixture
def connected(deps: Deps, app: Flask, system: tuple[HttpSource, Shelf], registry: tuple[HttpSource, Shelf]) -> Deps:
    """The application with both peers behind it."""
    live = replace(deps, filing=system[0], certificates=registry[0])
    app.extensions[EXTENSION] = live
    return live


@pytest.fixture
def caller(world: World, speaking_for: Callable[[Actor], Caller]) -> Callable[..., Caller]:
    def made(role: Role, scope: Scope = Scope.CITY, scope_id: UUID | None = None) -> Caller:
        return speaking_for(member(world, role, scope, scope_id))

    return made


@pytest.fixture
def body(world: World) -> str:
    body_id = world.body()
    with world.deps.database.begin() as work:
        return work.session.get_one(SupervisingBody, body_id).code


def worked_off(deps: Deps, city: Caller, peer: str = "filing_system") -> dict[str, Any]:
    """A run on demand as it is read after a worker came by."""
    answer = city.post("/integration/sync-runs", {"peer": peer})
    assert answer.status_code == 202, answer.text
    dispatch(deps=deps)
    deps.queue.work_off(deps)
    return city.get(answer.headers["Location"].removeprefix("/api/v1")).json


def test_a_run_is_asked_for_read_and_listed_with_what_it_refused(
    connected: Deps, city: Caller, body: str, system: tuple[HttpSource, Shelf]
) -> None:
    system[1].put([filing("F-1", body), filing("=F-2", "浦东站")])
    run = worked_off(connected, city)
    assert (run["state"], run["counts"], run["trigger"]) == ("done", {"created": 1, "refused": 1}, "demand")
    path = f"/integration/sync-runs/{run['id']}"
    (issue,) = city.get(f"{path}/issues").json["items"]
    assert (issue["external_key"], issue["field"], issue["code"]) == ("=F-2", "project.body", "unmapped")
    assert "浦东站" in issue["text"]["zh"]
    assert city.ids("/integration/sync-runs", peer="filing_system", state="done") == [run["id"]]
    assert city.ids("/integration/sync-runs", peer="certificate_registry") == []
    table = city.get(f"{path}/issues.csv")
    assert table.content_type == "text/csv; charset=utf-8"
    lines = table.get_data(as_text=True).splitlines()
    assert lines[0] == "\ufeffthing,external_key,field,code,text_zh,text_en"
    assert lines[1].startswith("filing,'=F-2,project.body,unmapped,")


def test_a_mapping_is_entered_changed_and_used(
    connected: Deps, city: Caller, body: str, system: tuple[HttpSource, Shelf]
) -> None:
    system[1].put([filing("F-1", "浦东站")])
    worked_off(connected, city)
    values = {"peer": "filing_system", "thing": "body", "external_key": "浦东站", "internal_key": body}
    made = city.post("/integration/key-mappings", values)
    assert (made.status_code, made.json["used_at"]) == (201, None)
    assert said(city.post("/integration/key-mappings", values))[0] == 409
    path = f"/integration/key-mappings/{made.json['id']}"
    assert said(city.patch(path, {"internal_key": "nobody"}, 1)) == (422, [("unknown_reference", "internal_key")])
    assert worked_off(connected, city)["counts"] == {"created": 1}
    assert city.get(path).json["used_at"] is not None
    assert city.ids("/integration/key-mappings", thing="filing") != []


def test_who_is_asked_for_twice_or_not_connected_is_told(connected: Deps, city: Caller, app: Flask) -> None:
    assert city.post("/integration/sync-runs", {"peer": "filing_system"}).status_code == 202
    assert said(city.post("/integration/sync-runs", {"peer": "filing_system"})) == (409, [("sync_running", "peer")])
    app.extensions[EXTENSION] = replace(connected, filing=None)
    assert said(city.post("/integration/sync-runs", {"peer": "filing_system"}))[1] == [("source_not_connected", "peer")]


def test_pushed_records_are_answered_one_by_one(connected: Deps, caller: Callable[..., Caller], body: str) -> None:  # noqa: ARG001
    integration = caller(Role.INTEGRATION)
    records = [filing("F-1", body, (person(1),)), filing("F-2", body, number=None)]
    for result in ("created", "unchanged"):
        answer = integration.post("/integration/filings", {"records": records})
        assert answer.status_code == 200, answer.text
        first, second = answer.json["items"]
        assert (first, second["result"]) == ({"key": "F-1", "result": result, "problems": []}, "refused")
        assert [(each["code"], each["field"]) for each in second["problems"]] == [("missing", "number")]
        assert integration.get(f"/integration/sync-runs/{answer.json['run_id']}").json["trigger"] == "push"


def test_what_a_pushed_record_may_hold_instead_of_a_text_is_wrong_with_it_alone(
    connected: Deps, caller: Callable[..., Caller], city: Caller, body: str
) -> None:
    office, good = caller(Role.INTEGRATION), filing("F-2", body)
    for bad in ({"number": []}, {"section": "\ud800"}, {"personnel": [{"post": []}]}, {"units": [{"role": {}}]}):
        content = json.dumps({"records": [{**filing("F-1", body), **bad}, good]})
        answer = office.ask("POST", "/integration/filings", data=content, content_type="application/json")
        assert answer.status_code == 200
        assert answer.json["items"][0]["result"] == "refused"
    assert answer.json["items"][1]["result"] == "unchanged"
    query = {"peer": "filing_system", "difference": "refused"}
    report = city.get("/integration/reconciliation", query_string=query).json
    # One record, however many of its fields are wrong.
    assert (report["counts"]["refused"], len(report["items"]) > 1) == (1, True)
    assert connected.filing is not None


def test_a_push_may_be_larger_than_other_requests_but_not_without_end(caller: Callable[..., Caller], body: str) -> None:
    integration = caller(Role.INTEGRATION)
    large = filing("F-1", body) | {"remark": "x" * 1_500_000}
    assert integration.post("/integration/filings", {"records": [large]}).status_code == 200
    huge = {"records": [large | {"remark": "x" * 2_100_000}]}
    assert said(integration.post("/integration/filings", huge))[0] == 413
    assert said(integration.post("/integration/filings", {"records": []})) == (422, [("bad_length", "records")])
    assert said(integration.post("/integration/filings", {"records": [7] * 201})) == (422, [("bad_length", "records")])


def test_the_registry_is_asked_about_a_person_by_who_may_act_on_him(
    connected: Deps, city: Caller, caller: Callable[..., Caller], world: World, registry: tuple[HttpSource, Shelf]
) -> None:
    site = world.site()
    holder = world.person("陈立项")
    line = world.line(site.construction, holder.id)
    number = connected.vault.open(f"document:{holder.document_hash.hex()}", holder.document_sealed).decode()
    registry[1].put([certificate("C-1", {"kind": "resident_id", "number": number, "name": "陈立项"})])
    path = f"/people/{line.person_id}/certificates/check"
    office = caller(Role.PROJECT_OFFICE, Scope.TEAM, site.construction)
    answer = office.post(path)
    assert (answer.status_code, answer.json["counts"]) == (200, {"created": 1})
    (kept,) = city.get("/certificates", query_string={"person_id": str(holder.id)}).json["items"]
    assert kept["type_code"] == "constructor_1"
    other = caller(Role.PROJECT_OFFICE, Scope.TEAM, world.site().construction)
    assert said(other.post(path))[0] == 404
    registry[1].fault = "refusing"
    assert said(office.post(path)) == (503, [("registry_unavailable", None)])


def test_an_answer_about_another_is_a_bad_gateway(
    connected: Deps, city: Caller, world: World, registry: tuple[HttpSource, Shelf]
) -> None:
    holder = world.person("陈立项")
    assert connected.certificates is registry[0]
    registry[1].put([certificate("C-1")])
    registry[1].fault = "another_person"
    assert said(city.post(f"/people/{holder.id}/certificates/check")) == (502, [("about_another_person", None)])


def test_the_reconciliation_tells_what_differs_within_reach(
    connected: Deps,
    city: Caller,
    caller: Callable[..., Caller],
    world: World,
    body: str,
    system: tuple[HttpSource, Shelf],
) -> None:
    query = {"peer": "filing_system"}
    before = city.get("/integration/reconciliation", query_string=query).json
    assert (before["connected"], before["last_run"], before["not_checked_since"]) == (True, None, None)
    site = world.site()
    filed = {"project_id": str(site.project_id), "number": "typed", "filed_on": None}
    assert city.post("/filings", filed).status_code == 201
    values = {"peer": "filing_system", "thing": "body", "external_key": "无人用", "internal_key": body}
    city.post("/integration/key-mappings", values)
    system[1].put([filing("F-1", body), filing("F-2", "浦东站")])
    run = worked_off(connected, city)
    report = city.get("/integration/reconciliation", query_string=query).json
    assert report["counts"] == {"never_confirmed": 1, "not_checked": 0, "refused": 1, "unused_mapping": 1}
    assert [item["number"] for item in report["items"]] == ["typed"]
    assert (report["last_run"]["id"], report["not_checked_since"]) == (run["id"], run["ended_at"])
    for difference, keys in (("refused", ["F-2"]), ("unused_mapping", ["无人用"])):
        items = city.get("/integration/reconciliation", query_string={**query, "difference": difference}).json["items"]
        assert [item["external_key"] for item in items] == keys
    connected.clock.pass_(days=8)  # type: ignore[attr-defined]
    city.sign_in()
    late = city.get("/integration/reconciliation", query_string={**query, "difference": "not_checked"}).json
    assert ([item["number"] for item in late["items"]], late["counts"]["not_checked"]) == (["N-F-1"], 1)
    other = caller(Role.OFFICER, Scope.BODY, world.body())
    seen = other.get("/integration/reconciliation", query_string=query).json
    assert (seen["items"], seen["counts"]["never_confirmed"]) == ([], 0)


ROUTES = (
    ("GET", "/integration/sync-runs", "sync.read"),
    ("GET", f"/integration/sync-runs/{NOBODY}", "sync.read"),
    ("GET", f"/integration/sync-runs/{NOBODY}/issues", "sync.read"),
    ("GET", f"/integration/sync-runs/{NOBODY}/issues.csv", "sync.read"),
    ("GET", "/integration/reconciliation?peer=filing_system", "sync.read"),
    ("GET", "/integration/key-mappings", "sync.read"),
    ("POST", "/integration/sync-runs", "sync.run"),
    ("POST", "/integration/key-mappings", "reference.write"),
    ("POST", "/integration/filings", "records.push"),
    ("POST", "/integration/certificates", "records.push"),
)
HOLDERS = {
    "sync.read": {Role.CITY, Role.AUDITOR, Role.INTEGRATION, Role.OFFICER},
    "sync.run": {Role.CITY},
    "reference.write": {Role.CITY},
    "records.push": {Role.INTEGRATION},
}


@pytest.mark.parametrize(("method", "path", "permission"), ROUTES)
def test_each_route_is_for_who_holds_its_permission(
    caller: Callable[..., Caller], world: World, method: str, path: str, permission: str
) -> None:
    body = world.body()
    scopes = {Role.OFFICER: (Scope.BODY, body), Role.PROJECT_OFFICE: (Scope.TEAM, UUID(int=1))}
    for role in (Role.CITY, Role.AUDITOR, Role.INTEGRATION, Role.OPERATOR, *scopes):
        status = caller(role, *scopes.get(role, (Scope.CITY,))).ask(method, path, json={}).status_code
        assert (status != 403) == (role in HOLDERS[permission]), (role, status)
