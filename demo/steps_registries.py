"""Chapter 8, its first half: the filing system and a spreadsheet say who may stand where and with what papers."""

import json
from collections.abc import Mapping
from typing import Any

from demo.caller import Row, ok
from demo.people import open_account, register
from demo.steps_setup import FILINGS, STARTED, UNITS
from demo.story import Story, eventually

TODAY = "2026-04-15"
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
    "护照,ＤＥＭＯ1964,Kamala Harris,质量员岗位证书,沪质2026000009,2026/1/1,2028年12月31日\n"
    "护照,DEMO1942,Joe Biden,安全生产考核合格证（C3）,沪建安C3(2026)0000010,2026-04-01,2025-04-01\n"
)


def play(story: Story) -> None:
    """From a person nobody named to a roster that fits, and a city of mistakes that are all found."""
    story.table.chapter("8. Registries: nobody counts who should not be on that site")
    story.at(f"{TODAY}T07:30")
    _begin(story)
    _joining(story)
    _spreadsheets(story)


def _begin(story: Story) -> None:
    city = story.cast["city"]
    story.cast["integration"] = open_account(city, "integration", "integration", "city", None)
    story.ids["harris"] = register(story.cast["office"], "Kamala Harris", "DEMO1964")


def _joining(story: Story) -> None:
    for title, expected, act in (
        ("May Harris be quality officer? The filing asks", "no: certificate_missing", lambda: _may(story)),
        ("Her line, approved by the client all the same", "submitted, mismatched", lambda: _proposed(story)),
        ("The filing system pushes in words of its own", "refused: unmapped", lambda: _filed(story)),
        ("The city says what they mean; pushed again", "created", lambda: _mapped(story)),
        ("Her line comes into force by itself", "in_force, matched", lambda: _line(story)),
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
    return pushed(story, "filings", {**record, "project": project, "units": roles, "permits": [], "personnel": people})


def pushed(story: Story, path: str, record: Mapping[str, Any]) -> str:
    """What became of one record that a system pushed in, and why it was refused."""
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
        ("May Harris be quality officer now?", "yes", lambda: _may(story)),
        ("Biden's finding of an expired certificate", "closed", lambda: finding(story, "certificate_expired")),
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


def finding(story: Story, rule: str, wanted: str = "closed") -> str:
    """Whether a rule's finding on the project is open, once it is as wanted."""

    def look() -> str:
        scope = {"project_id": story.ids["project"], "rule": rule, "open": "true"}
        rows = ok(story.cast["officer"].get("/findings", **scope))["items"]
        return "open" if rows else "closed"

    return eventually(look, wanted)
