"""A throw-away instance: everything `make run` starts, in a folder and on ports of its own, gone afterwards."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import psutil

from jobs.local.instance import Instance, Options

VAR = Path(__file__).parents[1] / "var"
PATIENCE_S = 30.0


@contextmanager
def throw_away(prefix: str, **environment: str) -> Iterator[Instance]:
    """A running instance, watched by a thread; its folder stays only when the block fails."""
    VAR.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=VAR))
    # Whatever servers the caller's shell names are somebody's; this instance brings its own.
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    os.environ.update(environment)
    running = Instance(Options(folder=folder, port=0), lambda line: print(f"  {line}", file=sys.stderr))
    over = Event()
    watcher = Thread(target=_watch, args=(running, over), daemon=True)
    failed = True
    try:
        running.start()
        watcher.start()
        yield running
        failed = False
    finally:
        over.set()
        if watcher.is_alive():
            watcher.join()
        running.stop()
        if failed:
            print(f"the logs stay in {folder / 'log'}", file=sys.stderr)
        else:
            shutil.rmtree(folder)


def _watch(running: Instance, over: Event) -> None:
    while not over.is_set():
        running.watch()


def workers() -> list[psutil.Process]:
    """The worker processes of the instance, without the pool that replaces them."""
    pools = [process for process in psutil.Process().children() if _runs(process, "jobs.worker")]
    return [worker for pool in pools for worker in pool.children()]


def kill_redis(running: Instance) -> None:
    """End Redis without a word and throw away what it had written, so that every queued job is lost."""
    for process in psutil.Process().children():
        if _runs(process, "redis-server"):
            process.kill()
    folder = running.folder / "redis"
    for path in (*folder.glob("appendonly*"), *folder.glob("*.rdb")):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def eventually(holds: Callable[[], object], every_s: float = 0.02) -> bool:
    """True as soon as it holds, False when patience ends."""
    until = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(every_s)
    return True


def _runs(process: psutil.Process, what: str) -> bool:
    try:
        return what in " ".join(process.cmdline())
    except psutil.Error:
        return False
