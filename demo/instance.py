"""A throw-away instance of the whole product, started by its own runner and gone afterwards."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from demo.parts import WORKERS, Parts

ROOT = Path(__file__).parents[1]
START_S, STOP_S = 90.0, 30.0
# A Monday; from then on the story moves the clock.
BEGINS = "2026-03-02T08:00:00+08:00"
SIZE = ("--port", "0", "--workers", str(WORKERS))
CHOICES = (*SIZE, "--clock", BEGINS, "--no-demo-data", "--not-durable", "--with-parent")
# A killed worker's photo is taken up again after the lease: half a minute in production, short enough to watch here,
# and still long enough for a photo on a busy machine.
HASTE = {"DAOGANG_LEASE_S": "5", "DAOGANG_REQUEUE_S": "2"}
_TOLD = re.compile(r"^ +API +(?P<api>\S+)$.*^ +fake WeChat +(?P<wechat>\S+)$.*^Ctrl-C", re.MULTILINE | re.DOTALL)


class NotStarted(Exception):  # noqa: N818 - it says what happened
    """Why the instance did not start, in one line."""


class Throwaway:
    """An instance with data of its own on ports of its own."""

    def __init__(self) -> None:
        (ROOT / "var").mkdir(exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="demo-", dir=ROOT / "var"))
        self.logs = self.folder / "log"
        self.api = ""
        self.wechat = ""
        self.parts: Parts
        self._runner: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start every process and wait until the API is ready."""
        self.logs.mkdir()
        command = [sys.executable, "-m", "jobs.dev", "--folder", str(self.folder), *CHOICES]
        with self._said.open("wb") as said:
            # A session of its own: Ctrl-C reaches the demo, which then stops the instance in order.
            self._runner = subprocess.Popen(
                command,
                cwd=ROOT,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        self.parts = Parts(self._runner.pid)
        told = self._await_addresses(self._runner)
        self.api, self.wechat = told["api"], told["wechat"]

    def stop(self, *, keep: bool) -> None:
        """Stop every process, and delete the folder unless somebody wants to read the logs."""
        if self._runner is not None:
            self._runner.terminate()
            try:
                self._runner.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.parts.kill()
                self._runner.wait()
        if not keep:
            self._delete()

    def command(self, *arguments: str) -> str:
        """What a command of the program prints when the operator types it on this machine."""
        argv = [sys.executable, "-m", "service.cli", *arguments]
        env = self.parts.environment()
        return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout

    def benchmark(self, name: str, *arguments: str) -> dict[str, Any]:
        """The figures of a benchmark, which runs on servers of its own."""
        argv = [sys.executable, "-m", f"bench.{name}", *arguments]
        said = subprocess.run(argv, cwd=ROOT, env=_environment(), capture_output=True, text=True, check=True).stdout
        figures: dict[str, Any] = json.loads(said.splitlines()[-1])
        return figures

    def _delete(self) -> None:
        """Delete the folder; what an interrupted start of PostgreSQL still writes into it ends within a moment."""
        until = time.monotonic() + STOP_S
        while self.folder.exists() and time.monotonic() < until:
            shutil.rmtree(self.folder, ignore_errors=True)
            time.sleep(0.1)

    def _await_addresses(self, runner: subprocess.Popen[bytes]) -> dict[str, str]:
        until = time.monotonic() + START_S
        while (told := _TOLD.search(self._said.read_text(encoding="utf-8"))) is None:
            if runner.poll() is not None or time.monotonic() > until:
                raise NotStarted(self._last_words())
            time.sleep(0.05)
        return told.groupdict()

    def _last_words(self) -> str:
        lines = self._said.read_text(encoding="utf-8").split("\n")
        complaints = [line.removeprefix("daogang: ") for line in lines if line.startswith("daogang: ")]
        return (complaints or [line for line in lines if line.strip()] or ["it said nothing"])[-1]

    @property
    def _said(self) -> Path:
        return self.logs / "runner.log"


def _environment() -> dict[str, str]:
    """Ours without any setting: a demo must never touch the database that somebody's shell names."""
    named = ("DAOGANG_", "WECHAT_", "DATABASE_URL", "REDIS_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(named)} | HASTE
