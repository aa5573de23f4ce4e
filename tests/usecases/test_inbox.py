"""The inbox: who is told what, once an event, and what reading does."""

import json

import pytest
from sqlalchemy import func, select, update

from service.domain.actors import Role
from service.domain.findings.base import Rule
from service.domain.sites import TeamKind
from service.domain.tickets import Act
from service.errors import ServiceError
from service.store.models import Account, Notice, Ticket, TicketEvent
from service.store.queries.paging import Window
from service.texts import text
from service.usecases import inbox
from service.usecases.ticket_keeping import standing_of
from tests.factories import World
from tests.factories_tickets import Case, case_of, evidence, to_checking
from tests.fakes import SetClock

R, T = Role, TeamKind


@pytest.fixture
def case(world: World) -> Case:
    return case_of(world)


def told(case: Case) -> dict[str, list[str]]:
    """Everybody's notices, by role and team."""
    return {key: codes for key, actor in case.people.items() if (codes := case.told(actor))}


def test_a_new_ticket_is_told_to_its_addressees_and_to_who_gets_a_copy(case: Case) -> None:
    case.ticket()
    assert told(case) == {
        "project_manager-construction": ["ticket_dispatched"],
        "project_office-construction": ["ticket_dispatched"],
    }
    case.ticket(team_kind=T.SUPERVISION)
    assert told(case) == {
        # The manager of the construction team gets a copy.
        "project_manager-construction": ["ticket_dispatched", "ticket_dispatched"],
        "project_office-construction": ["ticket_dispatched"],
        "project_office-supervision": ["ticket_dispatched"],
        "chief_engineer-construction": ["ticket_dispatched"],
    }


def test_each_act_is_told_to_whom_it_concerns_and_not_to_who_did_it(case: Case) -> None:
    ticket = case.ticket()
    to_checking(case, ticket)
    assert case.told(case.who(R.CHIEF_ENGINEER)) == ["ticket_checking"]
    case.do(ticket, Act.SEND_BACK, case.who(R.CHIEF_ENGINEER))
    case.do(ticket, Act.URGE, case.who(R.ENTERPRISE))
    case.do(ticket, Act.APPEAL, case.who(R.PROJECT_MANAGER))
    case.do(ticket, Act.TRANSFER, case.who(R.OFFICER))
    case.do(ticket, Act.DENY_APPEAL, case.who(R.OFFICER))
    case.do(ticket, Act.REPLY, case.who(R.PROJECT_MANAGER))
    case.do(ticket, Act.CLOSE, case.who(R.BODY_HEAD))
    told_to = {R.PROJECT_MANAGER: [
        "ticket_dispatched", "ticket_sent_back", "ticket_urge", "ticket_transferred", "ticket_deny_appeal",
        "ticket_closed",
    ]}  # fmt: skip
    told_to[R.ENTERPRISE] = ["ticket_sent_back", "ticket_transferred", "ticket_closed"]
    told_to[R.OFFICER] = ["ticket_appeal", "ticket_reply"]
    told_to[R.BODY_HEAD] = ["ticket_appeal", "ticket_transferred", "ticket_reply"]
    assert {role: case.told(case.who(role)) for role in told_to} == told_to


def test_a_closed_account_is_told_nothing_and_one_with_two_roles_once(case: Case) -> None:
    gone = case.who(R.PROJECT_OFFICE)
    both = case.member(case.grant(R.PROJECT_OFFICE), case.grant(R.PROJECT_MANAGER))
    with case.deps.database.begin() as work:
        work.session.execute(update(Account).where(Account.id == gone.account_id).values(active=False))
    case.ticket()
    assert (case.told(gone), case.told(both)) == ([], ["ticket_dispatched"])


def test_a_notice_names_number_project_and_last_day_in_both_languages_and_nobody(case: Case, world: World) -> None:
    person = world.person("王小明")
    ticket = case.ticket(evidence=evidence(Rule.ATTENDANCE_BELOW_THRESHOLD, person.id))
    to_checking(case, ticket)
    case.do(ticket, Act.SEND_BACK, case.who(R.CHIEF_ENGINEER), "王小明仍未到岗")
    with case.deps.database.begin() as work:
        notices = work.session.scalars(select(Notice)).all()
    for notice in notices:
        assert notice.data.keys() == {"number", "project", "until", "urge_until"}
        assert "王小明" not in json.dumps(notice.data, ensure_ascii=False)
        for said in text(notice.code, notice.data).values():
            assert str(ticket.number) in said
            assert ticket.project_name in said
            assert "{" not in said
    last = {notice.code: notice.data["until"] for notice in notices}
    assert last == {
        "ticket_dispatched": "2026-03-11",
        "ticket_checking": "2026-03-04",
        "ticket_sent_back": "2026-03-11",
    }
    # What the enterprise works towards is another day.
    (told_enterprise,) = [notice for notice in notices if notice.account_id == case.who(R.ENTERPRISE).account_id]
    said = text(told_enterprise.code, told_enterprise.data)
    assert "请企业最迟于 2026-03-04 当日督促" in said["zh"]
    assert "urge it by 2026-03-04" in said["en"]


def test_who_would_check_his_own_affair_is_not_asked_to(case: Case, world: World) -> None:
    person = world.person()
    named = case.member(case.grant(R.CHIEF_ENGINEER), person_id=person.id)
    answers = case.member(case.grant(R.CHIEF_ENGINEER), case.grant(R.PROJECT_OFFICE))
    ticket = case.ticket(evidence=evidence(Rule.ATTENDANCE_BELOW_THRESHOLD, person.id))
    to_checking(case, ticket)
    assert case.told(named) == []
    assert case.told(answers) == ["ticket_dispatched"]
    assert case.told(case.who(R.CHIEF_ENGINEER)) == ["ticket_checking"]


def test_an_event_is_told_once_however_often_it_is_tried(case: Case) -> None:
    ticket = case.ticket()
    with case.deps.database.begin() as work:
        row = work.session.get_one(Ticket, ticket.id)
        event = work.session.scalars(select(TicketEvent)).one()
        before = work.session.scalars(select(func.count()).select_from(Notice)).one()
        inbox.tell(work, row, event, standing_of(row))
        assert work.session.scalars(select(func.count()).select_from(Notice)).one() == before


def test_reading_marks_one_s_own_notices_and_keeps_when(case: Case, clock: SetClock) -> None:
    case.ticket()
    case.ticket(rule=Rule.CERTIFICATE_MISSING)
    office, manager = case.who(R.PROJECT_OFFICE), case.who(R.PROJECT_MANAGER)
    page, unread = inbox.list_inbox({}, Window(), actor=office, deps=case.deps)
    assert (len(page.items), unread) == (2, 2)
    assert [item.id for item in page.items] == sorted((item.id for item in page.items), reverse=True)
    first = clock.now()
    notice = inbox.read_notice(page.items[0].id, actor=office, deps=case.deps)
    clock.pass_(hours=1)
    assert inbox.read_notice(notice.id, actor=office, deps=case.deps).read_at == first
    assert len(inbox.list_inbox({"unread": True}, Window(), actor=office, deps=case.deps)[0].items) == 1
    assert len(inbox.list_inbox({"unread": False}, Window(), actor=office, deps=case.deps)[0].items) == 1
    with pytest.raises(ServiceError) as hidden:
        inbox.read_notice(notice.id, actor=manager, deps=case.deps)
    assert hidden.value.code == "not_found"
    assert inbox.read_all(actor=office, deps=case.deps) == 1
    assert inbox.read_all(actor=office, deps=case.deps) == 0
    assert inbox.list_inbox({}, Window(), actor=manager, deps=case.deps)[1] == 2
