"""Keeps a fixed list of children alive: restarts who dies, stops all in the reverse order of their start."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from jobs.local.process import StartError

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
SETTLED_S = 10.0
DEATHS = 5
DEATHS_WITHIN_S = 30.0


class Child(Protocol):
    """What the supervisor needs of a child; a LocalServer is one, a Command is one."""

    @property
    def name(self) -> str:
        """How the child is called at the terminal."""

    @property
    def pid(self) -> int | None:
        """The id of its process, while there is one."""

    def start(self) -> object:
        """Starts it, or starts it again."""

    def stop(self) -> None:
        """Stops it in order."""

    def alive(self) -> bool:
        """Whether its process runs."""

    def tail(self, count: int = 1) -> list[str]:
        """The last lines it wrote."""

    def warnings(self) -> list[str]:
        """What it wrote since the last call that a person should see."""


@dataclass(slots=True)
class _Life:
    """What the supervisor remembers of one child."""

    started: float = 0.0
    settled: bool = False
    due: float | None = None
    pause: float = FIRST_PAUSE_S
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=DEATHS))

    def begins(self) -> None:
        self.started, self.due = time.monotonic(), None

    def lives(self) -> None:
        if time.monotonic() - self.started > SETTLED_S:
            self.settled, self.pause = True, FIRST_PAUSE_S

    def ends(self) -> float:
        """Notes a death; returns the pause before the next start, which doubles with each."""
        now = time.monotonic()
        pause, self.pause = self.pause, min(self.pause * 2, LONGEST_PAUSE_S)
        self.deaths.append(now)
        self.due = now + pause
        return pause

    def hopeless(self) -> bool:
        """Whether it never ran for long and keeps dying: then a restart helps nobody."""
        often = len(self.deaths) == DEATHS and self.deaths[-1] - self.deaths[0] < DEATHS_WITHIN_S
        return often and not self.settled


class Supervisor:
    """Starts children in order; `watch` is to be called every moment, and `stop` once at the end."""

    def __init__(self, say: Callable[[str], None], changed: Callable[[list[int]], None] = lambda _: None) -> None:
        self._say = say
        self._changed = changed
        self._lives: dict[Child, _Life] = {}

    def add(self, child: Child) -> None:
        """Starts a child and keeps it from now on."""
        life = self._lives.setdefault(child, _Life())
        child.start()
        life.begins()
        self._tell()

    def watch(self) -> None:
        """Restarts who has died, when its pause is over, and shows the warnings that came in."""
        for child, life in self._lives.items():
            for line in child.warnings():
                self._say(f"{child.name}: {line}")
            if child.alive():
                life.lives()
            elif life.due is None:
                self._mourn(child, life)
            elif time.monotonic() >= life.due:
                self._restart(child, life)

    def stop(self) -> None:
        """Stops all, the last one first."""
        for child in reversed(self._lives):
            child.stop()
        self._lives.clear()

    def _mourn(self, child: Child, life: _Life) -> None:
        pause = life.ends()
        if life.hopeless():
            said = "\n".join(f"  {line}" for line in child.tail(10))
            raise StartError(f"{child.name} died {DEATHS} times and is given up; its last lines:\n{said}")
        self._say(f"{child.name} died, is restarted in {pause:.1f} s")

    def _restart(self, child: Child, life: _Life) -> None:
        try:
            child.start()
        except StartError as error:
            self._say(str(error))
            self._mourn(child, life)
        else:
            life.begins()
            self._tell()

    def _tell(self) -> None:
        self._changed([child.pid for child in self._lives if child.pid is not None])
