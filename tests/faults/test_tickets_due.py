"""Steps of tickets that come due while ticks run beside each other, are killed, or were down for weeks."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from sqlalchemy import Engine, func, select, text

from service.deps import Deps
from service.domain.actors import Role
from service.domain.sites import TeamKind
from service.domain.tickets import Act, TicketState
from service.store.models import Notice, Ticket, TicketEvent
from service.store.work import Database
from service.usecases.ticket_steps import take_steps
from tests.factories import World
from tests.factories_tickets import Case, case_of, to_checking
from tests.fakes import SetClock
from tests.faults.conftest import Processes, eventually


@pytest.fixture
def then() -> SetClock:
    """Forty days ago: whatever began then is long due, whatever holidays lie between."""
    return SetClock(datetime.now(UTC) - timedelta(days=40))


@pytest.fixture
def case(live: Deps, then: SetClock) -> Case:
    """A site as it was then, in the database on which the processes of now work."""
    return case_of(World(replace(live, clock=then, database=Database(live.database.bind, then))))


def events(live: Deps) -> list[TicketEvent]:
    with live.database.begin() as work:
        return list(work.session.scalars(select(TicketEvent).order_by(TicketEvent.id)))


def due(live: Deps) -> int:
    with live.database.begin() as work:
        late = select(func.count()).select_from(Ticket).where(Ticket.next_step_at <= work.clock.now())
        return work.session.scalars(late).one()


def notices(live: Deps) -> int:
    with live.database.begin() as work:
        return work.session.scalars(select(func.count()).select_from(Notice)).one()


def test_ticks_at_once_take_each_step_once(live: Deps, case: Case) -> None:
    for month in range(1, 7):
        case.ticket(month=datetime(2026, month, 1, tzinfo=UTC).date())
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: take_steps(deps=live), range(4)))
    assert sum(taken) == 12
    assert sorted(event.act for event in events(live)) == sorted(["dispatch", "remind", "expire"] * 6)
    assert due(live) == 0


@contextmanager
def nobody_may_write_notices(live: Deps) -> Iterator[None]:
    """Whoever writes a notice waits in the middle of his transaction until the block ends."""
    assert isinstance(live.database.bind, Engine)
    with live.database.bind.connect() as connection, connection.begin():
        connection.execute(text("LOCK TABLE notice IN SHARE MODE"))
        yield


def waiting_for_notices(live: Deps) -> int:
    with live.database.begin() as work:
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'notice'::regclass")
        return work.session.scalars(waits).one()


def test_a_tick_killed_in_the_middle_of_a_step_leaves_nothing_and_the_next_does_it_once(
    live: Deps, case: Case, processes: Processes
) -> None:
    ticket = case.ticket()
    case.do(ticket, Act.ACKNOWLEDGE, case.who(Role.PROJECT_OFFICE))
    before = notices(live)
    with nobody_may_write_notices(live):
        tick = processes.start("jobs.tick")
        eventually(lambda: waiting_for_notices(live), "a tick in the middle of a step")
        tick.kill()
        eventually(lambda: tick.status() == psutil.STATUS_ZOMBIE, "its end")
        assert [event.act for event in events(live)] == ["dispatch", "acknowledge"]
        assert case.row(ticket).state is TicketState.ACKNOWLEDGED
    processes.start("jobs.tick")
    eventually(lambda: case.row(ticket).state is TicketState.TRANSFERRED, "the step")
    assert [event.act for event in events(live)] == ["dispatch", "acknowledge", "expire"]
    # The manager, the office, the enterprise, the officer and his head, each once.
    assert notices(live) == before + 5


def test_after_weeks_without_a_tick_each_step_is_taken_once_in_the_order_in_which_it_was_due(
    live: Deps, case: Case, then: SetClock, processes: Processes
) -> None:
    first = case.ticket()
    then.pass_(days=1)
    second = case.ticket(team_kind=TeamKind.SUPERVISION)
    to_checking(case, second, TeamKind.SUPERVISION)
    then.pass_(days=1)
    third = case.ticket(month=datetime(2026, 1, 1, tzinfo=UTC).date())
    known = len(events(live))
    ticks = [processes.start("jobs.tick") for _ in range(2)]
    eventually(lambda: due(live) == 0, "all steps")
    late = events(live)[known:]
    done = {
        ticket.id: [event.act for event in late if event.ticket_id == ticket.id] for ticket in (first, second, third)
    }
    assert done == {first.id: ["remind", "expire"], second.id: ["pass_to_body"], third.id: ["remind", "expire"]}
    assert all(tick.is_running() for tick in ticks)
    # Each ticket's steps follow each other as they were due, however many ticks work.
    for ticket_id in done:
        told = [event.data["due_at"] for event in late if event.ticket_id == ticket_id]
        assert told == sorted(told)
    # What they begin counts from now.
    assert all(case.row(ticket).next_step_at > live.clock.now() for ticket in (first, second, third))
