"""A database and a Redis for the time of one command, in a folder that is gone afterwards."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from jobs.local.lock import FolderLock
from jobs.local.postgres import LocalPostgres
from jobs.local.process import StartError, wrapped
from jobs.local.redis import LocalRedis
from jobs.local.settings import development

PREFIX = "exec-"


def run_with_servers(folder: Path, argv: Sequence[str]) -> int:
    """Runs a command with servers of its own, never with those the environment names; returns its exit code."""
    with throwaway(folder) as env:
        return _foreground(argv, env)


@contextlib.contextmanager
def throwaway(folder: Path) -> Iterator[dict[str, str]]:
    """An environment with empty servers behind it, fast because nobody will miss their data."""
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder.resolve()))
    lock = FolderLock(place / "dev.lock")
    try:
        lock.take()
        with (
            LocalPostgres(place / "postgresql", durable=False) as database,
            LocalRedis(place / "redis", durable=False) as queue,
        ):
            inherited = {name: value for name, value in os.environ.items() if name != "DAOGANG_PHOTO_DIR"}
            yield {**development(place, inherited), "DATABASE_URL": database.url(), "REDIS_URL": queue.url()}
    finally:
        lock.release()
        shutil.rmtree(place, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Removes what a killed run left; a folder somebody still holds is left alone."""
    for place in folder.glob(f"{PREFIX}*"):
        lock = FolderLock(place / "dev.lock")
        with contextlib.suppress(StartError):
            lock.take()
            shutil.rmtree(place, ignore_errors=True)
            lock.release()


def _foreground(argv: Sequence[str], env: dict[str, str]) -> int:
    """Runs in this terminal's foreground group: Ctrl-C reaches the command directly, and it decides how to end."""
    process = subprocess.Popen(wrapped(argv, signal.SIGTERM), env=env)
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda number, _: process.send_signal(number)),
    }
    try:
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code
