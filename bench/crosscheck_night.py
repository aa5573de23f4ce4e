"""How long a night's cross-check of a city takes, and what it finds and misses: `python -m bench.crosscheck_night`.

The city is simulated with mistakes whose number is known; the night runs in a process of its own, so that what it took
to make the city is not counted.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import select

from bench.month import ROOT, StandingClock
from jobs.local.throwaway import throwaway
from service.cli_simulate import simulate_city
from service.deps import Deps, build
from service.domain.calendar import begin_of
from service.domain.findings.registry import RULES
from service.settings import Settings
from service.simulate.city import Plan
from service.simulate.mistakes import Planted
from service.store.models import Finding
from service.store.work import connect
from service.usecases.crosscheck_night import run_all

TODAY = date(2026, 3, 17)


def main() -> None:
    """Make the city, run the night twice, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=int, default=4500)
    parser.add_argument("--people", type=int, default=45_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--night-only", action="store_true", help="run the night on the database of the environment")
    asked = parser.parse_args()
    if asked.night_only:
        print(json.dumps(_night()))
        return
    with throwaway(ROOT / "var") as env:
        figures = measure(Plan(asked.projects, asked.people, asked.seed, TODAY), env)
    print(json.dumps(figures))


def measure(plan: Plan, env: Mapping[str, str]) -> dict[str, Any]:
    """The figures of the first night, and the seconds of one that finds nothing new."""
    deps = _deps(env)
    with connect(deps.settings.database_url).begin() as connection:
        config = Config(ROOT / "alembic.ini")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    began = time.perf_counter()
    made = simulate_city(plan, lambda _: None, deps=deps)
    city_s = round(time.perf_counter() - began, 1)
    first = _night_apart(env)
    planted, found = set(made.planted), standing(deps)
    second = _night_apart(env)
    if second["opened"] or second["closed"]:
        sys.exit("a second night of the same day found something else")
    _tell(planted, found)
    return {
        "seconds": first["seconds"],
        "rss_mb": first["rss_mb"],
        "planted": len(planted),
        "found": len(found),
        "missed": len(planted - found),
        "false": len(found - planted),
        "again_seconds": second["seconds"],
        "city_seconds": city_s,
    }


def standing(deps: Deps) -> set[Planted]:
    """The findings of the cross-check that stand, as mistakes are told."""
    with deps.database.begin() as work:
        rows = work.session.scalars(select(Finding).where(Finding.closed_at.is_(None), Finding.rule.in_(RULES)))
        return {Planted(row.project_id, row.rule, row.key) for row in rows}


def _deps(env: Mapping[str, str]) -> Deps:
    return build(Settings.from_env(env), StandingClock(begin_of(TODAY)))


def _night_apart(env: Mapping[str, str]) -> dict[str, Any]:
    argv = [sys.executable, "-m", "bench.crosscheck_night", "--night-only"]
    ended = subprocess.run(argv, env=dict(env), cwd=ROOT, stdout=subprocess.PIPE, check=True)
    figures: dict[str, Any] = json.loads(ended.stdout)
    return figures


def _night() -> dict[str, Any]:
    """The night as a worker runs it: seconds of the wall, and the most memory this process ever had."""
    deps = _deps(os.environ)
    began = time.perf_counter()
    night = run_all(deps=deps)
    seconds = round(time.perf_counter() - began, 1)
    return {"seconds": seconds, "rss_mb": peak_mb(), "opened": night.opened, "closed": night.closed}


def peak_mb() -> float:
    """The most resident memory this process ever had; getrusage would tell of its parent's, too, if that had more."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(round(int(line.split()[1]) * 1024 / 1e6, 1) for line in lines if line.startswith("VmHWM:"))


def _tell(planted: set[Planted], found: set[Planted]) -> None:
    kinds = {"planted": planted, "found": found, "missed": planted - found, "false": found - planted}
    counts = {name: Counter(each.rule for each in some) for name, some in kinds.items()}
    print(f"{'rule':<28}" + "".join(f"{name:>10}" for name in kinds), file=sys.stderr)
    for rule in RULES:
        print(f"{rule:<28}" + "".join(f"{count[rule]:>10}" for count in counts.values()), file=sys.stderr)


if __name__ == "__main__":
    main()
