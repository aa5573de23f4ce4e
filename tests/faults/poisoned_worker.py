"""A worker whose engine breaks in C code on one photo, where Python can catch nothing: `... dies` or `... hangs`."""

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from face.engines.base import Engine, Reading
from face.errors import Refusal
from jobs import worker
from service import deps

#: `demo.photos.variant` writes its seed into the file.
POISON_SEED = 90_001
_MARK = f"variant {POISON_SEED}".encode()

BREAKS: dict[str, Callable[[], object]] = {
    "dies": lambda: ctypes.string_at(0),
    # The GIL is held, so that no other thread of the process runs either.
    "hangs": lambda: ctypes.PyDLL(None).pause(),
}


class Poisoned:
    """The real engine, but for one photo."""

    def __init__(self, engine: Engine, break_down: Callable[[], object]) -> None:
        self._engine = engine
        self._break_down = break_down

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)

    def describe(self, data: bytes, *, turned: bool = False) -> Reading | Refusal:
        if _MARK in data:
            self._break_down()
        return self._engine.describe(data, turned=turned)


def poisoned(break_down: Callable[[], object]) -> Callable[..., Engine]:
    """What loads the engine with the poison."""
    load = deps.load_engine

    @cache
    def load_poisoned(name: str, models: Path, passive: Path | None = None) -> Engine:
        return Poisoned(load(name, models, passive), break_down)  # type: ignore[return-value] - it passes on the rest

    return load_poisoned


def main() -> None:
    deps.load_engine = poisoned(BREAKS[sys.argv.pop(1)])
    worker.main()


if __name__ == "__main__":
    main()
