"""What a PostgreSQL and a Redis of our own have in common: one folder, one port, one process, started again cleanly."""

import contextlib
import secrets
import signal
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import psutil

from jobs.local.lock import FolderLock
from jobs.local.orphans import ended
from jobs.local.port import free_port, holder, why_not
from jobs.local.process import Running, StartError, begin_log, last_lines, spawn, stop
from jobs.local.state import read_private, write_json

PAUSE_S = 0.05
PATIENCE_S = 10.0
RECOVERY_S = 60.0


class LocalServer(ABC):
    """A server on 127.0.0.1 that keeps its data, its password and its port in one folder."""

    name: ClassVar[str]
    stop_signals: ClassVar[tuple[signal.Signals, ...]]
    transient: ClassVar[tuple[str, ...]] = ()

    def __init__(self, folder: Path, port: int | None = None, *, durable: bool = True) -> None:
        self.folder = folder.resolve()
        self.durable = durable
        self.log = self.folder / f"{self.name}.log"
        self.port = port or 0
        self.notices: list[str] = []
        self._asked_port = port
        self._process: Running | None = None
        self._lock = FolderLock(self.folder / "lock")
        self._seen = 0

    def start(self) -> str:
        """Starts the server, or starts it again after it died, and returns its address with the password."""
        self._lock.take()
        try:
            begin_log(self.log)
            self._end_orphan()
            self.prepare()
            self._launch()
            self.finish()
        except BaseException:
            self.stop()
            raise
        return self.url()

    def stop(self) -> None:
        """Stops the server in order and lets the folder go."""
        if self._process is not None:
            stop(self._process, *self.stop_signals)
            self._process = None
        self._lock.release()

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The id of the process, while there is one."""
        return self._process.pid if self._process is not None else None

    def secret(self, name: str) -> str:
        """A password of this server, made when it is first asked for."""
        kept = self._kept().get(name)
        if kept is None:
            kept = secrets.token_urlsafe(24)
            self._keep(**{name: kept})
        return str(kept)

    def tail(self, count: int = 1) -> list[str]:
        """The last lines of the log."""
        return last_lines(self.log, count)

    def warnings(self) -> list[str]:
        """What the server had to give up to start, each said once."""
        said, self.notices = self.notices, []
        return said

    @abstractmethod
    def url(self) -> str:
        """The address clients use, with the password."""

    @abstractmethod
    def prepare(self) -> None:
        """Makes what the server needs on disk."""

    @abstractmethod
    def command(self, port: int) -> list[str]:
        """The program and its arguments, for a foreground process."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether a client gets an answer now."""

    @abstractmethod
    def orphan(self) -> psutil.Process | None:
        """The process an earlier runner left on this folder, if one is still there."""

    @abstractmethod
    def finish(self) -> None:
        """Completes the server once it answers."""

    def repair(self) -> bool:
        """Tries to get rid of what keeps the server from starting; says whether another try makes sense."""
        return False

    def spawn(self, argv: list[str]) -> Running:
        """Starts the process; parent-death signal is the one that stops the server in order."""
        return spawn(argv, log=self.log, death_signal=self.stop_signals[0])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _launch(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            self.port = self._choose_port()
            self._seen = self.log.stat().st_size if self.log.exists() else 0
            self._process = self.spawn(self.command(self.port))
            if self._wait():
                self._keep(port=self.port)
                self._asked_port = self.port
                return
            self._decide_retry(deadline)

    def _choose_port(self) -> int:
        """The port asked for or had before; a new one only for a server that nobody knows the address of yet."""
        if self._asked_port is not None:
            self._require(self._asked_port)
            return self._asked_port
        kept = self._kept().get("port")
        return int(kept) if kept and why_not("127.0.0.1", kept) is None else free_port()

    def _require(self, port: int) -> None:
        if why_not("127.0.0.1", port) is not None:
            raise StartError(f"port {port} for {self.name} is in use by {holder(port) or 'another program'}")

    def _wait(self) -> bool:
        """Waits for the first answer; False if the process ended instead."""
        deadline = time.monotonic() + RECOVERY_S
        while self.alive():
            if self.answers():
                return True
            if time.monotonic() > deadline:
                raise StartError(f"{self.name} does not answer after {RECOVERY_S:.0f} s, see {self.log}: {self._why()}")
            time.sleep(PAUSE_S)
        return False

    def _decide_retry(self, deadline: float) -> None:
        said = "\n".join(last_lines(self.log, 20, since=self._seen))
        if time.monotonic() < deadline and any(sign in said for sign in self.transient):
            time.sleep(PAUSE_S * 4)
        elif not self.repair():
            raise StartError(f"{self.name} does not start: {self._why()} (see {self.log})")

    def _why(self) -> str:
        return " ".join(last_lines(self.log, since=self._seen)) or "it said nothing"

    def _end_orphan(self) -> None:
        """Waits for the process of a killed runner, which is shutting down; ends it if it is not."""
        orphan = self.orphan()
        if orphan is None:
            return
        for number in (None, *self.stop_signals, signal.SIGKILL):
            if number is not None:
                with contextlib.suppress(psutil.NoSuchProcess):
                    orphan.send_signal(number)
            if ended(orphan, time.monotonic() + PATIENCE_S / 2):
                return

    def _kept(self) -> dict[str, Any]:
        return read_private(self.folder / "connect.json")

    def _keep(self, **values: object) -> None:
        kept = self._kept()
        if any(kept.get(key) != value for key, value in values.items()):
            write_json(self.folder / "connect.json", {**kept, **values})
