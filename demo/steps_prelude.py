"""Chapter 6, its first half: a chief engineer who will never come, certificates, and days on which the site rests."""

from collections.abc import Mapping
from functools import partial

import httpx

from demo.caller import Caller, ok, told
from demo.people import register
from demo.steps_people import put_on_roster
from demo.story import Story

REST = {"starts_on": "2026-03-16", "ends_on": "2026-03-19"}
# Who enters it, whose it is, its type, number and last day; only Biden's will not do on the first of April.
CERTIFICATES = (
    ("office", "obama", "constructor_1", "沪1312020202100001", "2027-06-30"),
    ("office", "obama", "safety_b", "沪建安B(2024)0000001", "2027-06-30"),
    ("office", "biden", "safety_c3", "沪建安C3(2023)0000001", "2026-03-31"),
    ("supervision-office", "godot", "registered_supervision_engineer", "31000001", "2027-06-30"),
)


def play(story: Story) -> None:
    """What the month will rest on."""
    story.table.chapter("6. A month passes by a fixed plan; its numbers were worked out by hand")
    _begin(story)
    _rest(story)


def _begin(story: Story) -> None:
    until = "safety_c3 until 2026-03-31"
    story.step("The supervision office's chief engineer is Godot", "in_force", lambda: _godot(story))
    story.step("The offices enter their certificates", "4 certificates", lambda: _certificates(story))
    story.step("Of those, what is to be renewed before April", until, lambda: _expiring(story.cast["officer"]))


def _godot(story: Story) -> str:
    office = "supervision-office"
    story.ids["godot"] = register(story.cast[office], "Godot", "DEMO1952")
    return put_on_roster(story, "godot", "chief_engineer", team="supervision_team", office=office)


def _certificates(story: Story) -> str:
    for office, who, kind, number, until in CERTIFICATES:
        values = {"person_id": story.ids[who], "type_code": kind, "number": number, "valid_until": until}
        ok(story.cast[office].post("/certificates", {**values, "valid_from": "2024-07-01"}))
    return f"{len(ok(story.cast['officer'].get('/certificates'))['items'])} certificates"


def _expiring(officer: Caller) -> str:
    found = ok(officer.get("/certificates", expiring_before="2026-04-01"))["items"]
    return "; ".join(f"{each['type_code']} until {each['valid_until']}" for each in found)


def _rest(story: Story) -> None:
    manager, chief = story.cast["project-manager"], story.cast["chief-engineer"]
    reversed_days = {"starts_on": REST["ends_on"], "ends_on": REST["starts_on"]}
    overlapping = {"starts_on": REST["ends_on"], "ends_on": "2026-03-20"}
    for title, expected, days in (
        ("A stop-work from the 19th back to the 16th", "422 dates_in_order", reversed_days),
        ("The manager proposes one from the 16th to the 19th", "201 proposed", REST),
        ("And another from the 19th to the 20th", "409 stop_work_overlaps", overlapping),
    ):
        story.step(title, expected, partial(_propose, story, manager, days))
    story.step("He approves his own", "403 forbidden", lambda: _approve(story, manager))
    story.step("The chief engineer approves it", "200 approved", lambda: _approve(story, chief))


def _propose(story: Story, manager: Caller, days: Mapping[str, str]) -> str:
    values = {"project_id": story.ids["project"], "reason": "更换塔式起重机", **days}
    answer = manager.post("/stop-works", values)
    if answer.is_success:
        story.rows["stop-work"] = answer.json()
    return _state(answer)


def _approve(story: Story, caller: Caller) -> str:
    row = story.rows["stop-work"]
    return _state(caller.post(f"/stop-works/{row['id']}/approve", seen=row["version"]))


def _state(answer: httpx.Response) -> str:
    return f"{told(answer)} {answer.json()['state']}" if answer.is_success else told(answer)
