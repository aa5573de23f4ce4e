"""What stands in a cell, as it was read, and as it is shown to who has to mend it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from service.errors import Problem

#: More rows than a city has people to load in one file; a second file takes the rest.
MOST_ROWS = 100_000
#: The widest kind has 23; a sheet of hundreds is another document.
MOST_COLUMNS = 60


@dataclass(frozen=True, slots=True)
class Unusable:
    """A cell whose value cannot be trusted: what it shows, and why."""

    text: str
    problem: Problem


Cell = str | int | float | bool | date | Unusable | None


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it stands in the sheet, counted from 1."""

    number: int
    cells: Sequence[Cell]

    @property
    def blank(self) -> bool:
        """True when nothing stands in it."""
        return not any(map(shown, self.cells))


class Grid(Protocol):
    """A sheet: its lines, read again from the beginning each time."""

    name: str

    def lines(self) -> Iterator[Line]:
        """All lines, from the top; blank ones may be left out."""

    def filled_after(self, number: int) -> int:
        """How many lines below this one hold something."""


def shown(cell: Cell) -> str:
    """A cell as text: whole numbers without a point, days as 2026-03-01."""
    if cell is None:
        return ""
    if isinstance(cell, Unusable):
        return cell.text
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if math.isfinite(cell) and cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ") if cell.time().isoformat() != "00:00:00" else cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell).strip()
