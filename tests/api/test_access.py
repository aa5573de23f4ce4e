"""Who reaches what: no token, each role's permissions, each role's scope, and nobody in his own affair."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from demo.photos import landscape
from service.domain.actors import PERMISSIONS, SCOPES, Actor, Grant, Permission, Role, Scope
from service.store.models import Team
from tests.api.support import Caller, Puncher, enrol, fresh_shot, member, problem, said
from tests.factories import Site, World

SpeakingFor = Callable[[Actor], Caller]

OPEN = {
    "GET /",
    "GET /healthz",
    "GET /readyz",
    "GET /api/openapi.json",
    "GET /api/docs",
    "GET /api/docs/assets/<path:name>",
    "POST /api/v1/sessions",
    "POST /api/v1/sessions/wechat",
}


def routes(app: Flask) -> list[tuple[str, str]]:
    """Every method and path there is."""
    return sorted(
        (method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}
    )


def filled(path: str) -> str:
    """A path to nothing in particular."""
    path = re.sub(r"<uuid:\w+>", str(UUID(int=7)), path)
    path = re.sub(r"<day:\w+>", "2026-04-06", path)
    return re.sub(r"<[^>]+>", "1", path)


def test_without_a_token_only_the_doors_meant_to_be_open_are_open(client: FlaskClient, app: Flask) -> None:
    closed = []
    for method, path in routes(app):
        response = client.open(filled(path), method=method)
        if response.status_code == 401 and said(response) == (401, [("token_missing", None)]):
            closed.append(f"{method} {path}")
    assert {f"{method} {path}" for method, path in routes(app)} - set(closed) == OPEN
    assert len(closed) > 50


def test_every_role_passes_exactly_the_routes_its_permissions_name(
    client: FlaskClient, app: Flask, world: World, speaking_for: SpeakingFor
) -> None:
    paths = client.get("/api/openapi.json").json["paths"]
    asked = {
        (method.upper(), re.sub(r"\{\w+\}", "1", path)): Permission(operation["x-permission"])
        for path, item in paths.items()
        for method, operation in item.items()
        if "x-permission" in operation
    }
    assert len(asked) == len(routes(app)) - len(OPEN)
    for role in Role:
        scope = min(SCOPES[role])
        caller = speaking_for(member(world, role, scope, None if scope in {"city", "self"} else UUID(int=7)))
        for method, path in routes(app):
            if f"{method} {path}" in OPEN:
                continue
            permission = asked[method, re.sub(r"<[^>]+>", "1", path)]
            response = client.open(filled(path), method=method, headers={"Authorization": f"Bearer {caller.token}"})
            refused = response.status_code == 403 and problem(response)["code"] == "forbidden"
            assert refused is (permission not in PERMISSIONS[role]), (role, method, path)


@dataclass
class Town:
    """Two sites of one body and one of another, with somebody on each team who punched there."""

    home: Site
    near: Site
    far: Site
    people: dict[str, UUID]
    lines: dict[str, UUID]
    check_ins: dict[str, UUID]

    def names(self, ids: list[str], of: dict[str, UUID]) -> set[str]:
        """The names under which some ids are known here."""
        known = {str(value): name for name, value in of.items()}
        return {known[value] for value in ids if value in known}


@pytest.fixture
def town(world: World) -> Town:
    body = world.body()
    home, near, far = world.site(body), world.site(body), world.site()
    teams = {
        "builder": (home, home.construction, "project_manager"),
        "engineer": (home, home.supervision, "chief_engineer"),
        "neighbour": (near, near.construction, "project_manager"),
        "stranger": (far, far.construction, "project_manager"),
        "visitor": (home, None, ""),
    }
    people, lines, check_ins = {}, {}, {}
    for name, (site, team, post) in teams.items():
        people[name] = world.person(name).id
        if team is not None:
            lines[name] = world.line(team, people[name], post).id
        check_ins[name] = world.punch(site, world.key_person(people[name]), landscape()).id
    # Not enrolled, so they are judged without the engine; judging gives each its team.
    world.deps.queue.work_off(world.deps)
    return Town(home, near, far, people, lines, check_ins)


def who(town: Town, world: World, name: str) -> Actor:
    """The members of the town by name."""
    home = town.home
    with world.deps.database.begin() as work:
        unit = work.session.get_one(Team, home.construction).unit_id
    grants = {
        "office": (Role.PROJECT_OFFICE, Scope.TEAM, home.construction),
        "manager": (Role.PROJECT_MANAGER, Scope.TEAM, home.construction),
        "supervision office": (Role.PROJECT_OFFICE, Scope.TEAM, home.supervision),
        "other office": (Role.PROJECT_OFFICE, Scope.TEAM, town.near.construction),
        "chief engineer": (Role.CHIEF_ENGINEER, Scope.PROJECT, home.project_id),
        "client": (Role.CLIENT, Scope.PROJECT, home.project_id),
        "enterprise": (Role.ENTERPRISE, Scope.UNIT, unit),
        "officer": (Role.OFFICER, Scope.BODY, home.body),
        "body head": (Role.BODY_HEAD, Scope.BODY, home.body),
        "auditor": (Role.AUDITOR, Scope.BODY, home.body),
        "other officer": (Role.OFFICER, Scope.BODY, town.far.body),
        "city": (Role.CITY, Scope.CITY, None),
        "city auditor": (Role.AUDITOR, Scope.CITY, None),
        "operator": (Role.OPERATOR, Scope.CITY, None),
        "integration": (Role.INTEGRATION, Scope.CITY, None),
    }
    return member(world, *grants[name])


HOME = {"builder", "engineer", "visitor"}
BODY = HOME | {"neighbour"}
ALL = BODY | {"stranger"}


@pytest.mark.parametrize(
    ("name", "sites", "on_roster", "punches"),
    [
        ("office", {"home"}, {"builder"}, {"builder", "visitor"}),
        ("manager", {"home"}, {"builder"}, {"builder", "visitor"}),
        ("supervision office", {"home"}, {"engineer"}, {"engineer", "visitor"}),
        ("other office", {"near"}, {"neighbour"}, {"neighbour"}),
        ("chief engineer", {"home"}, {"builder", "engineer"}, HOME),
        ("client", {"home"}, {"builder", "engineer"}, HOME),
        ("enterprise", {"home"}, {"builder"}, {"builder", "visitor"}),
        ("officer", {"home", "near"}, BODY - {"visitor"}, BODY),
        ("body head", {"home", "near"}, BODY - {"visitor"}, BODY),
        ("auditor", {"home", "near"}, BODY - {"visitor"}, BODY),
        ("other officer", {"far"}, {"stranger"}, {"stranger"}),
        ("city", {"home", "near", "far"}, ALL - {"visitor"}, ALL),
        ("city auditor", {"home", "near", "far"}, ALL - {"visitor"}, ALL),
    ],
)
def test_each_role_lists_and_reads_what_it_answers_for_and_nothing_else(
    town: Town,
    world: World,
    speaking_for: SpeakingFor,
    name: str,
    sites: set[str],
    on_roster: set[str],
    punches: set[str],
) -> None:
    caller = speaking_for(who(town, world, name))
    projects = {site: getattr(town, site).project_id for site in ("home", "near", "far")}
    seen = {
        "/projects": (projects, sites),
        "/roster-lines": (town.lines, on_roster),
        "/people": (town.people, ALL if "city" in name else on_roster),
        "/check-ins": (town.check_ins, punches),
    }
    for path, (things, expected) in seen.items():
        assert town.names(caller.ids(path), things) == expected, path
        for thing, thing_id in things.items():
            response = caller.get(f"{path}/{thing_id}")
            assert response.status_code == (200 if thing in expected else 404), (path, thing)
    for register in ("/fences", "/teams", "/unit-roles"):
        rows = caller.get(register).json["items"]
        assert town.names([row["project_id"] for row in rows], projects) == sites, register
        for row in rows:
            assert caller.get(f"{register}/{row['id']}").status_code == 200
        for project_id in projects.values():
            in_reach = str(project_id) in {row["project_id"] for row in rows}
            assert bool(caller.ids(register, project_id=str(project_id))) is in_reach


@pytest.mark.parametrize("name", ["operator", "integration"])
def test_who_keeps_the_program_running_sees_no_personal_data(
    town: Town, world: World, speaking_for: SpeakingFor, name: str
) -> None:
    caller = speaking_for(who(town, world, name))
    person, check_in = town.people["builder"], town.check_ins["builder"]
    for path in (
        "/people",
        f"/people/{person}",
        f"/people/{person}/consents",
        f"/people/{person}/enrolments",
        "/check-ins",
        f"/check-ins/{check_in}",
        f"/check-ins/{check_in}/photo",
        "/roster-lines",
        "/reviews",
        "/accounts",
    ):
        assert said(caller.get(path)) == (403, [("forbidden", None)]), path
    assert caller.get("/posts").status_code == 200


ROW = {"person_id", "person_name", "team_id", "roster_line_id", "review_owner", "version"}
OWN = {
    "id", "client_ref", "project_id", "at", "taken_at", "state", "decided_at", "counts", "reasons",
    "counting_reasons",
}  # fmt: skip
RECORD = {"attempts", "claim", "records"}


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("office", OWN | ROW),
        ("manager", OWN | ROW),
        ("chief engineer", OWN | ROW),
        ("client", OWN | ROW),
        ("enterprise", OWN | ROW),
        ("officer", OWN | ROW | RECORD),
        ("body head", OWN | ROW | RECORD),
        ("auditor", OWN | ROW | RECORD),
        ("city", OWN | ROW | RECORD),
    ],
)
def test_an_office_reads_the_row_and_the_body_the_whole_record(
    town: Town, world: World, speaking_for: SpeakingFor, name: str, fields: set[str]
) -> None:
    caller = speaking_for(who(town, world, name))
    assert set(caller.get(f"/check-ins/{town.check_ins['builder']}").json) == fields
    assert all(set(row) == OWN | ROW for row in caller.get("/check-ins").json["items"])


def test_a_key_person_sees_his_own_check_ins_only_and_not_the_office_view(puncher: Puncher, town: Town) -> None:
    mine = puncher.send(landscape()).json
    assert puncher.caller.ids("/check-ins") == [mine["id"]]
    assert set(puncher.caller.get(f"/check-ins/{mine['id']}").json) == OWN
    assert set(mine) == OWN
    for other in town.check_ins.values():
        assert said(puncher.caller.get(f"/check-ins/{other}")) == (404, [("not_found", None)])
    assert puncher.caller.ids("/check-ins", person_id=str(town.people["builder"])) == []


def test_before_it_is_judged_a_check_in_is_for_the_project_as_a_whole(
    puncher: Puncher, world: World, site: Site, speaking_for: SpeakingFor
) -> None:
    world.line(site.supervision, puncher.person_id, "chief_engineer")
    row = puncher.send(landscape()).json
    construction, supervision, client = (
        speaking_for(member(world, *grant))
        for grant in (
            (Role.PROJECT_OFFICE, Scope.TEAM, site.construction),
            (Role.PROJECT_OFFICE, Scope.TEAM, site.supervision),
            (Role.CLIENT, Scope.PROJECT, site.project_id),
        )
    )
    assert [caller.ids("/check-ins") for caller in (construction, supervision, client)] == [[], [], [row["id"]]]
    world.deps.queue.work_off(world.deps)
    assert [caller.ids("/check-ins") for caller in (construction, supervision, client)] == [
        [],
        [row["id"]],
        [row["id"]],
    ]


def test_whom_a_face_mismatch_is_about_learns_no_score_and_the_body_does(
    enrolled: Puncher, world: World, speaking_for: SpeakingFor, site: Site
) -> None:
    own = enrolled.judged(fresh_shot("biden"))
    officer = speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body))
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    for told in (own, office.get(f"/check-ins/{own['id']}").json):
        assert [(reason["code"], reason["data"]) for reason in told["reasons"]] == [("face_mismatch", {})]
        assert "distance" not in str(told)
    (record,) = officer.get(f"/check-ins/{own['id']}").json["records"]
    assert record["record"]["face"]["distance"] > record["record"]["face"]["refuse"]


def test_an_office_changes_nothing_of_another_project(town: Town, world: World, speaking_for: SpeakingFor) -> None:
    caller = speaking_for(who(town, world, "other office"))
    home, line = town.home, town.lines["builder"]
    fence = {
        "project_id": str(home.project_id),
        "name": "围栏",
        "datum": "wgs84",
        "geometry": {"kind": "circle", "centre": {"lat": 31.2, "lon": 121.4}, "radius_m": 90},
        "starts_on": "2026-03-01",
    }
    proposal = {
        "team_id": str(home.construction),
        "person_id": str(town.people["neighbour"]),
        "post_code": "safety_officer",
        "basis": "filing",
        "starts_on": "2026-03-01",
    }
    unknown = "unknown_reference"
    assert said(caller.post("/fences", fence)) == (422, [(unknown, "project_id")])
    assert said(caller.post("/roster-lines", proposal)) == (422, [(unknown, "team_id")])
    assert said(caller.patch(f"/roster-lines/{line}", {"basis": "contract"}, 3)) == (404, [("not_found", None)])
    assert said(caller.post(f"/roster-lines/{line}/submit", version=3)) == (404, [("not_found", None)])
    person = town.people["builder"]
    assert said(caller.patch(f"/people/{person}", {"name": "别人"}, 1)) == (404, [("not_found", None)])


def test_a_body_changes_nothing_of_another_bodys_projects(town: Town, world: World, speaking_for: SpeakingFor) -> None:
    caller = speaking_for(who(town, world, "other officer"))
    home, person = town.home, town.people["builder"]
    project = {"name": "项目", "body_id": str(home.body), "district_code": "310115"}
    filing = {"project_id": str(home.project_id), "number": "F-1"}
    state = {"state": "stopped", "from_on": "2026-03-02"}
    assert said(caller.post("/projects", project)) == (422, [("unknown_reference", "body_id")])
    assert said(caller.post("/filings", filing)) == (422, [("unknown_reference", "project_id")])
    (fence,) = caller.ids("/fences")
    assert str(home.project_id) not in str(caller.get(f"/fences/{fence}").json)
    not_found = (404, [("not_found", None)])
    assert said(caller.patch(f"/projects/{home.project_id}", {"name": "x"}, 1)) == not_found
    assert said(caller.post(f"/projects/{home.project_id}/states", state)) == not_found
    assert said(caller.patch(f"/teams/{home.construction}", {"name": "x"}, 1)) == not_found
    assert said(caller.post(f"/people/{person}/invitations")) == not_found
    assert said(caller.get(f"/people/{person}/consents")) == not_found
    assert said(caller.get(f"/people/{person}/enrolments")) == not_found
    assert said(caller.ask("DELETE", f"/people/{person}/consents/face")) == not_found
    assert said(caller.post(f"/roster-lines/{town.lines['builder']}/end", {"ends_on": "2026-04-01"}, version=3)) == (
        not_found
    )


def test_two_grants_reach_as_far_as_both(town: Town, world: World, speaking_for: SpeakingFor) -> None:
    also = [Grant(Role.PROJECT_OFFICE, Scope.TEAM, town.far.construction)]
    caller = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, town.home.supervision, also))
    assert town.names(caller.ids("/roster-lines"), town.lines) == {"engineer", "stranger"}


def test_a_wide_grant_without_a_permission_does_not_widen_another(
    town: Town, world: World, speaking_for: SpeakingFor
) -> None:
    # The integration role reaches every project but sees no roster; the office sees the roster of one team.
    also = [Grant(Role.INTEGRATION, Scope.CITY, None)]
    caller = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, town.home.construction, also))
    assert town.names(caller.ids("/roster-lines"), town.lines) == {"builder"}
    assert town.names(caller.ids("/check-ins"), town.check_ins) == {"builder", "visitor"}
    assert len(caller.ids("/projects")) == 3


@pytest.fixture
def in_review(world: World, site: Site, speaking_for: SpeakingFor) -> dict[str, dict[str, Any]]:
    """A check-in in review of somebody of each team and of somebody on no roster."""
    rows = {}
    for name, team, post in (
        ("builder", site.construction, "project_manager"),
        ("engineer", site.supervision, "chief_engineer"),
        ("visitor", None, ""),
    ):
        person = world.person()
        puncher = Puncher(world, site, person.id, speaking_for(world.key_person(person.id)))
        if team is not None:
            world.line(team, person.id, post)
        enrol(world, person.id)
        rows[name] = puncher.in_review()
    return rows


@pytest.mark.parametrize(
    ("role", "scope", "of", "may_decide"),
    [
        (Role.CHIEF_ENGINEER, Scope.PROJECT, "project_id", {"builder"}),
        (Role.CLIENT, Scope.PROJECT, "project_id", {"engineer"}),
        (Role.OFFICER, Scope.BODY, "body", {"builder", "engineer", "visitor"}),
    ],
)
def test_each_reviewer_decides_the_other_sides_people_and_the_body_anybody(
    in_review: dict[str, dict[str, Any]],
    world: World,
    site: Site,
    speaking_for: SpeakingFor,
    role: Role,
    scope: Scope,
    of: str,
    may_decide: set[str],
) -> None:
    reviewer = speaking_for(member(world, role, scope, getattr(site, of)))
    assert set(reviewer.ids("/reviews")) == {in_review[name]["id"] for name in may_decide}
    for name, row in in_review.items():
        path = f"/check-ins/{row['id']}"
        version = reviewer.get(path).json["version"]
        status = 200 if name in may_decide else 404
        assert reviewer.get(f"{path}/photo").status_code == status
        assert reviewer.get(f"{path}/reference-photo").status_code == status
        decision = {"verdict": "accepted", "note": "在现场见到本人"}
        assert reviewer.post(f"{path}/decide", decision, version=version).status_code == status


def test_a_reviewer_of_another_project_finds_nothing_to_review(
    in_review: dict[str, dict[str, Any]], world: World, speaking_for: SpeakingFor
) -> None:
    other = world.site()
    decision = {"verdict": "accepted", "note": "看过"}
    for role, scope, scope_id in (
        (Role.CHIEF_ENGINEER, Scope.PROJECT, other.project_id),
        (Role.CLIENT, Scope.PROJECT, other.project_id),
        (Role.OFFICER, Scope.BODY, other.body),
    ):
        reviewer = speaking_for(member(world, role, scope, scope_id))
        assert reviewer.ids("/reviews") == []
        for row in in_review.values():
            assert said(reviewer.post(f"/check-ins/{row['id']}/decide", decision, version=2))[0] == 404


def test_nobody_reviews_himself_whatever_else_he_is(world: World, site: Site, speaking_for: SpeakingFor) -> None:
    person = world.person()
    also = [Grant(Role.OFFICER, Scope.BODY, site.body), Grant(Role.CITY, Scope.CITY, None)]
    himself = speaking_for(member(world, Role.KEY_PERSON, Scope.SELF, None, also, person_id=person.id))
    world.line(site.construction, person.id)
    enrol(world, person.id)
    row = Puncher(world, site, person.id, himself).in_review()
    path = f"/check-ins/{row['id']}"
    assert himself.ids("/reviews") == []
    assert said(himself.post(f"{path}/decide", {"verdict": "accepted", "note": "是我"}, version=2))[0] == 404
    colleague = speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body))
    assert colleague.ids("/reviews") == [row["id"]]
