"""CSV as Excel, WPS and other systems write it: any usual encoding and separator."""

import codecs
import csv
from collections.abc import Iterator
from io import StringIO

from service.errors import Problem, fault
from service.spreadsheets.cells import MOST_COLUMNS, MOST_ROWS, Cell, Line, Unusable
from service.spreadsheets.files import MARKS

SEPARATORS = ",;\t"
# How many lines are looked at to find the separator.
_SAMPLE = 10


class CsvGrid:
    """The lines of a CSV file; a record with line breaks inside quotes is one line, as a spreadsheet shows it."""

    def __init__(self, data: bytes) -> None:
        self.name = "CSV"
        self._text = decoded(data)
        self._separator = _separator(self._text)
        self._filled: list[int] = []
        for line in self.lines():
            filled = [at for at, cell in enumerate(line.cells, start=1) if cell is not None]
            if filled and filled[-1] > MOST_COLUMNS:
                raise fault("too_many_columns", None, columns=filled[-1], limit=MOST_COLUMNS)
            self._filled += [line.number] if filled else []
            if len(self._filled) > MOST_ROWS:
                raise fault("too_many_rows", None, limit=MOST_ROWS)

    def lines(self) -> Iterator[Line]:
        """All records, numbered from 1."""
        reader = csv.reader(StringIO(self._text, newline=""), delimiter=self._separator, strict=True)
        number = 0
        try:
            for number, values in enumerate(reader, start=1):
                yield Line(number, [_cell(value) for value in values])
        except csv.Error:
            raise fault("broken_csv", None, row=number + 1) from None

    def filled_after(self, number: int) -> int:
        """How many records below this one hold something."""
        return sum(filled > number for filled in self._filled)


def decoded(data: bytes) -> str:
    """The text by its mark, else as UTF-8, else as GB18030, of which GBK is a part; `unknown_encoding` otherwise."""
    marked = [encoding for mark, encoding in MARKS if data.startswith(mark)]
    for encoding in marked or ["utf-8", "gb18030"]:
        try:
            return codecs.decode(data, encoding)
        except UnicodeDecodeError:
            continue
    raise fault("unknown_encoding")


def _separator(text: str) -> str:
    """What separates most in the first lines; quoted ones are few enough not to matter."""
    sample = "\n".join(text.split("\n", _SAMPLE)[:_SAMPLE])
    return max(SEPARATORS, key=sample.count)


def _cell(value: str) -> Cell:
    text = value.strip()
    if text.startswith("="):
        return Unusable(text, Problem("formula_cell"))
    return text or None
