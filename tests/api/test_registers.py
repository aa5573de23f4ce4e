"""Every register the same way: made, read, changed by who saw its version, listed in pages, found by filters."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from stdnum.cn import uscc

from jobs.tasks import perform
from service.domain.actors import Actor, Role, Scope
from service.domain.sites import BodyKind, ProjectState
from service.domain.topics import Topic
from service.store.models import Finding, Outbox
from service.usecases import crosscheck_night, projects, registers
from tests.api.support import Caller, member, said
from tests.factories import NUMBERS, Site, World
from tests.factories_crosscheck import certified, sized

NOBODY = str(UUID(int=7))
Values = dict[str, Any]


def credit_code() -> str:
    stem = f"91310115MA{next(NUMBERS):07d}"
    return stem + uscc.calc_check_digit(stem)


def _without_teams(world: World, body: UUID) -> Site:
    values = {"name": "空项目", "body_id": body, "district_code": "310115", "state": ProjectState.ACTIVE}
    row = projects.open_project(values, actor=world.city, deps=world.deps)
    return Site(row.id, row.id, row.id, body)


@pytest.fixture
def bare(world: World) -> Site:
    """A project without its teams, so that they can still be made."""
    return _without_teams(world, world.body())


def of_units(_world: World, _bare: Site) -> Values:
    return {"credit_code": credit_code(), "name": "示范单位"}


def of_bodies(_world: World, _bare: Site) -> Values:
    return {"code": f"body-{next(NUMBERS)}", "name": "监督站", "kind": "station", "district_code": "310115"}


def of_districts(_world: World, _bare: Site) -> Values:
    return {"code": f"{990_000 + next(NUMBERS) % 9999}", "name": "新区"}


def of_posts(_world: World, _bare: Site) -> Values:
    code = f"post_{next(NUMBERS)}"
    rule = {"category": 2, "certificates": [], "concurrency": {"projects": None}, "staffing": []}
    rule |= {"binding": "filing", "warn_days": [30]}
    return {"code": code, "name_zh": "材料员", "name_en": "materials", "team_kind": "construction", "rule": rule}


def of_projects(_world: World, bare: Site) -> Values:
    return {"name": "新项目", "body_id": str(bare.body), "district_code": "310115", "address": "世纪大道 1 号"}


def of_filings(_world: World, bare: Site) -> Values:
    number = f"1702PD{next(NUMBERS)}"
    return {"project_id": str(bare.project_id), "number": number, "section": None, "filed_on": "2026-01-05"}


def of_permits(_world: World, bare: Site) -> Values:
    return {"project_id": str(bare.project_id), "number": f"P-{next(NUMBERS)}", "issued_on": "2026-01-08"}


def of_unit_roles(world: World, bare: Site) -> Values:
    return {"project_id": str(bare.project_id), "unit_id": str(world.unit()), "role": "client"}


def of_teams(world: World, bare: Site) -> Values:
    return {"project_id": str(bare.project_id), "kind": "supervision", "unit_id": str(world.unit()), "name": "监理部"}


def of_calendar_days(_world: World, _bare: Site) -> Values:
    return {"day": f"{date(2030, 1, 1) + timedelta(days=next(NUMBERS))}", "working": False, "name": "元旦"}


def of_certificate_types(_world: World, _bare: Site) -> Values:
    names = {"name_zh": "岗位证书", "name_en": "post certificate"}
    return {"code": f"type_{next(NUMBERS)}", **names, "family": "post", "number_pattern": None}


def of_regulations(_world: World, _bare: Site) -> Values:
    texts = {
        "title_zh": "某办法第三条",
        "title_en": "a rule, art. 3",
        "text_zh": "第一款\n第二款",
        "text_en": "as it says",
    }
    origin = {"confidence": "copy", "source": "a copy", "rules": ["post_vacant", "understaffed"]}
    return {"code": f"rule_{next(NUMBERS)}", **texts, **origin}


def of_certificates(world: World, _bare: Site) -> Values:
    values = {"type_code": "safety_b", "number": f"沪建安B(2024){next(NUMBERS):07d}", "unit_id": str(world.unit())}
    return {**values, "person_id": str(world.person().id), "valid_from": "2024-03-18", "valid_until": "2027-03-17"}


Make = Callable[[World, Site], Values]
# Path, how one is made, what of it changes.
REGISTERS: list[tuple[str, Make, Values]] = [
    ("/units", of_units, {"name": "改名单位"}),
    ("/bodies", of_bodies, {"name": "改名监督站", "district_code": None}),
    ("/districts", of_districts, {"name": "改名新区"}),
    ("/posts", of_posts, {"name_en": "materials officer"}),
    ("/calendar-days", of_calendar_days, {"working": True, "name": None}),
    (
        "/certificate-types",
        of_certificate_types,
        {"level": 2, "number_pattern": r"^[A-Z]\d{6,8}$", "validity_months": 36},
    ),
    ("/regulations", of_regulations, {"confidence": "official", "rules": []}),
    ("/certificates", of_certificates, {"valid_until": None, "unit_id": None, "type_code": "safety_c3"}),
    ("/projects", of_projects, {"name": "改名项目", "address": None}),
    ("/filings", of_filings, {"section": "一标段", "section_group": "A", "filed_on": "2026-02-01"}),
    ("/permits", of_permits, {"issued_on": None}),
    ("/unit-roles", of_unit_roles, {"role": "contractor"}),
    ("/teams", of_teams, {"name": "改名监理部"}),
]
PATHS = [path for path, *_ in REGISTERS]
register = pytest.mark.parametrize(("path", "make", "change"), REGISTERS, ids=PATHS)


def shown(values: Values, row: Values) -> Values:
    """Of a row what was said of it; of a part of it, too, more may be known."""
    return {name: shown(value, row[name]) if isinstance(value, dict) else row[name] for name, value in values.items()}


def key(row: Values) -> str:
    return row.get("id") or row.get("code") or row["day"]


@register
def test_what_was_made_reads_the_same_and_shows_the_change(
    city: Caller, world: World, bare: Site, path: str, make: Make, change: Values
) -> None:
    values = make(world, bare)
    made = city.post(path, values)
    assert made.status_code == 201, made.text
    assert shown(values, made.json) == values
    one = f"{path}/{key(made.json)}"
    read = city.get(one)
    assert (read.status_code, read.json) == (200, made.json)
    changed = city.patch(one, change, 1)
    assert (changed.status_code, city.get(one).json) == (200, changed.json)
    assert shown({**values, **change}, changed.json) == {**values, **change}
    assert key(made.json) in [key(row) for row in city.get(path).json["items"]]


@register
def test_a_change_needs_the_version_its_sender_saw(
    city: Caller, world: World, bare: Site, path: str, make: Make, change: Values
) -> None:
    made = city.post(path, make(world, bare))
    one = f"{path}/{key(made.json)}"
    assert said(city.patch(one, change)) == (428, [("version_needed", "If-Match")])
    assert (made.headers["ETag"], city.get(one).headers["ETag"]) == ('"1"', '"1"')
    assert said(city.patch(one, change, 2)) == (412, [("version_conflict", None)])
    changed = city.patch(one, change, 1)
    assert (changed.headers["ETag"], changed.json["version"]) == ('"2"', 2)
    stale = city.patch(one, change, 1)
    assert said(stale) == (412, [("version_conflict", None)])
    assert stale.json["errors"][0]["data"] == {"current": 2}
    assert city.get(one).json == changed.json


@pytest.mark.parametrize("header", ["*", '"x"', "1", 'W/"1"', '"1", "2"', "", '"99999999999999999999"'])
def test_an_if_match_that_is_no_version_of_ours_changes_nothing(city: Caller, world: World, header: str) -> None:
    response = city.patch(f"/units/{world.unit()}", {"name": "x"}, headers={"If-Match": header})
    assert said(response) == (412, [("version_conflict", "If-Match")])


def _more(world: World, bare: Site, path: str) -> list[Site]:
    """Four more projects where one takes only one row of a kind, the same one otherwise."""
    return [_without_teams(world, bare.body) if path == "/teams" else bare for _ in range(4)]


@pytest.mark.parametrize(("path", "make"), [row[:2] for row in REGISTERS], ids=PATHS)
def test_pages_of_two_show_five_rows_once_each_newest_first(
    city: Caller, world: World, bare: Site, path: str, make: Make
) -> None:
    made = [key(city.post(path, make(world, other)).json) for other in (bare, *_more(world, bare, path))]
    assert len(made) == 5
    seen, cursor = [], None
    while True:
        page = city.get(path, query_string={"limit": 2} | ({"cursor": cursor} if cursor else {})).json
        assert 0 < len(page["items"]) <= 2
        seen += [key(row) for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert set(made) <= set(seen)
    # Ids grow with time; what has a code or a day is ordered by it.
    assert seen == sorted(seen, reverse=True)


def test_the_last_page_is_told_also_when_it_is_full(city: Caller, world: World) -> None:
    for _ in range(4):
        world.unit()
    first = city.get("/units?limit=2").json
    last = city.get("/units", query_string={"limit": 2, "cursor": first["next"]}).json
    assert (len(first["items"]), len(last["items"]), last["next"]) == (2, 2, None)


def test_a_row_made_while_somebody_pages_is_not_shown_twice(city: Caller, world: World) -> None:
    for _ in range(3):
        world.unit()
    first = city.get("/units?limit=2").json
    world.unit()
    second = city.get("/units", query_string={"limit": 2, "cursor": first["next"]}).json
    assert {row["id"] for row in first["items"]}.isdisjoint({row["id"] for row in second["items"]})
    assert len(second["items"]) == 1


@pytest.mark.parametrize("path", [*PATHS, "/people", "/fences", "/roster-lines", "/check-ins", "/reviews", "/accounts"])
def test_a_page_holds_one_to_two_hundred_rows(city: Caller, path: str) -> None:
    for limit in (0, 201):
        assert said(city.get(f"{path}?limit={limit}")) == (422, [("out_of_range", "limit")])
    for limit in (1, 200):
        assert city.get(f"{path}?limit={limit}").status_code == 200


@pytest.mark.parametrize(
    ("path", "make", "change", "field"),
    [
        ("/units", of_units, {"name": "别名"}, "credit_code"),
        ("/bodies", of_bodies, {"name": "别名"}, "code"),
        ("/districts", of_districts, {"name": "别名"}, "code"),
        ("/posts", of_posts, {"name_en": "another"}, "code"),
        ("/filings", of_filings, {"filed_on": None}, "number"),
        ("/permits", of_permits, {"issued_on": None}, "number"),
        ("/regulations", of_regulations, {"title_zh": "别名"}, "code"),
        ("/unit-roles", of_unit_roles, {}, "role"),
        ("/teams", of_teams, {"name": "另一个"}, "kind"),
        ("/calendar-days", of_calendar_days, {"working": True}, "day"),
        ("/certificate-types", of_certificate_types, {"name_zh": "别名"}, "code"),
        ("/certificates", of_certificates, {"valid_until": None}, "number"),
    ],
)
def test_a_second_one_of_the_same_identity_is_refused_by_its_field(
    city: Caller, world: World, bare: Site, path: str, make: Make, change: Values, field: str
) -> None:
    values = make(world, bare)
    assert city.post(path, values).status_code == 201
    before = len(city.get(path, query_string={"limit": 200}).json["items"])
    assert said(city.post(path, {**values, **change})) == (409, [("already_exists", field)])
    assert len(city.get(path, query_string={"limit": 200}).json["items"]) == before


def test_a_change_into_another_ones_identity_is_refused(city: Caller, world: World, bare: Site) -> None:
    values = of_unit_roles(world, bare)
    city.post("/unit-roles", values)
    other = city.post("/unit-roles", {**values, "role": "contractor"}).json
    response = city.patch(f"/unit-roles/{other['id']}", {"role": "client"}, 1)
    assert said(response) == (409, [("already_exists", "role")])


@pytest.mark.parametrize(
    ("path", "make", "reference", "value"),
    [
        ("/bodies", of_bodies, "district_code", "999999"),
        ("/projects", of_projects, "body_id", NOBODY),
        ("/projects", of_projects, "district_code", "999999"),
        ("/filings", of_filings, "project_id", NOBODY),
        ("/unit-roles", of_unit_roles, "project_id", NOBODY),
        ("/unit-roles", of_unit_roles, "unit_id", NOBODY),
        ("/teams", of_teams, "project_id", NOBODY),
        ("/teams", of_teams, "unit_id", NOBODY),
        ("/certificates", of_certificates, "type_code", "none"),
        ("/certificates", of_certificates, "unit_id", NOBODY),
    ],
)
def test_what_refers_to_nothing_is_refused_by_its_field(
    city: Caller, world: World, bare: Site, path: str, make: Make, reference: str, value: Any
) -> None:
    response = city.post(path, {**make(world, bare), reference: value})
    assert said(response) == (422, [("unknown_reference", reference)])


@register
def test_an_empty_body_and_a_strange_field_are_told_by_name(
    city: Caller, world: World, bare: Site, path: str, make: Make, change: Values
) -> None:
    status, problems = said(city.post(path, {}))
    assert status == 422
    assert {code for code, _ in problems} == {"missing"}
    assert {field for _, field in problems} <= set(make(world, bare))
    assert said(city.post(path, {**make(world, bare), "id": NOBODY})) == (422, [("unknown_field", "id")])
    made = city.post(path, make(world, bare)).json
    status, problems = said(city.patch(f"{path}/{key(made)}", {**change, "created_at": "now", "version": 7}, 1))
    assert (status, set(problems)) == (422, {("unknown_field", "created_at"), ("unknown_field", "version")})


@pytest.mark.parametrize(
    "code",
    [
        "",
        "91310115MA1234567",
        "91310115MA12345671",
        "91310115MA1234567KK",
        "91310115MA123456IK",
        "9131O115MA1234567K",
        "统一社会信用代码一二三四五六七八九十",
        "1" * 18,
    ],
)
def test_a_credit_code_that_does_not_check_is_refused(city: Caller, code: str) -> None:
    response = city.post("/units", {"credit_code": code, "name": "单位"})
    told = "bad_check_character" if code in {"91310115MA12345671", "1" * 18} else "bad_credit_code"
    assert said(response) == (422, [(told, "credit_code")])


@pytest.mark.parametrize(
    "typed", ["91310115ma1234567k", " 91310115MA1234567K ", "91310115-MA1234567-K", "９１３１０１１５MA1234567K"]
)
def test_an_enterprise_is_the_same_however_its_code_is_typed(city: Caller, typed: str) -> None:
    made = city.post("/units", {"credit_code": typed, "name": "单位"})
    assert (made.status_code, made.json["credit_code"]) == (201, "91310115MA1234567K")
    again = city.post("/units", {"credit_code": "91310115MA1234567K", "name": "同一单位"})
    assert said(again) == (409, [("already_exists", "credit_code")])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "上海"}, {"上海一建", "上海二建"}),
        ({"q": "上海一"}, {"上海一建"}),
        ({"q": "一建"}, set()),
        ({"q": "%"}, {"%有限公司"}),
        ({"q": "_"}, set()),
        ({"q": "上海' OR '1'='1"}, set()),
        ({"q": "  上海二  "}, {"上海二建"}),
    ],
)
def test_units_are_found_by_the_beginning_of_their_name(city: Caller, query: Values, found: set[str]) -> None:
    for name in ("上海一建", "上海二建", "浦东一建", "%有限公司"):
        assert city.post("/units", {"credit_code": credit_code(), "name": name}).status_code == 201
    assert {row["name"] for row in city.get("/units", query_string=query).json["items"]} == found


def test_each_register_is_filtered_by_what_it_says(city: Caller, world: World, bare: Site) -> None:
    site, code = world.site(), credit_code()
    unit = city.post("/units", {"credit_code": code, "name": "单位"}).json["id"]
    committee = registers.create(
        registers.BODIES,
        {"code": "lingang", "name": "管委会", "kind": BodyKind.COMMITTEE, "district_code": None},
        actor=world.city,
        deps=world.deps,
    )
    filing = city.post("/filings", of_filings(world, bare)).json
    role = city.post("/unit-roles", {**of_unit_roles(world, bare), "unit_id": unit}).json
    team = city.post("/teams", {**of_teams(world, bare), "unit_id": unit}).json
    for path, query, expected in (
        ("/units", {"credit_code": code}, {unit}),
        ("/units", {"credit_code": "none"}, set()),
        ("/bodies", {"kind": "committee"}, {str(committee.id)}),
        ("/bodies", {"district_code": "310104"}, set()),
        ("/projects", {"body_id": str(site.body)}, {str(site.project_id)}),
        ("/projects", {"q": "空项"}, {str(bare.project_id)}),
        ("/projects", {"district_code": "310104"}, set()),
        ("/filings", {"number": filing["number"]}, {filing["id"]}),
        ("/filings", {"project_id": str(site.project_id)}, set()),
        ("/unit-roles", {"unit_id": unit, "role": "client"}, {role["id"]}),
        ("/unit-roles", {"unit_id": unit, "role": "supervision"}, set()),
        ("/teams", {"unit_id": unit}, {team["id"]}),
        ("/teams", {"project_id": str(site.project_id), "kind": "supervision"}, {str(site.supervision)}),
    ):
        assert set(city.ids(path, **query)) == expected, (path, query)
    days = city.get("/calendar-days?year=2026&month=4&limit=40").json["items"]
    assert [row["day"] for row in days] == [f"2026-04-{day:02d}" for day in range(30, 0, -1)]
    assert [row["day"] for row in days if row["name"] == "清明"] == ["2026-04-06", "2026-04-05", "2026-04-04"]


@pytest.mark.parametrize("day", ["2026-02-30", "2026-4-6", "20260406", "0000-00-00", "tomorrow"])
def test_what_is_no_day_leads_nowhere(city: Caller, day: str) -> None:
    assert said(city.get(f"/calendar-days/{day}")) == (404, [("not_found", None)])


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("[", "pattern_unreadable"),
        ("a{99999999999}", "pattern_unreadable"),
        ("(a+)+$", "pattern_too_open"),
        (r"(a)\1", "pattern_too_open"),
        ("(?=a)b", "pattern_too_open"),
        (".*.*.*.*.*x", "pattern_too_open"),
        ("(a|a)(a|a)(a|a)(a|a)(a|a)x", "pattern_too_open"),
        ("x" * 201, "bad_length"),
        ("", "bad_length"),
    ],
)
def test_a_pattern_that_cannot_be_matched_in_no_time_is_refused(city: Caller, pattern: str, problem: str) -> None:
    made = city.post("/certificate-types", {**of_certificate_types(None, None), "number_pattern": pattern})
    assert said(made) == (422, [(problem, "number_pattern")])
    changed = city.patch("/certificate-types/safety_b", {"number_pattern": pattern}, 2)
    assert said(changed) == (422, [(problem, "number_pattern")])


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("rules", ["post_vacant", "none"], ("not_a_choice", "rules.1")),
        ("rules", "post_vacant", ("invalid", "rules")),
        ("confidence", "sure", ("not_a_choice", "confidence")),
        ("text_zh", "长" * 2001, ("bad_length", "text_zh")),
    ],
)
def test_a_regulation_names_rules_there_are(city: Caller, field: str, value: Any, problem: tuple[str, str]) -> None:
    assert said(city.post("/regulations", {**of_regulations(None, None), field: value})) == (422, [problem])


def test_regulations_are_found_by_the_rule_that_cites_them_and_by_how_sure_they_are(city: Caller) -> None:
    mine = city.post("/regulations", of_regulations(None, None)).json["code"]

    def found(**query: str) -> set[str]:
        rows = city.get("/regulations", query_string={"limit": 200, **query}).json["items"]
        for row in rows:
            assert query.get("rule", row["rules"][0]) in row["rules"]
            assert row["confidence"] == query.get("confidence", row["confidence"])
        return {row["code"] for row in rows}

    assert found(rule="post_vacant") >= {mine, "shanghai_2012_28"}
    assert mine not in found(rule="left_unit")
    assert mine in found(rule="understaffed", confidence="copy")
    assert mine not in found(confidence="official")


@pytest.mark.parametrize("role", [Role.BODY_HEAD, Role.CLIENT, Role.INTEGRATION])
def test_regulations_and_types_are_read_by_all_and_written_by_the_city(
    world: World, speaking_for: Callable[[Actor], Caller], bare: Site, role: Role
) -> None:
    scope, key_of = {
        Role.BODY_HEAD: (Scope.BODY, bare.body),
        Role.CLIENT: (Scope.PROJECT, bare.project_id),
        Role.INTEGRATION: (Scope.CITY, None),
    }[role]
    caller = speaking_for(member(world, role, scope, key_of))
    for path, make in (("/regulations", of_regulations), ("/certificate-types", of_certificate_types)):
        first = caller.get(f"{path}?limit=1").json["items"][0]
        assert said(caller.post(path, make(world, bare))) == (403, [("forbidden", None)])
        response = caller.patch(f"{path}/{first['code']}", {}, first["version"])
        assert said(response) == (403, [("forbidden", None)])


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/bodies?kind=palace", ("not_a_choice", "kind")),
        ("/posts?category=3", ("out_of_range", "category")),
        ("/regulations?rule=none", ("not_a_choice", "rule")),
        ("/regulations?confidence=sure", ("not_a_choice", "confidence")),
        ("/teams?unit_id=x", ("invalid", "unit_id")),
        ("/projects?district_code=31", ("bad_length", "district_code")),
        ("/filings?q=1702", ("unknown_field", "q")),
        ("/districts?cursor=" + "9" * 65, ("bad_length", "cursor")),
        ("/calendar-days?year=0", ("out_of_range", "year")),
        ("/calendar-days?month=13", ("out_of_range", "month")),
        ("/calendar-days?cursor=2026-02-30", ("invalid", "cursor")),
        ("/certificates?expiring_before=soon", ("invalid", "expiring_before")),
        ("/certificates?expiring_within=45", ("not_a_choice", "expiring_within")),
        ("/certificates?status=lost", ("not_a_choice", "status")),
    ],
)
def test_a_filter_that_cannot_be_is_refused_by_name(city: Caller, path: str, problem: tuple[str, str]) -> None:
    assert said(city.get(path)) == (422, [problem])


def test_a_project_begins_active_today_and_shows_its_states_in_order(city: Caller, bare: Site) -> None:
    made = city.post("/projects", of_projects(None, bare)).json
    assert made["states"] == [{"state": "active", "from_on": "2026-03-02"}]
    path = f"/projects/{made['id']}"
    for state, day in (("completed", "2026-09-01"), ("stopped", "2026-05-01")):
        response = city.post(f"{path}/states", {"state": state, "from_on": day})
        assert response.status_code == 201
    assert [row["state"] for row in city.get(path).json["states"]] == ["active", "stopped", "completed"]


def test_a_project_may_begin_planned_on_a_day_to_come(city: Caller, bare: Site) -> None:
    values = {**of_projects(None, bare), "state": "planned", "state_from_on": "2026-06-01"}
    assert city.post("/projects", values).json["states"] == [{"state": "planned", "from_on": "2026-06-01"}]


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        ({"state": "paused", "from_on": "2026-03-02"}, [("not_a_choice", "state")]),
        ({"state": "stopped"}, [("missing", "from_on")]),
        ({"state": "stopped", "from_on": "2026-02-30"}, [("invalid", "from_on")]),
        ({"state": "stopped", "from_on": "0001-01-01"}, [("out_of_range", "from_on")]),
        ({"state": "stopped", "from_on": "9999-12-31"}, [("out_of_range", "from_on")]),
    ],
)
def test_a_state_that_cannot_be_is_refused(
    city: Caller, bare: Site, values: Values, problems: list[tuple[str, str]]
) -> None:
    assert said(city.post(f"/projects/{bare.project_id}/states", values)) == (422, problems)
    assert len(city.get(f"/projects/{bare.project_id}").json["states"]) == 1


def test_a_state_of_an_unknown_project_is_not_found(city: Caller) -> None:
    values = {"state": "stopped", "from_on": "2026-03-02"}
    assert said(city.post(f"/projects/{NOBODY}/states", values)) == (404, [("not_found", None)])


@pytest.mark.parametrize("path", ["/posts", "/certificate-types", "/regulations"])
@pytest.mark.parametrize("code", ["a/b", "A", "1a", "a-b", "a b", "_a", "岗", "a.", "a" * 41])
def test_a_code_is_a_word_of_small_letters_that_an_address_can_hold(
    city: Caller, world: World, bare: Site, path: str, code: str
) -> None:
    make = next(make for made, make, _ in REGISTERS if made == path)
    answer = city.post(path, {**make(world, bare), "code": code})
    assert said(answer) == (422, [("bad_length" if len(code) > 40 else "bad_code", "code")])
    longest = f"a{next(NUMBERS):039d}"
    assert city.post(path, {**make(world, bare), "code": longest}).status_code == 201
    assert city.get(f"{path}/{longest}").status_code == 200


def test_a_permit_is_for_a_filing_of_its_own_project(city: Caller, world: World, bare: Site) -> None:
    other = _without_teams(world, bare.body)
    mine, foreign = (city.post("/filings", of_filings(world, site)).json["id"] for site in (bare, other))
    refused = (422, [("unknown_reference", "filing_id")])
    for filing in (foreign, NOBODY):
        assert said(city.post("/permits", {**of_permits(world, bare), "filing_id": filing})) == refused
    made = city.post("/permits", {**of_permits(world, bare), "filing_id": mine}).json
    one = f"/permits/{made['id']}"
    assert said(city.patch(one, {"filing_id": foreign}, 1)) == refused
    assert city.patch(one, {"filing_id": None}, 1).status_code == 200


def test_what_the_cross_check_rests_on_is_looked_at_again_by_day(city: Caller, world: World, bare: Site) -> None:
    team = city.post("/teams", of_teams(world, bare)).json["id"]
    filing = city.post("/filings", of_filings(world, bare)).json["id"]
    project = f"/projects/{bare.project_id}"
    version = city.get(project).json["version"]

    def asked() -> list[UUID]:
        with world.deps.database.begin() as work:
            waiting = select(Outbox).where(Outbox.topic == Topic.LIST_CHANGED, Outbox.done_at.is_(None))
            rows = work.session.scalars(waiting).all()
            for row in rows:
                row.done_at = work.clock.real()
            return [row.subject_id for row in rows]

    for path, values, seen, times in (
        (f"/teams/{team}", {"name": "监理二部"}, 1, 0),
        (f"/teams/{team}", {"unit_id": str(world.unit())}, 2, 1),
        (f"/filings/{filing}", {"section": "二标段"}, 1, 0),
        (f"/filings/{filing}", {"section_group": "A"}, 2, 1),
        (f"/filings/{filing}", {"section_group": "A"}, 3, 0),
        (project, {"address": "无"}, version, 0),
        (project, {"kind": "building"}, version + 1, 1),
        (project, {"area_m2": 9000, "price_yuan": 5}, version + 2, 1),
    ):
        assert city.patch(path, values, seen).status_code == 200
        assert asked() == [bare.project_id] * times, (path, values)


def test_a_size_put_right_closes_by_day_what_rested_on_it(city: Caller, world: World, site: Site) -> None:
    sized(world, site, area_m2=90_000)
    person = world.person().id
    certified(world, person, "constructor_2")
    world.line(site.construction, person)
    crosscheck_night.run_all(deps=world.deps)

    def told() -> set[str]:
        with world.deps.database.begin() as work:
            return set(work.session.scalars(select(Finding.rule).where(Finding.closed_at.is_(None))))

    assert "certificate_wrong_level" in told()
    version = city.get(f"/projects/{site.project_id}").json["version"]
    assert city.patch(f"/projects/{site.project_id}", {"area_m2": 9000}, version).status_code == 200
    perform(Topic.LIST_CHANGED, site.project_id, deps=world.deps)
    assert "certificate_wrong_level" not in told()


@pytest.mark.parametrize("path", ["/units", "/bodies", "/districts", "/projects", "/teams"])
@pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\ufeff"])
def test_a_name_hides_nothing(city: Caller, world: World, bare: Site, path: str, hidden: str) -> None:
    make = next(make for made, make, _ in REGISTERS if made == path)
    answer = city.post(path, {**make(world, bare), "name": f"示范{hidden}名称"})
    assert said(answer) == (422, [("invalid", "name")])
