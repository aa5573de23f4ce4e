"""CSV as Excel, WPS and other systems write it: any usual encoding and separator, a line at a time."""

import csv
import re
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from itertools import islice

from service.errors import fault
from service.spreadsheets.cells import MOST_COLUMNS, MOST_FILLED, MOST_LINES, Line, text_cell
from service.spreadsheets.files import MARKS

SEPARATORS = ",;\t"
#: How many lines are looked at to find the separator.
_SAMPLE = 10
#: The longest line: sixty cells of 15,000 characters. What is longer is no table.
MOST_LINE = 1_000_000
#: Excel ends rows with a separator for each of its 16,384 columns when one far to the right was touched.
MOST_SEPARATORS = 20_000
# UTF-8 of Chinese and of wide signs. About three bytes in a hundred of a text in GBK look like it by chance.
_UTF8 = re.compile(rb"[\xe3-\xe9\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_NOT_ASCII = re.compile(rb"[\x80-\xff]+")
# Of a long text a tenth is more than chance, of a short one half.
_LONG = 1000
_CHUNK = 1 << 20


class CsvGrid:
    """The lines of a CSV file; a record with line breaks inside quotes is one line, as a spreadsheet shows it."""

    def __init__(self, data: bytes) -> None:
        self.name = "CSV"
        self._data = data
        self._encoding, self._begin = encoding_of(data)
        self._separator = self._separates_most()
        self._filled: list[int] = []
        for line in self.lines():
            filled = [at for at, cell in enumerate(line.cells, start=1) if cell is not None]
            if filled and filled[-1] > MOST_COLUMNS:
                raise fault("too_many_columns", None, columns=filled[-1], limit=MOST_COLUMNS)
            self._filled += [line.number] if filled else []
            if len(self._filled) > MOST_FILLED:
                raise fault("too_many_rows", None, limit=MOST_FILLED)

    def lines(self) -> Iterator[Line]:
        """All records, numbered from 1."""
        pieces = _Pieces(self._text(), self._separator)
        reader = csv.reader(pieces, delimiter=self._separator, strict=True)
        number = 0
        try:
            for number, values in enumerate(reader, start=1):
                pieces.separators = 0
                yield Line(number, [text_cell(value) if value else None for value in values])
        except csv.Error:
            raise fault("broken_csv", None, row=number + 1) from None

    def filled_after(self, number: int) -> int:
        """How many records below this one hold something."""
        return sum(filled > number for filled in self._filled)

    def _text(self) -> TextIOWrapper:
        source = BytesIO(self._data)
        source.seek(self._begin)
        return TextIOWrapper(source, self._encoding, newline="")

    def _separates_most(self) -> str:
        """What separates most in the first lines; quoted ones are few enough not to matter."""
        sample = "".join(islice(_Pieces(self._text(), ""), _SAMPLE))
        return max(SEPARATORS, key=sample.count)


class _Pieces:
    """Lines of text for the reader of records, which would hold a record of any length."""

    def __init__(self, text: TextIOWrapper, separator: str) -> None:
        self._text, self._separator = text, separator
        self._lines = self.separators = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        piece = self._text.readline(MOST_LINE + 1)
        if not piece:
            raise StopIteration
        self._lines += 1
        self.separators += piece.count(self._separator) if self._separator else 0
        if len(piece) > MOST_LINE or self.separators > MOST_SEPARATORS:
            raise fault("line_too_long", None, row=self._lines)
        if self._lines > MOST_LINES:
            raise fault("too_many_rows", None, limit=MOST_LINES)
        return piece


def encoding_of(data: bytes) -> tuple[str, int]:
    """The encoding, and where the text begins after its marks: as marked, UTF-8, or GB18030, of which GBK is a part.

    `unknown_encoding` where neither fits the whole, or where a text that is no UTF-8 has more of it than by chance:
    it was damaged, or put together from two.
    """
    for mark, encoding in MARKS:
        begin = 0
        # Programs that append to each other's files write it twice.
        while data.startswith(mark, begin):
            begin += len(mark)
        if begin and _decodes(data, encoding, begin):
            return encoding, begin
        if begin:
            raise fault("unknown_encoding")
    if _decodes(data, "utf-8", 0):
        return "utf-8", 0
    other = sum(len(found[0]) for found in _NOT_ASCII.finditer(data))
    like_utf8 = sum(len(found[0]) for found in _UTF8.finditer(data))
    if like_utf8 * (10 if other > _LONG else 2) > other or not _decodes(data, "gb18030", 0):
        raise fault("unknown_encoding")
    return "gb18030", 0


def _decodes(data: bytes, encoding: str, begin: int) -> bool:
    source = BytesIO(data)
    source.seek(begin)
    text = TextIOWrapper(source, encoding, newline="")
    try:
        while text.read(_CHUNK):
            pass
    except UnicodeDecodeError:
        return False
    return True
