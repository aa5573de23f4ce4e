"""Every state, act and role of a ticket, against a table written down apart from the scenario."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest

from service.domain.actors import Grant, Reach, Role, Scope
from service.domain.calendar import WorkCalendar
from service.domain.escalation import Standing
from service.domain.findings.base import TICKETED, FindingKind
from service.domain.sites import TeamKind
from service.domain.ticket_loop import Facts, acting_role, allowed, dispatched, moved, require_act
from service.domain.tickets import (
    BY_PROGRAM,
    ENDS,
    Act,
    Checker,
    Label,
    Loop,
    Party,
    Place,
    TicketState,
    addresses,
    roles_on,
)
from service.errors import ServiceError
from tests.factories_tickets import shipped

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
CALENDAR = WorkCalendar(
    {date(2026, 1, 1) + timedelta(n): (date(2026, 1, 1) + timedelta(n)).weekday() < 5 for n in range(200)}
)

STATES = [
    "dispatched", "acknowledged", "rectifying", "submitted", "observing", "checking", "sent_back", "transferred",
    "passed", "closed", "withdrawn",
]  # fmt: skip
# A addressee, V verifier while he checks, C whoever checks, E enterprise, B body, Y the city where the ticket is the
# body's; in the order of the states.
MAY = {
    "acknowledge":      "A  .  .  .  .  .  .  .  .  .  .",
    "start":            ".  A  .  .  .  .  .  .  .  .  .",
    "submit":           ".  A  A  .  .  .  A  .  .  .  .",
    "urge":             ".  .  .  .  .  .  E  .  .  .  .",
    "pass":             ".  .  .  .  .  CY .  .  .  .  .",
    "send_back":        ".  .  .  .  CY CY .  .  .  .  .",
    "observe":          ".  .  .  .  .  C  .  .  .  .  .",
    "transfer":         "CB CB CB CB CB CB CB .  .  .  .",
    "interview":        ".  .  .  .  .  .  .  B  .  .  .",
    "order_correction": ".  .  .  .  .  .  .  B  .  .  .",
    "propose_points":   ".  .  .  .  .  .  .  B  .  .  .",
    "reply":            ".  .  .  .  .  .  .  A  .  .  .",
    "close":            ".  .  .  .  .  .  .  BY .  .  .",
    "withdraw":         "BY BY BY BY BY BY BY BY .  .  .",
    "appeal":           "A  A  A  A  A  A  A  A  .  .  .",
    "grant_appeal":     "BY BY BY BY BY BY BY BY .  .  .",
    "deny_appeal":      "BY BY BY BY BY BY BY BY .  .  .",
}  # fmt: skip
ROLES = {
    ("A", TeamKind.CONSTRUCTION): {Role.PROJECT_MANAGER, Role.PROJECT_OFFICE},
    ("A", TeamKind.SUPERVISION): {Role.CHIEF_ENGINEER, Role.PROJECT_OFFICE},
    ("V", TeamKind.CONSTRUCTION): {Role.CHIEF_ENGINEER},
    ("V", TeamKind.SUPERVISION): {Role.CLIENT},
    ("E", TeamKind.CONSTRUCTION): {Role.ENTERPRISE},
    ("E", TeamKind.SUPERVISION): {Role.ENTERPRISE},
    ("B", TeamKind.CONSTRUCTION): {Role.OFFICER, Role.BODY_HEAD},
    ("B", TeamKind.SUPERVISION): {Role.OFFICER, Role.BODY_HEAD},
    ("Y", TeamKind.CONSTRUCTION): {Role.CITY},
    ("Y", TeamKind.SUPERVISION): {Role.CITY},
}
LEADS = {
    "acknowledge": "acknowledged", "start": "rectifying", "submit": "submitted", "urge": "rectifying",
    "pass": "passed", "send_back": "sent_back", "observe": "observing", "transfer": "transferred",
    "close": "closed", "withdraw": "withdrawn", "grant_appeal": "withdrawn",
}  # fmt: skip
# What the program does: from which states, and where it leads.
PROGRAM = {
    "check": (["submitted"], "checking"),
    "keep": (["observing"], "checking"),
    "lapse": (["observing"], "checking"),
    "join": (["dispatched", "sent_back"], None),
    "fail": (["observing"], "sent_back"),
    "expire": (["dispatched", "acknowledged", "rectifying", "sent_back"], "transferred"),
    "remind": (["dispatched"], None),
    "urge_late": (["sent_back"], None),
    "pass_to_body": (["checking"], None),
    "pass_to_head": (["checking", "transferred"], None),
    "clear": (STATES[:7], None),
}


def standing(state: TicketState = TicketState.CHECKING, **changes: object) -> Standing:
    values: dict[str, object] = {"kind": FindingKind.ATTENDANCE, "team_kind": TeamKind.CONSTRUCTION, "state": state}
    return Standing(shipped(), **(values | changes))  # type: ignore[arg-type]


def of_body(ticket: Standing) -> bool:
    return ticket.checker is Checker.BODY or ticket.state is TicketState.TRANSFERRED


def roles_for(letters: str, ticket: Standing) -> set[Role]:
    parties = set(letters.replace(".", ""))
    if "C" in parties:
        parties = parties - {"C"} | {"V" if ticket.checker is Checker.VERIFIER else "B"}
    if not of_body(ticket):
        parties = parties - {"Y"}
    return {role for letter in parties for role in ROLES[letter, ticket.team_kind]}


def expected(act: Act, role: Role, ticket: Standing) -> str | None:
    """The code of the refusal, None where the act is done."""
    cells = dict(zip(STATES, MAY[act].split(), strict=True))
    ever = {letter for cell in cells.values() for letter in cell.replace("C", "VB").replace(".", "")}
    ever -= set() if of_body(ticket) else {"Y"}
    if role not in {role for letter in ever for role in ROLES[letter, ticket.team_kind]}:
        return "act_of_others"
    now = role in roles_for(cells[ticket.state], ticket)
    if act is Act.OBSERVE and ticket.kind is not FindingKind.ATTENDANCE:
        now = False
    if act in {Act.GRANT_APPEAL, Act.DENY_APPEAL} and not ticket.appealed:
        now = False
    if act is Act.APPEAL and ticket.appealed:
        now = False
    if now and act is Act.PASS and ticket.kind is FindingKind.CERTIFICATE:
        return "findings_open"
    if now and act is Act.CLOSE and ticket.appealed:
        return "appeal_open"
    return None if now else "act_not_allowed"


def refusal(ticket: Standing, act: Act, *roles: Role, **how: object) -> str | None:
    try:
        require_act(ticket, act, roles, **({"note": "说明"} | how))  # type: ignore[arg-type]
    except ServiceError as error:
        return error.code
    return None


@pytest.mark.parametrize("team_kind", TeamKind)
@pytest.mark.parametrize("act", [act for act in Act if act not in BY_PROGRAM])
def test_every_act_in_every_state_by_every_role(act: Act, team_kind: TeamKind) -> None:
    for state, role, checker, kind, appealed in product(TicketState, Role, Checker, TICKETED, (False, True)):
        ticket = standing(state, team_kind=team_kind, checker=checker, kind=kind, appealed=appealed)
        outcome = expected(act, role, ticket)
        assert refusal(ticket, act, role) == outcome, (state, role, checker, kind, appealed)
        assert (act in allowed(ticket, {role})) == (outcome is None)


def test_the_table_of_this_test_knows_every_state_and_act() -> None:
    assert list(TicketState) == STATES
    assert MAY.keys() | PROGRAM.keys() | {"dispatch"} == set(Act)


@pytest.mark.parametrize("act", [act for act in Act if act in BY_PROGRAM])
@pytest.mark.parametrize("state", TicketState)
def test_nobody_does_what_is_the_program_s(act: Act, state: TicketState) -> None:
    assert {refusal(standing(state), act, role) for role in Role} == {"act_of_others"}


@pytest.mark.parametrize("act", [act for act in MAY if act in LEADS])
def test_where_an_act_leads(act: str) -> None:
    for state, cell in zip(STATES, MAY[act].split(), strict=True):
        if cell != ".":
            appealed = act == "grant_appeal"
            assert moved(standing(TicketState(state), appealed=appealed), Act(act), NOW, CALENDAR).state == LEADS[act]


@pytest.mark.parametrize("act", [act for act in MAY if act not in LEADS])
def test_an_act_that_leads_nowhere_leaves_the_state(act: str) -> None:
    for state, cell in zip(STATES, MAY[act].split(), strict=True):
        if cell != ".":
            assert moved(standing(TicketState(state)), Act(act), NOW, CALENDAR).state == state


@pytest.mark.parametrize("act", PROGRAM)
def test_where_the_program_s_acts_lead(act: str) -> None:
    sources, target = PROGRAM[act]
    assert shipped().acts[Act(act)].sources == set(sources)
    for state in sources if act != "clear" else ():
        assert moved(standing(TicketState(state)), Act(act), NOW, CALENDAR).state == (target or state)


@pytest.mark.parametrize(
    ("kind", "end"), [(FindingKind.ATTENDANCE, TicketState.WITHDRAWN), (FindingKind.CERTIFICATE, TicketState.PASSED)]
)
@pytest.mark.parametrize("state", STATES[:7])
def test_a_ticket_whose_findings_closed_ends_by_its_kind(state: str, kind: FindingKind, end: TicketState) -> None:
    ended = moved(standing(TicketState(state), kind=kind), Act.CLEAR, NOW, CALENDAR)
    assert (ended.state, ended.steps) == (end, ())


def test_what_data_proves_needs_no_check_by_a_person() -> None:
    submitted = standing(TicketState.SUBMITTED, kind=FindingKind.CERTIFICATE)
    assert moved(submitted, Act.CHECK, NOW, CALENDAR, Facts(cleared=True)).state is TicketState.PASSED
    assert moved(submitted, Act.CHECK, NOW, CALENDAR).state is TicketState.CHECKING


@pytest.mark.parametrize("act", [Act.SEND_BACK, Act.FAIL])
def test_beyond_the_limit_of_reworks_a_ticket_is_transferred(act: Act) -> None:
    first = moved(standing(TicketState.OBSERVING), act, NOW, CALENDAR)
    assert (first.state, first.reworks, first.label) == (TicketState.SENT_BACK, 1, Label.REWORK)
    second = moved(standing(TicketState.OBSERVING, reworks=1), act, NOW, CALENDAR)
    assert (second.state, second.reworks, second.label) == (TicketState.TRANSFERRED, 1, Label.TRANSFERRED)


@pytest.mark.parametrize("act", [Act.APPEAL, Act.URGE_LATE, Act.JOIN])
def test_only_what_is_sent_back_again_is_counted_as_rework(act: Act) -> None:
    assert moved(standing(TicketState.SENT_BACK, reworks=1), act, NOW, CALENDAR).reworks == 1


@pytest.mark.parametrize(("reworks", "loop"), [(0, Loop.SMALL), (1, Loop.MEDIUM)])
def test_a_ticket_that_passes_closes_the_small_loop_only_without_rework(reworks: int, loop: Loop) -> None:
    passed = moved(standing(reworks=reworks), Act.PASS, NOW, CALENDAR)
    assert (passed.label, passed.loop, passed.steps) == (Label.PASSED, loop, ())


def test_a_closed_ticket_closes_the_medium_loop_and_a_withdrawn_one_none() -> None:
    closed = moved(standing(TicketState.TRANSFERRED, label=Label.TRANSFERRED), Act.CLOSE, NOW, CALENDAR)
    assert (closed.label, closed.loop) == (Label.TRANSFERRED, Loop.MEDIUM)
    assert moved(standing(), Act.WITHDRAW, NOW, CALENDAR).loop is None


def test_what_only_data_proves_passes_once_its_findings_closed() -> None:
    ticket = standing(kind=FindingKind.CERTIFICATE)
    assert refusal(ticket, Act.PASS, Role.CHIEF_ENGINEER) == "findings_open"
    assert Act.PASS not in allowed(ticket, {Role.CHIEF_ENGINEER})
    assert refusal(ticket, Act.PASS, Role.CHIEF_ENGINEER, facts=Facts(cleared=True)) is None
    assert Act.PASS in allowed(ticket, {Role.CHIEF_ENGINEER}, Facts(cleared=True))


def test_a_ticket_is_observed_once_a_submission() -> None:
    seen = moved(moved(standing(), Act.OBSERVE, NOW, CALENDAR), Act.LAPSE, NOW, CALENDAR)
    assert (seen.state, seen.observed) == (TicketState.CHECKING, True)
    assert refusal(seen, Act.OBSERVE, Role.CHIEF_ENGINEER) == "act_not_allowed"
    back = moved(seen, Act.SEND_BACK, NOW, CALENDAR)
    checked = moved(moved(back, Act.SUBMIT, NOW, CALENDAR), Act.CHECK, NOW, CALENDAR)
    assert refusal(checked, Act.OBSERVE, Role.CHIEF_ENGINEER) is None


def test_an_appeal_lies_on_top_of_the_state_until_it_is_answered() -> None:
    appealed = moved(standing(TicketState.RECTIFYING), Act.APPEAL, NOW, CALENDAR)
    assert (appealed.appealed, appealed.state) == (True, TicketState.RECTIFYING)
    assert moved(appealed, Act.SUBMIT, NOW, CALENDAR).appealed
    assert not moved(appealed, Act.DENY_APPEAL, NOW, CALENDAR).appealed
    granted = moved(appealed, Act.GRANT_APPEAL, NOW, CALENDAR)
    assert (granted.state, granted.appealed) == (TicketState.WITHDRAWN, False)


def test_the_check_falls_to_the_body_when_no_verifier_is_free_or_he_is_silent() -> None:
    ready = standing(TicketState.RECTIFYING)
    assert moved(ready, Act.SUBMIT, NOW, CALENDAR).checker is Checker.VERIFIER
    assert moved(ready, Act.SUBMIT, NOW, CALENDAR, Facts(verifier_free=False)).checker is Checker.BODY
    assert moved(standing(), Act.PASS_TO_BODY, NOW, CALENDAR).checker is Checker.BODY
    # Once it is the body's it stays so, whoever is free later.
    again = moved(standing(TicketState.RECTIFYING, checker=Checker.BODY), Act.SUBMIT, NOW, CALENDAR)
    assert again.checker is Checker.BODY


JUDGING = {
    Act.PASS, Act.SEND_BACK, Act.OBSERVE, Act.TRANSFER, Act.CLOSE, Act.WITHDRAW, Act.GRANT_APPEAL, Act.DENY_APPEAL,
}  # fmt: skip


@pytest.mark.parametrize("state", [state for state in TicketState if state not in ENDS])
def test_nobody_judges_a_ticket_about_himself(state: TicketState) -> None:
    ticket = standing(state, checker=Checker.BODY, appealed=True)
    for act in JUDGING:
        assert refusal(ticket, act, Role.OFFICER, concerned=True) == "own_affair"
    assert JUDGING.isdisjoint(allowed(ticket, {Role.OFFICER}, concerned=True))
    assert JUDGING & set(allowed(ticket, {Role.OFFICER}))


def test_nobody_judges_a_ticket_that_he_has_to_answer_by_another_role() -> None:
    both = Role.PROJECT_OFFICE, Role.CHIEF_ENGINEER
    assert refusal(standing(), Act.PASS, *both) == "own_affair"
    assert allowed(standing(), both) == [Act.APPEAL]
    assert Act.PASS in allowed(standing(), {Role.CHIEF_ENGINEER})


def test_what_is_not_one_s_own_to_do_is_said_before_everything_else() -> None:
    ticket = standing(TicketState.DISPATCHED)
    assert refusal(ticket, Act.PASS, Role.ENTERPRISE, concerned=True, note=None) == "act_of_others"
    assert refusal(ticket, Act.PASS, Role.CHIEF_ENGINEER, concerned=True, note=None) == "own_affair"
    assert refusal(ticket, Act.SEND_BACK, Role.CHIEF_ENGINEER, note=None) == "act_not_allowed"
    assert refusal(standing(), Act.SEND_BACK, Role.CHIEF_ENGINEER, note=None) == "note_needed"
    assert refusal(standing(), Act.SEND_BACK, Role.CHIEF_ENGINEER, note="") == "note_needed"
    assert refusal(standing(), Act.SEND_BACK) == "act_of_others"


def test_a_refusal_says_what_this_actor_may_do_now() -> None:
    with pytest.raises(ServiceError) as refused:
        require_act(standing(TicketState.DISPATCHED), Act.SUBMIT, {Role.PROJECT_OFFICE}, "说明")
    data = refused.value.problems[0].data
    assert data == {"act": "submit", "state": "dispatched", "allowed": ["acknowledge", "appeal"]}


WITHOUT_NOTE = {"acknowledge", "start", "pass", "observe"}


@pytest.mark.parametrize("act", MAY)
def test_which_acts_need_a_note(act: str) -> None:
    assert shipped().acts[Act(act)].needs_note == (act not in WITHOUT_NOTE)


def test_of_several_roles_the_one_that_may_is_written_down() -> None:
    held = {Role.ENTERPRISE, Role.CHIEF_ENGINEER, Role.CLIENT}
    assert acting_role(standing(), Act.PASS, held) is Role.CHIEF_ENGINEER
    assert acting_role(standing(team_kind=TeamKind.SUPERVISION), Act.PASS, held) is Role.CLIENT


TEAM, PROJECT, UNIT, BODY = (uuid4() for _ in range(4))
PLACE = Place(PROJECT, BODY, TEAM, UNIT)


@pytest.mark.parametrize(
    ("role", "scope", "scope_id"),
    [
        (Role.PROJECT_OFFICE, Scope.TEAM, TEAM),
        (Role.PROJECT_MANAGER, Scope.TEAM, TEAM),
        (Role.CHIEF_ENGINEER, Scope.PROJECT, PROJECT),
        (Role.CLIENT, Scope.PROJECT, PROJECT),
        (Role.ENTERPRISE, Scope.UNIT, UNIT),
        (Role.OFFICER, Scope.BODY, BODY),
        (Role.BODY_HEAD, Scope.BODY, BODY),
    ],
)
def test_a_role_is_held_on_a_ticket_only_where_its_scope_names_the_place(
    role: Role, scope: Scope, scope_id: UUID
) -> None:
    assert roles_on([Grant(role, scope, scope_id)], PLACE) == {role}
    assert roles_on([Grant(role, scope, uuid4())], PLACE) == set()
    assert addresses([role], PLACE) == {(role, scope_id)}


def test_the_city_s_role_is_held_everywhere_and_a_team_s_not_where_it_is_missing() -> None:
    grants = [Grant(Role.CITY, Scope.CITY, None), Grant(Role.KEY_PERSON, Scope.SELF, None)]
    grants.append(Grant(Role.PROJECT_OFFICE, Scope.TEAM, None))
    assert roles_on(grants, Place(PROJECT, BODY, None, None)) == {Role.CITY}
    assert addresses([Role.CITY, Role.PROJECT_OFFICE], Place(PROJECT, BODY, None, None)) == {(Role.CITY, None)}


@pytest.mark.parametrize(
    ("reach", "reached"),
    [
        (Reach(city=True), True),
        (Reach(bodies=frozenset({BODY})), True),
        (Reach(units=frozenset({UNIT})), True),
        (Reach(projects=frozenset({PROJECT})), True),
        (Reach(teams=frozenset({TEAM})), True),
        (Reach(teams=frozenset({uuid4()}), units=frozenset({uuid4()})), False),
    ],
)
def test_who_reaches_a_ticket_other_than_by_a_copy(reach: Reach, reached: bool) -> None:
    assert PLACE.is_reached(reach) is reached
    assert not Place(PROJECT, BODY, None, None).is_reached(Reach(teams=frozenset({TEAM})))


def test_a_ticket_begins_dispatched_with_its_clocks() -> None:
    first = dispatched(shipped(), FindingKind.ATTENDANCE, TeamKind.CONSTRUCTION, NOW, CALENDAR)
    assert (first.state, first.checker) == (TicketState.DISPATCHED, Checker.VERIFIER)
    assert [str(step.clock) for step in first.steps] == ["remind", "rectify"]
    assert Party.CHECKER not in shipped().parties
