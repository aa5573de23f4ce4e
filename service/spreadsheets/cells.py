"""What stands in a cell, as it was read, and as it is shown to who has to mend it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from service.errors import Problem

#: More rows than a city has people to load in one file; a second file takes the rest.
MOST_ROWS = 100_000
#: Titles, notes and blank rows above the headers; whatever has more is told as having no headers.
HEADERS_WITHIN = 10
#: Rows with something in them, those above the data included; and all rows, blank ones included, as a sheet has them.
MOST_FILLED, MOST_LINES = MOST_ROWS + HEADERS_WITHIN, 1_048_576
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
        return not any(cell is not None and shown(cell) for cell in self.cells)


class Grid(Protocol):
    """A sheet: its lines, read again from the beginning each time."""

    name: str

    def lines(self) -> Iterator[Line]:
        """All lines, from the top; blank ones may be left out."""

    def filled_after(self, number: int) -> int:
        """How many lines below this one hold something."""


#: What Excel shows where a formula came to nothing (ISO/IEC 29500-1, 18.17.3).
ERRORS = frozenset(("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"))
# How people keep a spreadsheet from making a quantity of a number that is a name.
_GUARDED = re.compile(r'="([^"]*)"')


def text_cell(value: str) -> Cell:
    """What a text means in a cell: a guarded text is one, a formula and an error are none."""
    text = value.strip()
    if text.startswith("="):
        guarded = _GUARDED.fullmatch(text)
        return (guarded[1].strip() or None) if guarded else Unusable(text, Problem("formula_cell"))
    if text in ERRORS:
        return Unusable(text, Problem("error_cell", None, {"error": text}))
    return text or None


def shown(cell: Cell) -> str:
    """A cell as text: a number with the 15 digits a spreadsheet shows, days as 2026-03-01."""
    if cell is None:
        return ""
    if isinstance(cell, Unusable):
        return cell.text
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else format(Decimal(f"{cell:.15g}"), "f")
    if isinstance(cell, datetime):
        return cell.isoformat(" ") if cell.time().isoformat() != "00:00:00" else cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell).strip()
