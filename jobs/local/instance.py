"""A whole instance in one folder: data, migrations, demo data, then every process of the product, and its end."""

import errno
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jobs.local import beside, orphans, plan
from jobs.local.children import Supervisor
from jobs.local.data import start_data
from jobs.local.lock import FolderLock
from jobs.local.port import free_port, holder, why_not
from jobs.local.process import StartError
from jobs.local.ready import base_url, what_is_missing
from jobs.local.settings import development, movable_clock
from jobs.local.step import run_step

READY_S = 60.0
ROUND_S = 0.1
# Longer than an orderly stop takes: a runner that was just told to stop may still hold the folder.
LOCK_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Options:
    """What the person at the terminal chose."""

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int | None = None
    demo_data: bool = True
    durable: bool = True
    #: When business time begins; None: it is the machine's, or what the environment says.
    clock: str | None = None


class Instance:
    """Everything `make run` starts. `start`, then `watch` until told otherwise, then `stop`."""

    def __init__(self, options: Options, say: Callable[[str], None]) -> None:
        self.options = options
        self.folder = options.folder.resolve()
        self.port = options.port or free_port(options.host)
        self.accounts = ""
        self.wechat = ""
        self.sources: dict[str, str] = {}
        self._say = say
        self._lock = FolderLock(self.folder / "dev.lock")
        self._noted = self.folder / "children.json"
        self._supervisor = Supervisor(say, lambda pids: orphans.note(self._noted, pids))

    @property
    def address(self) -> str:
        """Where the API answers."""
        return base_url(self.options.host, self.port)

    def start(self) -> None:
        """Starts everything in order and returns when the API says that it is ready."""
        self._lock.take(wait_s=LOCK_WAIT_S)
        self._lock.write(address=self.address)
        orphans.end(self._noted)
        require_port(self.options.host, self.port)
        env = development(self.folder, os.environ) | movable_clock(self.options.clock, os.environ)
        addresses = start_data(self.folder, os.environ, self._supervisor, self._say, durable=self.options.durable)
        env |= addresses.environment()
        # The API and the fake load their libraries meanwhile, and so do the workers during the next step: seconds.
        self._start_servers(env)
        self._step("migrations", "migrate", env=env)
        self._start_workers(env)
        if self.options.demo_data and addresses.own_database:
            self.accounts = self._step("demo data", "seed", env=env)
        self._wait_until_ready()
        beside.tell(self.folder, env)
        self._lock.write(address=self.address, ready=True)

    def watch(self) -> None:
        """Keeps everything running for a moment."""
        self._supervisor.watch()
        time.sleep(ROUND_S)

    def stop(self) -> None:
        """Stops everything: the tick first, the database last."""
        self._lock.write(address=self.address, stopping=True)
        beside.forget(self.folder)
        self._supervisor.stop()
        self._lock.release()

    def _step(self, name: str, command: str, *, env: dict[str, str]) -> str:
        began = time.monotonic()
        printed = run_step(name, command, env=env, log=self.folder / "log" / f"{command}.log")
        self._say(f"{name} done ({time.monotonic() - began:.1f} s)")
        return printed

    def _start_servers(self, env: dict[str, str]) -> None:
        self.wechat = env.get("WECHAT_BASE_URL", "")
        if not self.wechat:
            port = free_port()
            self.wechat = env["WECHAT_BASE_URL"] = base_url("127.0.0.1", port)
            self._supervisor.add(plan.fake_wechat(self.folder, port, env))
        self._start_sources(env)
        self._supervisor.add(plan.api(self.folder, self.options.host, self.port, env))

    def _start_sources(self, env: dict[str, str]) -> None:
        """The filing system and the certificate registry, where the environment names no other."""
        for name, fake in (("FILING", plan.fake_filing), ("CERTIFICATES", plan.fake_certificates)):
            if not env.get(f"{name}_URL"):
                port = free_port()
                env[f"{name}_URL"] = base_url("127.0.0.1", port)
                env[f"{name}_TOKEN"] = secrets.token_hex(16)
                self._supervisor.add(fake(self.folder, port, env, demo_data=self.options.demo_data))
            self.sources[name] = env[f"{name}_URL"]

    def _start_workers(self, env: dict[str, str]) -> None:
        workers = self.options.workers or plan.worker_count()
        self._supervisor.add(plan.workers(self.folder, workers, env))
        self._supervisor.add(plan.tick(self.folder, env))
        self._say(f"api, {workers} verification workers and tick started")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        while (missing := what_is_missing(self.options.host, self.port)) is not None:
            if time.monotonic() > deadline:
                raise StartError(f"the API is not ready after {READY_S:.0f} s: {missing}")
            self.watch()


def require_port(host: str, port: int) -> None:
    """Says in one line why the API cannot listen there."""
    error = why_not(host, port)
    if error is None:
        return
    if error.errno == errno.EADDRINUSE:
        by = holder(port)
        raise StartError(
            f"port {port} is in use{f' by {by}' if by else ''}; choose another: make run PORT={free_port(host)}"
        )
    raise StartError(f"the API cannot listen on {host}:{port}: {error.strerror}")
