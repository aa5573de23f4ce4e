"""The cross-check over a simulated city finds exactly what was planted in it, and lets go of what is mended."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from service.cli_simulate import Simulated, simulate_city
from service.deps import Deps
from service.domain.calendar import business_day
from service.domain.certificates import CertificateStatus
from service.domain.findings.base import Rule
from service.domain.findings.registry import RULES
from service.domain.sources import Source
from service.errors import NotDone
from service.settings import PRODUCTION
from service.simulate.city import City, Plan
from service.simulate.drafts import Group
from service.simulate.loading import copy_rows
from service.simulate.mistakes import RATES, Planted
from service.store.base import Base, new_id
from service.store.models import Certificate, CertificateStatusRow, Employment, Finding, ListEntry, RosterLine
from service.usecases.crosscheck_night import run_all
from service.usecases.post_rules import post_rules_on
from tests.fakes import SetClock

PROJECTS, PEOPLE, SEED = 40, 400, 7
#: So high that forty projects hold every mistake.
OFTEN = {rule: 1.0 if rule is Rule.SEVERAL_PROJECTS else 0.25 for rule in RATES}
#: What mistakes are made in, each after what it refers to.
MENDED = (Certificate, Employment, RosterLine, ListEntry)


def plan(deps: Deps, rates: Mapping[Rule, float]) -> Plan:
    return Plan(PROJECTS, PEOPLE, SEED, business_day(deps.clock.now()), rates)


def simulated(deps: Deps, rates: Mapping[Rule, float]) -> Simulated:
    return simulate_city(plan(deps, rates), lambda _: None, deps=deps)


def standing(deps: Deps) -> set[Planted]:
    """The findings of the cross-check that stand, as mistakes are told."""
    with deps.database.begin() as work:
        rows = work.session.scalars(select(Finding).where(Finding.closed_at.is_(None), Finding.rule.in_(RULES)))
        return {Planted(row.project_id, row.rule, row.key) for row in rows}


def test_exactly_the_planted_mistakes_are_found_all_fourteen_rules_among_them(deps: Deps) -> None:
    made = simulated(deps, OFTEN)
    night = run_all(deps=deps)
    assert {each.rule for each in made.planted} == set(RULES)
    assert standing(deps) == set(made.planted)
    assert (night.projects, night.opened) == (PROJECTS, len(made.planted))


def test_nothing_is_found_where_nothing_is_wrong(deps: Deps) -> None:
    simulated(deps, {})
    assert run_all(deps=deps).projects == PROJECTS
    assert standing(deps) == set()
