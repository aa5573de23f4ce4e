"""Chapter 1, its first half: units, a station, two projects with their teams, a fence drawn in GCJ-02."""

import httpx

from demo.caller import Row, ok, told
from demo.people import first_sign_in, open_account
from demo.places import FENCE
from demo.story import Story

# The first day of the story and of its project; the other project begins four weeks later.
STARTED, LATER = "2026-03-02", "2026-03-30"
UNITS = {
    "client": ("91310115MADEM00D4W", "浦东演示建设发展有限公司"),
    "contractor": ("91310115MADEM00E51", "上海演示建工集团有限公司"),
    "supervision": ("91310115MADEM00F65", "上海演示工程监理有限公司"),
}
#: Their numbers in the filing system, by the projects' names.
FILINGS = {"演示住宅项目": "BJ-2026-0001", "演示学校项目": "BJ-2026-0002"}
# A project's teams: kind, unit and name, by what the story calls them.
TEAMS = {
    "team": ("construction", "contractor", "施工项目部"),
    "supervision_team": ("supervision", "supervision", "监理项目部"),
}
# Name, role, scope, and what of the story it reaches.
ACCOUNTS = (
    ("office", "project_office", "team", "team"),
    ("project-manager", "project_manager", "team", "team"),
    ("supervision-office", "project_office", "team", "supervision_team"),
    ("other-office", "project_office", "team", "other_team"),
    ("client", "client", "project", "project"),
    ("chief-engineer", "chief_engineer", "project", "project"),
    ("enterprise", "enterprise", "unit", "contractor"),
    ("supervision-enterprise", "enterprise", "unit", "supervision"),
)


def play(story: Story) -> None:
    """From an empty database to a project with a fence."""
    story.table.chapter("1. A project with a fence and a roster; an officer enrols three people")
    story.step("The operator's one-time password, not replaced", "403 new_password_needed", lambda: _city(story))
    story.step("The city opens 3 units, a station, an officer", "201 3 units", lambda: _station(story))
    opened = "active; planned, active"
    story.step("The officer opens two filed projects, one for later", opened, lambda: _projects(story))
    story.step("Two teams for each, and accounts on them", "4 teams, 8 accounts", lambda: _teams(story))
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
    first, second = _project(story, "演示住宅项目", "active"), _project(story, "演示学校项目", "planned")
    later = {"state": "active", "from_on": LATER}
    second = ok(story.cast["officer"].post(f"/projects/{second['id']}/states", later))
    story.ids |= {"project": first["id"], "other_project": second["id"]}
    return "; ".join(", ".join(each["state"] for each in project["states"]) for project in (first, second))


def _project(story: Story, name: str, state: str) -> Row:
    officer = story.cast["officer"]
    values = {"name": name, "body_id": story.ids["body"], "district_code": "310115"}
    begun = {"state": state, "state_from_on": STARTED, "counting_from": STARTED}
    project: Row = ok(officer.post("/projects", {**values, **begun}))
    ok(officer.post("/filings", {"project_id": project["id"], "number": FILINGS[name], "filed_on": STARTED}))
    for role in UNITS:
        ok(officer.post("/unit-roles", {"project_id": project["id"], "unit_id": story.ids[role], "role": role}))
    return project


def _teams(story: Story) -> str:
    for prefix in ("", "other_"):
        for called, (kind, unit, name) in TEAMS.items():
            values = {"project_id": story.ids[f"{prefix}project"], "kind": kind, "unit_id": story.ids[unit]}
            story.ids[prefix + called] = ok(story.cast["officer"].post("/teams", {**values, "name": name}))["id"]
    for name, role, scope, called in ACCOUNTS:
        story.cast[name] = open_account(story.cast["city"], name, role, scope, story.ids[called])
    return f"4 teams, {len(ACCOUNTS)} accounts"


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
