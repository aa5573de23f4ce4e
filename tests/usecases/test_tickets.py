"""Tickets from findings to their ends: whole loops, and who may check what."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DatabaseError

from service.deps import Deps
from service.domain.actors import Actor, Grant, Role, Scope
from service.domain.findings.base import FindingKind, Rule
from service.domain.sites import ProjectState, TeamKind
from service.domain.tickets import Act, Checker, Label, Loop, TicketState
from service.errors import ServiceError
from service.store.models import Account, Audit, Finding, Project, Ticket, TicketEvent
from service.store.queries.paging import Window
from service.usecases import projects, tickets
from service.usecases.ticketing import dispatch_tickets, settle_cleared
from tests.factories import World
from tests.factories_tickets import Case, case_of, document, evidence, to_checking
from tests.fakes import SetClock

R, T = Role, TeamKind


@pytest.fixture
def case(world: World) -> Case:
    return case_of(world)


@pytest.fixture
def ticket(case: Case) -> Ticket:
    return case.ticket()


def refused(do: Callable[[], Any]) -> str:
    with pytest.raises(ServiceError) as error:
        do()
    return error.value.code


def outcome(ticket: Ticket) -> tuple[str, str | None, str | None]:
    return ticket.state, ticket.label, ticket.loop


# From findings to tickets.


def test_open_findings_go_into_one_ticket_a_team_kind_and_month(case: Case) -> None:
    together = [case.finding(), case.finding(category=2)]
    apart = [
        case.finding(team_kind=T.SUPERVISION),
        case.finding(rule=Rule.CERTIFICATE_MISSING),
        case.finding(month=date(2026, 1, 1)),
    ]
    made = case.dispatch()
    assert [ticket.number for ticket in made] == sorted({ticket.number for ticket in made})
    with case.deps.database.begin() as work:
        of = {row.id: row.ticket_id for row in work.session.execute(select(Finding.id, Finding.ticket_id))}
    assert of[together[0]] == of[together[1]] == made[0].id
    assert {of[each] for each in apart} == {ticket.id for ticket in made[1:]}
    assert case.dispatch() == []


def test_a_finding_joins_the_open_ticket_of_its_key_and_begins_another_once_that_ended(case: Case) -> None:
    first = case.ticket()
    case.finding(category=2)
    assert case.dispatch() == []
    assert len(tickets.read_ticket(first.id, actor=case.who(R.CLIENT), deps=case.deps).findings) == 2
    assert case.history(first) == ["dispatch", "join"]
    assert case.row(first).version == first.version + 1
    assert case.told(case.who(R.PROJECT_OFFICE)) == ["ticket_dispatched", "ticket_join"]
    case.do(first, Act.WITHDRAW, case.who(R.OFFICER))
    case.finding(category=2)
    (second,) = case.dispatch()
    assert second.id != first.id


def test_what_is_found_while_a_ticket_is_checked_waits_and_is_asked_for_afterwards(case: Case, world: World) -> None:
    ticket = case.ticket(rule=Rule.CERTIFICATE_MISSING, person_id=world.person().id)
    to_checking(case, ticket)
    second = case.finding(rule=Rule.CERTIFICATE_MISSING, person_id=world.person().id)
    assert case.dispatch() == []
    assert len(tickets.read_ticket(ticket.id, actor=case.who(R.OFFICER), deps=case.deps).findings) == 1
    case.close_findings(ticket.id)
    assert settle(case, ticket).state is TicketState.PASSED
    (later,) = case.dispatch()
    lines = tickets.read_ticket(later.id, actor=case.who(R.OFFICER), deps=case.deps).findings
    assert [line.id for line in lines] == [second]


def test_what_is_found_while_a_ticket_is_checked_joins_it_once_it_is_sent_back(case: Case, ticket: Ticket) -> None:
    to_checking(case, ticket)
    case.finding(category=2)
    assert (case.dispatch(), case.history(ticket)[-1]) == ([], "check")
    case.do(ticket, Act.SEND_BACK, case.who(R.CHIEF_ENGINEER))
    assert (case.dispatch(), case.history(ticket)[-1]) == ([], "join")


def test_a_certificate_still_missing_when_its_ticket_ended_is_asked_for_again_the_month_after(
    case: Case, clock: SetClock
) -> None:
    first, attendance = case.ticket(rule=Rule.CERTIFICATE_MISSING), case.ticket()
    for ticket in (first, attendance):
        case.do(ticket, Act.TRANSFER, case.who(R.OFFICER))
        case.do(ticket, Act.CLOSE, case.who(R.OFFICER))
    assert case.dispatch() == []
    clock.at = datetime(2026, 4, 1, 2, tzinfo=UTC)
    (second,) = case.dispatch()
    assert (second.kind, second.period) == (FindingKind.CERTIFICATE, date(2026, 4, 1))
    assert case.dispatch() == []
    # The first still shows what it was about.
    lines = [
        tickets.read_ticket(each.id, actor=case.who(R.OFFICER), deps=case.deps).findings for each in (first, second)
    ]
    assert [line.id for line in lines[0]] == [line.id for line in lines[1]]


def test_what_the_body_withdrew_is_not_asked_for_again(case: Case, clock: SetClock) -> None:
    case.do(case.ticket(rule=Rule.CERTIFICATE_MISSING), Act.WITHDRAW, case.who(R.OFFICER))
    clock.at = datetime(2026, 4, 1, 2, tzinfo=UTC)
    assert case.dispatch() == []


def test_a_ticket_whose_time_ran_out_is_not_joined_before_the_tick_takes_the_step(case: Case, clock: SetClock) -> None:
    ticket = case.ticket()
    clock.at = case.row(ticket).next_step_at
    case.tick()
    clock.at = case.row(ticket).next_step_at
    case.finding(category=2)
    assert (case.dispatch(), case.history(ticket)[-1]) == ([], "remind")
    case.tick()
    assert case.row(ticket).state is TicketState.TRANSFERRED


def test_a_team_at_work_gets_no_further_findings_into_its_time(case: Case) -> None:
    ticket = case.ticket()
    case.do(ticket, Act.ACKNOWLEDGE, case.who(R.PROJECT_OFFICE))
    deadline = case.row(ticket).steps
    case.finding(category=2)
    assert (case.dispatch(), case.row(ticket).steps) == ([], deadline)


def test_a_concerned_officer_does_not_keep_a_ticket_from_his_head(case: Case, world: World) -> None:
    person = world.person().id
    officer = case.member(case.grant(R.OFFICER), person_id=person)
    ticket = case.ticket(evidence=evidence(Rule.ATTENDANCE_BELOW_THRESHOLD, person))
    case.do(ticket, Act.TRANSFER, case.who(R.OFFICER))
    for act in (Act.INTERVIEW, Act.ORDER_CORRECTION, Act.PROPOSE_POINTS):
        assert refused(lambda act=act: case.do(ticket, act, officer)) == "own_affair"


def test_nobody_passes_a_certificate_that_is_still_missing(case: Case) -> None:
    ticket = case.ticket(rule=Rule.CERTIFICATE_MISSING)
    to_checking(case, ticket)
    assert refused(lambda: case.do(ticket, Act.PASS, case.who(R.CHIEF_ENGINEER))) == "findings_open"
    shown = tickets.read_ticket(ticket.id, actor=case.who(R.CHIEF_ENGINEER), deps=case.deps)
    assert shown.allowed == [Act.SEND_BACK, Act.TRANSFER]


def test_a_finding_that_closed_gets_no_ticket(case: Case, clock: SetClock) -> None:
    case.finding(closed_at=clock.now())
    assert case.dispatch() == []


def test_a_ticket_keeps_who_was_responsible_and_the_whole_scenario(case: Case) -> None:
    construction, supervision = case.ticket(), case.ticket(team_kind=T.SUPERVISION)
    assert (construction.team_id, construction.copy_team_id) == (case.site.construction, None)
    assert (supervision.team_id, supervision.copy_team_id) == (case.site.supervision, case.site.construction)
    assert construction.unit_id == case.unit(case.site.construction)
    assert (construction.scenario, construction.scenario_version) == (document(), "key_personnel-1")


def test_a_project_s_own_scenario_holds_for_tickets_that_begin_later(case: Case, ticket: Ticket) -> None:
    body = document()
    body["clocks"][1]["days"] = 3
    case.policy(body, "key_personnel-strict")
    later = case.ticket(month=date(2026, 1, 1))
    assert later.scenario_version == "key_personnel-strict"
    assert [step["clock"] for step in later.steps] == ["remind", "rectify"]
    assert later.steps[1]["at"] < ticket.steps[1]["at"]
    assert case.row(ticket).scenario == document()


def test_a_project_without_teams_still_gets_its_ticket(case: Case, world: World) -> None:
    values = {"name": "无项目部", "body_id": case.site.body, "district_code": "310115", "state": ProjectState.ACTIVE}
    bare = projects.open_project(values, actor=world.city, deps=case.deps)
    case.finding(project_id=bare.id)
    with case.deps.database.begin() as work:
        (ticket,) = dispatch_tickets(work, work.session.get_one(Project, bare.id))
    assert (ticket.team_id, ticket.unit_id) == (None, None)
    case.do(ticket, Act.WITHDRAW, case.who(R.OFFICER))


def test_two_analyses_at_once_make_one_ticket(meeting_deps: Deps) -> None:
    case = case_of(World(meeting_deps))
    for _ in range(3):
        case.finding()

    def one(_: int) -> int:
        return len(case.dispatch())

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == [0, 0, 0, 1]
    with meeting_deps.database.begin() as work:
        assert work.session.scalars(select(func.count(func.distinct(Finding.ticket_id)))).one() == 1
        assert work.session.scalars(select(TicketEvent.act)).all() == ["dispatch"]


# Whole loops.


@pytest.mark.parametrize("team", TeamKind)
def test_the_small_loop_of_each_team(case: Case, team: TeamKind) -> None:
    ticket = case.ticket(team_kind=team)
    to_checking(case, ticket, team)
    assert case.row(ticket).state is TicketState.CHECKING
    verifier = case.who(R.CHIEF_ENGINEER if team is T.CONSTRUCTION else R.CLIENT)
    shown = case.do(ticket, Act.PASS, verifier, None)
    assert outcome(shown.ticket) == (TicketState.PASSED, Label.PASSED, Loop.SMALL)
    assert [event.act for event in shown.history] == ["dispatch", "acknowledge", "start", "submit", "check", "pass"]
    assert [event.position for event in shown.history] == [1, 2, 3, 4, 5, 6]
    assert (shown.ticket.finished_at, shown.ticket.next_step_at) == (case.deps.clock.now(), None)
    assert shown.history[-1].role == (R.CHIEF_ENGINEER if team is T.CONSTRUCTION else R.CLIENT)


def test_the_medium_loop_by_rework_with_opinion_regulation_and_urging(case: Case, ticket: Ticket) -> None:
    to_checking(case, ticket)
    shown = case.do(ticket, Act.SEND_BACK, case.who(R.CHIEF_ENGINEER), "无整改材料")
    assert (shown.ticket.state, shown.ticket.label, shown.ticket.reworks) == ("sent_back", Label.REWORK, 1)
    last = shown.history[-1]
    assert (last.note, last.data) == (
        "无整改材料",
        {"regulations": ["regulation_staff_construction", "regulation_duty_project_manager"]},
    )
    urged = case.do(ticket, Act.URGE, case.who(R.ENTERPRISE))
    assert urged.ticket.state is TicketState.RECTIFYING
    case.do(ticket, Act.SUBMIT, case.who(R.PROJECT_MANAGER))
    shown = case.do(ticket, Act.PASS, case.who(R.CHIEF_ENGINEER))
    assert outcome(shown.ticket) == (TicketState.PASSED, Label.PASSED, Loop.MEDIUM)


def test_what_is_sent_back_once_too_often_goes_to_the_body_which_closes_it(case: Case, ticket: Ticket) -> None:
    to_checking(case, ticket)
    case.do(ticket, Act.SEND_BACK, case.who(R.CHIEF_ENGINEER))
    case.do(ticket, Act.SUBMIT, case.who(R.PROJECT_MANAGER))
    shown = case.do(ticket, Act.SEND_BACK, case.who(R.CHIEF_ENGINEER))
    assert (shown.ticket.state, shown.ticket.label) == (TicketState.TRANSFERRED, Label.TRANSFERRED)
    assert shown.history[-1].data == {}
    officer = case.who(R.OFFICER)
    for act in (Act.INTERVIEW, Act.ORDER_CORRECTION, Act.PROPOSE_POINTS):
        assert case.do(ticket, act, officer).ticket.state is TicketState.TRANSFERRED
    case.do(ticket, Act.REPLY, case.who(R.PROJECT_OFFICE))
    shown = case.do(ticket, Act.CLOSE, officer)
    assert outcome(shown.ticket) == (TicketState.CLOSED, Label.TRANSFERRED, Loop.MEDIUM)


def test_a_team_that_refuses_is_handed_over(case: Case, ticket: Ticket) -> None:
    shown = case.do(ticket, Act.TRANSFER, case.who(R.CHIEF_ENGINEER), "拒不改正")
    assert shown.ticket.state is TicketState.TRANSFERRED


def test_an_appeal_lies_on_the_ticket_until_the_body_answers(case: Case, ticket: Ticket) -> None:
    manager, head = case.who(R.PROJECT_MANAGER), case.who(R.BODY_HEAD)
    assert case.do(ticket, Act.APPEAL, manager).ticket.appealed
    assert refused(lambda: case.do(ticket, Act.APPEAL, manager)) == "act_not_allowed"
    assert not case.do(ticket, Act.DENY_APPEAL, head).ticket.appealed
    assert refused(lambda: case.do(ticket, Act.GRANT_APPEAL, head)) == "act_not_allowed"
    case.do(ticket, Act.APPEAL, manager)
    assert outcome(case.do(ticket, Act.GRANT_APPEAL, head).ticket) == (TicketState.WITHDRAWN, None, None)


def test_a_ticket_is_closed_once_its_appeal_is_answered(case: Case, ticket: Ticket) -> None:
    head = case.who(R.BODY_HEAD)
    case.do(ticket, Act.TRANSFER, head)
    case.do(ticket, Act.APPEAL, case.who(R.PROJECT_MANAGER))
    assert refused(lambda: case.do(ticket, Act.CLOSE, head)) == "appeal_open"
    case.do(ticket, Act.DENY_APPEAL, head)
    assert case.do(ticket, Act.CLOSE, head).ticket.state is TicketState.CLOSED


# Findings that close by themselves.


def settle(case: Case, ticket: Ticket) -> Ticket:
    with case.deps.database.begin() as work:
        settle_cleared(work, {ticket.id})
    return case.row(ticket)


@pytest.mark.parametrize(
    ("rule", "state", "loop"),
    [
        (Rule.ATTENDANCE_BELOW_THRESHOLD, TicketState.WITHDRAWN, None),
        (Rule.CERTIFICATE_MISSING, TicketState.PASSED, Loop.SMALL),
    ],
)
@pytest.mark.parametrize("submitted", [False, True])
def test_a_ticket_whose_findings_all_closed_ends(
    case: Case, rule: Rule, state: TicketState, loop: Loop | None, submitted: bool
) -> None:
    ticket = case.ticket(rule=rule)
    if submitted:
        to_checking(case, ticket)
    assert settle(case, ticket).finished_at is None
    case.close_findings(ticket.id)
    row = settle(case, ticket)
    assert (row.state, row.loop) == (state, loop)
    assert case.history(ticket)[-1] == "clear"
    assert settle(case, ticket).version == row.version


def test_a_transferred_ticket_is_closed_by_a_person_even_if_its_findings_closed(case: Case) -> None:
    ticket = case.ticket(rule=Rule.CERTIFICATE_MISSING)
    case.do(ticket, Act.TRANSFER, case.who(R.OFFICER))
    case.close_findings(ticket.id)
    assert settle(case, ticket).state is TicketState.TRANSFERRED


def test_the_program_passes_what_is_submitted_when_data_proves_it(case: Case) -> None:
    ticket = case.ticket(rule=Rule.CERTIFICATE_MISSING)
    case.do(ticket, Act.ACKNOWLEDGE, case.who(R.PROJECT_OFFICE))
    case.close_findings(ticket.id)
    shown = case.do(ticket, Act.SUBMIT, case.who(R.PROJECT_OFFICE))
    assert outcome(shown.ticket) == (TicketState.PASSED, Label.PASSED, Loop.SMALL)
    assert case.history(ticket)[-2:] == ["submit", "check"]


# Nobody verifies a ticket about himself.


def test_a_verifier_whom_a_finding_names_is_refused_and_the_body_checks(case: Case, world: World) -> None:
    person = world.person()
    engineer = case.member(case.grant(R.CHIEF_ENGINEER), person_id=person.id)
    ticket = case.ticket(evidence=evidence(Rule.ATTENDANCE_BELOW_THRESHOLD, person.id))
    to_checking(case, ticket)
    assert case.row(ticket).checker is Checker.VERIFIER, "another chief engineer is there"
    for act in (Act.PASS, Act.SEND_BACK, Act.OBSERVE):
        assert refused(lambda act=act: case.do(ticket, act, engineer)) == "own_affair"
    assert tickets.read_ticket(ticket.id, actor=engineer, deps=case.deps).allowed == []
    # What the night writes anew into the evidence makes nobody a stranger to it.
    with case.deps.database.begin() as work:
        work.session.execute(update(Finding).values(evidence=evidence(Rule.ATTENDANCE_BELOW_THRESHOLD)))
    assert refused(lambda: case.do(ticket, Act.PASS, engineer)) == "own_affair"
    assert case.do(ticket, Act.PASS, case.who(R.CHIEF_ENGINEER)).ticket.state is TicketState.PASSED


def silence(case: Case, role: Role) -> None:
    """Close the account that holds a role."""
    with case.deps.database.begin() as work:
        work.session.execute(update(Account).where(Account.id == case.who(role).account_id).values(active=False))


@pytest.mark.parametrize("named", [False, True])
def test_the_body_checks_where_no_verifier_is_left(case: Case, world: World, named: bool) -> None:
    silence(case, R.CHIEF_ENGINEER)
    finding = {}
    if named:
        person = world.person()
        case.member(case.grant(R.CHIEF_ENGINEER), person_id=person.id)
        finding = {"person_id": person.id}
    ticket = case.ticket(rule=Rule.CERTIFICATE_MISSING, **finding)
    to_checking(case, ticket)
    assert case.row(ticket).checker is Checker.BODY
    assert case.do(ticket, Act.SEND_BACK, case.who(R.OFFICER)).ticket.state is TicketState.SENT_BACK


def test_a_verifier_who_has_to_answer_the_ticket_by_another_role_does_not_check_it(case: Case) -> None:
    silence(case, R.CHIEF_ENGINEER)
    both = case.member(case.grant(R.PROJECT_MANAGER), case.grant(R.CHIEF_ENGINEER))
    ticket = case.ticket()
    to_checking(case, ticket)
    assert case.row(ticket).checker is Checker.BODY
    assert tickets.read_ticket(ticket.id, actor=both, deps=case.deps).allowed == [Act.APPEAL]
    assert refused(lambda: case.do(ticket, Act.PASS, both)) == "own_affair"


def test_the_city_judges_where_the_body_s_only_officer_is_concerned(case: Case, world: World) -> None:
    for role in (R.CHIEF_ENGINEER, R.OFFICER, R.BODY_HEAD):
        silence(case, role)
    person = world.person()
    officer = case.member(case.grant(R.OFFICER), person_id=person.id)
    ticket = case.ticket(person_id=person.id)
    assert refused(lambda: case.do(ticket, Act.WITHDRAW, world.city)) == "act_of_others", "it is not the body's"
    to_checking(case, ticket)
    assert refused(lambda: case.do(ticket, Act.PASS, officer)) == "own_affair"
    assert case.do(ticket, Act.PASS, world.city).ticket.state is TicketState.PASSED


def test_who_submitted_does_not_check(case: Case) -> None:
    both = case.member(case.grant(R.PROJECT_OFFICE, T.SUPERVISION), case.grant(R.CLIENT))
    ticket = case.ticket(team_kind=T.SUPERVISION)
    case.do(ticket, Act.ACKNOWLEDGE, both)
    case.do(ticket, Act.SUBMIT, both)
    assert case.row(ticket).checker is Checker.VERIFIER, "another client is there"
    assert refused(lambda: case.do(ticket, Act.PASS, both)) == "own_affair"


def test_the_submitter_alone_as_verifier_gives_the_check_to_the_body(case: Case) -> None:
    silence(case, R.CLIENT)
    both = case.member(case.grant(R.PROJECT_OFFICE, T.SUPERVISION), case.grant(R.CLIENT))
    ticket = case.ticket(team_kind=T.SUPERVISION)
    case.do(ticket, Act.ACKNOWLEDGE, both)
    assert case.do(ticket, Act.SUBMIT, both).ticket.checker is Checker.BODY


def test_a_chief_engineer_verifies_construction_and_answers_for_supervision(case: Case) -> None:
    engineer = case.who(R.CHIEF_ENGINEER)
    supervision = case.ticket(team_kind=T.SUPERVISION)
    case.do(supervision, Act.ACKNOWLEDGE, engineer)
    case.do(supervision, Act.SUBMIT, engineer)
    assert refused(lambda: case.do(supervision, Act.PASS, engineer)) == "act_of_others"
    assert case.do(supervision, Act.PASS, case.who(R.CLIENT)).ticket.state is TicketState.PASSED


# Once, and only as it was seen.


def test_an_act_on_a_ticket_that_changed_meanwhile_is_refused(case: Case, ticket: Ticket) -> None:
    office = case.who(R.PROJECT_OFFICE)
    case.do(ticket, Act.ACKNOWLEDGE, office)

    def again() -> None:
        tickets.act_on_ticket(ticket.id, Act.ACKNOWLEDGE, ticket.version, actor=office, deps=case.deps)

    assert refused(again) == "version_conflict"
    assert case.history(ticket) == ["dispatch", "acknowledge"]


def test_a_reply_sent_again_over_the_same_version_is_not_done_again(case: Case, ticket: Ticket) -> None:
    seen = case.do(ticket, Act.TRANSFER, case.who(R.OFFICER)).ticket.version
    case.act(ticket, Act.REPLY, case.who(R.PROJECT_OFFICE), seen)
    for _ in range(2):
        again = partial(case.act, ticket, Act.REPLY, case.who(R.PROJECT_OFFICE), seen)
        assert refused(again) == "version_conflict"
    assert case.history(ticket) == ["dispatch", "transfer", "reply"]


def test_the_same_act_twice_at_once_is_done_once(meeting_deps: Deps) -> None:
    case = case_of(World(meeting_deps))
    ticket = case.ticket()
    office = case.who(R.PROJECT_OFFICE)

    def acknowledge(_: int) -> str:
        try:
            tickets.act_on_ticket(ticket.id, Act.ACKNOWLEDGE, ticket.version, actor=office, deps=meeting_deps)
        except ServiceError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(acknowledge, range(4))) == ["done", *["version_conflict"] * 3]
    assert case.history(ticket) == ["dispatch", "acknowledge"]


def test_every_act_is_audited_with_its_state_and_nothing_personal(case: Case, ticket: Ticket) -> None:
    case.do(ticket, Act.ACKNOWLEDGE, case.who(R.PROJECT_OFFICE), "张三已知悉")
    with case.deps.database.begin() as work:
        rows = work.session.scalars(select(Audit).where(Audit.subject_id == str(ticket.id)).order_by(Audit.id)).all()
    assert [row.action for row in rows] == ["ticket:dispatch", "ticket:acknowledge"]
    assert (rows[-1].actor_id, rows[-1].data) == (case.who(R.PROJECT_OFFICE).account_id, {"state": "acknowledged"})


def test_the_history_is_never_edited(case: Case) -> None:
    case.ticket()
    with pytest.raises(Exception, match="never edited"), case.deps.database.begin() as work:
        work.session.execute(update(TicketEvent).values(note="改"))


@pytest.mark.parametrize("table", ["audit", "decision_record", "project_state", "policy", "ticket_event"])
def test_what_is_only_added_to_is_never_emptied_either(case: Case, table: str) -> None:
    with pytest.raises(DatabaseError, match="never edited"), case.deps.database.begin() as work:
        work.session.execute(text(f"TRUNCATE {table} CASCADE"))


# Reach.


def listed(case: Case, actor: Actor, **filters: Any) -> set[str]:
    page = tickets.list_tickets(filters, Window(), actor=actor, deps=case.deps)
    return {str(row.team_kind) for row in page.items}


def test_how_far_each_role_sees(case: Case, world: World) -> None:
    case.ticket(), case.ticket(team_kind=T.SUPERVISION)
    elsewhere = case_of(world)
    both, none = {"construction", "supervision"}, set()
    for role in (R.CHIEF_ENGINEER, R.CLIENT, R.OFFICER, R.BODY_HEAD, R.CITY, R.AUDITOR):
        assert listed(case, case.who(role)) == both, role
    assert listed(case, case.who(R.PROJECT_MANAGER)) == both, "the copy is the manager's"
    assert listed(case, case.who(R.PROJECT_OFFICE)) == {"construction"}
    for team in T:
        assert listed(case, case.who(R.ENTERPRISE, team)) == {str(team)}
    for role in (R.PROJECT_MANAGER, R.PROJECT_OFFICE):
        assert listed(case, case.who(role, T.SUPERVISION)) == {"supervision"}
    for role in (R.PROJECT_OFFICE, R.CHIEF_ENGINEER, R.CLIENT, R.ENTERPRISE, R.OFFICER, R.AUDITOR):
        assert listed(case, elsewhere.who(role)) == none, role


def test_who_gets_a_copy_is_shown_no_people(case: Case, world: World) -> None:
    person = world.person()
    named = {"person_id": person.id, "evidence": evidence(Rule.ATTENDANCE_BELOW_THRESHOLD, person.id)}
    ticket = case.ticket(team_kind=T.SUPERVISION, **named)

    def told(actor: Actor) -> str:
        shown = tickets.read_ticket(ticket.id, actor=actor, deps=case.deps)
        return str(
            [(line.person_id, line.evidence) for line in shown.findings] + [event.data for event in shown.history]
        )

    assert str(person.id) in told(case.who(R.CLIENT))
    assert str(person.id) not in told(case.who(R.PROJECT_MANAGER))
    # Nothing was taken from the rows themselves.
    assert str(person.id) in told(case.who(R.PROJECT_MANAGER, T.SUPERVISION))


def test_the_filters_of_the_list(case: Case) -> None:
    city = case.world.city
    construction, supervision = case.ticket(), case.ticket(team_kind=T.SUPERVISION)
    case.do(supervision, Act.WITHDRAW, case.who(R.OFFICER))
    assert listed(case, city, open=True) == listed(case, city, state=TicketState.DISPATCHED) == {"construction"}
    assert listed(case, city, open=False) == listed(case, city, team_kind=T.SUPERVISION) == {"supervision"}
    assert listed(case, city, project_id=construction.project_id) == {"construction", "supervision"}
    assert listed(case, city, period=date(2026, 1, 1)) == listed(case, city, kind=FindingKind.CERTIFICATE) == set()


def test_an_account_of_a_team_far_away_holds_no_role_here(case: Case, ticket: Ticket, world: World) -> None:
    other = world.site(fenced=False)
    reader = case.member(Grant(R.AUDITOR, Scope.CITY, None), Grant(R.PROJECT_OFFICE, Scope.TEAM, other.construction))
    assert tickets.read_ticket(ticket.id, actor=reader, deps=case.deps).allowed == []
    assert refused(lambda: case.do(ticket, Act.ACKNOWLEDGE, reader)) == "not_found"
    auditor = replace(reader, grants=reader.grants[:1])
    assert refused(lambda: case.do(ticket, Act.ACKNOWLEDGE, auditor)) == "forbidden"
