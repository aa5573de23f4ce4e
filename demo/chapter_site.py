"""Chapter 1: a site with a fence drawn in GCJ-02 and its roster; an officer enrols three people."""

import json
from uuid import uuid4

from stdnum.cn import ric, uscc

from demo.instance import eventually
from demo.photos import portrait, variant
from demo.roles import Role, opened_by, phone_of
from demo.story import PERSONS, Story

STARTED = "2026-01-05"
#: The corners of the site as a map of the GCJ-02 kind shows them.
CORNERS = [(31.2195, 121.5440), (31.2195, 121.5466), (31.2213, 121.5468), (31.2215, 121.5442)]


def play(story: Story) -> None:
    """From an empty district to three people who may check in."""
    story.table.chapter("1. A site, its fence and its roster; three people are enrolled")
    _open_site(story)
    _draw_fence(story)
    _register_people(story)
    _fill_roster(story)
    _enrol(story)
    _bind_phones(story)


def _open_site(story: Story) -> None:
    table, city = story.table, story.city
    with table.step("The city opens units, a station and its officer", "3 units, 1 officer") as got:
        for number, name in enumerate(("client", "contractor", "supervision"), start=1):
            stem = f"91310115MADEM100{number}"
            body = {"credit_code": stem + uscc.calc_check_digit(stem), "name": f"示范{name}"}
            story.units[name] = city.post("/units", body)["id"]
        body = {"code": "demo", "name": "示范监督站", "kind": "station", "district_code": "310115"}
        story.body = city.post("/bodies", body)["id"]
        story.roles["officer"] = opened_by(city, "officer", "body", story.body)
        got(f"{len(story.units)} units, 1 officer")
    with table.step("The officer opens a project with filing and teams", "active, 2 teams") as got:
        states, teams = open_project(story, story.roles["officer"], "示范工程一期")
        got(f"{states}, {len(teams)} teams")
    for role, scope, scope_id in (
        ("project_office", "team", story.construction),
        ("client", "project", story.project),
        ("chief_engineer", "project", story.project),
    ):
        story.roles[role] = opened_by(city, role, scope, scope_id)


def open_project(story: Story, officer: Role, name: str) -> tuple[str, list[str]]:
    """A project with both teams; the first one opened is the story's own."""
    body = {"name": name, "body_id": story.body, "district_code": "310115", "state_from_on": STARTED}
    project = officer.post("/projects", body)
    officer.post("/filings", {"project_id": project["id"], "number": f"DEMO-{name}", "filed_on": STARTED})
    teams = []
    for kind, unit, title in (
        ("construction", "contractor", "施工项目部"),
        ("supervision", "supervision", "监理项目部"),
    ):
        role = "contractor" if kind == "construction" else "supervision"
        officer.post("/unit-roles", {"project_id": project["id"], "unit_id": story.units[unit], "role": role})
        team = {"project_id": project["id"], "kind": kind, "unit_id": story.units[unit], "name": title}
        teams.append(officer.post("/teams", team)["id"])
    if not story.project:
        story.project, story.construction = project["id"], teams[0]
    return project["states"][-1]["state"], teams


def _draw_fence(story: Story) -> None:
    office, officer = story.roles["project_office"], story.roles["officer"]
    with story.table.step("The office draws a polygon in GCJ-02, the officer approves", "proposed, approved") as got:
        geometry = {"kind": "polygon", "points": [{"lat": lat, "lon": lon} for lat, lon in CORNERS]}
        body = {"project_id": story.project, "name": "场地围栏", "datum": "gcj02", "geometry": geometry}
        fence = office.post("/fences", body | {"starts_on": STARTED})
        approved = officer.post(f"/fences/{fence['id']}/approve", version=fence["version"])
        got(f"{fence['state']}, {approved['state']}")


def _register_people(story: Story) -> None:
    office = story.roles["project_office"]
    with story.table.step("The office registers three people; numbers come back masked", "3 people, ****") as got:
        shown = set()
        for number, name in enumerate(PERSONS, start=1):
            stem = f"31999919000202{number:03d}"
            document = stem + ric.calc_check_digit(stem)
            body = {"name": name, "document_kind": "resident_id", "document_number": document}
            person = office.post("/people", body)
            story.people[name] = person["id"]
            shown.add(person["document_number"][:4])
        got(f"{len(story.people)} people, {', '.join(shown)}")


def _fill_roster(story: Story) -> None:
    with story.table.step("Two are proposed for the roster, the client approves", "in_force, in_force") as got:
        got(", ".join(put_on_roster(story, name) for name in ("obama", "biden")))


def put_on_roster(story: Story, name: str) -> str:
    """The state of a line after the office proposed and submitted it and the client approved."""
    office, client = story.roles["project_office"], story.roles["client"]
    body = {"team_id": story.construction, "person_id": story.people[name], "post_code": PERSONS[name]}
    line = office.post("/roster-lines", body | {"basis": "filing", "starts_on": STARTED})
    line = office.post(f"/roster-lines/{line['id']}/submit", version=line["version"])
    return str(client.post(f"/roster-lines/{line['id']}/approve", version=line["version"])["state"])


def _enrol(story: Story) -> None:
    officer = story.roles["officer"]
    # Collins stands on no roster yet, so the station finds her by her whole number before it may enrol her.
    line = {"team_id": story.construction, "person_id": story.people["collins"], "post_code": PERSONS["collins"]}
    draft = story.roles["project_office"].post("/roster-lines", line | {"basis": "filing", "starts_on": "2030-01-01"})
    with story.table.step("The officer enrols them: three photos each, consents", "provisional x 3") as got:
        states = [_enrolled(officer, person_id, name) for name, person_id in story.people.items()]
        got(f"{'/'.join(sorted(set(states)))} x {len(states)}")
    assert draft["state"] == "draft"


def _enrolled(officer: Role, person_id: str, name: str) -> str:
    form = {"client_ref": str(uuid4()), "consents": ["face", "location"], "notice_version": "2026-01"}
    files = [("photo", ("photo.jpg", variant(portrait(name), seed=seed), "image/jpeg")) for seed in (1, 2, 3)]
    answer = officer.ask("POST", f"/people/{person_id}/enrolments", files=files, data={"form": json.dumps(form)})
    path = f"/enrolments/{answer.json()['id']}"
    eventually(lambda: officer.get(path)["state"] != "received")
    return str(officer.get(path)["state"])


def _bind_phones(story: Story) -> None:
    officer = story.roles["officer"]
    with story.table.step("Each binds WeChat: wx.login and an activation code", "3 phones, enrolled") as got:
        for name, person_id in story.people.items():
            code = officer.post(f"/people/{person_id}/invitations")["activation_code"]
            story.phones[name] = phone_of(story.address, story.instance.wechat, name, code)
        enrolled = all(phone.get("/me")["enrolled"] for phone in story.phones.values())
        got(f"{len(story.phones)} phones, {'enrolled' if enrolled else 'not enrolled'}")
