"""Tickets and the inbox over HTTP: loops by their routes, refusals in their order, reach, and what is shown."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from service.domain.actors import Actor, Role
from service.domain.sites import TeamKind
from service.domain.tickets import BY_PROGRAM, Act
from service.store.models import Ticket
from tests.api.support import Caller, problem, said
from tests.factories import World
from tests.factories_tickets import Case, case_of

SpeakingFor = Callable[[Actor], Caller]
R, T = Role, TeamKind
NOBODY = str(UUID(int=7))


class Desk:
    """A case whose people speak over HTTP."""

    def __init__(self, case: Case, speaking_for: SpeakingFor) -> None:
        self.case, self._speaking_for = case, speaking_for
        self._callers: dict[UUID, Caller] = {}

    def caller(self, role: Role, team: TeamKind = T.CONSTRUCTION) -> Caller:
        actor = self.case.who(role, team)
        if actor.account_id not in self._callers:
            self._callers[actor.account_id] = self._speaking_for(actor)
        return self._callers[actor.account_id]

    def read(self, ticket: Ticket, role: Role = R.OFFICER) -> dict[str, Any]:
        response = self.caller(role).get(f"/tickets/{ticket.id}")
        assert response.status_code == 200, response.text
        assert response.headers["ETag"] == f'"{response.json["version"]}"'
        body: dict[str, Any] = response.json
        return body

    def do(self, ticket: Ticket, act: str, role: Role, note: str | None = "说明") -> Any:
        """An act on the ticket as it is now."""
        version = self.case.row(ticket).version
        content = {} if note is None else {"note": note}
        return self.caller(role).post(f"/tickets/{ticket.id}/{act}", content, version=version)

    def done(self, ticket: Ticket, act: str, role: Role, note: str | None = "说明") -> dict[str, Any]:
        response = self.do(ticket, act, role, note)
        assert response.status_code == 200, response.text
        assert response.headers["ETag"] == f'"{response.json["version"]}"'
        body: dict[str, Any] = response.json
        return body


@pytest.fixture
def desk(world: World, speaking_for: SpeakingFor) -> Desk:
    return Desk(case_of(world), speaking_for)


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    return desk.case.ticket()


def test_the_small_loop(desk: Desk, ticket: Ticket) -> None:
    seen = desk.read(ticket, R.PROJECT_OFFICE)
    assert (seen["state"], seen["kind"], seen["period"], seen["allowed"]) == (
        "dispatched", "attendance", "2026-02", ["acknowledge", "appeal"],
    )  # fmt: skip
    assert [(item["clock"], item["last_day"], item["provisional"]) for item in seen["deadlines"]] == [
        ("remind", "2026-03-03", False),
        ("rectify", "2026-03-11", False),
    ]
    assert seen["deadlines"][1]["at"] == "2026-03-11T16:00:00Z"
    assert [(line["rule"], line["evidence"]["rate"]) for line in seen["findings"]] == [
        ("attendance_below_threshold", 25.0)
    ]
    assert desk.done(ticket, "acknowledge", R.PROJECT_OFFICE, None)["state"] == "acknowledged"
    assert desk.done(ticket, "start", R.PROJECT_MANAGER, None)["state"] == "rectifying"
    submitted = desk.done(ticket, "submit", R.PROJECT_MANAGER, "已安排到岗")
    assert (submitted["state"], submitted["allowed"]) == ("checking", ["appeal"])
    assert desk.read(ticket, R.CHIEF_ENGINEER)["allowed"] == ["pass", "send_back", "observe", "transfer"]
    assert desk.done(ticket, "observe", R.CHIEF_ENGINEER, None)["state"] == "observing"
    desk.done(ticket, "send_back", R.CHIEF_ENGINEER, "不见效")
    desk.done(ticket, "urge", R.ENTERPRISE)
    desk.done(ticket, "submit", R.PROJECT_OFFICE)
    passed = desk.done(ticket, "pass", R.CHIEF_ENGINEER, None)
    assert (passed["state"], passed["label"], passed["loop"]) == ("passed", "check_passed", "medium")
    assert (passed["allowed"], passed["deadlines"], passed["finished_at"]) == ([], [], "2026-03-02T02:00:00Z")
    assert [event["act"] for event in passed["history"]] == [
        "dispatch", "acknowledge", "start", "submit", "check", "observe", "send_back", "urge", "submit", "check",
        "pass",
    ]  # fmt: skip
    back = passed["history"][6]
    assert (back["note"], back["role"], back["actor_id"]) == (
        "不见效", "chief_engineer", str(desk.case.who(R.CHIEF_ENGINEER).account_id),
    )  # fmt: skip
    assert [rule["code"] for rule in back["regulations"]] == [
        "regulation_staff_construction", "regulation_duty_project_manager",
    ]  # fmt: skip
    assert "第二十八条" in back["regulations"][0]["text"]["zh"]
    assert passed["history"][0]["from_state"] is None


def test_the_body_s_acts(desk: Desk, ticket: Ticket) -> None:
    desk.done(ticket, "appeal", R.PROJECT_MANAGER)
    assert desk.read(ticket)["appealed"]
    assert desk.read(ticket)["allowed"] == ["transfer", "withdraw", "grant_appeal", "deny_appeal"]
    desk.done(ticket, "deny_appeal", R.OFFICER)
    desk.done(ticket, "transfer", R.OFFICER)
    for act in ("interview", "order_correction", "propose_points"):
        assert desk.done(ticket, act, R.OFFICER)["state"] == "transferred"
    assert desk.done(ticket, "reply", R.PROJECT_OFFICE)["allowed"] == ["reply", "appeal"]
    closed = desk.done(ticket, "close", R.BODY_HEAD)
    assert (closed["state"], closed["label"], closed["loop"]) == ("closed", "check_failed_transferred", "medium")


@pytest.mark.parametrize(("first", "act"), [(None, "withdraw"), ("appeal", "grant_appeal")])
def test_a_ticket_is_withdrawn(desk: Desk, ticket: Ticket, first: str | None, act: str) -> None:
    if first:
        desk.done(ticket, first, R.PROJECT_OFFICE)
    withdrawn = desk.done(ticket, act, R.OFFICER)
    assert (withdrawn["state"], withdrawn["loop"], withdrawn["appealed"]) == ("withdrawn", None, False)


# Refusals, in their order.


def test_an_act_out_of_order_says_what_is_allowed_now(desk: Desk, ticket: Ticket) -> None:
    refused = desk.do(ticket, "submit", R.PROJECT_OFFICE)
    assert said(refused) == (409, [("act_not_allowed", None)])
    assert problem(refused)["errors"][0]["data"] == {
        "act": "submit", "state": "dispatched", "allowed": ["acknowledge", "appeal"],
    }  # fmt: skip
    assert desk.read(ticket)["version"] == ticket.version


@pytest.mark.parametrize("role", [R.ENTERPRISE, R.CLIENT, R.PROJECT_OFFICE, R.OFFICER])
def test_a_role_that_never_passes_this_ticket_is_told_so(desk: Desk, ticket: Ticket, role: Role) -> None:
    expected = (409, [("act_not_allowed", None)]) if role is R.OFFICER else (403, [("act_of_others", None)])
    assert said(desk.do(ticket, "pass", role)) == expected


@pytest.mark.parametrize("role", [R.AUDITOR, R.CITY])
def test_who_only_reads_does_nothing(desk: Desk, ticket: Ticket, role: Role) -> None:
    assert desk.read(ticket, role)["allowed"] == []
    code = "forbidden" if role is R.AUDITOR else "act_of_others"
    assert said(desk.do(ticket, "withdraw", role)) == (403, [(code, None)])


def test_the_manager_who_gets_a_copy_reads_and_does_nothing(desk: Desk) -> None:
    ticket = desk.case.ticket(team_kind=T.SUPERVISION)
    assert desk.read(ticket, R.PROJECT_MANAGER)["allowed"] == []
    assert said(desk.do(ticket, "acknowledge", R.PROJECT_MANAGER)) == (403, [("act_of_others", None)])


def test_one_s_own_affair_comes_before_the_state_and_the_note(
    desk: Desk, world: World, speaking_for: SpeakingFor
) -> None:
    person = world.person()
    engineer = speaking_for(desk.case.member(desk.case.grant(R.CHIEF_ENGINEER), person_id=person.id))
    ticket = desk.case.ticket(person_id=person.id)
    refused = engineer.post(f"/tickets/{ticket.id}/send_back", {}, version=ticket.version)
    assert said(refused) == (403, [("own_affair", None)])


@pytest.mark.parametrize("content", [None, {}, {"note": None}])
def test_a_note_that_is_missing(desk: Desk, ticket: Ticket, content: dict[str, Any] | None) -> None:
    refused = desk.caller(R.OFFICER).post(f"/tickets/{ticket.id}/withdraw", content, version=ticket.version)
    assert said(refused) == (422, [("note_needed", "note")])


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"note": ""}, ("bad_length", "note")),
        ({"note": "长" * 2001}, ("bad_length", "note")),
        ({"note": 7}, ("invalid", "note")),
        ({"note": "好", "state": "passed"}, ("unknown_field", "state")),
    ],
)
def test_a_body_that_is_wrong(desk: Desk, ticket: Ticket, content: dict[str, Any], field: tuple[str, str]) -> None:
    refused = desk.caller(R.OFFICER).post(f"/tickets/{ticket.id}/withdraw", content, version=ticket.version)
    assert said(refused) == (422, [field])


def test_a_version_that_is_past_missing_or_none_of_ours(desk: Desk, ticket: Ticket) -> None:
    caller, path = desk.caller(R.PROJECT_OFFICE), f"/tickets/{ticket.id}/acknowledge"
    assert said(caller.post(path, {})) == (428, [("version_needed", "If-Match")])
    assert said(caller.post(path, {}, version=99)) == (412, [("version_conflict", None)])
    assert said(caller.post(path, {}, headers={"If-Match": "last"})) == (412, [("version_conflict", "If-Match")])
    # What was not seen as it is now is said before whose act it is, or when.
    assert said(desk.caller(R.ENTERPRISE).post(path, {}, version=99)) == (412, [("version_conflict", None)])
    assert caller.post(path, {}, version=ticket.version).status_code == 200
    # The same request again: it was done once.
    assert said(caller.post(path, {}, version=ticket.version)) == (412, [("version_conflict", None)])
    assert [event["act"] for event in desk.read(ticket)["history"]] == ["dispatch", "acknowledge"]


@pytest.mark.parametrize(
    "role", [R.PROJECT_OFFICE, R.PROJECT_MANAGER, R.CHIEF_ENGINEER, R.CLIENT, R.ENTERPRISE, R.OFFICER]
)
def test_another_project_s_people_find_nothing(
    ticket: Ticket, world: World, speaking_for: SpeakingFor, role: Role
) -> None:
    stranger = speaking_for(case_of(world).who(role))
    assert said(stranger.get(f"/tickets/{ticket.id}")) == (404, [("not_found", None)])
    assert said(stranger.post(f"/tickets/{ticket.id}/withdraw", {}, version=9)) == (404, [("not_found", None)])
    assert stranger.ids("/tickets") == []


def test_a_ticket_that_is_not_there(desk: Desk) -> None:
    assert said(desk.caller(R.OFFICER).get(f"/tickets/{NOBODY}")) == (404, [("not_found", None)])
    assert said(desk.caller(R.OFFICER).post(f"/tickets/{NOBODY}/close", {}, version=1)) == (404, [("not_found", None)])


@pytest.mark.parametrize("act", [act for act in Act if act in BY_PROGRAM])
def test_the_program_s_acts_have_no_route(desk: Desk, ticket: Ticket, act: Act) -> None:
    assert desk.do(ticket, act, R.OFFICER).status_code == 404


def test_every_act_of_people_has_one(desk: Desk, ticket: Ticket) -> None:
    for act in (act for act in Act if act not in BY_PROGRAM):
        assert desk.do(ticket, act, R.CITY).status_code == 403


# Lists and the inbox.


def test_the_list_in_pages_and_by_its_filters(desk: Desk) -> None:
    first, second = desk.case.ticket(), desk.case.ticket(team_kind=T.SUPERVISION)
    officer = desk.caller(R.OFFICER)
    page = officer.get("/tickets", query_string={"limit": 1}).json
    assert [item["id"] for item in page["items"]] == [str(second.id)]
    assert officer.ids("/tickets", limit=1, cursor=page["next"]) == [str(first.id)]
    row = page["items"][0]
    assert (row["project_name"], row["number"], row["deadlines"][0]["clock"]) == (
        first.project_name, second.number, "remind",
    )  # fmt: skip
    assert row.keys().isdisjoint({"history", "findings", "allowed", "scenario"})
    assert officer.ids("/tickets", team_kind="construction", open="true", period="2026-02") == [str(first.id)]
    assert officer.ids("/tickets", kind="certificate") == officer.ids("/tickets", open="false") == []
    assert said(officer.get("/tickets", query_string={"state": "lost"}))[0] == 422
    assert said(officer.get("/tickets", query_string={"period": "2026-13"})) == (422, [("invalid", "period")])


def test_the_inbox(desk: Desk, ticket: Ticket) -> None:
    office = desk.caller(R.PROJECT_OFFICE)
    inbox = office.get("/inbox", query_string={"unread": "true"}).json
    (notice,) = inbox["items"]
    assert (inbox["unread"], inbox["next"], notice["ticket_id"]) == (1, None, str(ticket.id))
    assert notice["text"]["zh"].startswith(f"{ticket.project_name}：收到派单 {ticket.number}，请签收")
    assert "by 2026-03-11" in notice["text"]["en"]
    path = f"/inbox/{notice['id']}/read"
    assert said(desk.caller(R.ENTERPRISE).post(path)) == (404, [("not_found", None)])
    assert office.post(path).json["read_at"] == "2026-03-02T02:00:00Z"
    assert office.get("/inbox").json["unread"] == 0
    assert office.get("/inbox", query_string={"unread": "true"}).json["items"] == []
    desk.case.ticket(month=date(2026, 1, 1))
    assert office.post("/inbox/read").json == {"read": 1}


def test_key_people_have_an_inbox_and_no_tickets(world: World, speaking_for: SpeakingFor) -> None:
    caller = speaking_for(world.key_person(world.person().id))
    assert caller.get("/inbox").json == {"items": [], "next": None, "unread": 0}
    assert said(caller.get("/tickets")) == (403, [("forbidden", None)])
