"""Chapter 1, its second half: a roster, people whose faces an officer enrols, and their phones."""

from functools import partial
from uuid import uuid4

from demo.album import shot
from demo.caller import ok, told
from demo.people import bind_phone, register, sign_in_by_phone, wx_login
from demo.steps_setup import STARTED
from demo.story import Story, eventually

ON_ROSTER = {"obama": "project_manager", "biden": "safety_officer"}
EVERYBODY = (*ON_ROSTER, "collins")


def play(story: Story) -> None:
    """From a project to people who can check in."""
    story.step("The office registers two people, numbers masked", "****1961, ****1942", lambda: _people(story))
    story.step("The filing names them; the client approves their lines", "in_force, in_force", lambda: _roster(story))
    story.step("The officer registers a third, on no roster yet", "0 lines", lambda: _third(story))
    for who in EVERYBODY:
        photos = [shot(who) for _ in range(3)]
        story.step(f"Enrols {who.title()}: 3 photos, 2 consents", "provisional", partial(_enrol, story, who, photos))
    story.step("All bind WeChat with activation codes and ask /me", "200, 200, 200", lambda: _phones(story))
    story.step(
        "Later WeChat alone will do; a stranger's will not", "enrolled; 403 activation_needed", lambda: _later(story)
    )


def _people(story: Story) -> str:
    office = story.cast["office"]
    story.ids["obama"] = register(office, "Barack Obama", "DEMO1961")
    story.ids["biden"] = register(office, "Joe Biden", "DEMO1942")
    rows = [ok(office.get(f"/people/{story.ids[who]}")) for who in ON_ROSTER]
    return ", ".join(row["document_number"] for row in rows)


def _roster(story: Story) -> str:
    return ", ".join(put_on_roster(story, who, post) for who, post in ON_ROSTER.items())


def put_on_roster(story: Story, who: str, post: str, *, team: str = "team", office: str = "office") -> str:
    """The state of a roster line that a team's office proposed and the client approved, as the filing has it."""
    named = {"project_id": story.ids["project"], "person_id": story.ids[who], "post_code": post, "basis": "filing"}
    ok(story.cast["officer"].post("/list-entries", {**named, "starts_on": STARTED}))
    values = {"team_id": story.ids[team], "person_id": story.ids[who], "post_code": post, "basis": "filing"}
    line = ok(story.cast[office].post("/roster-lines", {**values, "starts_on": STARTED}))
    for who_acts, act in ((office, "submit"), ("client", "approve")):
        line = ok(story.cast[who_acts].post(f"/roster-lines/{line['id']}/{act}", seen=line["version"]))
    return str(line["state"])


def _third(story: Story) -> str:
    officer = story.cast["officer"]
    story.ids["collins"] = register(officer, "Eileen Collins", "DEMO1956")
    lines = ok(officer.get("/roster-lines", person_id=story.ids["collins"]))["items"]
    return f"{len(lines)} lines"


def _enrol(story: Story, who: str, photos: list[bytes]) -> str:
    form = {"client_ref": f"desk-{uuid4()}", "consents": ["face", "location"], "notice_version": "2026-01"}
    officer = story.cast["officer"]
    row = ok(officer.enrol(story.ids[who], form, photos))
    return eventually(lambda: str(ok(officer.get(f"/enrolments/{row['id']}"))["state"]), "provisional")


def _phones(story: Story) -> str:
    for who in EVERYBODY:
        story.cast[who] = bind_phone(story.instance, story.cast["officer"], story.ids[who], who)
    return ", ".join(told(story.cast[who].get("/me")) for who in EVERYBODY)


def _later(story: Story) -> str:
    story.cast["obama"] = sign_in_by_phone(story.instance, "obama")
    me = ok(story.cast["obama"].get("/me"))
    stranger = story.cast["obama"].post("/sessions/wechat", {"code": wx_login(story.instance, "stranger")})
    return f"{'enrolled' if me['enrolled'] else 'not enrolled'}; {told(stranger)}"
