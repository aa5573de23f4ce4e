"""Workbooks that go out: templates to fill in, and rows that were refused, to be mended and sent again."""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from service.domain.exchange import Things
from service.spreadsheets.cells import Cell, shown
from service.spreadsheets.columns import Column, Reads
from service.spreadsheets.kinds import COLUMNS
from service.spreadsheets.parts import MOST_TEXT
from service.spreadsheets.reading import NOTES_SHEET, PROBLEMS_HEADER, Sheet

SHEET_NAMES = {
    Things.PEOPLE: "人员 People",
    Things.ROSTER: "任职 Roster",
    Things.CERTIFICATES: "证书 Certificates",
    Things.PROJECTS: "项目 Projects",
    Things.LISTS: "名单 Lists",
}
#: Of each list of words, the choices to offer: names as people write them.
Offers = Mapping[str, Sequence[str]]
#: Text: a spreadsheet would else make a number of 18 digits and keep 15.
TEXT = "@"
#: Rows for which a template prepares choices and formats.
PREPARED = 1000
FIRST_CHOICES = 9
_NOTES = ("列名 Column", "English", "必填 Required", "说明", "Explanation", "示例 Example", "可选值 Choices")
#: XML takes no control characters but two, no half of a surrogate pair, no place without a character; and what looks
#: like an escape already is none.
_ESCAPED = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|_(?=x[0-9A-Fa-f]{4}_)")
_DATA_PART, _END = "xl/worksheets/sheet1.xml", b"</sheetData>"


def template(things: Things, offers: Offers) -> bytes:
    """A workbook to fill in: a sheet with the headers and prepared rows, and a sheet that explains each column."""
    book = Workbook()
    columns = COLUMNS[things]
    sheet, notes = _first(book, things), book.create_sheet(NOTES_SHEET)
    _headers(sheet, [(f"{column.zh}{'*' if column.required else ''}", column) for column in columns])
    notes.append(_NOTES)
    for at, column in enumerate(columns, start=1):
        choices = offers.get(column.words or "", ())
        asked = "是 yes" if column.required else ""
        notes.append([column.zh, column.en, asked, *column.note, column.example, "、".join(choices)])
        _prepare(sheet, at, column)
        if choices:
            _offer(sheet, notes, at, choices)
    _style(notes, len(_NOTES))
    return _saved(book)


def errors_file(things: Things, sheet: Sheet, refused: Iterable[tuple[str, Sequence[Cell]]]) -> bytes:
    """A workbook of refused rows under their own headers, what is wrong in front; it is read as the rows were.

    Numbers stay numbers, so that those which lost their digits are told again; everything else is a text. Rows are
    packed as they come: neither a hundred thousand of them nor a file on a disk is ever needed.
    """
    known = [(title, sheet.places.get(at)) for at, title in enumerate(sheet.titles)]
    # What was sent again with its problems gets new ones.
    kept = [at for at, (title, _) in enumerate(known) if title != PROBLEMS_HEADER]
    book = Workbook()
    shell = _first(book, things)
    _headers(shell, [(PROBLEMS_HEADER, None), *(known[at] for at in kept)])
    shell["A2"].number_format = TEXT
    style = shell["A2"].style_id
    shell.delete_rows(2)
    told, packed = BytesIO(_saved(book)), BytesIO()
    with ZipFile(told) as source, ZipFile(packed, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name != _DATA_PART:
                target.writestr(name, source.read(name))
        before, _, after = source.read(_DATA_PART).partition(_END)
        with target.open(_DATA_PART, "w") as part:
            part.write(before)
            for number, (problems, cells) in enumerate(refused, start=2):
                values = [problems, *(cells[at] if at < len(cells) else None for at in kept)]
                part.write(_row(number, values, style))
            part.write(_END + after)
    return packed.getvalue()


def _row(number: int, values: Sequence[Cell], style: int) -> bytes:
    cells = [
        _cell(f'r="{get_column_letter(at)}{number}" s="{style}"', value) for at, value in enumerate(values, start=1)
    ]
    return f'<row r="{number}">{"".join(cells)}</row>'.encode()


def _cell(place: str, value: Cell) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"<c {place}><v>{value!r}</v></c>"
    text = _writable(shown(value))
    return f'<c {place} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>' if text else ""


def _writable(text: str) -> str:
    """A text as XML, cut where a cell ends; what XML does not take is escaped as Excel does it."""
    if len(text.encode("utf-16-le", "surrogatepass")) > 2 * MOST_TEXT:
        cut = text.encode("utf-16-le", "surrogatepass")[: 2 * (MOST_TEXT - 1)]
        text = cut.decode("utf-16-le", "ignore") + "…"
    return escape(_ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", text), quote=False)


def _first(book: Workbook, things: Things) -> Worksheet:
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # noqa: S101 - a new workbook has one
    sheet.title = SHEET_NAMES[things]
    return sheet


def _headers(sheet: Worksheet, named: Sequence[tuple[str, Column | None]]) -> None:
    for at, (title, column) in enumerate(named, start=1):
        cell = sheet.cell(1, at, title)
        # A header that begins like a formula is none.
        cell.data_type = "s"
        if column is not None:
            told = [column.en, *filter(None, column.note)]
            cell.comment = Comment("\n".join(told), "Daogang 到岗", height=100, width=260)
    _style(sheet, len(named))


def _style(sheet: Worksheet, columns: int) -> None:
    for at in range(1, columns + 1):
        cell = sheet.cell(1, at)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDE7F3")
        cell.alignment = Alignment(vertical="center")
        sheet.column_dimensions[get_column_letter(at)].width = 22
    sheet.freeze_panes = "A2"


def _prepare(sheet: Worksheet, at: int, column: Column) -> None:
    """Keep the cells of a column texts, which days and measures need not be."""
    if column.reads not in {Reads.DAY, Reads.MEASURE}:
        sheet.column_dimensions[get_column_letter(at)].number_format = TEXT
        for row in range(2, PREPARED + 2):
            sheet.cell(row, at).number_format = TEXT


def _offer(sheet: Worksheet, notes: Worksheet, at: int, choices: Sequence[str]) -> None:
    """A list to choose from; its words stand on the notes' sheet, because a rule takes 255 characters only."""
    letter = get_column_letter(FIRST_CHOICES + at)
    for row, choice in enumerate(choices, start=2):
        notes[f"{letter}{row}"] = choice
    rule = DataValidation("list", f"'{NOTES_SHEET}'!${letter}$2:${letter}${len(choices) + 1}", allow_blank=True)
    # A code or another name for the same is taken too, so that the list only offers.
    rule.showErrorMessage = False
    rule.add(f"{get_column_letter(at)}2:{get_column_letter(at)}{PREPARED + 1}")
    sheet.add_data_validation(rule)


def _saved(book: Workbook) -> bytes:
    file = BytesIO()
    book.save(file)
    return file.getvalue()
