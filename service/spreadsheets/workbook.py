"""Workbooks (.xlsx): openpyxl reads the values; what it does not tell is found by a look through the sheet's XML.

A look counts what stands in the sheet and finds merged cells before the first row is read.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import cached_property
from io import BytesIO
from typing import Any
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from defusedxml import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from service.errors import Problem, ServiceError, fault
from service.spreadsheets.cells import MOST_COLUMNS, MOST_ROWS, Cell, Line, Unusable

#: Merged cells are written out one by one, and a range may name the whole sheet.
MOST_MERGED = 100_000
_CHUNK = 1 << 16
_PLACE = re.compile(r"([A-Z]{1,3})[0-9]+")


@dataclass(slots=True)
class Look:
    """What a sheet holds: the numbers of the rows with a value, its last column with one, its merged ranges."""

    filled: list[int] = field(default_factory=list)
    width: int = 0
    merged: list[str] = field(default_factory=list)
    _row: int = 0
    _column: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take in the start of an element."""
        match name.rpartition(":")[2]:
            case "row":
                self._row, self._column = int(attributes.get("r") or self._row + 1), 0
            case "c":
                place = _PLACE.fullmatch(attributes.get("r", ""))
                self._column = _number(place[1]) if place else self._column + 1
            case "v" | "is" | "f":
                self.width = max(self.width, self._column)
                if not self.filled or self.filled[-1] != self._row:
                    self.filled.append(self._row)
            case "mergeCell":
                self.merged.append(attributes.get("ref", ""))

    def refuse_dtd(self, *_: object) -> None:
        """No spreadsheet has one; entities are the only use of it."""
        raise fault("xml_entities")


def look_through(data: bytes, part: str) -> Look:
    """What a part of the archive holds; `xml_entities`, `not_a_workbook`, `too_many_rows`."""
    look, parser = Look(), expat.ParserCreate()
    parser.StartElementHandler, parser.StartDoctypeDeclHandler = look.start, look.refuse_dtd
    try:
        with ZipFile(BytesIO(data)) as archive, archive.open(part) as source:
            while chunk := source.read(_CHUNK):
                parser.Parse(chunk)
                if len(look.filled) > MOST_ROWS:
                    raise fault("too_many_rows", None, limit=MOST_ROWS)
            parser.Parse(b"", True)  # noqa: FBT003 - the parser's own way to say that this is the end
    except (expat.ExpatError, BadZipFile, KeyError, ValueError, EOFError, NotImplementedError):
        raise fault("not_a_workbook") from None
    return look


class WorkbookGrid:
    """One sheet of a workbook."""

    def __init__(self, data: bytes, sheet: ReadOnlyWorksheet) -> None:
        self.name = str(sheet.title)
        self.hidden = sheet.sheet_state != "visible"
        self._data, self._sheet = data, sheet

    @cached_property
    def _look(self) -> Look:
        """Made when it is first asked for: hidden sheets never are."""
        return look_through(self._data, self._sheet._worksheet_path)  # noqa: SLF001 - nothing else names the part

    @property
    def empty(self) -> bool:
        """True when no cell holds anything."""
        return not self._look.filled

    def lines(self) -> Iterator[Line]:
        """The rows with something in them; `too_many_columns`, `broken_workbook`."""
        if self._look.width > MOST_COLUMNS:
            raise fault("too_many_columns", None, columns=self._look.width, limit=MOST_COLUMNS)
        # The size a sheet claims may be wrong, and what it claims is not all that is read.
        self._sheet.reset_dimensions()
        rows = self._sheet.iter_rows(max_col=max(self._look.width, 1))
        filled, merges = set(self._look.filled), _written_out(self._look.merged)
        number = 0
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for number, row in enumerate(rows, start=1):
                    if number in filled:
                        merged = merges.get(number, {})
                        yield Line(number, [_value(cell, merged.get(at)) for at, cell in enumerate(row, start=1)])
        except ServiceError:
            raise
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, SyntaxError, BadZipFile):
            raise fault("broken_workbook", None, row=number + 1) from None

    def filled_after(self, number: int) -> int:
        """How many rows below this one hold something."""
        return sum(filled > number for filled in self._look.filled)


def sheets(data: bytes) -> list[WorkbookGrid]:
    """All sheets in their order, hidden ones too; `not_a_workbook` for what openpyxl cannot open."""
    try:
        with warnings.catch_warnings():
            # What it misses of styles and of Excel's extensions is nothing we read.
            warnings.simplefilter("ignore")
            book = load_workbook(BytesIO(data), read_only=True, keep_links=False)
    except Exception as error:  # noqa: BLE001 - a broken file breaks it in ways that nobody has counted
        # What defusedxml forbids is often only the cause of what openpyxl says.
        forbidden = isinstance(error.__cause__ or error, DefusedXmlException)
        raise fault("xml_entities" if forbidden else "not_a_workbook") from None
    return [WorkbookGrid(data, sheet) for sheet in book.worksheets if isinstance(sheet, ReadOnlyWorksheet)]


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
        try:
            first_column, first_row, last_column, last_row = (int(edge or 0) for edge in range_boundaries(name))
        except ValueError:
            raise fault("not_a_workbook") from None
        room -= (last_row - first_row + 1) * (last_column - first_column + 1)
        if room < 0:
            raise fault("merged_cells", None, range=name[:40])
        for row in range(first_row, last_row + 1):
            cells.setdefault(row, {}).update(dict.fromkeys(range(first_column, last_column + 1), name))
    return cells


def _value(cell: Any, merged: str | None) -> Cell:  # noqa: ANN401 - openpyxl's cells share no class
    value, kind = cell.value, getattr(cell, "data_type", "n")
    text = "" if value is None else str(value).strip()
    if merged is not None:
        return Unusable(text, Problem("merged_cells", None, {"range": merged}))
    if kind == "f" or text.startswith("="):
        # An array's formula is an object with its text.
        return Unusable(str(getattr(value, "text", None) or text), Problem("formula_cell"))
    if kind == "e":
        return Unusable(text, Problem("error_cell", None, {"error": text[:20]}))
    if isinstance(value, time | timedelta):
        return Unusable(text, Problem("bad_date"))
    if value is None or isinstance(value, bool | int | float | date):
        return value
    return text or None
