"""The movable clock on a real database, where several processes must agree on it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select

from service.deps import Deps
from service.domain.actors import Actor, Role, Scope
from service.domain.calendar import SHANGHAI
from service.errors import ServiceError
from service.store.clock import MovableClock, move_forward
from service.store.models import Audit, ClockRow
from service.store.work import Database, connect
from service.usecases.clock import move_clock, read_clock
from tests.factories import World

BEGINS = datetime(2026, 3, 2, 8, 0, tzinfo=SHANGHAI)
#: Longer than any of these tests takes.
MOMENT = timedelta(minutes=1)


@pytest.fixture
def engine(empty_database: str) -> Iterator[Engine]:
    engine = connect(empty_database)
    yield engine
    engine.dispose()


@pytest.fixture
def moving(deps: Deps, engine: Engine) -> Deps:
    """The parts of an instance whose business time can be moved."""
    clock = MovableClock(engine, BEGINS)
    return replace(deps, clock=clock, database=Database(engine, clock))


@pytest.fixture
def city(moving: Deps) -> Actor:
    return World(moving).city


def about(at: datetime, wanted: datetime) -> bool:
    """Whether a clock that was set to an instant shows it, but for the time that passed since."""
    return wanted <= at < wanted + MOMENT


def test_business_time_begins_where_it_is_told_and_goes_on(moving: Deps) -> None:
    first = moving.clock.now()
    assert about(first, BEGINS)
    assert first.tzinfo is UTC
    assert moving.clock.now() > first
    assert about(moving.clock.real(), datetime.now(UTC) - timedelta(seconds=1))


def test_it_begins_once_for_all_processes(moving: Deps, engine: Engine) -> None:
    clocks = [MovableClock(engine, BEGINS + timedelta(days=day)) for day in range(4)]
    with ThreadPoolExecutor(len(clocks)) as processes:
        days = {at.date() for at in processes.map(lambda clock: clock.now(), clocks)}
    assert len(days) == 1
    with moving.database.begin() as work:
        assert work.session.scalars(select(func.count()).select_from(ClockRow)).one() == 1


def test_a_move_is_seen_by_every_process_at_once(moving: Deps, city: Actor, engine: Engine) -> None:
    other = MovableClock(engine, BEGINS)
    evening = BEGINS + timedelta(hours=9)
    with Database(engine, other).begin() as work:
        assert about(work.clock.now(), BEGINS)
        told = move_clock(evening, actor=city, deps=moving)
        assert about(work.clock.now(), evening)
    assert about(told.now, evening)
    assert (told.today, told.timezone, told.movable) == (BEGINS.date(), "Asia/Shanghai", True)


def test_the_day_is_the_one_in_shanghai(moving: Deps, city: Actor) -> None:
    move_clock(datetime(2026, 3, 31, 16, 30, tzinfo=UTC), actor=city, deps=moving)
    assert read_clock(actor=city, deps=moving).today.isoformat() == "2026-04-01"


def test_a_move_leaves_its_trace(moving: Deps, city: Actor) -> None:
    evening = BEGINS + timedelta(hours=9)
    move_clock(evening, actor=city, deps=moving)
    with moving.database.begin() as work:
        (entry,) = work.session.scalars(select(Audit).where(Audit.action == "clock:move"))
    assert entry.actor_id == city.account_id
    assert entry.data["moved_to"] == evening.isoformat()
    assert about(datetime.fromisoformat(entry.data["moved_from"]), BEGINS)


def test_it_never_moves_back(moving: Deps, city: Actor) -> None:
    with pytest.raises(ServiceError) as error:
        move_clock(BEGINS - timedelta(seconds=1), actor=city, deps=moving)
    (problem,) = error.value.problems
    assert (problem.code, problem.field) == ("clock_backwards", "now")
    assert about(datetime.fromisoformat(problem.data["now"]), BEGINS)
    assert about(moving.clock.now(), BEGINS)
    with moving.database.begin() as work:
        assert work.session.scalars(select(Audit).where(Audit.action == "clock:move")).all() == []


def test_of_two_moves_at_once_the_earlier_instant_does_not_undo_the_later(moving: Deps) -> None:
    later, earlier = BEGINS + timedelta(days=2), BEGINS + timedelta(days=1)
    moving.clock.now()

    def move(to: datetime) -> bool:
        with moving.database.begin() as work:
            return move_forward(work, to)

    with ThreadPoolExecutor(1) as another:
        with moving.database.begin() as work:
            assert move_forward(work, later)
            # Waits for the row until this transaction ends.
            slower = another.submit(move, earlier)
        assert not slower.result()
    assert about(moving.clock.now(), later)


def test_the_machines_clock_is_read_and_not_moved(world: World, deps: Deps) -> None:
    told = read_clock(actor=world.city, deps=deps)
    assert (told.now, told.movable) == (deps.clock.now(), False)
    with pytest.raises(ServiceError) as error:
        move_clock(BEGINS + timedelta(days=1), actor=world.city, deps=deps)
    assert error.value.code == "clock_not_movable"


def test_only_the_city_moves_it(moving: Deps) -> None:
    world = World(moving)
    for actor in (world.actor(Role.OPERATOR, Scope.CITY), world.key_person(world.person().id)):
        assert read_clock(actor=actor, deps=moving).movable
        with pytest.raises(ServiceError) as error:
            move_clock(BEGINS + timedelta(days=1), actor=actor, deps=moving)
        assert error.value.code == "forbidden"
