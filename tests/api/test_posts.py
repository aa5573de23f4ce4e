"""Posts and their rules: what is asked is data, a change is a version to come, and mistakes are told by path."""

import threading
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from service.deps import Deps
from service.domain.actors import Actor, Role, Scope
from service.store.models import Audit
from service.usecases import post_rules
from service.usecases.post_rules import post_rules_on
from tests.api.support import Caller, member, said
from tests.factories import NUMBERS, Site, World
from tests.fakes import SetClock

Speak = Callable[[Actor], Caller]
# The day of the tests is Monday, 2 March 2026.
TOMORROW, NEXT_MONTH = "2026-03-03", "2026-04-01"
RULE: dict[str, Any] = {
    "category": 2,
    "certificates": [
        [
            {"one_of": ["safety_c3"], "kinds": ["building"], "measure": "area_m2", "at_least": 50000},
            {"one_of": ["safety_c2", "safety_c3"], "specialties": ["土建"]},
        ]
    ],
    "concurrency": {
        "projects": 1,
        "consented": 3,
        "exemptions": ["adjacent_sections", "stopped"],
        "stopped_days": 90,
        "with_posts": ["quality_officer"],
    },
    "staffing": [
        {
            "measure": "area_m2",
            "kinds": ["building", "fit_out"],
            "bands": [{"count": 1, "below": 10000}, {"count": 2, "below": 50000}, {"count": 3, "each_further": 50000}],
            "cites": "provincial_staffing_table",
            "enabled": True,
        }
    ],
    "binding": "appointment",
    "warn_days": [60, 15],
}
RULES = "/posts/safety_officer/rules"


def from_(day: str, **changes: Any) -> dict[str, Any]:
    return {**deepcopy(RULE), "effective_from": day, **changes}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The rule with another value at a path."""
    rule = from_(TOMORROW)
    *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
    place: Any = rule
    for part in way:
        place = place[part]
    place[last] = value
    return rule


def versions(caller: Caller) -> list[tuple[str, str, str]]:
    rows = caller.get(RULES).json["items"]
    return [(row["rule_version"], row["effective_from"], row["standing"]) for row in rows]


def test_a_rule_reads_as_it_was_written_and_takes_force_on_its_day(
    city: Caller, clock: SetClock, deps: Deps, speaking_for: Speak
) -> None:
    made = city.post(RULES, from_(TOMORROW))
    assert made.status_code == 201, made.text
    assert {name: made.json[name] for name in RULE} == RULE
    assert (made.json["rule_version"], made.json["standing"]) == ("safety_officer-2", "to_come")
    assert versions(city) == [
        ("safety_officer-2", TOMORROW, "to_come"),
        ("safety_officer-1", "2019-06-01", "in_force"),
    ]
    assert city.get("/posts/safety_officer").json["rule"]["rule_version"] == "safety_officer-1"
    clock.pass_(days=1)
    later = speaking_for(city.actor)
    assert versions(later) == [
        ("safety_officer-2", TOMORROW, "in_force"),
        ("safety_officer-1", "2019-06-01", "past"),
    ]
    post = later.get("/posts/safety_officer").json
    assert {name: post["rule"][name] for name in RULE} == RULE
    with deps.database.begin() as work:
        ruled = post_rules_on(work, date(2026, 3, 3))["safety_officer"]
        row = work.session.scalars(select(Audit).where(Audit.action == "post_rule:create")).one()
    assert (ruled.version, ruled.warn_days, ruled.concurrency.consented) == ("safety_officer-2", (60, 15), 3)
    assert (row.actor_id, row.subject_id) == (city.actor.account_id, "safety_officer-2")
    assert row.data == {"post_code": "safety_officer", "effective_from": TOMORROW}


def test_the_least_that_says_a_rule_is_enough(city: Caller) -> None:
    least = {"certificates": [], "concurrency": {"projects": None}, "staffing": []}
    made = city.post(RULES, from_(TOMORROW, **least))
    assert made.status_code == 201
    assert {name: made.json[name] for name in least} == least


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("certificates.0.0.one_of", ["none"], ("unknown_reference", "certificates.0.0.one_of.0")),
        ("certificates.0.1.one_of", ["safety_c2", "none"], ("unknown_reference", "certificates.0.1.one_of.1")),
        ("staffing.0.cites", "none", ("unknown_reference", "staffing.0.cites")),
        ("concurrency.with_posts", ["none"], ("unknown_reference", "concurrency.with_posts.0")),
        ("concurrency.with_posts", ["safety_officer"], ("unknown_reference", "concurrency.with_posts.0")),
        ("concurrency.with_posts", ["chief_engineer"], ("unknown_reference", "concurrency.with_posts.0")),
        ("certificates", None, ("null_not_allowed", "certificates")),
        ("certificates", "safety_b", ("invalid", "certificates")),
        ("certificates", [["safety_b"]], ("invalid", "certificates.0.0")),
        ("certificates", [[]], ("bad_length", "certificates.0")),
        ("certificates", [[{"one_of": ["safety_b"]}]] * 11, ("bad_length", "certificates")),
        ("certificates.0", [{"one_of": ["safety_b"]}] * 11, ("bad_length", "certificates.0")),
        ("certificates.0.0.one_of", [], ("bad_length", "certificates.0.0.one_of")),
        ("certificates.0.0.one_of", ["safety_b"] * 11, ("bad_length", "certificates.0.0.one_of")),
        ("certificates.0.0.one_of", ["safety_b", None], ("null_not_allowed", "certificates.0.0.one_of.1")),
        ("certificates.0.0.one_of", [7], ("invalid", "certificates.0.0.one_of.0")),
        ("certificates.0.0.kinds", ["tunnel"], ("not_a_choice", "certificates.0.0.kinds.0")),
        ("certificates.0.0.measure", "storeys", ("not_a_choice", "certificates.0.0.measure")),
        ("certificates.0.0.measure", None, ("missing", "certificates.0.0.measure")),
        ("certificates.0.1.measure", "area_m2", ("missing", "certificates.0.1.at_least")),
        ("certificates.0.0.at_least", -1, ("out_of_range", "certificates.0.0.at_least")),
        ("certificates.0.0.at_least", "1_000", ("not_a_number", "certificates.0.0.at_least")),
        ("certificates.0.0.more", 1, ("unknown_field", "certificates.0.0.more")),
        ("concurrency", {}, ("missing", "concurrency.projects")),
        ("concurrency.projects", 0, ("out_of_range", "concurrency.projects")),
        ("concurrency.projects", 4, ("consent_below_limit", "concurrency.consented")),
        ("concurrency.projects", None, ("consent_below_limit", "concurrency.consented")),
        ("concurrency.exemptions", ["rain"], ("not_a_choice", "concurrency.exemptions.0")),
        ("staffing.0.bands.1.below", 10000, ("bands_not_ascending", "staffing.0.bands")),
        ("staffing.0.bands.1.below", None, ("bands_not_ascending", "staffing.0.bands")),
        ("staffing.0.bands", [], ("bad_length", "staffing.0.bands")),
        ("staffing.0.bands.0.count", 1001, ("out_of_range", "staffing.0.bands.0.count")),
        ("staffing.0.bands.0.count", -1, ("out_of_range", "staffing.0.bands.0.count")),
        ("staffing.0.bands.0.count", 1.5, ("not_a_number", "staffing.0.bands.0.count")),
        ("staffing.0.bands.2.each_further", 0, ("out_of_range", "staffing.0.bands.2.each_further")),
        ("staffing.0.kinds", [], ("bad_length", "staffing.0.kinds")),
        ("staffing.0.enabled", "yes", ("invalid", "staffing.0.enabled")),
        ("binding", "rumour", ("not_a_choice", "binding")),
        ("warn_days", [], ("bad_length", "warn_days")),
        ("warn_days", [90, 0], ("out_of_range", "warn_days.1")),
        ("category", 3, ("out_of_range", "category")),
        ("effective_from", "soon", ("invalid", "effective_from")),
    ],
)
def test_what_cannot_be_asked_is_told_by_its_path(
    city: Caller, path: str, value: Any, problem: tuple[str, str]
) -> None:
    assert said(city.post(RULES, changed(path, value))) == (422, [problem])
    assert len(versions(city)) == 1


def test_all_that_nobody_knows_is_told_at_once(city: Caller) -> None:
    rule = changed("staffing.0.cites", "none")
    rule["certificates"][0][0]["one_of"] = ["safety_c3", "lost"]
    told = [("unknown_reference", "certificates.0.0.one_of.1"), ("unknown_reference", "staffing.0.cites")]
    assert said(city.post(RULES, rule)) == (422, told)


@pytest.mark.parametrize("day", ["2026-03-02", "2026-02-01"])
def test_a_rule_begins_tomorrow_at_the_earliest(city: Caller, day: str) -> None:
    response = city.post(RULES, from_(day))
    assert said(response) == (422, [("effective_too_early", "effective_from")])
    assert response.json["errors"][0]["data"] == {"earliest": TOMORROW}


def test_of_several_from_one_day_the_last_holds(city: Caller, clock: SetClock, speaking_for: Speak) -> None:
    for days in ([30], [60]):
        assert city.post(RULES, from_(TOMORROW, warn_days=days)).status_code == 201
    assert [row["standing"] for row in city.get(RULES).json["items"]] == ["to_come", "replaced", "in_force"]
    clock.pass_(days=1)
    assert speaking_for(city.actor).get("/posts/safety_officer").json["rule"]["warn_days"] == [60]


def test_another_category_begins_with_a_month(city: Caller) -> None:
    refused = (422, [("category_within_month", "effective_from")])
    assert said(city.post(RULES, from_(TOMORROW, category=1))) == refused
    assert city.post(RULES, from_(NEXT_MONTH, category=1)).status_code == 201
    # From then on it is the category of the first that it would have to change back from.
    assert said(city.post(RULES, from_("2026-04-15", category=2))) == refused
    assert city.post(RULES, from_("2026-04-15", category=1)).status_code == 201
    assert city.post(RULES, from_("2026-03-10", category=2)).status_code == 201


def test_a_rule_put_before_one_to_come_does_not_leave_its_category_to_change_within_a_month(city: Caller) -> None:
    assert city.post(RULES, from_("2026-05-15", category=2)).status_code == 201
    response = city.post(RULES, from_(NEXT_MONTH, category=1))
    assert said(response) == (422, [("category_within_month", "effective_from")])


def test_rules_written_at_once_are_numbered_each_for_itself(meeting_deps: Deps) -> None:
    city = World(meeting_deps).city
    days = [date(2026, 3, day) for day in range(3, 9)]

    def add(day: date) -> None:
        post_rules.add_rule("safety_officer", {**RULE, "effective_from": day}, actor=city, deps=meeting_deps)

    threads = [threading.Thread(target=add, args=(day,)) for day in days]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    window = post_rules.Window(50)
    rows = post_rules.list_rules("safety_officer", window, actor=city, deps=meeting_deps).items
    assert sorted(row.row.rule_version for row in rows) == [f"safety_officer-{number}" for number in range(1, 8)]


def test_the_rules_of_a_post_come_in_pages(city: Caller) -> None:
    for day in ("2026-03-10", "2026-03-05", "2026-03-20"):
        assert city.post(RULES, from_(day)).status_code == 201
    first = city.get(f"{RULES}?limit=3").json
    assert [row["effective_from"] for row in first["items"]] == ["2026-03-20", "2026-03-05", "2026-03-10"]
    last = city.get(RULES, query_string={"limit": 3, "cursor": first["next"]}).json
    assert ([row["effective_from"] for row in last["items"]], last["next"]) == (["2019-06-01"], None)
    assert said(city.get(f"{RULES}?cursor=soon")) == (422, [("invalid", "cursor")])


def test_a_post_that_is_not_there_has_no_rules(city: Caller) -> None:
    assert said(city.get("/posts/none/rules")) == (404, [("not_found", None)])
    assert said(city.post("/posts/none/rules", from_(TOMORROW))) == (404, [("not_found", None)])
    assert said(city.get("/posts/none")) == (404, [("not_found", None)])


def new_post(**changes: Any) -> dict[str, Any]:
    names = {"code": f"post_{next(NUMBERS)}", "name_zh": "材料员", "name_en": "materials"}
    return {**names, "team_kind": "construction", "rule": deepcopy(RULE), **changes}


def test_a_post_comes_with_its_first_rule_or_not_at_all(city: Caller) -> None:
    made = city.post("/posts", new_post())
    assert made.status_code == 201, made.text
    code = made.json["code"]
    assert (made.json["rule"]["rule_version"], made.json["rule"]["standing"]) == (f"{code}-1", "in_force")
    assert made.json["rule"]["effective_from"] == "2026-03-02"
    assert city.get(f"/posts/{code}").json == made.json
    assert city.post(f"/posts/{code}/rules", from_(TOMORROW)).json["rule_version"] == f"{code}-2"
    bad = new_post(rule={**RULE, "staffing": [{**RULE["staffing"][0], "cites": "none"}]})
    assert said(city.post("/posts", bad)) == (422, [("unknown_reference", "rule.staffing.0.cites")])
    assert said(city.get(f"/posts/{bad['code']}")) == (404, [("not_found", None)])
    for path in ("category", "warn_days"):
        rule = {name: value for name, value in RULE.items() if name != path}
        assert said(city.post("/posts", new_post(rule=rule))) == (422, [("missing", f"rule.{path}")])


def test_only_names_of_a_post_change(city: Caller) -> None:
    made = city.post("/posts", new_post()).json
    renamed = city.patch(f"/posts/{made['code']}", {"name_zh": "资料员"}, 1)
    assert (renamed.status_code, renamed.json["name_zh"], renamed.json["rule"]) == (200, "资料员", made["rule"])
    for field in ("team_kind", "rule", "category"):
        told = said(city.patch(f"/posts/{made['code']}", {field: "supervision"}, 2))
        assert told == (422, [("unknown_field", field)])


def test_posts_are_found_by_team_and_by_category_of_today(city: Caller, clock: SetClock, speaking_for: Speak) -> None:
    def found(caller: Caller, **query: Any) -> list[str]:
        return [row["code"] for row in caller.get("/posts", query_string=query).json["items"]]

    assert found(city, team_kind="supervision", category=1) == ["chief_engineer"]
    assert found(city, team_kind="construction", category=1) == ["project_manager"]
    assert city.post(RULES, from_(NEXT_MONTH, category=1)).status_code == 201
    assert found(city, team_kind="construction", category=1) == ["project_manager"]
    clock.pass_(days=30)
    assert found(speaking_for(city.actor), team_kind="construction", category=1) == [
        "safety_officer",
        "project_manager",
    ]


def test_the_seeded_posts_ask_what_their_regulations_say(city: Caller) -> None:
    rules = {post["code"]: post["rule"] for post in city.get("/posts").json["items"]}
    assert len(rules) == 10
    asked = {
        code: [[case["one_of"] for case in need] for need in rule["certificates"]]
        for code, rule in rules.items()
        if rule["certificates"]
    }
    certificates_of_posts = ("site_engineer", "quality_officer", "machinery_officer")
    assert asked == {
        **{code: [[[f"{code}_certificate"]]] for code in certificates_of_posts},
        "project_manager": [
            [["constructor_1"], ["constructor_1"], ["constructor_1", "constructor_2"]],
            [["safety_b"]],
        ],
        "safety_officer": [[["safety_c2", "safety_c3"], ["safety_c1", "safety_c2", "safety_c3"]]],
        "chief_engineer": [[["registered_supervision_engineer"]]],
    }
    limits = {code: rule["concurrency"]["projects"] for code, rule in rules.items()}
    assert {code for code, most in limits.items() if most == 1} == {
        "project_manager",
        "safety_officer",
        "chief_engineer",
    }
    assert rules["chief_engineer"]["concurrency"]["consented"] == 3
    enabled = {table["cites"] for rule in rules.values() for table in rule["staffing"] if table["enabled"]}
    assert enabled == {"jianzhi_2008_91"}


def test_everybody_reads_rules_and_only_the_city_writes_them(world: World, site: Site, speaking_for: Speak) -> None:
    for role, scope, key in (
        (Role.BODY_HEAD, Scope.BODY, site.body),
        (Role.PROJECT_OFFICE, Scope.TEAM, site.construction),
        (Role.OPERATOR, Scope.CITY, None),
    ):
        caller = speaking_for(member(world, role, scope, key))
        assert len(versions(caller)) == 1
        assert said(caller.post(RULES, from_(TOMORROW))) == (403, [("forbidden", None)])
        assert said(caller.post("/posts", new_post())) == (403, [("forbidden", None)])
        assert said(caller.patch("/posts/safety_officer", {"name_zh": "x"}, 1)) == (403, [("forbidden", None)])
