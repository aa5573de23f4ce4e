"""The cross-check over a simulated city finds exactly what was planted in it, and lets go of what is mended."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import create_engine, delete, func, inspect, select, update

from service.cli_simulate import ACCOUNT, Simulated, simulate_city
from service.deps import Deps
from service.domain.calendar import business_day
from service.domain.certificates import CertificateStatus, unusual
from service.domain.findings.base import Rule
from service.domain.findings.registry import RULES
from service.domain.sources import Source
from service.errors import NotDone
from service.settings import PRODUCTION, Settings
from service.simulate.city import City, Plan
from service.simulate.loading import copy_rows
from service.simulate.mistakes import RATES, Planted
from service.store.base import Base
from service.store.models import (
    Account,
    Certificate,
    CertificateStatusRow,
    CertificateType,
    Employment,
    Finding,
    ListEntry,
    Person,
    Project,
    RosterLine,
)
from service.store.work import Database, Work
from service.usecases.crosscheck_night import run_all
from service.usecases.post_rules import post_rules_on
from tests.fakes import SetClock

ROOT = Path(__file__).parents[2]
PROJECTS, PEOPLE, SEED = 40, 400, 8
#: So high that forty projects hold every mistake.
OFTEN = {rule: 1.0 if rule is Rule.SEVERAL_PROJECTS else 0.25 for rule in RATES}
#: What mistakes are made in.
EDITED = (Certificate, Employment, RosterLine, ListEntry)


def plan(deps: Deps, rates: Mapping[Rule, float]) -> Plan:
    return Plan(PROJECTS, PEOPLE, SEED, business_day(deps.clock.now()), rates)


def simulated(deps: Deps, rates: Mapping[Rule, float]) -> Simulated:
    return simulate_city(plan(deps, rates), lambda _: None, deps=deps)


def standing(deps: Deps) -> set[Planted]:
    """The findings of the cross-check that stand, as mistakes are told."""
    with deps.database.begin() as work:
        rows = work.session.scalars(select(Finding).where(Finding.closed_at.is_(None), Finding.rule.in_(RULES)))
        return {Planted(row.project_id, row.rule, row.key) for row in rows}


def mend(work: Work, clean: Mapping[UUID, Base]) -> None:
    """Bring the city's rows to what they are without mistakes, as far as rows may be edited."""
    session = work.session
    for model in EDITED:
        wanted = {row_id: row for row_id, row in clean.items() if isinstance(row, model)}
        if model is not Certificate:
            # A certificate for a second post is no mistake, and its history cannot be deleted.
            session.execute(delete(model).where(model.id.not_in(wanted)))
        kept = wanted.keys() & set(session.scalars(select(model.id)))
        copy_rows(work, (row for row_id, row in wanted.items() if row_id not in kept))
        columns = {column.key for column in inspect(model).columns} - {"created_at", "version", "return_reasons"}
        states = [{"version": 1} | {name: getattr(wanted[row_id], name) for name in columns} for row_id in kept]
        session.execute(update(model), states)
    statuses = {row_id: row for row_id, row in clean.items() if isinstance(row, CertificateStatusRow)}
    known = {row.id: row for row in session.scalars(select(CertificateStatusRow))}
    copy_rows(work, (row for row_id, row in statuses.items() if row_id not in known))
    for row_id in known.keys() - statuses.keys():
        # What an issuer said is never taken back: it says something else now.
        valid = {"status": CertificateStatus.VALID, "source": Source.CERTIFICATE_REGISTRY}
        certificate_id, today = known[row_id].certificate_id, business_day(work.clock.now())
        work.add(CertificateStatusRow(certificate_id=certificate_id, from_on=today, **valid))


def test_exactly_the_planted_mistakes_are_found_and_close_once_they_are_mended(deps: Deps, clock: SetClock) -> None:
    made = simulated(deps, OFTEN)
    night = run_all(deps=deps)
    assert {each.rule for each in made.planted} == set(RULES)
    assert standing(deps) == set(made.planted)
    assert (night.projects, night.opened) == (PROJECTS, len(made.planted))

    with deps.database.begin() as work:
        clean = City(plan(deps, {}), post_rules_on(work, business_day(clock.now())), deps.vault)
        mend(work, {row.id: row for group in clean.groups() for row in group.rows() if hasattr(row, "id")})
    clock.pass_(days=1)
    night = run_all(deps=deps)
    assert standing(deps) == set()
    assert (night.opened, night.closed) == (0, len(made.planted))


def test_nothing_is_found_where_nothing_is_wrong_nor_three_weeks_later(deps: Deps, clock: SetClock) -> None:
    simulated(deps, {})
    for days in (0, 21):
        clock.pass_(days=days)
        assert run_all(deps=deps).projects == PROJECTS
        assert standing(deps) == set()


def test_what_is_loaded_is_what_was_asked_for_and_its_numbers_look_as_they_should(deps: Deps) -> None:
    made = simulated(deps, {})
    with deps.database.begin() as work:
        for model in (Person, Project, Certificate):
            assert work.session.scalar(select(func.count()).select_from(model)) == made.counts[model.__tablename__]
        kinds = select(Certificate.number, CertificateType.number_pattern).join(
            CertificateType, CertificateType.code == Certificate.type_code
        )
        assert [number for number, pattern in work.session.execute(kinds) if unusual(number, pattern)] == []
    assert (made.counts["project"], made.counts["person"]) == (PROJECTS, PEOPLE)


@pytest.mark.parametrize(
    ("projects", "env", "sentence"),
    [(1, PRODUCTION, "development"), (2, "development", "20 people or more"), (1, "development", "without any")],
)
def test_a_city_is_refused_in_production_with_too_few_people_and_beside_projects(
    deps: Deps, projects: int, env: str, sentence: str
) -> None:
    today = business_day(deps.clock.now())
    if sentence == "without any":
        simulate_city(Plan(1, 10, 1, today), lambda _: None, deps=deps)
    there = replace(deps, settings=replace(deps.settings, env=env))
    with pytest.raises(NotDone, match=sentence):
        simulate_city(Plan(projects, 10, 2, today), lambda _: None, deps=there)


def test_the_command_loads_a_city_lists_its_mistakes_and_refuses_a_second(
    settings: Settings, empty_database: str, deps: Deps, tmp_path: Path
) -> None:
    told = {
        "DAOGANG_ENV": settings.env,
        "DATABASE_URL": empty_database,
        "REDIS_URL": settings.redis_url,
        "DAOGANG_KEYS": f"1={b64encode(settings.keys[1]).decode()}",
        "DAOGANG_TOKEN_SECRET": settings.token_secret,
        "DAOGANG_PHOTO_DIR": str(tmp_path),
        "WECHAT_BASE_URL": settings.wechat_url,
        "WECHAT_APP_ID": settings.wechat_app_id,
        "WECHAT_APP_SECRET": settings.wechat_app_secret,
    }
    file = tmp_path / "planted.json"
    argv = [sys.executable, "-m", "service.cli", "simulate", "city", "--projects", "60", "--people", "600"]

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        given = {"env": {**os.environ, **told}, "cwd": ROOT, "capture_output": True, "text": True}
        return subprocess.run([*argv, *words], check=False, **given)

    first, second = run("--planted", str(file)), run()
    assert first.returncode == 0, first.stderr
    assert second.returncode == 1
    assert second.stderr.splitlines() == [
        "daogang: there are projects here already: a simulated city needs a database without any"
    ]
    planted = {
        Planted(UUID(each["project_id"]), Rule(each["rule"]), each["key"]) for each in json.loads(file.read_text())
    }
    engine = create_engine(empty_database)
    there = replace(deps, database=Database(engine, deps.clock))
    with there.database.begin() as work:
        assert work.session.scalar(select(func.count()).select_from(Project)) == 60
        assert list(work.session.scalars(select(Account.name))) == [ACCOUNT]
        assert {each.project_id for each in planted} <= set(work.session.scalars(select(Project.id)))
    engine.dispose()
    lines = [line.split() for line in first.stdout.splitlines()]
    assert ["person", "600"] in lines
    assert sum(int(line[1]) for line in lines if line[0] in set(RATES)) == len(planted) > 0
