"""Finding what to read in a file: the first visible sheet with the headers of its kind, wherever they begin."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import takewhile
from typing import NoReturn

from openpyxl.utils import get_column_letter

from service.domain.exchange import Things
from service.errors import Problem, ServiceError, fault
from service.spreadsheets.cells import HEADERS_WITHIN, MOST_ROWS, Cell, Grid, Line, Unusable, shown
from service.spreadsheets.columns import Column, normal
from service.spreadsheets.csv_text import CsvGrid
from service.spreadsheets.files import FileKind, kind_of
from service.spreadsheets.kinds import COLUMNS
from service.spreadsheets.workbook import sheets

#: One word alone may stand in any title.
LEAST_HEADERS = 2
NOTES_SHEET = "填写说明 Notes"
PROBLEMS_HEADER = "错误 Problems"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet with its headers: which column stands where, counted from 0, and what was odd about the file."""

    grid: Grid
    header: Line
    places: Mapping[int, Column]
    notices: Sequence[Problem]

    @property
    def titles(self) -> list[str]:
        """The headers as they stand there."""
        return [shown(cell) for cell in self.header.cells]

    @property
    def count(self) -> int:
        """How many rows there are to take."""
        return self.grid.filled_after(self.header.number)

    def rows(self) -> Iterator[Line]:
        """The rows below the headers that are not blank."""
        for line in self.grid.lines():
            if line.number > self.header.number:
                below = replace(line, cells=[self._below(cell) for cell in line.cells])
                if not below.blank:
                    yield below

    def _below(self, cell: Cell) -> Cell:
        """A header of two rows is merged with the row below it, which is no row of data."""
        if isinstance(cell, Unusable) and cell.problem.code == "merged_cells":
            begin = re.search("[0-9]+", str(cell.problem.data["range"]))
            if begin and int(begin[0]) <= self.header.number:
                return None
        return cell

    def place(self, field: str | None) -> str:
        """Where a field or the first of its parts stands, as letter and header; empty for what has no column."""
        for at, column in self.places.items():
            if field and f"{column.field}.".startswith(f"{field}."):
                return _called(at, self.titles[at])
        return ""


def open_sheet(data: bytes, things: Things, name: str | None = None) -> Sheet:
    """The sheet to read, or the one of this name; every problem of its headers at once.

    Raises:
        ServiceError: what `kind_of` says, `sheet_unknown`, `headers_not_found`, `column_missing`, `repeated_header`,
            `too_many_rows`, `too_many_columns`, `unknown_encoding`, `broken_csv`, `line_too_long`, `broken_workbook`,
            `xml_entities`.
    """
    if kind_of(data) is FileKind.CSV:
        return _sheet(CsvGrid(data), things, []) or _no_headers(things)
    grids = sheets(data)
    visible = [grid for grid in grids if not grid.hidden]
    if name is not None and name not in {grid.name for grid in visible}:
        raise fault("sheet_unknown", None, sheet=name, sheets=[grid.name for grid in visible])
    notices = [Problem("sheet_hidden", None, {"sheet": grid.name}) for grid in grids if grid.hidden]
    chosen: Sheet | None = None
    for grid in visible:
        wanted = chosen is None and name in {None, grid.name} and not grid.empty
        chosen = (_sheet(grid, things, notices) if wanted else None) or chosen
        if (chosen is None or chosen.grid is not grid) and not grid.empty and grid.name != NOTES_SHEET:
            notices.append(Problem("sheet_not_read", None, {"sheet": grid.name}))
    return chosen or _no_headers(things)


def _no_headers(things: Things) -> NoReturn:
    needed = [column.zh for column in COLUMNS[things] if column.required]
    raise fault("headers_not_found", None, headers=needed, rows=HEADERS_WITHIN)


def _sheet(grid: Grid, things: Things, notices: list[Problem]) -> Sheet | None:
    """The sheet by the row that has the most headers, or None where no row has them."""
    known = {header: column for column in COLUMNS[things] for header in column.headers}
    top = list(takewhile(lambda line: line.number <= HEADERS_WITHIN, grid.lines()))
    header = max(top, key=lambda line: len(_places(line, known)), default=None)
    if header is None or len(_places(header, known)) < LEAST_HEADERS:
        return None
    places = _places(header, known)
    _check_headers(places, header, things)
    notices += _unknown(header, places, known)
    sheet = Sheet(grid, header, places, notices)
    if sheet.count > MOST_ROWS:
        raise fault("too_many_rows", None, limit=MOST_ROWS)
    return sheet


def _places(line: Line, known: Mapping[str, Column]) -> dict[int, Column]:
    found = {}
    for at, cell in enumerate(line.cells):
        title = shown(cell)
        # A header in both languages, one below or beside the other.
        for name in (title, *re.split(r"[/\n]", title)):
            if column := known.get(normal(name)):
                found[at] = column
                break
    return found


def _check_headers(places: Mapping[int, Column], header: Line, things: Things) -> None:
    fields = [column.field for column in places.values()]
    problems = [
        Problem("column_missing", column.zh, {"header": column.zh, "english": column.en})
        for column in COLUMNS[things]
        if column.required and column.field not in fields
    ]
    for at, column in places.items():
        if column.field in fields[: list(places).index(at)]:
            called = _called(at, shown(header.cells[at]))
            problems.append(Problem("repeated_header", called, {"header": called}))
    if problems:
        raise ServiceError(problems)


def _unknown(header: Line, places: Mapping[int, Column], known: Mapping[str, Column]) -> Iterator[Problem]:
    for at, cell in enumerate(header.cells):
        title = shown(cell)
        if title and at not in places and normal(title) != normal(PROBLEMS_HEADER):
            near = get_close_matches(normal(title), known, n=1)
            told = {"header": _called(at, title), "near": known[near[0]].zh if near else "-"}
            yield Problem("unknown_header", None, told)


def _called(at: int, title: str) -> str:
    """A column's letter and header, as far as it can be shown and kept."""
    printable = "".join(char for char in title[:80] if char.isprintable() or char == "\n")
    return f"{get_column_letter(at + 1)} {printable}"
