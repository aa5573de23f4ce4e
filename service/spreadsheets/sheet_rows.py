"""The cells of a sheet's XML as values: numbers, days, texts, and those whose value cannot be trusted."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from service.errors import Problem
from service.spreadsheets.cells import Cell, Line, Unusable, text_cell
from service.spreadsheets.parts import MOST_TEXT, Book, Reader

#: How a workbook writes what XML does not take; halves of surrogate pairs stay as they are written.
_ESCAPED = re.compile(r"_x((?![dD][89a-fA-F])[0-9A-Fa-f]{4})_")


class Rows(Reader):
    """Rows with something in them, as they come to their end."""

    def __init__(
        self,
        book: Book,
        width: int,
        merged: Mapping[int, Mapping[int, str]],
        column_of: Callable[[dict[str, str], int], int],
    ) -> None:
        self.number = 0
        self._book, self._width, self._merged, self._column_of = book, width, merged, column_of
        self._epoch = CALENDAR_MAC_1904 if book.from_1904 else CALENDAR_WINDOWS_1900
        self._is_formula = False
        self._whole: list[Line] = []
        self._cells: list[Cell] = []
        self._begin({})
        self._column, self._filled, self._spoken = 0, False, False

    def whole(self) -> Iterator[Line]:
        """The rows that have ended since they were last asked for."""
        done, self._whole = self._whole, []
        return iter(done)

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        """Take in the start of an element."""
        match name:
            case "row":
                self.number = int(attributes.get("r") or self.number + 1)
                self._cells, self._column, self._filled = [None] * self._width, 0, False
            case "c":
                self._column = self._column_of(attributes, self._column)
                self._begin(attributes)
            case "v" | "f" | "is":
                self._filled = True
                self._into = self._formula if name == "f" else self._value
                self._is_formula |= name == "f"
                self._open = name != "is"
            case "t":
                self._open = not self._spoken
            case "rPh":
                self._spoken = True

    def told(self, text: str) -> None:
        """Take in a text, as far as a cell may hold it."""
        if self._open and self._room > 0:
            self._into.append(text[: self._room])
            self._room -= len(text)

    def closed(self, name: str) -> None:
        """Take in the end of an element."""
        match name:
            case "v" | "f" | "t":
                self._open = False
            case "rPh":
                self._spoken = False
            case "c" if self._column <= self._width:
                self._cells[self._column - 1] = self._cell()
            case "row" if self._filled:
                for at, name_of_range in self._merged.get(self.number, {}).items():
                    if at <= self._width:
                        self._cells[at - 1] = _merged(self._cells[at - 1], name_of_range)
                self._whole.append(Line(self.number, self._cells))

    def _begin(self, attributes: dict[str, str]) -> None:
        self._kind, self._style = attributes.get("t", "n"), int(attributes.get("s") or 0)
        self._value: list[str] = []
        self._formula: list[str] = []
        self._into = self._value
        self._open, self._is_formula, self._room = False, False, MOST_TEXT + 1

    def _cell(self) -> Cell:
        value = self._read("".join(self._value))
        return text_cell(f"={''.join(self._formula)}") if self._is_formula else value

    def _read(self, value: str) -> Cell:
        match self._kind:
            case "n" | "b" if not value.strip():
                return None
            case "n":
                return self._quantity(value.strip())
            case "b":
                return value.strip() == "1"
            case "s" if value:
                return text_cell(_unescaped(self._book.texts[_index(value)]))
            case _:
                return text_cell(_unescaped(value))

    def _quantity(self, value: str) -> Cell:
        number = float(value) if set(value) & set(".eEnN") else int(value)
        if not math.isfinite(number):
            raise ValueError
        if self._style not in self._book.day_styles:
            return number
        try:
            day = from_excel(number, self._epoch)
        except (ValueError, OverflowError):
            return number
        # A time of day alone is no day, and as a text it is told so.
        return day if isinstance(day, date) else str(day)


def _merged(cell: Cell, where: str) -> Cell:
    text = cell.text if isinstance(cell, Unusable) else "" if cell is None else str(cell).strip()
    return Unusable(text, Problem("merged_cells", None, {"range": where}))


def _index(value: str) -> int:
    index = int(value)
    if index < 0:
        raise IndexError
    return index


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
