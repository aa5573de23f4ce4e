"""`./daogang sync`: read a peer now, in this process."""

import os
import sys
import time

import click

from service.deps import Deps, build
from service.domain.exchange import OPEN, Peer
from service.errors import ServiceError
from service.settings import Settings, SettingsError
from service.store.models import SyncRun
from service.texts import text
from service.usecases import sync, sync_night

PEERS = {"filing": Peer.FILING_SYSTEM, "certificates": Peer.CERTIFICATE_REGISTRY}
PAUSE_S = 1.0


@click.command("sync")
@click.argument("which", type=click.Choice(list(PEERS)))
@click.option("--wait", is_flag=True, help="read it in this process and show how far it is")
def sync_peer(which: str, *, wait: bool) -> None:
    """Read what changed at a peer; without --wait a worker does it."""
    try:
        deps = build(Settings.from_env(os.environ))
        run_id = sync_night.ask_here(PEERS[which], deps=deps)
    except SettingsError as error:
        sys.exit(f"daogang: {error}")
    except ServiceError as error:
        problem = error.problems[0]
        sys.exit(f"daogang: {text(problem.code, problem.data)['en']} ({problem.code})")
    if not wait:
        click.echo(f"asked for: {run_id}")
        return
    sync.run(run_id, deps=deps, within=None, watch=_show)
    _tell(_ended(run_id, deps))


def _show(row: SyncRun) -> None:
    click.echo(f"\r{sum(row.counts.values())} records", nl=False, err=True)


def _ended(run_id: object, deps: Deps) -> SyncRun:
    """The run once it is over: a worker that was faster goes on with it."""
    while True:
        with deps.database.begin() as work:
            row = work.session.get_one(SyncRun, run_id)
        if row.state not in OPEN:
            return row
        _show(row)
        time.sleep(PAUSE_S)


def _tell(row: SyncRun) -> None:
    counts = ", ".join(f"{number} {name}" for name, number in sorted(row.counts.items())) or "nothing changed"
    click.echo(err=True)
    click.echo(f"{row.peer}: {counts}")
    if row.failure:
        sys.exit(f"daogang: {text(row.failure, {})['en']} ({row.failure})")
    if row.counts.get("refused"):
        click.echo(f"what was refused: GET /api/v1/integration/sync-runs/{row.id}/issues.csv")
