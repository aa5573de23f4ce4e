"""Chapter 1, its first half: units, a station, two projects and their offices, a fence drawn in GCJ-02."""

from datetime import date, timedelta

import httpx

from demo.caller import Row, ok, told
from demo.people import first_sign_in, open_account
from demo.places import FENCE
from demo.story import Story

# Long enough ago that every time zone agrees that it has begun.
STARTED = (date.today() - timedelta(days=30)).isoformat()  # noqa: DTZ011 - a day more or less does not matter
UNITS = {
    "client": ("91310115MADEM00D4W", "浦东演示建设发展有限公司"),
    "contractor": ("91310115MADEM00E51", "上海演示建工集团有限公司"),
    "supervision": ("91310115MADEM00F65", "上海演示工程监理有限公司"),
}


def play(story: Story) -> None:
    """From an empty database to a project with a fence."""
    story.table.chapter("1. A project with a fence and a roster; an officer enrols three people")
    story.step("The operator's one-time password, not replaced", "403 new_password_needed", lambda: _city(story))
    story.step("The city opens 3 units, a station, an officer", "201 3 units", lambda: _station(story))
    story.step("The officer opens two projects", "active, active", lambda: _projects(story))
    story.step("The office draws a fence in GCJ-02; kept in WGS-84", "proposed, other numbers", lambda: _fence(story))
    story.step("The officer approves it", "approved", lambda: _fence_approved(story))


def _city(story: Story) -> str:
    """The only thing that happens outside of HTTP: without an account nobody could begin."""
    one_time = story.instance.command("account", "add", "city", "--role", "city").split()[1]
    api = story.instance.api
    refused = httpx.post(f"{api}/api/v1/sessions", json={"name": "city", "password": one_time}, trust_env=False)
    story.cast["city"] = first_sign_in(api, "city", one_time)
    return told(refused)


def _station(story: Story) -> str:
    city = story.cast["city"]
    for role, (code, name) in UNITS.items():
        story.ids[role] = ok(city.post("/units", {"credit_code": code, "name": name}))["id"]
    body = {"code": "pudong", "name": "浦东新区建设工程安全质量监督站", "kind": "station", "district_code": "310115"}
    answer = city.post("/bodies", body)
    story.ids["body"] = ok(answer)["id"]
    story.cast["officer"] = open_account(city, "officer", "officer", "body", story.ids["body"])
    return f"{told(answer)} {len(ok(city.get('/units'))['items'])} units"


def _projects(story: Story) -> str:
    first, second = (_project(story, name) for name in ("演示住宅项目", "演示学校项目"))
    story.ids["project"], story.ids["other_project"] = first["id"], second["id"]
    story.ids["team"], other_team = (_team(story, project["id"]) for project in (first, second))
    city, project_id = story.cast["city"], first["id"]
    story.cast |= {
        "office": open_account(city, "office", "project_office", "team", story.ids["team"]),
        "other-office": open_account(city, "other-office", "project_office", "team", other_team),
        "client": open_account(city, "client", "client", "project", project_id),
        "chief-engineer": open_account(city, "chief-engineer", "chief_engineer", "project", project_id),
    }
    return ", ".join(project["states"][-1]["state"] for project in (first, second))


def _project(story: Story, name: str) -> Row:
    officer = story.cast["officer"]
    values = {"name": name, "body_id": story.ids["body"], "district_code": "310115", "state_from_on": STARTED}
    project: Row = ok(officer.post("/projects", values))
    for role in UNITS:
        ok(officer.post("/unit-roles", {"project_id": project["id"], "unit_id": story.ids[role], "role": role}))
    return project


def _team(story: Story, project_id: str) -> str:
    values = {
        "project_id": project_id,
        "kind": "construction",
        "unit_id": story.ids["contractor"],
        "name": "施工项目部",
    }
    return str(ok(story.cast["officer"].post("/teams", values))["id"])


def _fence(story: Story) -> str:
    values = {"project_id": story.ids["project"], "name": "场地围栏", "datum": "gcj02", "geometry": FENCE}
    fence = ok(story.cast["office"].post("/fences", {**values, "starts_on": STARTED}))
    story.rows["fence"] = fence
    moved = fence["geometry"] == FENCE and fence["shape"] != FENCE
    return f"{fence['state']}, {'other' if moved else 'the same'} numbers"


def _fence_approved(story: Story) -> str:
    fence = story.rows["fence"]
    approved = ok(story.cast["officer"].post(f"/fences/{fence['id']}/approve", seen=fence["version"]))
    return str(approved["state"])
