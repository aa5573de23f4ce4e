"""The parts of a workbook's archive, walked through as streams of XML: bounded in every way, and never expanded."""

import posixpath
import zlib
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from io import BytesIO
from typing import Any
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from openpyxl.styles.numbers import is_date_format

from service.errors import fault

#: What unpacks to how much at most: rows are streamed, texts and styles are held, the rest is a few names.
MOST_ROWS_BYTES, MOST_TEXTS_BYTES, MOST_STYLES_BYTES, MOST_NAMES_BYTES = 300_000_000, 25_000_000, 10_000_000, 2_000_000
#: An element, with its attributes, as the parser holds it until it is whole.
MOST_TOKEN = 1_000_000
#: The parser remembers every name, and every element that is not closed yet.
MOST_NAMES, MOST_DEPTH = 2_000, 100
#: 100,000 rows of sixty cells have three elements each.
MOST_ELEMENTS = 25_000_000
#: What Excel lets a cell hold; of longer ones the beginning is read, which no column takes either.
MOST_TEXT = 32_767
#: Formats of days that need not be written out; 27 to 36 and 50 to 58 are those of Chinese workbooks (ISO/IEC 29500-1).
_DAY_FORMATS = frozenset([*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)])
_CHUNK = 1 << 16
DAMAGED = (
    expat.ExpatError, BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError,
    ValueError, TypeError, KeyError, IndexError, OverflowError,
)  # fmt: skip


class Reader:
    """Takes in a part element by element; names come without their prefix."""

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        """Take in the beginning of an element."""

    def closed(self, name: str) -> None:
        """Take in the end of an element."""

    def told(self, text: str) -> None:
        """Take in a text, or a piece of it."""


class _Guard:
    """Counts what a parser has to hold."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._names: dict[str, str] = {}
        self._attributes: set[str] = set()
        self._depth, self._left = 0, MOST_ELEMENTS

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._left -= 1
        local = self._names.get(name) or self._names.setdefault(name, name.rpartition(":")[2])
        if attributes:
            self._attributes.update(attributes)
        if self._depth > MOST_DEPTH or self._left < 0 or len(self._names) + len(self._attributes) > MOST_NAMES:
            raise fault("zip_bomb")
        self._reader.opened(local, attributes)

    def end(self, name: str) -> None:
        self._depth -= 1
        self._reader.closed(self._names[name])

    def doctype(self, *_: object) -> None:
        """No workbook has one; entities are the only use of it."""
        raise fault("xml_entities")


def walk(archive: ZipFile, part: str, most_bytes: int, reader: Reader) -> Iterator[None]:
    """Go through a part a piece at a time; `zip_bomb`, `xml_entities`, one of `DAMAGED`."""
    if archive.getinfo(part).file_size > most_bytes:
        raise fault("zip_bomb")
    guard, parser = _Guard(reader), expat.ParserCreate(intern=None)
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = guard.start, guard.end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = reader.told, guard.doctype
    fed = 0
    with archive.open(part) as source:
        while chunk := source.read(_CHUNK):
            parser.Parse(chunk)
            fed += len(chunk)
            if fed - parser.CurrentByteIndex > MOST_TOKEN:
                raise fault("zip_bomb")
            yield
    parser.Parse(b"", True)  # noqa: FBT003 - the parser's own way to say that this is the end
    yield


class _Names(Reader):
    """The elements of a small part with their attributes."""

    def __init__(self) -> None:
        self.found: list[tuple[str, dict[str, str]]] = []

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name in {"sheet", "workbookPr", "Relationship"}:
            self.found.append((name, attributes))


class _Texts(Reader):
    """Texts that cells share; how their Chinese is pronounced (rPh) is no part of them."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._pieces: list[str] = []
        self._open, self._spoken = False, False

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        del attributes
        if name == "si":
            self._pieces = []
        self._spoken |= name == "rPh"
        self._open = name == "t" and not self._spoken

    def told(self, text: str) -> None:
        if self._open:
            self._pieces.append(text)

    def closed(self, name: str) -> None:
        self._open = False
        if name == "rPh":
            self._spoken = False
        elif name == "si":
            self.found.append("".join(self._pieces)[: MOST_TEXT + 1])


class _Styles(Reader):
    """Which styles of cells show days."""

    def __init__(self) -> None:
        self.days: set[int] = set()
        self._own: dict[int, bool] = {}
        self._of_cells, self._at = False, 0

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            self._own[int(attributes["numFmtId"])] = bool(is_date_format(attributes.get("formatCode", "")))
        elif name == "cellXfs":
            self._of_cells = True
        elif name == "xf" and self._of_cells:
            number = int(attributes.get("numFmtId") or 0)
            if self._own.get(number, number in _DAY_FORMATS):
                self.days.add(self._at)
            self._at += 1

    def closed(self, name: str) -> None:
        if name == "cellXfs":
            self._of_cells = False


class Book:
    """A workbook's small parts: its sheets as (name, hidden, part), its texts, its styles; nothing else is opened."""

    def __init__(self, data: bytes) -> None:
        """Read what every sheet needs; `not_a_workbook`, `zip_bomb`, `xml_entities`."""
        try:
            self.archive = ZipFile(BytesIO(data))
            book, links = self._names("xl/workbook.xml"), self._names("xl/_rels/workbook.xml.rels")
            parts = {link["Id"]: link for _, link in links if link.get("TargetMode") != "External"}
            self.sheets = [each for name, sheet in book if name == "sheet" for each in _sheet(sheet, parts)]
            self.from_1904 = any(each.get("date1904") in {"1", "true"} for name, each in book if name == "workbookPr")
            texts, styles = _Texts(), _Styles()
            self._read(parts, "sharedStrings", MOST_TEXTS_BYTES, texts)
            self._read(parts, "styles", MOST_STYLES_BYTES, styles)
        except DAMAGED:
            raise fault("not_a_workbook") from None
        self.texts: list[str] = texts.found
        self.day_styles: AbstractSet[int] = styles.days
        if len({part for *_, part in self.sheets}) != len(self.sheets):
            raise fault("not_a_workbook")

    def _names(self, part: str) -> list[tuple[str, dict[str, str]]]:
        names = _Names()
        for _ in walk(self.archive, part, MOST_NAMES_BYTES, names):
            pass
        return names.found

    def _read(self, parts: dict[str, dict[str, str]], kind: str, most_bytes: int, reader: Reader) -> None:
        for link in parts.values():
            if link["Type"].endswith(f"/{kind}"):
                for _ in walk(self.archive, _path(link), most_bytes, reader):
                    pass
                return


def _sheet(sheet: dict[str, str], parts: dict[str, dict[str, str]]) -> Iterator[tuple[str, bool, str]]:
    link: Any = parts[next(value for name, value in sheet.items() if name.endswith(":id"))]
    if link["Type"].endswith("/worksheet"):
        yield sheet["name"][:80], sheet.get("state", "visible") != "visible", _path(link)


def _path(link: dict[str, str]) -> str:
    """A part's name: its address counts from the workbook's folder."""
    return posixpath.normpath(posixpath.join("/xl", link["Target"])).lstrip("/")
