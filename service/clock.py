"""The one source of time, so that no rule and no query asks the machine by itself."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Business time, which a demo may move later, and real time, which leases rest on."""

    def now(self) -> datetime:
        """Business time, aware, UTC."""

    def real(self) -> datetime:
        """The machine's time, aware, UTC: leases, heartbeats and tokens."""


class SystemClock:
    """Business time is the machine's time."""

    def now(self) -> datetime:
        """The machine's time, aware, UTC."""
        return datetime.now(UTC)

    def real(self) -> datetime:
        """The same."""
        return datetime.now(UTC)


def elapsed_ms(since: float) -> float:
    """Milliseconds since `since`, a reading of time.perf_counter()."""
    return round((time.perf_counter() - since) * 1000, 1)
