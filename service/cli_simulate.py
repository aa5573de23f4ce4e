"""`./daogang simulate`: a city made up, with mistakes whose number is known, to try things on."""

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import click
from sqlalchemy import select

from service.deps import Deps, build
from service.domain.actors import Grant, Role, Scope
from service.domain.calendar import business_day
from service.errors import NotDone
from service.settings import Settings, SettingsError
from service.simulate.city import PEOPLE_A_PROJECT, City, Plan
from service.simulate.loading import load
from service.simulate.mistakes import RATES, Planted
from service.store.locks import hold
from service.store.models import Project
from service.usecases.accounts import add_account
from service.usecases.post_rules import post_rules_on

ACCOUNT = "simulated-city"


@dataclass(frozen=True, slots=True)
class Simulated:
    """What was made: rows of each table, the mistakes, and the one-time password of the city's account."""

    counts: Counter[str]
    planted: list[Planted]
    password: str


@click.group()
def simulate() -> None:
    """Make up data to try things on."""


@simulate.command("city")
@click.option("--projects", default=4500, show_default=True, type=click.IntRange(1), help="how many projects")
@click.option("--people", default=45_000, show_default=True, type=click.IntRange(1), help="how many key people")
@click.option("--seed", default=1, show_default=True, help="the same seed makes the same city")
@click.option("--planted", type=click.Path(path_type=Path, dir_okay=False), help="where to list the mistakes, as JSON")
def make_city(projects: int, people: int, seed: int, planted: Path | None) -> None:
    """Fill an empty development database with a city that has known mistakes."""
    try:
        deps = build(Settings.from_env(os.environ))
        plan = Plan(projects, people, seed, business_day(deps.clock.now()))
        with ExitStack() as stack:
            # The bar begins with the first projects, so that a refusal stands alone.
            bar = cache(
                lambda: stack.enter_context(click.progressbar(length=projects, label="projects", file=sys.stderr))
            )
            made = simulate_city(plan, lambda done: bar().update(done), deps=deps)
    except (SettingsError, NotDone) as error:
        sys.exit(f"daogang: {error}")
    for line in _told(made):
        click.echo(line)
    if planted:
        _write(planted, made.planted)


def _write(file: Path, planted: list[Planted]) -> None:
    try:
        file.write_text(json.dumps([asdict(each) for each in planted], default=str), encoding="utf-8")
    except OSError as error:
        sys.exit(f"daogang: the city is there, its mistakes are not listed: {error}")


def simulate_city(plan: Plan, watch: Callable[[int], object], *, deps: Deps) -> Simulated:
    """The city, in one transaction; NotDone in production, over somebody's projects, or with too few people.

    `watch` is told how many projects were made since it was last told.
    """
    if deps.settings.production:
        raise NotDone("a simulated city is for DAOGANG_ENV=development")
    if plan.people < plan.projects * PEOPLE_A_PROJECT:
        raise NotDone(f"{plan.projects} projects need {plan.projects * PEOPLE_A_PROJECT} people or more")
    with deps.database.whole() as database:
        with database.begin() as work:
            hold(work, "simulate")
            if work.session.scalar(select(Project.id).limit(1)) is not None:
                raise NotDone("there are projects here already: a simulated city needs a database without any")
            city = City(plan, post_rules_on(work, plan.today), deps.vault)
            counts = load(work, city.groups(), watch)
            work.audit("city:simulate", plan.seed, projects=plan.projects, people=plan.people)
        grant = Grant(Role.CITY, Scope.CITY, None)
        _, password = add_account(ACCOUNT, [grant], None, actor_id=None, deps=replace(deps, database=database))
    return Simulated(counts, city.planted, password)


def _told(made: Simulated) -> Iterator[str]:
    yield from (f"{table:<32}{count:>8}" for table, count in sorted(made.counts.items()))
    yield "mistakes planted, by the findings that a night has to open"
    found = Counter(each.rule for each in made.planted)
    yield from (f"  {rule:<30}{found[rule]:>8}" for rule in RATES)
    yield f"{ACCOUNT}  {made.password}  (works once: choose your own at the first sign-in)"
