"""A child process that is one command, with a log of its own."""

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from jobs.local.log import LogTail
from jobs.local.process import Running, begin_log, last_lines, spawn, stop


class Command:
    """What the supervisor keeps alive, when it is neither of our servers."""

    def __init__(
        self, name: str, argv: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None, grace: float = 5.0
    ) -> None:
        self.name = name
        self.argv = argv
        self.log = log
        self.env = dict(os.environ if env is None else env)
        self.grace = grace
        self._process: Running | None = None
        begin_log(log)
        self._tail = LogTail(log)

    @property
    def pid(self) -> int | None:
        """The id of the process, while there is one."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Starts the command; of a former run nobody is left, whose port or lock would be in the way."""
        self.stop()
        self._process = spawn(self.argv, log=self.log, env=self.env, death_signal=signal.SIGTERM)

    def stop(self) -> None:
        """Stops the command and everybody it started."""
        if self._process is not None:
            stop(self._process, grace=self.grace)
            self._process = None

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def tail(self, count: int = 1) -> list[str]:
        """The last lines of the log."""
        return last_lines(self.log, count)

    def warnings(self) -> list[str]:
        """The warnings and errors written since the last call."""
        return self._tail.warnings()
