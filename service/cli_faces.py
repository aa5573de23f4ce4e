"""`./daogang faces`: how faces are judged here, adapting to the people enrolled, calibrating, rebuilding."""

import faulthandler
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime, timedelta
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import click
from sqlalchemy.exc import OperationalError

from face.adapting import FMR
from face.det_picture import Mark, svg
from face.errors import EngineUnavailable
from service.cli_tables import calibration_lines, status_lines
from service.deps import Deps, build
from service.domain.calendar import business_day
from service.errors import NotDone, ServiceError
from service.settings import Settings, SettingsError
from service.store.photos import PhotoStoreDown
from service.usecases import adaptations, calibration, rebuild
from service.usecases.city_policy import require_free_day
from service.usecases.resealing import reseal_all

T = TypeVar("T")
PICTURE, REPORT = Path("var/det.svg"), Path("var/faces-not-rebuilt.csv")


@click.group()
def faces() -> None:
    """Look after how faces are judged."""


@faces.command("status")
def show_status() -> None:
    """Print the engine, what is enrolled and learned, and the numbers in force today."""
    with _in_one_line():
        _print(status_lines(adaptations.status(deps=_deps())))


@faces.command()
def adapt() -> None:
    """Learn an adaptation from everybody enrolled; it changes nothing until a policy names it."""
    with _in_one_line():
        row = adaptations.learn_adaptation(deps=_deps(), watch=_watched)
    click.echo(f"{row.name} was learned from {row.persons} persons; it changes nothing until a policy names it")
    click.echo(f"next: ./daogang faces calibrate --adaptation {row.name}, and --write once its table is right")


@faces.command("calibrate")
@click.option("--fmr", default=FMR, show_default=True, type=click.FloatRange(1e-6, 0.1), help="false match rate wanted")
@click.option("--adaptation", default="latest", show_default=True, metavar="NAME|none|latest", help="the space to try")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="first day of the policy; tomorrow")
@click.option("--write", is_flag=True, help="write what is proposed as a new policy of the city")
@click.option("--unsupported", is_flag=True, help="write even a rate that so few trials cannot show")
@click.option("--picture", type=click.Path(path_type=Path), default=PICTURE, show_default=True, help="DET picture")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object instead of the table")
def calibrate_thresholds(
    fmr: float, adaptation: str, first: datetime | None, *, write: bool, unsupported: bool, picture: Path, as_json: bool
) -> None:
    """Measure error rates on the people enrolled and propose thresholds; nothing is written without --write."""
    with _in_one_line():
        deps = _deps()
        starts_on = first.date() if first else business_day(deps.clock.now()) + timedelta(days=1)
        if write:
            require_free_day(starts_on, deps)
        found = calibration.calibrate(fmr, adaptation, deps=deps, watch=_watched)
        _draw(found, picture)
        if not as_json:
            _print(calibration_lines(found))
            click.echo(f"DET picture: {picture}")
        version = None
        if write:
            version = calibration.write(found, starts_on, unsupported=unsupported, deps=deps).policy_version
    _say_written(found, version, starts_on, as_json=as_json)


def _say_written(found: calibration.Calibration, version: str | None, starts_on: date, *, as_json: bool) -> None:
    if as_json:
        numbers = {name: value for name, value in asdict(found).items() if name != "curves"}
        click.echo(json.dumps(numbers | {"written": version}))
    elif version:
        click.echo(f"{version} was written: it holds for the city from {starts_on}")
    else:
        click.echo(f"nothing was written; with --write it holds for the city from {starts_on}")


@faces.command("rebuild")
@click.option("--check", is_flag=True, help="only load the engine and count what is to be done")
@click.option("--keep-others", is_flag=True, help="leave templates of other engines and versions in force")
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="how many at once")
@click.option("--report", type=click.Path(path_type=Path), default=REPORT, show_default=True, help="who has to come")
def rebuild_templates(*, check: bool, keep_others: bool, processes: int, report: Path) -> None:
    """Make templates anew from kept enrolment photos after a change of engine, version or key; resumes by itself."""
    with _in_one_line():
        deps = _deps()
        if check:
            engine = deps.engine()
            click.echo(f"{len(rebuild.outdated(deps=deps))} persons have no template of {engine.id} {engine.version}")
            return
        sealed = reseal_all(deps=deps)
        click.echo(f"{sealed.done} seals renewed, {sealed.broken} do not open")
        remakes = _Remakes(deps, processes, rebuild.Deaths(report.with_suffix(".deaths")))
        done = rebuild.rebuild(deps=deps, remakes=remakes, keep_others=keep_others)
    click.echo(f"{done.made} templates made, {done.retired} of other engines or versions retired")
    if done.failed:
        lines = [f"{person_id},{code}" for person_id, code in done.failed.items()]
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text("\n".join(["person_id,code", *lines, ""]), encoding="utf-8")
        _print(lines)
        click.echo(f"{len(lines)} persons keep the template they have and must be enrolled anew: {report}")


class _Remakes:
    """Makes templates one after the other, or in several processes, and shows how far it is."""

    def __init__(self, deps: Deps, processes: int, deaths: rebuild.Deaths) -> None:
        self._deps, self._processes, self._deaths = deps, processes, deaths

    def __call__(self, ids: Sequence[UUID]) -> Iterator[str | None]:
        here, engine = partial(_remake, self._deaths, self._deps), self._deps.engine()
        if self._processes == 1:
            yield from map(here, _watched(ids, "making templates"))
            return
        # With a process of several all die, so suspects are looked at one by one: who was only beside is cleared.
        suspects = [person_id for person_id in ids if self._deaths.of(person_id, engine)]
        cleared = {person_id: here(person_id) for person_id in suspects}
        others = [person_id for person_id in ids if person_id not in cleared]
        # A forked copy of a loaded engine may hang; each child begins afresh and loads its own.
        with ProcessPoolExecutor(self._processes, get_context("spawn")) as pool:
            made = pool.map(partial(_remake_here, self._deaths), others, chunksize=4)
            for person_id in _watched(ids, "making templates"):
                yield cleared[person_id] if person_id in cleared else next(made)


def _remake_here(deaths: rebuild.Deaths, person_id: UUID) -> str | None:
    return _remake(deaths, _deps(), person_id)


def _remake(deaths: rebuild.Deaths, deps: Deps, person_id: UUID) -> str | None:
    """Under a watch that needs neither the GIL nor a signal handler: who hangs, even in C code, ends himself."""
    deps.engine()
    faulthandler.dump_traceback_later(deps.settings.hang_s, exit=True)
    try:
        return rebuild.remake_or_skip(person_id, deaths, deps=deps)
    finally:
        faulthandler.cancel_dump_traceback_later()


@cache
def _deps() -> Deps:
    try:
        return build(Settings.from_env(os.environ))
    except SettingsError as error:
        sys.exit(f"daogang: {error}")


@contextmanager
def _in_one_line() -> Iterator[None]:
    """Whatever stops a command is said in a line."""
    try:
        yield
    except (NotDone, EngineUnavailable, ServiceError) as error:
        sys.exit(f"daogang: {error}")
    except PhotoStoreDown:
        sys.exit("daogang: the photo store does not answer")
    except OperationalError:
        sys.exit("daogang: the database does not answer")
    except BrokenProcessPool:
        sys.exit("daogang: a process died over a photo: run it again, and again; whose photos kill it twice is skipped")


def _watched(items: Sequence[T], label: str) -> Iterator[T]:
    with click.progressbar(items, label=label, file=sys.stderr) as shown:
        yield from shown


def _draw(found: calibration.Calibration, picture: Path) -> None:
    marks = [Mark(at.name, at.fmr.share, at.fnmr.share) for at in found.at]
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_text(svg(found.curves, marks), encoding="utf-8")


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
