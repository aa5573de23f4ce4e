"""Fences and roster lines over HTTP: drawn and proposed by one side, decided by the other, step by allowed step."""

import math
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from geofence.datum import from_wgs84
from geofence.position import Datum, Position
from service.domain.actors import Actor, Grant, Role, Scope
from service.domain.roster import STEPS, LineAct, LineState, after, allowed
from tests.api.support import Caller, member, said
from tests.factories import CENTRE, Site, World

SpeakingFor = Callable[[Actor], Caller]
NOBODY = str(UUID(int=7))
CIRCLE = {"kind": "circle", "centre": {"lat": 31.2304, "lon": 121.4737}, "radius_m": 150}
SQUARE = [(31.23, 121.47), (31.23, 121.472), (31.232, 121.472), (31.232, 121.47)]


def polygon(*points: tuple[Any, Any]) -> dict[str, Any]:
    return {"kind": "polygon", "points": [{"lat": lat, "lon": lon} for lat, lon in points]}


def fence(site: Site, **changes: Any) -> dict[str, Any]:
    values = {"project_id": str(site.project_id), "name": "场地", "datum": "wgs84", "geometry": CIRCLE}
    return {**values, "starts_on": "2026-03-01", **changes}


@pytest.fixture
def bare(world: World) -> Site:
    """A site without a fence."""
    return world.site(fenced=False)


@pytest.mark.parametrize("geometry", [CIRCLE, polygon(*SQUARE)])
def test_a_fence_is_proposed_approved_and_ended(city: Caller, bare: Site, geometry: dict[str, Any]) -> None:
    made = city.post("/fences", fence(bare, geometry=geometry))
    assert (made.status_code, made.json["state"], made.headers["ETag"]) == (201, "proposed", '"1"')
    assert (made.json["geometry"], made.json["shape"]) == (geometry, geometry)
    path = f"/fences/{made.json['id']}"
    approved = city.post(f"{path}/approve", version=1)
    assert (approved.status_code, approved.json["state"], approved.headers["ETag"]) == (200, "approved", '"2"')
    ended = city.post(f"{path}/end", {"ends_on": "2026-12-31"}, version=2)
    assert (ended.status_code, ended.json["ends_on"], ended.headers["ETag"]) == (200, "2026-12-31", '"3"')
    assert city.get(path).json == ended.json
    assert city.ids("/fences", state="approved", project_id=str(bare.project_id)) == [made.json["id"]]
    assert city.ids("/fences", state="proposed") == []


def test_a_fence_drawn_in_another_datum_is_kept_as_drawn_and_turned_once(city: Caller, bare: Site) -> None:
    lat, lon = from_wgs84(Position(*CENTRE), Datum.GCJ02)
    drawn = {"kind": "circle", "centre": {"lat": lat, "lon": lon}, "radius_m": 150}
    made = city.post("/fences", fence(bare, geometry=drawn, datum="gcj02")).json
    assert (made["geometry"], made["datum"]) == (drawn, "gcj02")
    assert made["shape"]["centre"] == {
        "lat": pytest.approx(CENTRE[0], abs=1e-6),
        "lon": pytest.approx(CENTRE[1], abs=1e-6),
    }


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"geometry": {"kind": "star"}}, ("fence_unknown_kind", "geometry.kind")),
        ({"geometry": {"kind": ["circle"]}}, ("fence_unknown_kind", "geometry.kind")),
        ({"geometry": {}}, ("fence_unknown_kind", "geometry.kind")),
        ({"geometry": "circle"}, ("invalid", "geometry")),
        ({"geometry": {**CIRCLE, "radius_m": 9}}, ("fence_too_small", "geometry.radius_m")),
        ({"geometry": {**CIRCLE, "radius_m": -150}}, ("fence_too_small", "geometry.radius_m")),
        ({"geometry": {**CIRCLE, "radius_m": 5001}}, ("fence_too_large", "geometry.radius_m")),
        ({"geometry": {**CIRCLE, "radius_m": "150"}}, ("fence_not_a_number", "geometry.radius_m")),
        ({"geometry": {**CIRCLE, "radius_m": True}}, ("fence_not_a_number", "geometry.radius_m")),
        ({"geometry": {**CIRCLE, "radius_m": math.nan}}, ("fence_not_a_number", "geometry.radius_m")),
        ({"geometry": {**CIRCLE, "radius_m": 10**400}}, ("fence_not_a_number", "geometry.radius_m")),
        ({"geometry": {**CIRCLE, "radius_m": None}}, ("fence_not_a_number", "geometry.radius_m")),
        ({"geometry": {**CIRCLE, "centre": None}}, ("fence_not_a_number", "geometry.centre")),
        ({"geometry": {**CIRCLE, "centre": {"lat": 31}}}, ("fence_not_a_number", "geometry.centre.lon")),
        (
            {"geometry": {**CIRCLE, "centre": {"lat": 121, "lon": 31}}},
            ("position_outside_china", "geometry.centre.lat"),
        ),
        ({"geometry": {**CIRCLE, "name": "x"}}, ("unknown_field", "geometry.name")),
        ({"geometry": {**CIRCLE, "name": "\0"}}, ("unknown_field", "geometry.name")),
        (
            {"geometry": {**CIRCLE, "centre": {**CIRCLE["centre"], "alt": 4}}},
            ("unknown_field", "geometry.centre.alt"),
        ),
        ({"geometry": {"kind": "polygon"}}, ("fence_not_a_number", "geometry.points")),
        ({"geometry": polygon(*SQUARE[:2])}, ("fence_too_few_points", "geometry.points")),
        ({"geometry": polygon(*[SQUARE[0]] * 9)}, ("fence_too_few_points", "geometry.points")),
        ({"geometry": polygon(*SQUARE[:2], (31.232, "x"))}, ("fence_not_a_number", "geometry.points.2.lon")),
        ({"geometry": {"kind": "polygon", "points": [7, 8, 9]}}, ("fence_not_a_number", "geometry.points.0")),
        (
            {"geometry": {"kind": "polygon", "points": [{"lat": 31, "lon": 121}, {"lat": 31, "lon": 121, "z": 0}]}},
            ("unknown_field", "geometry.points.1.z"),
        ),
        (
            {"geometry": polygon(SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3])},
            ("fence_self_crossing", "geometry.points"),
        ),
        (
            {"geometry": polygon(*[(31 + step / 1e4, 121 + step % 7 / 1e4) for step in range(501)])},
            ("fence_too_many_points", "geometry.points"),
        ),
        ({"datum": "mars"}, ("not_a_choice", "datum")),
        ({"starts_on": "tomorrow"}, ("invalid", "starts_on")),
        ({"ends_on": "2026-02-28"}, ("dates_in_order", "ends_on")),
        ({"project_id": NOBODY}, ("unknown_reference", "project_id")),
        ({"state": "approved"}, ("unknown_field", "state")),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_fence_that_cannot_be_is_refused_with_the_path_to_what_is_wrong(
    city: Caller, bare: Site, changes: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert said(city.post("/fences", fence(bare, **changes))) == (422, [problem])
    assert city.ids("/fences") == []


def test_a_fence_without_its_datum_is_never_guessed(city: Caller, bare: Site) -> None:
    values = fence(bare)
    del values["datum"]
    assert said(city.post("/fences", values)) == (422, [("missing", "datum")])


def test_a_fence_in_force_is_approved_once_and_one_proposed_is_not_ended(city: Caller, bare: Site) -> None:
    path = f"/fences/{city.post('/fences', fence(bare)).json['id']}"
    early = city.post(f"{path}/end", {"ends_on": "2026-12-31"}, version=1)
    assert said(early) == (409, [("act_not_allowed", None)])
    city.post(f"{path}/approve", version=1)
    again = city.post(f"{path}/approve", version=2)
    assert said(again) == (409, [("act_not_allowed", None)])
    assert again.json["errors"][0]["data"] == {"act": "approve", "state": "approved", "allowed": ["end"]}
    back = city.post(f"{path}/end", {"ends_on": "2026-02-28"}, version=2)
    assert said(back) == (422, [("dates_in_order", "ends_on")])


@pytest.mark.parametrize(("act", "body"), [("approve", None), ("end", {"ends_on": "2026-12-31"})])
def test_an_act_on_a_fence_needs_the_version_its_sender_saw(
    city: Caller, bare: Site, act: str, body: dict[str, str] | None
) -> None:
    made = city.post("/fences", fence(bare)).json
    path = f"/fences/{made['id']}/{act}"
    assert said(city.post(path, body)) == (428, [("version_needed", "If-Match")])
    assert said(city.post(path, body, version=9)) == (412, [("version_conflict", None)])
    assert city.get(f"/fences/{made['id']}").json == made


def test_the_office_proposes_its_fence_and_only_the_body_approves_it(
    world: World, bare: Site, speaking_for: SpeakingFor
) -> None:
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, bare.construction))
    officer = speaking_for(member(world, Role.OFFICER, Scope.BODY, bare.body))
    stranger = speaking_for(member(world, Role.OFFICER, Scope.BODY, world.body()))
    path = f"/fences/{office.post('/fences', fence(bare)).json['id']}"
    assert office.patch(path, {"name": "改名"}, 1).json["version"] == 2
    assert said(office.post(f"{path}/approve", version=2)) == (403, [("forbidden", None)])
    assert said(stranger.post(f"{path}/approve", version=2)) == (404, [("not_found", None)])
    assert officer.post(f"{path}/approve", version=2).status_code == 200


def proposal(site: Site, person_id: UUID) -> dict[str, Any]:
    values = {"team_id": str(site.construction), "person_id": str(person_id), "post_code": "project_manager"}
    return {**values, "basis": "filing", "starts_on": "2026-03-01"}


def test_a_line_goes_from_draft_to_its_end(city: Caller, world: World, site: Site) -> None:
    made = city.post("/roster-lines", proposal(site, world.person().id))
    assert (made.status_code, made.json["state"], made.json["project_id"]) == (201, "draft", str(site.project_id))
    path = f"/roster-lines/{made.json['id']}"
    version = 1
    for act, body, state in (
        ("submit", None, "submitted"),
        ("return", {"reasons": ["scan_missing"], "note": "缺少备案表"}, "returned"),
        ("submit", None, "submitted"),
        ("approve", None, "in_force"),
        ("end", {"ends_on": "2026-06-30"}, "ended"),
    ):
        done = city.post(f"{path}/{act}", body, version=version)
        version += 1
        assert (done.status_code, done.json["state"], done.headers["ETag"]) == (200, state, f'"{version}"')
        assert done.json["note"] == ("缺少备案表" if state == "returned" else None)
        assert [reason["code"] for reason in done.json["return_reasons"]] == ["scan_missing"] * (state == "returned")
    assert done.json["ends_on"] == "2026-06-30"
    assert city.get(path).json == done.json


WAY = {
    LineState.DRAFT: [],
    LineState.SUBMITTED: [LineAct.SUBMIT],
    LineState.RETURNED: [LineAct.SUBMIT, LineAct.RETURN],
    LineState.IN_FORCE: [LineAct.SUBMIT, LineAct.APPROVE],
    LineState.ENDED: [LineAct.SUBMIT, LineAct.APPROVE, LineAct.END],
}
BODY_OF = {LineAct.RETURN: {"reasons": ["scan_missing"]}, LineAct.END: {"ends_on": "2026-06-30"}}


@pytest.mark.parametrize("act", list(LineAct))
@pytest.mark.parametrize("state", list(LineState))
def test_each_act_is_done_in_the_states_that_allow_it_and_refused_in_the_others(
    city: Caller, world: World, site: Site, state: LineState, act: LineAct
) -> None:
    line = city.post("/roster-lines", proposal(site, world.person().id)).json
    path = f"/roster-lines/{line['id']}"
    for step in WAY[state]:
        line = city.post(f"{path}/{step}", BODY_OF.get(step), version=line["version"]).json
    assert line["state"] == state
    response = city.post(f"{path}/{act}", BODY_OF.get(act), version=line["version"])
    if (state, act) in STEPS:
        assert (response.status_code, response.json["state"]) == (200, after(state, act))
    else:
        assert said(response) == (409, [("act_not_allowed", None)])
        data = {"act": act, "state": state, "allowed": [str(each) for each in allowed(state)]}
        assert response.json["errors"][0]["data"] == data
        assert city.get(path).json == line


@pytest.mark.parametrize("act", list(LineAct))
def test_an_act_on_a_line_needs_the_version_its_sender_saw(
    city: Caller, world: World, site: Site, act: LineAct
) -> None:
    line = city.post("/roster-lines", proposal(site, world.person().id)).json
    path = f"/roster-lines/{line['id']}/{act}"
    assert said(city.post(path, BODY_OF.get(act))) == (428, [("version_needed", "If-Match")])
    assert said(city.post(path, BODY_OF.get(act), version=2)) == (412, [("version_conflict", None)])


@pytest.mark.parametrize("state", list(LineState))
def test_a_line_is_rewritten_only_before_somebody_decided_on_it(
    city: Caller, world: World, site: Site, state: LineState
) -> None:
    line = city.post("/roster-lines", proposal(site, world.person().id)).json
    path = f"/roster-lines/{line['id']}"
    for step in WAY[state]:
        line = city.post(f"{path}/{step}", BODY_OF.get(step), version=line["version"]).json
    change = {"post_code": "safety_officer", "basis": "contract", "ends_on": "2026-09-30"}
    response = city.patch(path, change, line["version"])
    if state in {LineState.DRAFT, LineState.RETURNED}:
        assert response.status_code == 200
        assert {name: response.json[name] for name in change} == change
    else:
        assert said(response) == (409, [("act_not_allowed", None)])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"team_id": NOBODY}, ("unknown_reference", "team_id")),
        ({"person_id": NOBODY}, ("unknown_reference", "person_id")),
        ({"post_code": "emperor"}, ("unknown_reference", "post_code")),
        ({"post_code": "chief_engineer"}, ("post_of_other_team", "post_code")),
        ({"ends_on": "2026-02-28"}, ("dates_in_order", "ends_on")),
        ({"basis": "rumour"}, ("not_a_choice", "basis")),
        ({"starts_on": None}, ("null_not_allowed", "starts_on")),
        ({"state": "in_force"}, ("unknown_field", "state")),
        ({"note": "x"}, ("unknown_field", "note")),
    ],
)
def test_a_line_that_cannot_be_is_refused_by_field(
    city: Caller, world: World, site: Site, changes: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert said(city.post("/roster-lines", {**proposal(site, world.person().id), **changes})) == (422, [problem])
    assert city.ids("/roster-lines") == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"ends_on": "2026-01-04"}, ("dates_in_order", "ends_on")),
        ({"starts_on": "2099-01-01", "ends_on": "2098-01-01"}, ("dates_in_order", "ends_on")),
        ({"post_code": "chief_engineer"}, ("post_of_other_team", "post_code")),
        ({"post_code": None}, ("null_not_allowed", "post_code")),
        ({"person_id": NOBODY}, ("unknown_field", "person_id")),
    ],
)
def test_a_draft_is_not_changed_into_a_line_that_cannot_be(
    city: Caller, world: World, site: Site, change: dict[str, Any], problem: tuple[str, str]
) -> None:
    line = world.line(site.construction, world.person().id, in_force=False)
    assert said(city.patch(f"/roster-lines/{line.id}", change, 1)) == (422, [problem])


@pytest.mark.parametrize(
    ("act", "body", "problem"),
    [
        ("return", {}, ("missing", "reasons")),
        ("return", {"reasons": []}, ("bad_length", "reasons")),
        ("return", {"reasons": ["rumour"]}, ("not_a_choice", "reasons.0")),
        ("return", {"reasons": ["left_unit"]}, ("invalid", "reasons.0")),
        ("return", {"reasons": ["scan_missing", "other"]}, ("missing", "note")),
        ("return", {"reasons": ["other"], "note": "半\ud800"}, ("invalid", "note")),
        ("return", {"reasons": ["other"], "note": "x" * 501}, ("bad_length", "note")),
        ("end", {}, ("missing", "ends_on")),
        ("end", {"ends_on": "2026-01-04"}, ("dates_in_order", "ends_on")),
    ],
)
def test_an_act_without_what_it_needs_is_refused(
    city: Caller, world: World, site: Site, act: str, body: dict[str, str], problem: tuple[str, str]
) -> None:
    line = world.line(site.construction, world.person().id, in_force=act == "end")
    if act == "return":
        line_now = city.post(f"/roster-lines/{line.id}/submit", version=1).json
    else:
        line_now = city.get(f"/roster-lines/{line.id}").json
    response = city.post(f"/roster-lines/{line.id}/{act}", body, version=line_now["version"])
    assert said(response) == (422, [problem])


def test_nobody_puts_himself_in_force(world: World, site: Site, speaking_for: SpeakingFor) -> None:
    person = world.person()
    also = [Grant(Role.KEY_PERSON, Scope.SELF, None)]
    himself = speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body, also, person_id=person.id))
    line = world.line(site.construction, person.id, in_force=False)
    path = f"/roster-lines/{line.id}"
    assert himself.post(f"{path}/submit", version=1).status_code == 200
    assert said(himself.post(f"{path}/approve", version=2)) == (403, [("own_affair", None)])
    colleague = speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body))
    assert colleague.get(path).json["state"] == "submitted"
    assert colleague.post(f"{path}/approve", version=2).status_code == 200


def test_the_office_proposes_and_the_client_s_approval_waits_for_the_list(
    world: World, site: Site, speaking_for: SpeakingFor
) -> None:
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    client = speaking_for(member(world, Role.CLIENT, Scope.PROJECT, site.project_id))
    line = office.post("/roster-lines", proposal(site, world.person().id)).json
    path = f"/roster-lines/{line['id']}"
    assert said(client.post(f"{path}/submit", version=1)) == (403, [("forbidden", None)])
    assert office.post(f"{path}/submit", version=1).status_code == 200
    assert said(office.post(f"{path}/approve", version=2)) == (403, [("forbidden", None)])
    approved = client.post(f"{path}/approve", version=2).json
    assert (approved["state"], approved["match"]) == ("submitted", "no_list")
    assert approved["approved_at"] is not None


def test_lines_are_filtered_by_project_team_person_and_state(city: Caller, world: World, site: Site) -> None:
    people = [world.person().id for _ in range(3)]
    manager = world.line(site.construction, people[0])
    draft = world.line(site.construction, people[1], "safety_officer", in_force=False)
    engineer = world.line(site.supervision, people[2], "chief_engineer")
    other = world.line(world.site().construction, people[0])
    for query, expected in (
        ({"project_id": str(site.project_id)}, {manager, draft, engineer}),
        ({"team_id": str(site.construction)}, {manager, draft}),
        ({"person_id": str(people[0])}, {manager, other}),
        ({"state": "draft"}, {draft}),
        ({"state": "in_force", "team_id": str(site.supervision)}, {engineer}),
    ):
        assert set(city.ids("/roster-lines", **query)) == {str(line.id) for line in expected}, query


@pytest.mark.parametrize("path", ["/fences", "/roster-lines"])
def test_pages_of_two_show_five_of_them_once_each_newest_first(
    city: Caller, world: World, bare: Site, path: str
) -> None:
    def body() -> dict[str, Any]:
        return fence(bare) if path == "/fences" else proposal(bare, world.person().id)

    made = [city.post(path, body()).json["id"] for _ in range(5)]
    seen, query = [], {"limit": 2}
    while query:
        page = city.get(path, query_string=query).json
        seen += [row["id"] for row in page["items"]]
        query = {"limit": 2, "cursor": page["next"]} if page["next"] else {}
    assert seen == made[::-1]
