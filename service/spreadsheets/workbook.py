"""Workbooks (.xlsx): a look through a sheet counts its rows and finds merged cells before the first row is read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from service.errors import ServiceError, fault
from service.spreadsheets.cells import MOST_COLUMNS, MOST_FILLED, MOST_LINES, Line
from service.spreadsheets.parts import DAMAGED, MOST_ROWS_BYTES, Book, Reader, walk
from service.spreadsheets.sheet_rows import Rows

#: Merged cells are written out one by one, and a range may name the whole sheet.
MOST_MERGED = 100_000
#: The last column is XFD.
LAST_COLUMN = 16_384
_PLACE = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")
_RANGE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})(?::([A-Z]{1,3})([0-9]{1,7}))?")


@dataclass(slots=True)
class Look(Reader):
    """What a sheet holds: the numbers of the rows with a value, its last column with one, its merged ranges.

    Rows and cells come in their order, within the sheet (`broken_workbook` otherwise).
    """

    filled: list[int] = field(default_factory=list)
    width: int = 0
    merged: list[str] = field(default_factory=list)
    _row: int = 0
    _column: int = 0

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        """Take in the start of an element."""
        match name:
            case "row":
                self._row, self._column = (
                    self._next(int(attributes.get("r") or self._row + 1), self._row, MOST_LINES),
                    0,
                )
            case "c":
                self._column = self._next(column_of(attributes, self._column), self._column, LAST_COLUMN)
            case "v" | "is" | "f":
                self.width = max(self.width, self._column)
                if not self.filled or self.filled[-1] != self._row:
                    self.filled.append(self._row)
                    if len(self.filled) > MOST_FILLED:
                        raise fault("too_many_rows", None, limit=MOST_FILLED)
            case "mergeCell":
                self.merged.append(attributes.get("ref", "")[:40])
                if len(self.merged) > MOST_MERGED:
                    raise fault("merged_cells", None, range=self.merged[0])

    def _next(self, at: int, before: int, last: int) -> int:
        if not before < at <= last:
            raise fault("broken_workbook", None, row=self._row)
        return at


def column_of(attributes: dict[str, str], before: int) -> int:
    """Which column a cell stands in, counted from 1: it says so, or follows the one before it."""
    place = _PLACE.fullmatch(attributes.get("r", ""))
    return _number(place[1]) if place else before + 1


class WorkbookGrid:
    """One sheet of a workbook."""

    def __init__(self, book: Book, name: str, part: str, *, hidden: bool) -> None:
        self.name, self.hidden = name, hidden
        self._book, self._part = book, part

    @cached_property
    def _look(self) -> Look:
        """Made when it is first asked for: hidden sheets never are."""
        look = Look()
        try:
            for _ in walk(self._book.archive, self._part, MOST_ROWS_BYTES, look):
                pass
        except DAMAGED:
            raise fault("not_a_workbook") from None
        return look

    @property
    def empty(self) -> bool:
        """True when no cell holds anything."""
        return not self._look.filled

    def lines(self) -> Iterator[Line]:
        """The rows with something in them; `too_many_columns`, `broken_workbook`."""
        look = self._look
        if look.width > MOST_COLUMNS:
            raise fault("too_many_columns", None, columns=look.width, limit=MOST_COLUMNS)
        rows = Rows(self._book, look.width, _written_out(look.merged), column_of)
        try:
            for _ in walk(self._book.archive, self._part, MOST_ROWS_BYTES, rows):
                yield from rows.whole()
        except ServiceError:
            raise
        except DAMAGED:
            raise fault("broken_workbook", None, row=rows.number) from None

    def filled_after(self, number: int) -> int:
        """How many rows below this one hold something."""
        return sum(filled > number for filled in self._look.filled)


def sheets(data: bytes) -> list[WorkbookGrid]:
    """All sheets in their order, hidden ones too; `not_a_workbook`, `zip_bomb`, `xml_entities`."""
    book = Book(data)
    return [WorkbookGrid(book, name, part, hidden=hidden) for name, hidden, part in book.sheets]


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _written_out(ranges: list[str]) -> dict[int, dict[int, str]]:
    """Which range covers a cell, by row and column."""
    cells: dict[int, dict[int, str]] = {}
    room = MOST_MERGED
    for name in ranges:
        edges = _RANGE.fullmatch(name.replace("$", ""))
        if edges is None:
            raise fault("not_a_workbook")
        first_column, first_row = _number(edges[1]), int(edges[2])
        last_column, last_row = _number(edges[3] or edges[1]), int(edges[4] or edges[2])
        room -= max(last_row - first_row + 1, 1) * max(last_column - first_column + 1, 1)
        if room < 0:
            raise fault("merged_cells", None, range=name)
        for row in range(first_row, last_row + 1):
            cells.setdefault(row, {}).update(dict.fromkeys(range(first_column, last_column + 1), name))
    return cells
