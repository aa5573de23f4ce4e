"""The table a newcomer reads: a row for each step, printed as it happens, and one line at the end."""

import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager

WIDTHS = (52, 40, 40, 8)
Say = Callable[..., None]


class Table:
    """Counts the steps and the differences; `say` prints a line."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._began = time.perf_counter()
        self.steps = 0
        self.differences = 0

    def chapter(self, title: str) -> None:
        """A heading."""
        self._say(f"\n{title}")
        if self.steps == 0:
            self._say("  " + _line("step", "expected", "got", "ms"))
        self._say("  " + "-" * (sum(WIDTHS) + 6))

    @contextmanager
    def step(self, name: str, expected: str) -> Iterator[Say]:
        """Time a step; the block says what it got. It differs unless that is what was expected, or `right` says so."""
        began = time.perf_counter()
        heard: list[tuple[str, bool]] = []

        def got(what: object, *, right: bool | None = None) -> None:
            heard.append((str(what), str(what) == expected if right is None else right))

        try:
            yield got
        except Exception as error:
            self._row(name, expected, f"{type(error).__name__}: {error}"[:200], began, right=False)
            raise
        what, right = heard[-1]
        self._row(name, expected, what, began, right=right)

    def summary(self) -> str:
        """The line at the end."""
        took = time.perf_counter() - self._began
        return f"{self.steps} steps, {self.differences} differences, {took:.1f} s"

    def _row(self, name: str, expected: str, what: str, began: float, *, right: bool) -> None:
        self.steps += 1
        self.differences += not right
        took = f"{(time.perf_counter() - began) * 1000:.0f}"
        self._say(f"{'✓' if right else '✗'} {_line(name, expected, what, took)}")


def _line(*cells: str) -> str:
    first, *rest = (_padded(cell, width) for cell, width in zip(cells, WIDTHS, strict=True))
    return "  ".join([first, *rest[:-1], cells[-1].rjust(WIDTHS[-1])])


def _padded(text: str, width: int) -> str:
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return text + " " * (width - len(text) - wide)
