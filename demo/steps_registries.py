"""Chapter 8: filing system, registry and spreadsheets say who may stand where; what does not fit is found."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import httpx

from demo.album import small_shot
from demo.caller import Caller, Row, ok, told, verdict
from demo.people import open_account, register
from demo.steps_face import COUNTS
from demo.steps_setup import FILINGS, STARTED, UNITS
from demo.story import Story, eventually

TODAY, TOMORROW = "2026-04-15", "2026-04-16"
PROJECT = "演示住宅项目"
# Whom the filing system names, in its own words for the posts.
NAMED = (
    ("项目经理", "DEMO1961", "Barack Obama"),
    ("安全员", "DEMO1942", "Joe Biden"),
    ("质量员", "DEMO1964", "Kamala Harris"),
    ("总监", "DEMO1952", "Godot"),
)
WORDS = {
    "项目经理": "project_manager",
    "安全员": "safety_officer",
    "质量员": "quality_officer",
    "总监": "chief_engineer",
}
SHEET = (
    "证件类型,证件号码,姓名,证书类型,证书编号,有效期起,有效期止\n"
    "护照,ＤＥＭＯ1964,Kamala Harris,安全生产考核合格证（C3）,沪建安C3(2026)0000009,2026/1/1,2028年12月31日\n"
    "护照,DEMO1942,Joe Biden,安全生产考核合格证（C3）,沪建安C3(2026)0000010,2026-04-01,2025-04-01\n"
)


def play(story: Story) -> None:
    """From a person nobody named to a roster that fits, and a city of mistakes that are all found."""
    story.table.chapter("8. Registries: nobody counts who should not be on that site")
    story.at(f"{TODAY}T07:30")
    _begin(story)
    _joining(story)
    _spreadsheets(story)
    _suspended(story)
    _leaving(story)
    _by_the_city(story)


def _begin(story: Story) -> None:
    city = story.cast["city"]
    story.cast["integration"] = open_account(city, "integration", "integration", "city", None)
    story.ids["harris"] = register(story.cast["office"], "Kamala Harris", "DEMO1964")


def _joining(story: Story) -> None:
    for title, expected, act in (
        ("May Harris be quality officer? The filing asks", "no: filing_mismatch", lambda: _may(story)),
        ("Her line, approved by the client all the same", "submitted, mismatched", lambda: _proposed(story)),
        ("The filing system pushes in words of its own", "refused: unmapped", lambda: _filed(story)),
        ("The city says what they mean; pushed again", "changed", lambda: _mapped(story)),
        ("Her line comes into force by itself", "in_force, matched", lambda: _line(story)),
        ("And may she now?", "yes", lambda: _may(story)),
        ("The same push once more", "unchanged", lambda: _filed(story)),
    ):
        story.step(title, expected, act)


def _may(story: Story) -> str:
    """What the filing system is told; the document number travels in a header."""
    query = {"filing_number": FILINGS[PROJECT], "post_code": "quality_officer"}
    http = story.cast["integration"].http
    answer = ok(http.get("/integration/eligibility", params=query, headers={"X-Document-Number": "DEMO1964"}))
    return "yes" if answer["eligible"] else f"no: {', '.join(each['rule'] for each in answer['reasons'])}"


def _proposed(story: Story) -> str:
    values = {"team_id": story.ids["team"], "person_id": story.ids["harris"], "post_code": "quality_officer"}
    line = ok(story.cast["office"].post("/roster-lines", {**values, "basis": "filing", "starts_on": TODAY}))
    for who, act in (("office", "submit"), ("client", "approve")):
        line = ok(story.cast[who].post(f"/roster-lines/{line['id']}/{act}", seen=line["version"]))
    story.rows["line"] = line
    return f"{line['state']}, {line['match']}"


def _line(story: Story) -> str:
    def look() -> str:
        line = ok(story.cast["office"].get(f"/roster-lines/{story.rows['line']['id']}"))
        return f"{line['state']}, {line['match']}"

    return eventually(look, "in_force, matched")


def _filed(story: Story) -> str:
    people = [
        {"post": post, "document": {"kind": "passport", "number": number, "name": name}, "from": STARTED}
        for post, number, name in NAMED
    ]
    project = {"name": PROJECT, "body": "pudong", "district": "310115", "state": "active"}
    roles = [{"role": role, "credit_code": code, "name": name} for role, (code, name) in UNITS.items()]
    record = {"key": "f-1", "number": FILINGS[PROJECT], "changed_at": "2026-04-15T07:00:00+08:00"}
    return _pushed(story, "filings", {**record, "project": project, "units": roles, "permits": [], "personnel": people})


def _pushed(story: Story, path: str, record: Mapping[str, Any]) -> str:
    (item,) = ok(story.cast["integration"].post(f"/integration/{path}", {"records": [record]}))["items"]
    return ": ".join([item["result"], *sorted({each["code"] for each in item["problems"]})])


def _mapped(story: Story) -> str:
    for word, code in WORDS.items():
        values = {"peer": "filing_system", "thing": "post", "external_key": word, "internal_key": code}
        ok(story.cast["city"].post("/integration/key-mappings", values))
    return _filed(story)


def _spreadsheets(story: Story) -> None:
    for title, expected, act in (
        ("A sheet in GBK, tried first", "would: 1 created, 1 refused", lambda: _sheet(story, SHEET, dry_run=True)),
        ("And sent; the second row's dates are reversed", "1 created, 1 refused", lambda: _sheet(story, SHEET)),
        ("What it says of that row", "3 dates_in_order", lambda: _refused(story)),
        ("Corrected and sent again", "1 created, 1 unchanged", lambda: _sheet(story, SHEET.replace("2025-", "2029-"))),
        ("Biden's finding of an expired certificate", "closed", lambda: _finding(story, "certificate_expired")),
    ):
        story.step(title, expected, act)


def _sheet(story: Story, text: str, *, dry_run: bool = False) -> str:
    office = story.cast["office"]
    files = {"file": ("certificates.csv", text.encode("gb18030"), "text/csv")}
    sent = office.http.post(
        "/spreadsheets/certificates", data={"options": json.dumps({"dry_run": dry_run})}, files=files
    )
    row: Row = ok(sent)
    eventually(lambda: str(ok(office.get(f"/spreadsheets/{row['id']}"))["state"]), "done")
    load = story.rows["load"] = ok(office.get(f"/spreadsheets/{row['id']}"))
    counts = ", ".join(f"{count} {word}" for word, count in sorted(load["counts"].items()) if count)
    return f"would: {counts}" if dry_run else counts


def _refused(story: Story) -> str:
    return ", ".join(f"{each['row']} {each['code']}" for each in story.rows["load"]["problems"])


def _finding(story: Story, rule: str, wanted: str = "closed") -> str:
    def look() -> str:
        scope = {"project_id": story.ids["project"], "rule": rule, "open": "true"}
        rows = ok(story.cast["officer"].get("/findings", **scope))["items"]
        return "open" if rows else "closed"

    return eventually(look, wanted)


def _suspended(story: Story) -> None:
    certificate_suspended = "certificate_suspended"
    for title, expected, act in (
        ("The registry: Obama's class 1 is suspended", "changed", lambda: _registry(story, "suspended")),
        ("He punches: proved, counted, and found", COUNTS, lambda: _punch(story)),
        ("What opened with his check-in", "open", lambda: _finding(story, certificate_suspended, "open")),
        ("Valid again, says the registry", "changed", lambda: _registry(story, "valid")),
        ("The finding", "closed", lambda: _finding(story, certificate_suspended)),
    ):
        story.step(title, expected, act)


def _registry(story: Story, status: str) -> str:
    holder = {"document": {"kind": "passport", "number": "DEMO1961", "name": "Barack Obama"}}
    record = {
        "key": "c-1",
        "type": "constructor_1",
        "number": "沪1312020202100001",
        "holder": holder,
        "valid_from": "2024-07-01",
        "valid_until": "2027-06-30",
        "status": status,
        "status_from": TODAY,
        "changed_at": "2026-04-15T07:00:00+08:00",
    }
    return _pushed(story, "certificates", record)


def _punch(story: Story) -> str:
    story.at(f"{TODAY}T08:00")
    return verdict(story.punch("obama", small_shot("obama")))


def _leaving(story: Story) -> None:
    for title, expected, act in (
        ("Biden works for the contractor; his number in full", "403 forbidden; 200", lambda: _unmasked(story)),
        ("He leaves: its own enterprise says so, once", "1 employment, 1 line", lambda: _left(story)),
        ("Said again", "0 employments, 0 lines", lambda: _left(story)),
        ("What is left to compare with the filing", "listed_only", lambda: _differences(story)),
    ):
        story.step(title, expected, act)


def _unmasked(story: Story) -> str:
    biden = story.ids["biden"]
    employed = {"unit_id": story.ids["contractor"], "starts_on": "2024-07-01"}
    ok(story.cast["officer"].post(f"/people/{biden}/employments", employed))
    why = {"reason": "核对备案信息"}
    asked = [story.cast[who].post(f"/people/{biden}/unmask", why) for who in ("office", "officer")]
    return "; ".join(map(told, asked))


def _left(story: Story) -> str:
    values = {"unit_id": story.ids["contractor"], "left_on": TODAY}
    left = ok(story.cast["enterprise"].post(f"/people/{story.ids['biden']}/leave", values))
    return ", ".join(_counted(left[f"{word}s"], word) for word in ("employment", "line"))


def _counted(rows: Sequence[object], word: str) -> str:
    return f"{len(rows)} {word}{'' if len(rows) == 1 else 's'}"


def _differences(story: Story) -> str:
    path = f"/projects/{story.ids['project']}/list-differences"
    rows = ok(story.cast["officer"].get(path, day=TOMORROW))["items"]
    return ", ".join(row["difference"] for row in rows if row["person_id"] == story.ids["biden"])


def _by_the_city(story: Story) -> None:
    city = story.cast["city"]
    sooner = partial(_ruled, city, TODAY)
    story.step("The city warns 60 days ahead, from today on", "422 effective_too_early", lambda: told(sooner()))
    story.step("From tomorrow on", "201", lambda: told(_ruled(city, TOMORROW)))
    story.step("The night finds Biden's post vacant", "safety_officer", lambda: _night(story))
    story.step("A city of 60 projects with mistakes planted", "all found, 0 missed, 0 false", lambda: _simulated(story))


def _ruled(city: Caller, since: str) -> httpx.Response:
    """A new version of what is asked of safety officers, in which certificates are told later."""
    (post,) = [each for each in ok(city.get("/posts", limit="100"))["items"] if each["code"] == "safety_officer"]
    fields = ("category", "certificates", "concurrency", "staffing", "binding", "warn_days")
    rule = {name: post["rule"][name] for name in fields}
    return city.post("/posts/safety_officer/rules", {**rule, "effective_from": since, "warn_days": [60, 30]})


def _night(story: Story) -> str:
    story.at(f"{TOMORROW}T00:05")

    def look() -> str:
        scope = {"project_id": story.ids["project"], "rule": "post_vacant", "open": "true"}
        rows = ok(story.cast["officer"].get("/findings", **scope))["items"]
        return ", ".join(row["post_code"] for row in rows if row["post_code"] == "safety_officer")

    return eventually(look, "safety_officer")


def _simulated(story: Story) -> str:
    figures = story.instance.benchmark("crosscheck_night", "--projects", "60", "--people", "600")
    found = "all found" if figures["found"] == figures["planted"] else f"{figures['found']} of {figures['planted']}"
    return f"{found}, {figures['missed']} missed, {figures['false']} false"
