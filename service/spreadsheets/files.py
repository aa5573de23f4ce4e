"""Which kind of file somebody sent, by its content and never by its name; what could burst is not opened."""

import codecs
import struct
from collections.abc import Sequence
from enum import StrEnum
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from service.errors import fault

#: 100,000 rows of twelve columns have 8 MB as a workbook and 15 MB as CSV.
MOST_BYTES = 20_000_000
#: A workbook of Excel's has a few parts a sheet; every hidden or empty sheet counts, so there is room.
MOST_PARTS = 2_000
#: 100,000 rows of sixty columns unpack to some 250 MB; what else is read has limits of its own (parts.py).
MOST_UNPACKED = 300_000_000
#: XML of rows packs 10 to 40 times smaller, a bomb of zeros 1,000 times; small parts may pack as they like.
MOST_RATIO, RATIO_FROM_BYTES = 150, 10_000_000
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
#: Marks at the beginning of a text, and the encodings that they say.
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class FileKind(StrEnum):
    """What can be read; the values are the endings of their names."""

    WORKBOOK = "xlsx"
    CSV = "csv"


MEDIA_TYPES = {
    FileKind.WORKBOOK: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileKind.CSV: "text/csv",
}


def kind_of(data: bytes) -> FileKind:
    """The kind of a file that is safe to open.

    Raises:
        ServiceError: `file_too_large`, `empty_file`, `old_excel_format`, `encrypted_workbook`, `not_a_workbook`,
            `zip_bomb`, `web_page_file`, `binary_file`.
    """
    if len(data) > MOST_BYTES:
        raise fault("file_too_large", None, limit_bytes=MOST_BYTES)
    if data.startswith(OLE):
        raise fault("encrypted_workbook" if ENCRYPTED in data else "old_excel_format")
    if data.startswith(ZIP):
        _check_parts(data)
        return FileKind.WORKBOOK
    mark = next((mark for mark, _ in MARKS if data.startswith(mark)), b"")
    begin = data[len(mark) : len(mark) + 4096].replace(b"\0", b"").lstrip()
    if not begin and not data[4096:].strip(b"\0 \t\r\n"):
        raise fault("empty_file")
    if begin.startswith(b"<"):
        raise fault("web_page_file")
    if not mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and b"\0" in data:
        raise fault("binary_file")
    return FileKind.CSV


def _check_parts(data: bytes) -> None:
    """Look at the table of contents only: a part that unpacks to more than it says there is an error of zipfile's."""
    # The whole table is read at once, whatever its length.
    if data.count(b"PK\x01\x02") > MOST_PARTS:
        raise fault("zip_bomb")
    try:
        with ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
    except (BadZipFile, ValueError, OSError, NotImplementedError, EOFError, struct.error):
        raise fault("not_a_workbook") from None
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED or _bursting(parts):
        raise fault("zip_bomb")
    names = [part.filename for part in parts]
    if any(part.flag_bits & 1 for part in parts):
        raise fault("encrypted_workbook")
    # Of two parts of one name each reader takes the one it likes; other ways to pack take memory as they please.
    ways = {part.compress_type for part in parts} - {ZIP_STORED, ZIP_DEFLATED}
    if "xl/workbook.xml" not in names or len(names) != len(set(names)) or ways:
        raise fault("not_a_workbook")


def _bursting(parts: Sequence[ZipInfo]) -> bool:
    return any(
        part.file_size > RATIO_FROM_BYTES and part.file_size > MOST_RATIO * max(part.compress_size, 1) for part in parts
    )
