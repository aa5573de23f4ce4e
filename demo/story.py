"""What the chapters share: the instance, the table, the people at the API and the ids of what they made."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from demo.caller import Caller, Row, ok
from demo.instance import Throwaway
from demo.places import SITE, Spot, claim
from demo.table import Table

PATIENCE_S = 30.0


class Broken(Exception):  # noqa: N818 - it says what happened
    """A step ended in an error: what follows rests on it, so the story ends here."""


@dataclass
class Story:
    """The stage; `cast` are signed-in people by name, `ids` what they made, `rows` what is worth a second look."""

    instance: Throwaway
    table: Table
    cast: dict[str, Caller] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)

    def step(self, title: str, expected: str, act: Callable[[], str]) -> None:
        """Let something happen, and print what came of it beside what should have."""
        self.table.begin(title, expected)
        began = time.perf_counter()
        try:
            got = act()
        except Exception as error:
            self.table.end(expected, f"{type(error).__name__}: {error}", (time.perf_counter() - began) * 1000)
            raise Broken from error
        self.table.end(expected, got, (time.perf_counter() - began) * 1000)

    def now(self) -> datetime:
        """Business time."""
        return datetime.fromisoformat(ok(self.cast["city"].get("/clock"))["now"])

    def at(self, moment: str) -> None:
        """Move business time to a moment in Shanghai, as in 2026-03-02T17:00; there is no way back."""
        ok(self.cast["city"].put("/clock", {"now": f"{moment}:00+08:00"}))

    def claim(self, spot: Spot = SITE, *, ref: str | None = None) -> Row:
        """What a phone says of a photo it takes now for the first project."""
        return claim(self.ids["project"], self.now(), spot, ref=ref)

    def send(self, who: str, photo: bytes, spot: Spot = SITE, *, wait_s: int = 0) -> Row:
        """A check-in on the first project, as its sender sees it once it came in."""
        row: Row = ok(self.cast[who].punch(self.claim(spot), photo, wait_s=wait_s))
        return row

    def punch(self, who: str, photo: bytes, spot: Spot = SITE) -> Row:
        """A check-in on the first project, with its verdict, as its sender sees it."""
        return self.cast[who].judged(self.send(who, photo, spot, wait_s=10))

    def sent_as(self, who: str, ref: str) -> list[Row]:
        """Somebody's own check-ins that bear a reference."""
        rows = ok(self.cast[who].get("/check-ins", limit="200"))["items"]
        return [row for row in rows if row["client_ref"] == ref]


def eventually(look: Callable[[], str], wanted: str) -> str:
    """What is seen once it is as wanted, or what is seen when patience ends."""
    until = time.monotonic() + PATIENCE_S
    while (seen := look()) != wanted and time.monotonic() < until:
        time.sleep(0.05)
    return seen
