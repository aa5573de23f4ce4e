"""Upgrades of databases that were in use, and the way back: policies of operators (0005), registries (0006, 0007)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, MetaData, Table, create_engine, insert, make_url, select, text

from service.cli_tables import status_lines
from service.deps import Deps
from service.domain.policies import Subject
from service.domain.post_rules import Size
from service.domain.reasons import Verdict
from service.store.models import CheckIn, DecisionRecord, Policy
from service.store.work import Database
from service.usecases import adaptations
from service.usecases.post_rules import post_rules_on
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
def bare(database_url: str) -> Iterator[Engine]:
    """A database without a table."""
    name = f"test_{uuid4().hex[:12]}"
    admin = create_engine(make_url(database_url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine = create_engine(make_url(database_url).set(database=name))
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def upgraded(bare: Engine) -> Engine:
    """What an operator had at 0004, with the names and days 0005 would take by itself, brought to the newest schema."""
    migrate(bare, command.upgrade, "0004")
    write(bare, "check_in-2", date(2019, 6, 2))
    write(bare, "ours", date(2026, 1, 1))
    migrate(bare, command.upgrade, "head")
    return bare


def migrate(engine: Engine, way: Callable[[Config, str], None], to: str) -> None:
    with engine.begin() as connection:
        config = Config(ROOT / "alembic.ini")
        config.attributes["connection"] = connection
        way(config, to)


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
    migrate(upgraded, command.downgrade, "0004")
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


OWN_NEEDS = [["safety_c1", "safety_c2"], ["ours"]]
MISSING = {"missing": [["safety_b"]], "expired": []}
EXPIRED = {"missing": [], "expired": [{"type": "safety_b", "number_tail": "0001"}]}


MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)

TWICE = """
    INSERT INTO finding SELECT (f).* FROM (
        SELECT jsonb_populate_record(row, jsonb_build_object('id', gen_random_uuid(), 'rule', 'certificate_expired')) f
        FROM finding row WHERE rule = 'certificate_missing'
    ) again
"""


def put(engine: Engine, table: str, **values: Any) -> UUID:
    """A row as the schema of then has it: the models are those of today."""
    shape = Table(table, MetaData(), autoload_with=engine)
    always = {"id": uuid4(), "created_at": MORNING, "version": 1}
    row = {name: value for name, value in always.items() if name in shape.c} | values
    with engine.begin() as connection:
        connection.execute(insert(shape).values(row))
    return row.get("id", uuid4())


def rows(engine: Engine, statement: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


@pytest.fixture
def in_use(bare: Engine) -> Engine:
    """A city at 0005: it changed a category, added a post and a type, and has filings, certificates and findings."""
    migrate(bare, command.upgrade, "0005")
    body = put(bare, "supervising_body", code="b", name="监督站", kind="station", district_code="310115")
    place = {"body_id": body, "district_code": "310115", "counting_from": date(2026, 1, 5)}
    project = put(bare, "project", name="项目", **place)
    # Ids grow with time: of two filings that name one permit the first is the earlier.
    for number, permit in enumerate(("P-1", "P-1", "P-2", None)):
        filing = {"id": UUID(int=number + 1), "number": f"F-{number}", "permit_number": permit}
        put(bare, "filing", project_id=project, filed_on=date(2026, 1, 5), **filing)
    sealed = {"document_kind": "passport", "document_sealed": b"x", "document_hash": b"x", "document_tail": "0001"}
    person = put(bare, "person", name="陈立项", **sealed)
    put(bare, "certificate_type", code="ours", name_zh="本市证书", name_en="of the city")
    for code, until in (("safety_b", date(2026, 3, 1)), ("ours", None)):
        dates = {"valid_from": date(2024, 1, 1), "valid_until": until}
        put(bare, "certificate", person_id=person, type_code=code, number="1", **dates)
    names = {"name_zh": "材料员", "name_en": "materials", "team_kind": "construction"}
    put(bare, "post", code="materials", category=1, certificates=OWN_NEEDS, **names)
    with bare.begin() as connection:
        connection.execute(text("UPDATE post SET category = 1 WHERE code = 'safety_officer'"))
    about = {"project_id": project, "person_id": person, "month": date(2026, 3, 1), "team_kind": "construction"}
    rule = {"rule": "certificate_for_post", "rule_version": "certificate_for_post-1", "kind": "certificate"}
    for post, evidence in (("project_manager", MISSING), ("safety_officer", EXPIRED)):
        put(bare, "finding", key=f"{person}:{post}", post_code=post, evidence=evidence, **about, **rule)
    return bare


def test_a_city_keeps_what_it_had_when_registries_come(in_use: Engine) -> None:
    migrate(in_use, command.upgrade, "head")
    permits = "SELECT permit.number, filing.number FROM permit JOIN filing ON filing.id = filing_id ORDER BY 1"
    assert rows(in_use, permits) == [("P-1", "F-0"), ("P-2", "F-2")]
    assert rows(in_use, "SELECT count(*) FROM filing WHERE source = 'typed' AND checked_at IS NULL") == [(4,)]
    changed = "SELECT rule_version, category FROM post_rule WHERE post_code IN ('safety_officer', 'quality_officer')"
    assert sorted(rows(in_use, changed)) == [("quality_officer-1", 2), ("safety_officer-1", 1)]
    (own,) = rows(in_use, "SELECT rule_version, category, body FROM post_rule WHERE post_code = 'materials'")
    assert own[:2] == ("materials-1", 1)
    assert own[2]["certificates"] == [[{"one_of": need}] for need in OWN_NEEDS]
    with Database(in_use, SetClock(MORNING)).begin() as work:
        rules = post_rules_on(work, date(2026, 3, 2))
    assert len(rules) == 11
    assert [case.one_of for case in rules["materials"].needs(Size())] == [tuple(need) for need in OWN_NEEDS]
    assert rows(in_use, "SELECT family FROM certificate_type WHERE code = 'ours'") == [("other",)]
    # Of which nothing is said is valid.
    assert rows(in_use, "SELECT status FROM certificate_status") == []
    found = "SELECT post_code, rule, closed_at FROM finding ORDER BY 1"
    assert rows(in_use, found) == [
        ("project_manager", "certificate_missing", None),
        ("safety_officer", "certificate_expired", None),
    ]


def test_the_way_back_leaves_a_city_as_it_was(in_use: Engine) -> None:
    posts = "SELECT code, category, certificates FROM post ORDER BY code"
    kept = (posts, "SELECT count(*) FROM certificate", "SELECT rule, post_code, evidence FROM finding ORDER BY 2")
    before = [rows(in_use, statement) for statement in kept]
    migrate(in_use, command.upgrade, "head")
    # One person on one post, of whom two rules tell.
    with in_use.begin() as connection:
        connection.execute(text(TWICE))
    migrate(in_use, command.downgrade, "0005")
    assert [rows(in_use, statement) for statement in kept] == before
    permits = "SELECT number, permit_number FROM filing ORDER BY number"
    # Of two filings that named one permit only the earlier kept it.
    assert rows(in_use, permits) == [("F-0", "P-1"), ("F-1", None), ("F-2", "P-2"), ("F-3", None)]
    migrate(in_use, command.upgrade, "head")
    assert rows(in_use, "SELECT count(*) FROM post_rule") == [(11,)]
    assert rows(in_use, "SELECT count(*) FROM certificate_status") == [(0,)]


def test_the_way_back_leaves_no_ticket_without_a_finding(in_use: Engine) -> None:
    migrate(in_use, command.upgrade, "head")
    ((project, person),) = rows(in_use, "SELECT DISTINCT project_id, person_id FROM finding")
    about = {"project_id": project, "team_kind": "construction", "kind": "certificate"}
    dealt = {"scenario": {}, "scenario_version": "1", "state": "dispatched", "checker": "verifier", "steps": []}
    dealt |= {"reworks": 0, "appealed": False, "observed": False, "events": 0}
    found = {"rule_version": "1", "person_id": person, "cites": [], "evidence": {"held": []}, **about}
    tickets = {month: put(in_use, "ticket", period=month, **about, **dealt) for month in (MARCH, APRIL)}
    told = [
        (MARCH, "manager", "certificate_wrong_type", True),
        (MARCH, "manager", "certificate_suspended", False),
        (MARCH, "officer", "certificate_suspended", True),
        (APRIL, "officer", "certificate_other_unit", True),
    ]
    for month, key, rule, sent in told:
        ticket = tickets[month] if sent else None
        put(in_use, "finding", key=key, rule=rule, month=month, ticket_id=ticket, **found)
    migrate(in_use, command.downgrade, "0005")
    kept = "SELECT month, key, rule, evidence FROM finding WHERE ticket_id IS NOT NULL ORDER BY month, key"
    shape = ("certificate_for_post", {"missing": [], "expired": [], "held": []})
    assert rows(in_use, kept) == [(month, key, *shape) for month, key, _, sent in told if sent]
    left = (
        "SELECT key, count(*), count(closed_at) FROM finding WHERE key IN ('manager', 'officer') GROUP BY 1 ORDER BY 1"
    )
    assert rows(in_use, left) == [("manager", 1, 0), ("officer", 2, 1)]


def test_the_way_back_takes_what_the_release_before_cannot_load(bare: Engine) -> None:
    migrate(bare, command.upgrade, "head")
    statement = text("INSERT INTO outbox (topic, subject_id, created_at) VALUES (:topic, :id, now())")
    for topic in ("crosscheck.night", "project.list_changed", "roster_line.changed"):
        with bare.begin() as connection:
            connection.execute(statement, {"topic": topic, "id": uuid4()})
    for kind in ("spreadsheet", "scan"):
        put(bare, "photo", kind=kind, digest=kind.encode(), media_type="text/csv", size=1)
    migrate(bare, command.downgrade, "0005")
    assert rows(bare, "SELECT topic FROM outbox") == [("roster_line.changed",)]
    assert rows(bare, "SELECT kind FROM photo") == []
