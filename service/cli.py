"""The command line of an installation: `./daogang COMMAND`."""

import json
import os
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from secrets import token_bytes, token_urlsafe
from uuid import UUID

import click
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy.exc import OperationalError

from service import logs
from service.cli_faces import faces
from service.cli_import import import_group
from service.cli_people import people
from service.cli_simulate import simulate
from service.cli_sync import sync_peer
from service.deps import Deps, build
from service.domain.actors import SCOPES, Grant, Role, Scope
from service.errors import ServiceError
from service.settings import KEY_BYTES, Settings, SettingsError
from service.store.work import connect
from service.texts import text
from service.usecases import accounts, analysis, calendar

ROOT = Path(__file__).parents[1]


def _settings() -> Settings:
    try:
        return Settings.from_env(os.environ)
    except SettingsError as error:
        sys.exit(f"daogang: {error}")


def _deps() -> Deps:
    return build(_settings())


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Daogang 到岗: what an operator does at the terminal."""
    logs.configure()


cli.add_command(faces)
cli.add_command(sync_peer)
cli.add_command(import_group)
cli.add_command(simulate)
cli.add_command(people)


@cli.command()
def migrate() -> None:
    """Bring the database named by DATABASE_URL to the newest schema."""
    with _schema() as config:
        command.upgrade(config, "head")


@cli.command("check-migrations")
def check_migrations() -> None:
    """Fail unless the migrations, run on an empty database, give exactly the tables of the code."""
    with _schema() as config:
        command.upgrade(config, "head")
        command.check(config)


@contextmanager
def _schema() -> Iterator[Config]:
    """Alembic over one transaction of the database named by DATABASE_URL."""
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        sys.exit("daogang: DATABASE_URL is not set")
    engine = connect(url, statement_timeout_s=0)
    config = Config(ROOT / "alembic.ini", stdout=sys.stderr)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            yield config
    except CommandError as error:
        sys.exit(f"daogang: {error}")
    finally:
        engine.dispose()


@cli.group()
def account() -> None:
    """Open accounts and give out one-time passwords."""


@account.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--scope-id", type=click.UUID, help="the body, unit, project or team; not needed for the city")
@click.option("--person", type=click.UUID, help="the person behind the account")
def add_account(name: str, role: str, scope_id: UUID | None, person: UUID | None) -> None:
    """Open an account and print its one-time password."""
    held = Role(role)
    scope = _scope(held, scope_id)
    try:
        _, password = accounts.add_account(name, [Grant(held, scope, scope_id)], person, actor_id=None, deps=_deps())
    except ServiceError as error:
        sys.exit(f"daogang: {_sentence(error)}")
    click.echo(f"{name}  {password}  (works once: choose your own at the first sign-in)")


@account.command("reset")
@click.argument("name")
def reset_account(name: str) -> None:
    """Give an account a new one-time password."""
    try:
        password = accounts.reset_password(name, deps=_deps())
    except ServiceError as error:
        sys.exit(f"daogang: {_sentence(error)}")
    click.echo(f"{name}  {password}  (works once: choose your own at the next sign-in)")


@account.command("close")
@click.argument("who")
def close_account(who: str) -> None:
    """Close an account, by its name, its id or its person's id: nobody signs in with it, its tokens stop at once."""
    try:
        accounts.close_account(who, deps=_deps())
    except ServiceError as error:
        sys.exit(f"daogang: {_sentence(error)}")
    click.echo(f"{who} is closed")


@cli.group("calendar")
def calendar_group() -> None:
    """Say which days are worked."""


@calendar_group.command("fill")
@click.argument("year", type=int)
def fill_calendar(year: int) -> None:
    """Add the days of a year as they were announced; days that are there already stay as they are."""
    try:
        added = calendar.fill_year(year, deps=_deps())
    except ServiceError as error:
        sys.exit(f"daogang: {_sentence(error)}")
    click.echo(f"{year}: {added} days added")


@cli.group("attendance")
def attendance_group() -> None:
    """Compute attendance anew."""


@attendance_group.command("recompute")
@click.option("--month", required=True, type=click.DateTime(["%Y-%m"]), help="the month, as 2026-03")
@click.option("--project", type=click.UUID, help="one project instead of all")
def recompute_attendance(month: datetime, project: UUID | None) -> None:
    """Compute a month from nothing but its check-ins; what is kept right already stays as it is."""
    deps = _deps()
    try:
        ids = analysis.projects_to_recompute(month.date(), project, deps=deps)
        left, changed = _recompute(ids, month.date(), f"{month:%Y-%m}", deps)
        if left:
            # What another process held for too long is tried again now that the others are done.
            left, more = _recompute(left, month.date(), "again", deps)
            changed += more
    except ServiceError as error:
        sys.exit(f"daogang: {_sentence(error)}")
    click.echo(f"{len(ids) - len(left)} projects computed, {changed} check-ins, days and months were not as kept")
    if left:
        sys.exit(f"daogang: {len(left)} projects were not computed, because they are busy: {', '.join(map(str, left))}")


def _recompute(ids: list[UUID], month: date, label: str, deps: Deps) -> tuple[list[UUID], int]:
    """The projects somebody else held for too long, and how many rows of the others changed."""
    busy, changed = [], 0
    with click.progressbar(ids, label=label, file=sys.stderr) as projects:
        for project_id in projects:
            try:
                changed += analysis.recompute(project_id, month, deps=deps)
            except OperationalError as error:
                if not isinstance(error.orig, LockNotAvailable | DeadlockDetected):
                    raise
                busy.append(project_id)
    return busy, changed


def _scope(role: Role, scope_id: UUID | None) -> Scope:
    """The scope a role takes: that of an id where one is given."""
    fitting = [scope for scope in SCOPES[role] if (scope_id is None) == (scope in {Scope.CITY, Scope.SELF})]
    if not fitting:
        advice = "name it with --scope-id" if scope_id is None else "give no --scope-id"
        sys.exit(f"daogang: the role {role} reaches a {', '.join(sorted(SCOPES[role]))}: {advice}")
    return fitting[0]


def _sentence(error: ServiceError) -> str:
    problem = error.problems[0]
    return f"{text(problem.code, problem.data)['en']} ({problem.code}{f': {problem.field}' if problem.field else ''})"


@cli.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    from service.app import create_app  # noqa: PLC0415 - only this command needs the web

    with create_app(_settings()).test_client() as client:
        click.echo(json.dumps(client.get("/api/openapi.json").json, ensure_ascii=False, indent=2))


@cli.command()
def secrets() -> None:
    """Print fresh secrets, to be kept where only the service reads them."""
    click.echo(f"DAOGANG_KEYS=1={b64encode(token_bytes(KEY_BYTES)).decode()}")
    click.echo(f"DAOGANG_TOKEN_SECRET={token_urlsafe(48)}")


@cli.command()
def seed() -> None:
    """Fill an empty development database with a demo district and print its accounts."""
    from service.demo_district import fill  # noqa: PLC0415 - production never loads it

    settings = _settings()
    if settings.production:
        sys.exit("daogang: demo data is for DAOGANG_ENV=development")
    for line in fill(build(settings)):
        click.echo(line)


if __name__ == "__main__":
    cli()
