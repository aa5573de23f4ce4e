"""Attendance over HTTP: months, rates, stop-works and findings, and who sees whose."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from service.deps import Deps
from service.domain.actors import Actor, Grant, Role, Scope
from service.usecases import analysis, crosscheck_night
from tests.api.support import Caller, member, problem, said
from tests.attendance import clock as at
from tests.factories import Site, World
from tests.factories_attendance import full_day, punched

MARCH = "2026-03"
TODAY = date(2026, 3, 2)
Speaking = Callable[[Actor], Caller]


@pytest.fixture
def staffed(world: World, site: Site, city: Caller) -> dict[str, Any]:
    """A manager who was there on 2 March and a chief engineer who was not, looked at on 4 March."""
    manager, chief = world.person("甲"), world.person("乙")
    world.line(site.construction, manager.id)
    world.line(site.supervision, chief.id, "chief_engineer")
    full_day(world, site, manager.id, TODAY)
    punched(world, site, manager.id, TODAY + timedelta(days=1), "08:00")
    go_to(world.deps, site, date(2026, 3, 4), city)
    return {"manager": manager.id, "chief": chief.id}


def go_to(deps: Deps, site: Site, day: date, *callers: Caller) -> None:
    deps.clock.at = at("00:30", day)  # type: ignore[attr-defined]
    analysis.end_days(site.project_id, deps=deps)
    for caller in callers:
        caller.sign_in()


def month(caller: Caller, site: Site, **query: str) -> Any:
    response = caller.get(f"/projects/{site.project_id}/attendance", query_string=query)
    assert response.status_code == 200, response.text
    return response.json


def rows(shown: Any) -> dict[tuple[str | None, str], Any]:
    return {(row["person_name"], row["post_code"]): row for row in shown["rows"]}


def test_a_project_s_month_shows_every_person_and_day_with_the_reason(
    city: Caller, site: Site, staffed: dict[str, Any]
) -> None:
    shown = month(city, site, month=MARCH)
    assert (shown["month"], shown["through"], shown["policy_versions"]) == (MARCH, "2026-03-03", ["attendance-1"])
    manager = rows(shown)["甲", "project_manager"]
    days = {day["day"]: day for day in manager["days"]}
    assert len(days) == 31
    assert (days["2026-03-02"]["outcome"], days["2026-03-02"]["punches"]) == ("valid", 2)
    assert days["2026-03-03"]["outcome"] == "short"
    (why,) = days["2026-03-03"]["why"]
    assert (why["code"], why["data"]) == ("too_few_punches", {"punches": 1, "needed": 2})
    assert why["text"]["zh"] == "当日有效打卡 1 次，需 2 次。"
    assert [days[day]["why"][0]["code"] for day in ("2026-03-01", "2026-03-04")] == [
        "counting_not_begun", "day_not_over",
    ]  # fmt: skip
    assert (manager["due"], manager["valid"], manager["rate"]) == (2, 1, 50.0)
    assert rows(shown)[None, "technical_lead"]["vacant"] == 2
    groups = {(group["team_kind"], group["category"]): group for group in shown["groups"]}
    assert (groups["construction", 1]["rate"], groups["construction", 1]["threshold"]) == (50.0, 80)
    assert (groups["supervision", 1]["rate"], groups["supervision", 1]["threshold"]) == (0.0, 50)
    assert staffed["manager"]


def test_this_month_is_shown_unless_said_otherwise(city: Caller, site: Site, staffed: dict[str, Any]) -> None:
    assert month(city, site) == month(city, site, month=MARCH)
    assert staffed


@pytest.mark.parametrize(
    ("query", "status", "problems"),
    [
        ({"month": "2026-04"}, 422, [("month_not_begun", "month")]),
        ({"month": "2026-13"}, 422, [("invalid", "month")]),
        ({"month": "2026-03-01"}, 422, [("invalid", "month")]),
        ({"month": "1226-03"}, 422, [("invalid", "month")]),
        ({"moth": "2026-03"}, 422, [("unknown_field", "moth")]),
    ],
)
def test_a_month_that_is_none_is_refused(
    city: Caller, site: Site, query: dict[str, str], status: int, problems: list[tuple[str, str]]
) -> None:
    for path in (f"/projects/{site.project_id}/attendance", "/attendance/rates", "/attendance/projects"):
        assert said(city.get(path, query_string=query)) == (status, problems)


def test_the_page_of_a_month_before_the_project_was_known_is_not_applicable(city: Caller, site: Site) -> None:
    shown = month(city, site, month="2026-02")
    assert shown["rows"] == []
    assert {group["rate"] for group in shown["groups"]} == {None}


@pytest.mark.usefixtures("staffed")
def test_a_team_sees_its_own_rows_and_others_nothing(
    world: World, site: Site, speaking_for: Speaking, city: Caller
) -> None:
    def kinds(role: Role, scope: Scope, scope_id: Any) -> set[str]:
        return {row["team_kind"] for row in month(speaking_for(member(world, role, scope, scope_id)), site)["rows"]}

    both = {"construction", "supervision"}
    assert kinds(Role.PROJECT_OFFICE, Scope.TEAM, site.construction) == {"construction"}
    assert kinds(Role.PROJECT_OFFICE, Scope.TEAM, site.supervision) == {"supervision"}
    assert kinds(Role.CLIENT, Scope.PROJECT, site.project_id) == both
    assert kinds(Role.OFFICER, Scope.BODY, site.body) == both
    other = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, world.site(fenced=False).construction))
    assert said(other.get(f"/projects/{site.project_id}/attendance"))[0] == 404
    operator = speaking_for(member(world, Role.OPERATOR, Scope.CITY))
    assert said(operator.get(f"/projects/{site.project_id}/attendance"))[0] == 403
    assert city


def test_a_person_sees_his_own_days_and_nobody_else_s(
    world: World, site: Site, staffed: dict[str, Any], speaking_for: Speaking
) -> None:
    own = speaking_for(world.key_person(staffed["manager"]))
    (shown,) = own.get("/me/attendance", query_string={"month": MARCH}).json["items"]
    assert [(row["person_name"], row["rate"]) for row in shown["rows"]] == [("甲", 50.0)]
    assert said(own.get(f"/projects/{site.project_id}/attendance"))[0] == 404
    stranger = speaking_for(world.key_person(world.person().id))
    assert stranger.get("/me/attendance").json["items"] == []


def averages(item: Any) -> dict[str, float | None]:
    return {average["name"]: average["percent"] for average in item["averages"]}


@pytest.mark.usefixtures("staffed")
def test_rates_name_both_averages_for_a_project_a_body_and_the_city(world: World, site: Site, city: Caller) -> None:
    # A second project of the same body on which nobody stands: 0 % of two days.
    empty = world.site(site.body, fenced=False)
    go_to(world.deps, empty, date(2026, 3, 6))
    go_to(world.deps, site, date(2026, 3, 6), city)

    def first(**query: Any) -> Any:
        items = city.get("/attendance/rates", query_string={"month": MARCH, **query}).json["items"]
        return next(item for item in items if item["category"] == 1)

    # Four days, two posts; the manager was there on one of them.
    of_project = first(project_id=str(site.project_id))
    assert (of_project["due"], of_project["valid"]) == (8, 1)
    assert averages(of_project) == {"over_projects": 12.5, "over_person_days": 12.5}
    assert of_project["averages"][0]["text"] == {"zh": "按项目平均到岗率", "en": "average over projects"}
    of_body = first(body_id=str(site.body))
    assert (of_body["projects"], of_body["full_roster"], of_body["not_applicable"]) == (2, 1, 0)
    assert (of_body["due"], of_body["through"], of_body["policy_versions"]) == (12, "2026-03-05", ["attendance-1"])
    assert averages(of_body) == {"over_projects": 6.2, "over_person_days": 8.3}
    assert averages(first()) == averages(of_body)


def test_rates_of_several_months_come_newest_first(city: Caller, world: World, site: Site) -> None:
    go_to(world.deps, site, date(2026, 4, 3), city)
    items = city.get("/attendance/rates", query_string={"months": "3"}).json["items"]
    assert [(item["month"], item["category"]) for item in items] == [
        ("2026-04", 1), ("2026-04", 2), ("2026-03", 1), ("2026-03", 2),
    ]  # fmt: skip


def test_rates_stay_within_reach(world: World, site: Site, speaking_for: Speaking) -> None:
    officer = speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body))
    assert said(officer.get("/attendance/rates")) == (422, [("scope_needed", "body_id")])
    assert officer.get("/attendance/rates", query_string={"body_id": str(site.body)}).status_code == 200
    assert said(officer.get("/attendance/rates", query_string={"body_id": str(world.body())}))[0] == 404
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    assert said(office.get("/attendance/rates", query_string={"body_id": str(site.body)}))[0] == 404
    assert office.get("/attendance/rates", query_string={"project_id": str(site.project_id)}).status_code == 200


@pytest.mark.usefixtures("staffed")
def test_projects_below_a_rate_are_found(world: World, site: Site, city: Caller, speaking_for: Speaking) -> None:
    def found(caller: Caller, **query: Any) -> list[str]:
        items = caller.get("/attendance/projects", query_string={"month": MARCH, **query}).json["items"]
        return [item["project_id"] for item in items]

    here = str(site.project_id)
    assert found(city) == found(city, below="51", category="1") == found(city, body_id=str(site.body)) == [here]
    assert found(city, body_id=str(world.body())) == []
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    (item,) = office.get("/attendance/projects", query_string={"month": MARCH}).json["items"]
    assert {group["team_kind"] for group in item["groups"]} == {"construction"}


@pytest.mark.usefixtures("staffed")
def test_no_filter_tells_a_team_of_the_other_team_s_rate(world: World, site: Site, speaking_for: Speaking) -> None:
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    query = {"month": MARCH, "category": "1", "below": "40"}
    # Supervision has 0 %, construction 50 %.
    assert office.get("/attendance/projects", query_string=query).json["items"] == []


@pytest.mark.usefixtures("staffed")
def test_rates_say_whose_they_are(world: World, site: Site, city: Caller, speaking_for: Speaking) -> None:
    query = {"month": MARCH, "project_id": str(site.project_id)}
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    kinds = [
        caller.get("/attendance/rates", query_string=query).json["items"][0]["team_kinds"] for caller in (city, office)
    ]
    assert kinds == [["construction", "supervision"], ["construction"]]
    elsewhere = {**query, "body_id": str(world.body())}
    assert said(city.get("/attendance/rates", query_string=elsewhere))[0] == 404
    assert said(city.get("/attendance/rates", query_string={"body_id": str(site.project_id)}))[0] == 404


@pytest.mark.parametrize("month_asked", ["1900-01", "2018-06", "2019-05"])
def test_a_month_before_every_policy_is_empty(city: Caller, site: Site, month_asked: str) -> None:
    assert month(city, site, month=month_asked)["rows"] == []


def test_a_month_is_counted_by_the_category_of_its_first_day(
    city: Caller, site: Site, staffed: dict[str, Any], deps: Deps
) -> None:
    """Another category begins with a month, and the month before stays as it was counted."""

    def groups(**query: str) -> set[tuple[str, int]]:
        return {(group["team_kind"], group["category"]) for group in month(city, site, **query)["groups"]}

    rule = city.get("/posts/project_manager").json["rule"]
    asked = ("certificates", "concurrency", "staffing", "binding", "warn_days")
    values = {name: rule[name] for name in asked} | {"category": 2, "effective_from": "2026-04-01"}
    assert city.post("/posts/project_manager/rules", values).status_code == 201
    before = groups()
    go_to(deps, site, date(2026, 4, 3), city)
    assert ("construction", 1) in before
    assert groups(month=MARCH) == before
    # From April on nobody of the construction team is of the first category.
    assert groups(month="2026-04") == before - {("construction", 1)}
    kept = city.get("/attendance/rates", query_string={"month": "2026-04"}).json["items"]
    assert {item["category"] for item in kept if item["team_kinds"] == ["construction"]} <= {2}
    assert staffed


# Stop-work.


@pytest.fixture
def manager(world: World, site: Site, speaking_for: Speaking) -> Caller:
    return speaking_for(member(world, Role.PROJECT_MANAGER, Scope.TEAM, site.construction))


@pytest.fixture
def chief(world: World, site: Site, speaking_for: Speaking) -> Caller:
    return speaking_for(member(world, Role.CHIEF_ENGINEER, Scope.PROJECT, site.project_id))


def stop(site: Site, first: int, last: int, **changes: Any) -> dict[str, Any]:
    days = {"starts_on": f"2026-03-{first:02d}", "ends_on": f"2026-03-{last:02d}"}
    return {"project_id": str(site.project_id), **days, "reason": "台风", **changes}


def proposed(caller: Caller, site: Site, first: int, last: int) -> Any:
    response = caller.post("/stop-works", stop(site, first, last))
    assert response.status_code == 201, response.text
    return response.json


def acted(caller: Caller, row: Any, act: str, content: Any = None) -> Any:
    return caller.post(f"/stop-works/{row['id']}/{act}", content, version=row["version"])


def test_a_stop_work_is_proposed_by_the_site_and_approved_by_the_chief_engineer(
    site: Site, manager: Caller, chief: Caller
) -> None:
    row = proposed(manager, site, 9, 12)
    assert row["state"] == "proposed"
    assert said(acted(manager, row, "approve"))[0] == 403
    approved = acted(chief, row, "approve").json
    assert approved["state"] == "approved"
    assert manager.get(f"/stop-works/{row['id']}").json["state"] == "approved"


@pytest.mark.parametrize(
    ("first", "last", "changes", "status", "problems"),
    [
        (12, 9, {}, 422, [("dates_in_order", "ends_on")]),
        (1, 3, {}, 422, [("stop_work_backdated", "starts_on")]),
        (9, 12, {"reason": ""}, 422, [("bad_length", "reason")]),
        (9, 12, {"state": "approved"}, 422, [("unknown_field", "state")]),
    ],
)
def test_a_stop_work_that_is_none_is_refused(
    site: Site, manager: Caller, first: int, last: int, changes: Any, status: int, problems: Any
) -> None:
    assert said(manager.post("/stop-works", stop(site, first, last, **changes))) == (status, problems)
    assert manager.ids("/stop-works") == []


@pytest.mark.parametrize(("first", "last"), [(9, 9), (12, 14), (8, 9), (10, 11), (1, 31)])
def test_two_stop_works_never_overlap(site: Site, manager: Caller, city: Caller, first: int, last: int) -> None:
    proposed(manager, site, 9, 12)
    body = problem(city.post("/stop-works", stop(site, first, last)))
    assert (body["status"], body["code"]) == (409, "stop_work_overlaps")
    assert body["errors"][0]["data"] == {"other_starts_on": "2026-03-09", "other_ends_on": "2026-03-12"}


def test_a_stop_work_next_to_another_or_in_place_of_a_refused_one_is_free(
    site: Site, manager: Caller, chief: Caller
) -> None:
    row = proposed(manager, site, 9, 12)
    proposed(manager, site, 13, 13)
    assert acted(chief, row, "refuse", {"note": "no reason to stop"}).json["state"] == "refused"
    assert proposed(manager, site, 10, 12)["state"] == "proposed"


def test_only_the_body_approves_what_is_long_or_adds_up(
    world: World, site: Site, manager: Caller, chief: Caller, speaking_for: Speaking
) -> None:
    officer = speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body))
    long = proposed(manager, site, 3, 10)
    assert said(acted(chief, long, "approve")) == (403, [("stop_work_needs_body", None)])
    assert acted(officer, long, "approve").json["state"] == "approved"
    short = proposed(manager, site, 20, 20)
    body = problem(acted(chief, short, "approve"))
    assert body["errors"][0]["data"] == {"days": 1, "limit_days": 7, "month_days": 9, "month_limit_days": 7}


def test_acts_on_a_stop_work_out_of_order_are_refused_with_what_is_allowed(
    site: Site, manager: Caller, chief: Caller
) -> None:
    row = proposed(manager, site, 9, 12)
    approved = acted(chief, row, "approve").json
    assert said(acted(chief, row, "approve"))[0] == 412
    body = problem(acted(chief, approved, "refuse", {"note": "too late"}))
    assert (body["status"], body["errors"][0]["data"]["allowed"]) == (409, ["withdraw", "end"])
    assert said(acted(chief, approved, "end", {"ends_on": "2026-03-08"})) == (422, [("out_of_range", "ends_on")])
    ended = acted(chief, approved, "end", {"ends_on": "2026-03-10"}).json
    assert (ended["state"], ended["ends_on"]) == ("approved", "2026-03-10")
    assert acted(chief, ended, "withdraw", {"note": "the storm passed"}).json["state"] == "withdrawn"


def test_what_the_body_ordered_only_the_body_changes(
    world: World, site: Site, chief: Caller, speaking_for: Speaking
) -> None:
    officer = speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body))
    ordered = acted(officer, proposed(officer, site, 3, 31), "approve").json
    assert said(acted(chief, ordered, "end", {"ends_on": "2026-03-09"})) == (403, [("stop_work_of_body", None)])
    assert said(acted(chief, ordered, "withdraw", {"note": "no"})) == (403, [("stop_work_of_body", None)])
    assert acted(officer, ordered, "end", {"ends_on": "2026-03-09"}).status_code == 200


def test_a_site_decides_nothing_about_days_that_are_past(
    world: World, site: Site, manager: Caller, chief: Caller, speaking_for: Speaking
) -> None:
    late, running = proposed(manager, site, 3, 5), proposed(manager, site, 10, 16)
    running = acted(chief, running, "approve").json
    go_to(world.deps, site, date(2026, 3, 12), manager, chief)
    assert said(acted(chief, late, "approve")) == (422, [("stop_work_backdated", None)])
    assert said(acted(chief, running, "withdraw", {"note": "no"})) == (422, [("stop_work_backdated", None)])
    assert said(acted(chief, running, "end", {"ends_on": "2026-03-10"})) == (422, [("stop_work_backdated", "ends_on")])
    assert acted(chief, running, "end", {"ends_on": "2026-03-11"}).status_code == 200
    stale = proposed(manager, site, 20, 20)
    go_to(world.deps, site, date(2026, 3, 22), manager, chief)
    assert acted(chief, stale, "withdraw", {"note": "never stopped"}).json["state"] == "withdrawn"
    officer = speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body))
    assert acted(officer, late, "approve").status_code == 200


def test_days_on_end_are_one_stop_work(site: Site, manager: Caller, chief: Caller) -> None:
    first = proposed(manager, site, 25, 31)
    assert acted(chief, first, "approve").status_code == 200
    april = {"starts_on": "2026-04-01", "ends_on": "2026-04-02"}
    adjoining = manager.post("/stop-works", stop(site, 1, 1, **april)).json
    body = problem(acted(chief, adjoining, "approve"))
    assert (body["code"], body["errors"][0]["data"]["days"]) == ("stop_work_needs_body", 9)


def test_nobody_approves_what_he_proposed(world: World, site: Site, speaking_for: Speaking) -> None:
    both = member(
        world,
        Role.PROJECT_MANAGER,
        Scope.TEAM,
        site.construction,
        also=[Grant(Role.CHIEF_ENGINEER, Scope.PROJECT, site.project_id)],
    )
    caller = speaking_for(both)
    assert said(acted(caller, proposed(caller, site, 9, 9), "approve")) == (403, [("own_affair", None)])


def test_stop_works_of_another_project_are_not_there(world: World, site: Site, speaking_for: Speaking) -> None:
    other = world.site(fenced=False)
    caller = speaking_for(member(world, Role.PROJECT_MANAGER, Scope.TEAM, other.construction))
    assert said(caller.post("/stop-works", stop(site, 9, 9))) == (422, [("unknown_reference", "project_id")])
    row = proposed(caller, other, 9, 9)
    outsider = speaking_for(member(world, Role.CHIEF_ENGINEER, Scope.PROJECT, site.project_id))
    assert said(acted(outsider, row, "approve"))[0] == 404


# Findings.


def test_findings_carry_their_evidence_and_are_seen_by_whom_they_concern(
    world: World, site: Site, staffed: dict[str, Any], city: Caller, speaking_for: Speaking
) -> None:
    go_to(world.deps, site, date(2026, 4, 1), city)
    items = city.get("/findings", query_string={"kind": "attendance", "open": "true"}).json["items"]
    assert {(item["team_kind"], item["category"], item["month"]) for item in items} == {
        ("construction", 1, MARCH), ("construction", 2, MARCH), ("supervision", 1, MARCH), ("supervision", 2, MARCH),
    }  # fmt: skip
    chiefs = next(item for item in items if (item["team_kind"], item["category"]) == ("supervision", 1))
    assert chiefs["evidence"]["people"] == [
        {"person_id": str(staffed["chief"]), "post_code": "chief_engineer", "due": 30, "valid": 0}
    ]
    assert (chiefs["evidence"]["rate"], chiefs["evidence"]["threshold"]) == (0.0, 50)
    assert city.get(f"/findings/{chiefs['id']}").json["rule"] == "attendance_below_threshold"
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    seen = office.get("/findings", query_string={"kind": "attendance"}).json["items"]
    assert {item["team_kind"] for item in seen} == {"construction"}
    assert said(office.get(f"/findings/{chiefs['id']}"))[0] == 404
    elsewhere = speaking_for(member(world, Role.OFFICER, Scope.BODY, world.body()))
    assert elsewhere.ids("/findings") == []


def test_a_missing_certificate_is_found_at_night_and_closes_when_it_is_there(
    world: World, site: Site, staffed: dict[str, Any], city: Caller
) -> None:
    def standing() -> list[Any]:
        query = {"kind": "certificate", "open": "true", "person_id": str(staffed["chief"])}
        return list(city.get("/findings", query_string=query).json["items"])

    assert standing() == []
    crosscheck_night.run_all(deps=world.deps)
    (found,) = standing()
    assert found["rule"] == "certificate_missing"
    certificate = {
        "person_id": str(staffed["chief"]),
        "type_code": "registered_supervision_engineer",
        "number": "沪20260001",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
    }
    assert city.post("/certificates", certificate).status_code == 201
    analysis.recheck_person(staffed["chief"], deps=world.deps)
    assert standing() == []
    assert site
