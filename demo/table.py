"""The table of the demo: a line a step, printed as it happens, and one sentence at the end."""

import time

TITLE, EXPECTED, GOT = 50, 32, 32
TICK, CROSS = "✓", "✗"


class Table:
    """Prints steps and counts them; a step differs when what was got is not literally what was expected."""

    def __init__(self) -> None:
        self.steps = 0
        self.differences = 0
        self._began = time.monotonic()

    def head(self) -> None:
        """The names of the columns."""
        print(f"\n  {'step':<{TITLE}} {'expected':<{EXPECTED}} {'got':<{GOT}} {'ms':>6}")

    def chapter(self, name: str) -> None:
        """A heading over the steps that follow."""
        print(f"\n{name}\n{'-' * (TITLE + EXPECTED + GOT + 11)}", flush=True)

    def begin(self, title: str, expected: str) -> None:
        """The first half of a line, shown while its step runs."""
        print(f"  {title:<{TITLE}} {expected:<{EXPECTED}} ", end="", flush=True)

    def end(self, expected: str, got: str, ms: float) -> None:
        """The second half: what happened, how long it took, and whether that was expected."""
        self.steps += 1
        self.differences += got != expected
        print(f"{got:<{GOT}} {ms:>6.0f} {TICK if got == expected else CROSS}", flush=True)

    def summary(self) -> str:
        """The one line at the end."""
        return f"{self.steps} steps, {self.differences} differences, {time.monotonic() - self._began:.1f} s"
