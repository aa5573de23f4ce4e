"""`./daogang people`: upkeep of what is kept of people."""

import os
import sys

import click
from sqlalchemy.exc import OperationalError

from service.deps import build
from service.settings import Settings, SettingsError
from service.usecases import phone_hashes


@click.group()
def people() -> None:
    """Look after what is kept of people."""


@people.command("rehash")
def rehash_phones() -> None:
    """Let people be found by phones that were kept before migration 0006; may be repeated."""
    try:
        done, broken = phone_hashes.fill_all(deps=build(Settings.from_env(os.environ)))
    except SettingsError as error:
        sys.exit(f"daogang: {error}")
    except OperationalError:
        sys.exit("daogang: the database does not answer")
    click.echo(f"{done} phones can be found now, {broken} do not open")
