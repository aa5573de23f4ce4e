"""`./daogang import`: take a spreadsheet of people, rosters, certificates, projects or lists; hand out templates."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.exc import OperationalError

from service.deps import Deps, build
from service.domain.exchange import Things
from service.domain.records import Origin, Result
from service.domain.sources import Source
from service.errors import ServiceError
from service.settings import Settings, SettingsError
from service.spreadsheets.files import MOST_BYTES
from service.texts import text
from service.usecases.loads import Loaded, Progress, Watch, load_rows
from service.usecases.loads_words import make_template

REFUSED, UNUSABLE = 1, 2
#: Problems shown at the terminal; all of them stand in the file of errors.
SHOWN = 10
WORD = {things.value: things for things in Things}
SOURCE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("import")
def import_group() -> None:
    """Take spreadsheets (.xlsx or .csv); exit 0: all rows taken, 1: some refused, 2: the file cannot be used."""


@import_group.command("template")
@click.argument("kind", type=click.Choice(list(WORD)))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def write_template(kind: str, file: Path) -> None:
    """Write a workbook to fill in."""
    with _unusable_in_one_line(file):
        file.write_bytes(make_template(WORD[kind], deps=_deps()))
    click.echo(f"{file}: fill in the first sheet; the second explains its columns")


def _command(things: Things) -> click.Command:
    @click.command(things.value, help=f"Take a spreadsheet of {things.value}; the same again changes nothing.")
    @click.argument("file", type=SOURCE)
    @click.option("--dry-run", is_flag=True, help="only say what would happen")
    @click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help="file for the rows refused")
    @click.option("--in-force", is_flag=True, help="put roster lines in force where the list names the person")
    @click.option("--sheet", help="the name of the sheet, if not the first that fits")
    def command(file: Path, *, dry_run: bool, errors: Path | None, in_force: bool, sheet: str | None) -> None:
        origin = Origin(Source.SPREADSHEET, in_force=in_force)
        with _unusable_in_one_line(file):
            loaded = _load(file, things, origin, sheet, dry_run=dry_run)
        _tell(loaded, dry_run=dry_run)
        if loaded.errors is not None:
            beside = errors or file.with_name(f"{file.name}.errors.xlsx")
            beside.write_bytes(loaded.errors)
            click.echo(f"the rows refused: {beside}; correct them there and import that file")
            sys.exit(REFUSED)

    return command


for _things in Things:
    import_group.add_command(_command(_things))


def _load(file: Path, things: Things, origin: Origin, sheet: str | None, *, dry_run: bool) -> Loaded:
    # One byte more than may be: the reader says that it is too large.
    with file.open("rb") as opened:
        source = opened.read(MOST_BYTES + 1)
    deps = _deps()
    with click.progressbar(length=1, label=file.name, file=sys.stderr) as bar:

        def told(progress: Progress) -> None:
            bar.length = max(progress.rows, 1)
            bar.update(progress.rows_done - bar.pos)

        return load_rows(source, things, origin, deps=deps, dry_run=dry_run, sheet=sheet, watch=Watch(told=told))


def _tell(loaded: Loaded, *, dry_run: bool) -> None:
    for notice in loaded.notices:
        click.echo(f"note: {text(notice.code, notice.data)['en']}", err=True)
    for problem in loaded.progress.problems[:SHOWN]:
        where = f"row {problem.row}" + (f", {problem.column}" if problem.column else "")
        click.echo(f"{where}: {text(problem.code, problem.data)['en']} ({problem.code})", err=True)
    if len(loaded.progress.problems) > SHOWN:
        click.echo(f"... and more: {loaded.progress.counts[Result.REFUSED]} rows were refused", err=True)
    counts = ", ".join(f"{loaded.progress.counts[result]} {result}" for result in Result)
    click.echo(f"{'dry run, nothing was kept: ' if dry_run else ''}{loaded.progress.rows_done} rows: {counts}")


@contextmanager
def _unusable_in_one_line(file: Path) -> Iterator[None]:
    try:
        yield
    except ServiceError as error:
        told = "; ".join(f"{text(each.code, each.data)['en']} ({each.code})" for each in error.problems)
        click.echo(f"daogang: {file}: {told}", err=True)
        sys.exit(UNUSABLE)
    except OperationalError as error:
        click.echo(f"daogang: the database does not answer ({type(error.orig).__name__}); run it again", err=True)
        sys.exit(UNUSABLE)


def _deps() -> Deps:
    try:
        return build(Settings.from_env(os.environ))
    except SettingsError as error:
        sys.exit(f"daogang: {error}")
