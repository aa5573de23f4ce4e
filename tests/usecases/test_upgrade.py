"""The upgrade to 0005 of a database in which operators wrote policies of their own."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, make_url, select, text

from service.cli_tables import status_lines
from service.deps import Deps
from service.domain.policies import Subject
from service.domain.reasons import Verdict
from service.store.models import CheckIn, DecisionRecord, Policy
from service.store.work import Database
from service.usecases import adaptations
from tests.conftest import ROOT
from tests.factories import MORNING, World
from tests.fakes import HeldQueue, SetClock

ONLY_DLIB = {
    "margin_m": 50,
    "accuracy_limit_m": 60,
    "fix_max_age_s": 120,
    "faces": {"dlib": {"accept": 1, "refuse": 2}},
}


@pytest.fixture
def upgraded(database_url: str) -> Iterator[Engine]:
    """What an operator had at 0004, with the names and days 0005 would take by itself, brought to the newest schema."""
    name = f"test_{uuid4().hex[:12]}"
    admin = create_engine(make_url(database_url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine = create_engine(make_url(database_url).set(database=name))
    migrate(engine, "0004")
    write(engine, "check_in-2", date(2019, 6, 2))
    write(engine, "ours", date(2026, 1, 1))
    migrate(engine, "head")
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def migrate(engine: Engine, to: str) -> None:
    with engine.begin() as connection:
        config = Config(ROOT / "alembic.ini")
        config.attributes["connection"] = connection
        (command.downgrade if to == "-1" else command.upgrade)(config, to)


def write(engine: Engine, version: str, since: date, scope: str = "city", scope_id: UUID | None = None) -> None:
    """A policy of before 0005, which knows the engine of then."""
    row = {"policy_version": version, "effective_from": since, "scope": scope, "scope_id": scope_id}
    with Database(engine, SetClock(MORNING)).begin() as work:
        work.add(Policy(subject=Subject.CHECK_IN, body=ONLY_DLIB, **row))


def versions(engine: Engine) -> dict[str, date]:
    with engine.connect() as connection:
        written = select(Policy.policy_version, Policy.effective_from).where(Policy.subject == Subject.CHECK_IN)
        return dict(connection.execute(written).all())


def test_operators_keep_their_names_and_days_and_the_way_back_takes_only_what_was_seeded(upgraded: Engine) -> None:
    theirs = {"check_in-1": date(2019, 6, 1), "check_in-2": date(2019, 6, 2), "ours": date(2026, 1, 1)}
    assert versions(upgraded) == theirs | {"check_in-3": date(2019, 6, 3)}
    migrate(upgraded, "-1")
    assert versions(upgraded) == theirs


def test_who_checks_in_under_a_rule_of_before_is_judged_by_the_new_engine(
    upgraded: Engine, deps: Deps, queue: HeldQueue
) -> None:
    here = replace(deps, database=Database(upgraded, deps.clock))
    world = World(here)
    site, person = world.site(), world.person()
    write(upgraded, "body", date(2026, 2, 1), "body", site.body)
    write(upgraded, "project", date(2026, 2, 2), "project", site.project_id)
    world.enrol(person.id)
    row = world.punch(site, world.key_person(person.id))
    queue.work_off(here)
    with here.database.begin() as work:
        state = work.session.get_one(CheckIn, row.id).state
        record = work.session.scalars(select(DecisionRecord.record).where(DecisionRecord.check_in_id == row.id)).one()
    assert (state, record["policy_version"]) == (Verdict.ACCEPTED, "project")
    assert (record["face"]["policy_version"], record["face"]["accept"]) == ("check_in-3", 1.0)
    status = adaptations.status(deps=here)
    assert (status.policy.version, status.silent) == ("ours", ["body", "ours", "project"])
    told = "\n".join(status_lines(status))
    assert "(of check_in-3)\n  without thresholds for fused, in force: body, ours, project; wider or earlier" in told
