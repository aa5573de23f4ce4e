"""Spreadsheets for tests, made as people make them: nothing here is a file of the repository."""

import csv
from collections.abc import Callable, Sequence
from io import BytesIO, StringIO
from itertools import islice
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from stdnum.cn import ric

PEOPLE = ["姓名", "证件号码", "手机号码"]


def number(at: int) -> str:
    """A resident identity number with the right check character, of a district that does not exist."""
    stem = f"999{at // 1000:03d}19900101{at % 1000:03d}"
    return stem + str(ric.calc_check_digit(f"{stem}0"))


def people(count: int, begin: int = 1) -> list[list[Any]]:
    """Rows of so many people."""
    return [[f"张{at}", number(at), f"138{at:08d}"] for at in range(begin, begin + count)]


def workbook(
    rows: Sequence[Sequence[Any]], headers: Sequence[str] = PEOPLE, change: Callable[[Workbook], Any] = id
) -> bytes:
    """A workbook of one sheet; `change` is done to it before it is saved."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in [headers, *rows]:
        sheet.append(list(row))
    change(book)
    return saved(book)


def saved(book: Workbook) -> bytes:
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def csv_file(rows: Sequence[Sequence[Any]], headers: Sequence[str] = PEOPLE, separator: str = ",") -> str:
    """A text of comma-separated values."""
    file = StringIO()
    csv.writer(file, delimiter=separator).writerows([headers, *rows])
    return file.getvalue()


def changed_part(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook with one of its parts changed."""
    target = BytesIO()
    with ZipFile(BytesIO(data)) as source, ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for part in source.namelist():
            archive.writestr(part, change(source.read(part)) if part == name else source.read(part))
    return target.getvalue()


def shown_rows(data: bytes) -> list[list[Any]]:
    """The cells of a workbook's first sheet."""
    sheet = load_workbook(BytesIO(data)).worksheets[0]
    return [[cell.value for cell in row] for row in islice(sheet.iter_rows(), 10_000)]
