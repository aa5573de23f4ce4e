"""Files as people send them: which can be read, what is said about those that cannot, what is found in them."""

import random
import struct
import zipfile
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font

from service.domain.exchange import Things
from service.domain.identifiers import DocumentKind
from service.domain.records import Document, PersonRecord
from service.errors import ServiceError
from service.spreadsheets.columns import FIXED_WORDS, normal
from service.spreadsheets.files import ENCRYPTED, OLE
from service.spreadsheets.kinds import COLUMNS
from service.spreadsheets.reading import Sheet, open_sheet
from service.spreadsheets.rows import misplaced, record_of
from service.spreadsheets.values import value_of
from service.spreadsheets.writing import errors_file, template
from tests.spreadsheets import PEOPLE, changed_part, csv_file, number, people, saved, shown_rows, workbook

SHEET = "xl/worksheets/sheet1.xml"


def read(data: bytes, things: Things = Things.PEOPLE, **options: Any) -> Sheet:
    return open_sheet(data, things, **options)


def taken(data: bytes, things: Things = Things.PEOPLE) -> list[Any]:
    """Each row's record, or its problems as (row, column, code, data)."""
    sheet = read(data, things)
    results: list[Any] = []
    for line in sheet.rows():
        record = record_of(line, sheet, things, FIXED_WORDS)
        told = misplaced(line, sheet, record) if isinstance(record, list) else []
        results.append([(each.row, each.column, each.code, each.data) for each in told] or record)
    return results


def refused(data: bytes, things: Things = Things.PEOPLE) -> list[str]:
    with pytest.raises(ServiceError) as caught:
        taken(data, things)
    return [problem.code for problem in caught.value.problems]


def archive(parts: dict[str, bytes]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return file.getvalue()


def encrypted_zip() -> bytes:
    data = bytearray(workbook(people(1)))
    at = data.index(b"PK\x01\x02")
    data[at + 8 : at + 10] = struct.pack("<H", 1)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf \r\n", "empty_file"),
        (OLE + b"Workbook" * 100, "old_excel_format"),
        (OLE + ENCRYPTED * 2, "encrypted_workbook"),
        (encrypted_zip(), "encrypted_workbook"),
        (b"<html><table><tr><td>x</td></tr></table></html>", "web_page_file"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "web_page_file"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "binary_file"),
        (b"PK\x03\x04 and then nothing", "not_a_workbook"),
        (archive({"content.xml": b"<office/>"}), "not_a_workbook"),
        (archive({"xl/workbook.xml": b"<nothing/>"}), "not_a_workbook"),
        (archive({f"{at}": b"" for at in range(2001)}), "zip_bomb"),
        (archive({"xl/workbook.xml": b"", SHEET: bytes(11_000_000)}), "zip_bomb"),
        (b"a" * 20_000_001, "file_too_large"),
        ("姓名,证件号码\r\n".encode() + b"\xff\xff\xff", "unknown_encoding"),
        ('姓名,证件号码\n"张三,3101'.encode(), "broken_csv"),
        ("甲,乙\n1,2\n".encode(), "headers_not_found"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_by_its_content(data: bytes, code: str) -> None:
    assert refused(data) == [code]


def test_a_zip_that_lies_about_its_sizes_is_not_unpacked_beyond_them() -> None:
    data = bytearray(workbook(people(3)))
    name = SHEET.encode()
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(name))
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    assert refused(bytes(data)) == ["not_a_workbook"]


def test_entities_are_never_expanded() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'

    def with_entities(part: bytes) -> bytes:
        return bomb + part.replace(b"<sheetData>", b"<sheetData><row><c><v>&b;</v></c></row>")

    assert refused(changed_part(workbook(people(1)), SHEET, with_entities)) == ["xml_entities"]
    styles = changed_part(workbook(people(1)), "xl/styles.xml", lambda part: bomb + part)
    assert refused(styles) == ["xml_entities"]
    bare = changed_part(workbook(people(1)), SHEET, lambda part: b"<!DOCTYPE worksheet>" + part)
    assert refused(bare) == ["xml_entities"]


def test_a_sheet_of_two_hundred_columns_or_too_many_rows_is_refused_before_a_row_is_taken() -> None:
    wide = [*PEOPLE, *(f"列{at}" for at in range(197))]
    assert refused(workbook([range(200)], wide)) == ["too_many_columns"]
    assert refused(csv_file([range(200)], wide).encode()) == ["too_many_columns"]
    assert refused(csv_file([["张", "1", ""]] * 100_001).encode()) == ["too_many_rows"]

    def many(part: bytes) -> bytes:
        return part.replace(b"</sheetData>", b"<row><c><v>1</v></c></row>" * 100_001 + b"</sheetData>")

    assert refused(changed_part(workbook(people(1)), SHEET, many)) == ["too_many_rows"]


def test_styled_cells_without_a_value_make_no_column() -> None:
    def far_right(book: Workbook) -> None:
        book.worksheets[0]["XFD2"].font = Font(bold=True)

    assert isinstance(taken(workbook(people(1), change=far_right))[0], PersonRecord)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_is_read_in_every_usual_encoding_with_every_usual_separator(encoding: str, separator: str) -> None:
    data = csv_file([["张\n三", number(1), ""], ["", "", ""], *people(1, 2)], separator=separator).encode(encoding)
    lines = list(read(data).rows())
    assert [(line.number, line.cells[0]) for line in lines] == [(2, "张\n三"), (4, "张2")]


def test_the_first_visible_sheet_with_headers_is_read_and_the_others_are_told() -> None:
    book = Workbook()
    book.worksheets[0].append(["目录"])
    hidden, data, more = (book.create_sheet(name) for name in ("藏", "人员", "其他"))
    hidden.sheet_state = "hidden"
    for sheet in (hidden, data, more):
        sheet.append(["某公司人员名册"])
        sheet.append([])
        sheet.append(["姓 名*", "证件号码（必填）", "备注", "手机号吗"])
        sheet.append([sheet.title, number(1)])
    sheet = read(saved(book))
    assert (sheet.grid.name, sheet.header.number, sheet.count) == ("人员", 3, 1)
    assert [line.cells[0] for line in sheet.rows()] == ["人员"]
    told = [(notice.code, *notice.data.values()) for notice in sheet.notices]
    assert ("sheet_hidden", "藏") in told
    assert {("sheet_not_read", "Sheet"), ("sheet_not_read", "其他")} <= set(told)
    assert ("unknown_header", "D 手机号吗", "手机号码") in told
    assert read(saved(book), name="其他").grid.name == "其他"
    with pytest.raises(ServiceError, match="sheet_unknown"):
        read(saved(book), name="藏")


def test_missing_and_repeated_headers_are_told_together() -> None:
    assert refused(workbook([], ["姓名", "姓 名", "手机"])) == ["column_missing", "repeated_header"]


def test_headers_in_english_do_as_well() -> None:
    headers = ["Name", "Document number *", "Phone\n手机号码"]
    record = taken(workbook([["张三", number(1), 13800000001]], headers))[0]
    assert record == PersonRecord(Document(number(1), "张三"), "13800000001")


def one(value: object, header: str = "证件号码", number_format: str | None = None) -> Any:
    """What becomes of one cell: the record, or (column, code, data) of the row's problems."""
    headers = ["姓名", "证件号码", "入职日期", "离职日期", "证件类型", "手机号码"]
    row: list[Any] = ["张三", number(1), "2026-01-01", None, None, None]
    row[headers.index(header)] = value

    def styled(book: Workbook) -> None:
        if number_format:
            book.worksheets[0].cell(2, headers.index(header) + 1).number_format = number_format

    result = taken(workbook([row], headers, styled))[0]
    return result if isinstance(result, PersonRecord) else [problem[1:] for problem in result]


GOOD = number(1)
WRONG = GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (WRONG, ("bad_check_character", {"expected": GOOD[-1]})),
        ("310115990101001", ("old_document_number", {})),
        (310115990101001, ("old_document_number", {})),
        (310115199001010015, ("number_lost_digits", {})),
        ("3.10115E+17", ("number_lost_digits", {})),
        ("=B1&B2", ("formula_cell", {})),
        ("#REF!", ("error_cell", {"error": "#REF!"})),
        (None, ("missing", {})),
        ("12", ("bad_document_number", {})),
        ("9" * 41, ("bad_length", {"min": 1, "max": 40})),
    ],
)
def test_a_bad_number_is_told_with_its_column(value: object, problem: tuple[str, dict[str, Any]]) -> None:
    assert one(value) == [("B 证件号码", *problem)]


def test_wide_digits_blanks_and_a_small_x_are_put_right() -> None:
    with_x = next(number(at) for at in range(1, 1000) if number(at).endswith("X"))
    wide = "".join(chr(ord(char) + 0xFEE0) for char in with_x.lower())
    assert one(f" {wide[:6]} {wide[6:]}").document.number == with_x


@pytest.mark.parametrize(
    "value",
    ["2026-03-01", "2026/3/1", "2026.3.1", "20260301", 20260301, "2026年3月1日", "2026-3-1 00:00", "2026-3-1 0:00",
     "２０２６年３月１日",
     "2026-03-01 00:00:00", datetime(2026, 3, 1), date(2026, 3, 1)],  # noqa: DTZ001 - as a spreadsheet has it
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(value: object) -> None:
    assert one(value, "入职日期").employed_from == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("value", "code"),
    [("2026-02-30", "bad_date"), ("下周", "bad_date"), (46082, "bad_date"), ("1850-01-01", "out_of_range")],
)
def test_what_is_no_day_is_told(value: object, code: str) -> None:
    assert [problem[:2] for problem in one(value, "入职日期")] == [("C 入职日期", code)]


def test_days_reversed_are_told_at_the_later_column() -> None:
    assert one("2025-12-31", "离职日期") == [("D 离职日期", "dates_in_order", {})]


@pytest.mark.parametrize("word", ["护照", "passport", "Passport ", "外国人护照"])
def test_words_of_a_list_are_known_in_both_languages(word: str) -> None:
    headers = ["姓名", "证件类型", "证件号码"]
    record = taken(workbook([["John", word, "E1234567"]], headers))[0]
    assert record.document.kind is DocumentKind.PASSPORT


def test_a_word_nobody_knows_is_told_with_those_that_are() -> None:
    assert one("工牌", "证件类型") == [
        ("E 证件类型", "not_a_choice", {"choices": ["passport", "permit", "resident_id"]})
    ]


def test_merged_cells_in_the_data_are_named_and_those_of_headers_are_not() -> None:
    def merged(book: Workbook) -> None:
        book.worksheets[0].merge_cells("A3:A4")

    rows = taken(workbook(people(3), change=merged))
    assert isinstance(rows[0], PersonRecord)
    place = ("A 姓名", "merged_cells", {"range": "A3:A4"})
    assert rows[1:] == [[(3, *place)], [(4, *place)]]

    def headers_of_two_rows(book: Workbook) -> None:
        book.worksheets[0].insert_rows(2)
        for column in "ABC":
            book.worksheets[0].merge_cells(f"{column}1:{column}2")

    assert all(isinstance(row, PersonRecord) for row in taken(workbook(people(3), change=headers_of_two_rows)))
    whole = b'</sheetData><mergeCells><mergeCell ref="A5:XFD1048576"/></mergeCells>'
    everywhere = changed_part(workbook(people(1)), SHEET, lambda part: part.replace(b"</sheetData>", whole))
    assert refused(everywhere) == ["merged_cells"]


def test_a_damaged_sheet_is_told_with_its_row() -> None:
    def no_number(part: bytes) -> bytes:
        return part.replace(b"</sheetData>", b'<row r="9"><c r="A9"><v>abc</v></c></row></sheetData>')

    assert refused(changed_part(workbook(people(1)), SHEET, no_number)) == ["broken_workbook"]
    assert refused(changed_part(workbook(people(1)), SHEET, lambda part: part[:-20])) == ["not_a_workbook"]


@pytest.mark.parametrize("things", list(Things))
def test_a_template_is_read_back_and_its_example_fills_every_field(things: Things) -> None:
    made = template(things, {"post": ["项目负责人"]})
    sheet = read(made, things)
    assert [column.field for column in sheet.places.values()] == [column.field for column in COLUMNS[things]]
    assert (list(sheet.rows()), list(sheet.notices)) == ([], [])
    examples = {column.field: column.example or "x" for column in COLUMNS[things]}
    book = workbook([list(examples.values())], [column.zh for column in COLUMNS[things]])
    known = {
        **FIXED_WORDS,
        **{
            name: {normal(text): frozenset({"a-code"}) for text in examples.values()}
            for name in ("post", "certificate_type", "body", "district")
        },
    }
    filled = read(book, things)
    (line,) = filled.rows()
    record = record_of(line, filled, things, known)
    assert not isinstance(record, list), record


def test_a_template_keeps_numbers_as_texts_and_offers_its_words() -> None:
    book = load_workbook(BytesIO(template(Things.ROSTER, {"post": ["项目负责人", "专职安全员"]})))
    sheet, notes = book.worksheets
    assert [cell.value for cell in sheet[1]][:3] == ["报建编号*", "岗位*", "姓名*"]
    assert [sheet[place].number_format for place in ("A2", "E1001", "F2")] == ["@", "@", "General"]
    (offered,) = sheet.data_validations.dataValidation
    column = str(offered.formula1).rpartition("!")[2].replace("$", "")
    assert (str(offered.sqref), [cell.value for (cell,) in notes[column]]) == ("B2:B1001", ["项目负责人", "专职安全员"])


def test_the_file_of_errors_keeps_cells_as_they_were_and_is_read_again() -> None:
    headers = ["备注", *PEOPLE]
    source = workbook([["=1+1", "张三", 310115199001010015, "x<&>\n"], ["", "李四", number(2), 13800000002]], headers)
    sheet = read(source)
    made = errors_file(Things.PEOPLE, sheet, [("不对 wrong", line.cells) for line in sheet.rows()])
    rows = shown_rows(made)
    assert rows[0] == ["错误 Problems", *headers]
    assert rows[1] == ["不对 wrong", "=1+1", "张三", float(310115199001010015), "x<&>"]
    again = read(made)
    assert [column.field for column in again.places.values()] == ["document.name", "document.number", "phone"]
    # What a spreadsheet has lost is lost, and told again.
    assert [problem[1:3] for problem in taken(made)[0]] == [
        ("D 证件号码", "number_lost_digits"),
        ("E 手机号码", "bad_phone"),
    ]
    twice = errors_file(Things.PEOPLE, again, [("再次", line.cells) for line in again.rows()])
    assert shown_rows(twice)[0] == rows[0]
    assert shown_rows(twice)[1][1:] == rows[1][1:]


def rows_changed(old: bytes, new: bytes) -> bytes:
    return changed_part(workbook(people(3)), SHEET, lambda part: part.replace(old, new))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (rows_changed(b'<row r="4"', b'<row r="2000000000"'), "broken_workbook"),
        (rows_changed(b'<row r="4"', b'<row r="2"'), "broken_workbook"),
        (rows_changed(b'"C4"', b'"A4"'), "broken_workbook"),
        (rows_changed(b'"C4"', b'"XFE4"'), "broken_workbook"),
        (rows_changed(b"</sheetData>", b"<row/>" * 1_048_577 + b"</sheetData>"), "broken_workbook"),
        (rows_changed(b"</sheetData>", b"<x>" * 200), "zip_bomb"),
        (rows_changed(b"</sheetData>", b"".join(b"<x%d/>" % at for at in range(3000))), "zip_bomb"),
        (rows_changed(b'<row r="4"', b'<row x="' + b"1" * 1_200_000 + b'" r="4"'), "zip_bomb"),
        (csv_file(people(1)).encode() + b"," * 30_000, "line_too_long"),
        (csv_file(people(1)).encode() + b"x" * 1_100_000, "line_too_long"),
        (csv_file(people(1)).encode() + b'"a\n",' * 30_000, "line_too_long"),
        (csv_file(people(1)).encode() + b"\n" * 1_048_577, "too_many_rows"),
    ],
)
def test_what_no_table_looks_like_is_refused_before_it_takes_memory(data: bytes, code: str) -> None:
    assert refused(data) == [code]


def with_texts(size: int) -> bytes:
    """A workbook whose texts stand in a part of a name of their own."""
    linked = changed_part(
        workbook(people(1)),
        "xl/_rels/workbook.xml.rels",
        lambda part: part.replace(
            b"</Relationships>", b'<Relationship Id="t" Type="x/sharedStrings" Target="odd.xml"/></Relationships>'
        ),
    )
    file = BytesIO(linked)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as packed:
        texts = "".join(f"<si><t>{at:x}</t></si>" * 5 for at in range(size // 100))
        packed.writestr("xl/odd.xml", f"<sst>{texts}</sst>")
    return file.getvalue()


def test_texts_that_unpack_to_too_much_are_found_under_any_name() -> None:
    assert refused(with_texts(26_000_000)) == ["zip_bomb"]
    assert len(taken(with_texts(1000))) == 1


def test_parts_that_nobody_needs_are_never_opened() -> None:
    broken = changed_part(workbook(people(1)), "docProps/core.xml", lambda _: b"<!DOCTYPE x><nothing")
    assert isinstance(taken(changed_part(broken, "xl/theme/theme1.xml", lambda _: b"\0"))[0], PersonRecord)


def test_a_hundred_thousand_rows_are_taken_beside_their_headers() -> None:
    assert read(csv_file([["张", "1", ""]] * 100_000).encode()).count == 100_000


def test_bytes_that_are_damaged_are_told_and_never_break_the_program() -> None:
    data, chance = workbook(people(300)), random.Random(5)  # noqa: S311 - the same damage each time
    codes = set()
    for _ in range(300):
        damaged = bytearray(data)
        at = chance.randrange(len(damaged) - 10)
        damaged[at : at + chance.randrange(1, 6)] = chance.randbytes(5)
        try:
            taken(bytes(damaged))
        except ServiceError as error:
            codes.add(error.code)
    assert "not_a_workbook" in codes


@pytest.mark.parametrize(
    "data",
    [
        "Name,Document number\n张三,1\n李四光,2".encode().replace("光".encode(), "光".encode()[:2]),
        "Name,Document number\n张三,1\n".encode() + "李四,2".encode("gbk"),
        "Name,Document number\nJosé,1".encode("latin-1"),
    ],
)
def test_a_damaged_or_mixed_encoding_is_told_and_not_read_as_gbk(data: bytes) -> None:
    assert refused(data) == ["unknown_encoding"]


def test_a_guarded_number_is_a_text_and_marks_may_stand_twice() -> None:
    data = csv_file([["张三", f'="{number(1)}"', ""]]).encode()
    assert taken(b"\xef\xbb\xbf" * 2 + data) == [PersonRecord(Document(number(1), "张三"))]


@pytest.mark.parametrize("value", ["2026-03-01 08:30", "2026-03-01T08:30:15", datetime(2026, 3, 1, 8, 30)])  # noqa: DTZ001 - as a spreadsheet has it
def test_a_time_behind_a_day_is_told(value: object) -> None:
    assert one(value, "入职日期") == [("C 入职日期", "time_in_day", {})]


ODD: list[Any] = [
    0.1 + 0.2, 12345.678900000001 * 3, 1e-7, 100, 100.0, 10**17, 1e300, True, False, "_x0041_", "a_x000D_b", "<&>\"'",
    "=1+1", '="310"', "#REF!", "#N/A", "+cmd", "@SUM(1)", "😀" * 20_000, "x" * 40_000, "a\tb\nc", "é",
    date(2026, 3, 1), datetime.fromisoformat("2026-03-01"), datetime.fromisoformat("2026-03-01 08:30"), time(8, 30),
    "2026-03-01 00:00", "007", None,
]  # fmt: skip


@pytest.mark.parametrize("things", [Things.PEOPLE, Things.PROJECTS])
def test_what_the_file_of_errors_holds_is_read_as_it_was(things: Things) -> None:
    columns = COLUMNS[things]
    chance = random.Random(1)  # noqa: S311 - the same cells each time
    data = workbook([[chance.choice(ODD) for _ in columns] for _ in range(60)], [column.zh for column in columns])
    sheet = read(data, things)
    again = errors_file(things, sheet, [("x", line.cells) for line in sheet.rows()])

    def values(found: Sheet) -> list[list[Any]]:
        lines = [{at: line.cells[at] if at < len(line.cells) else None for at in found.places} for line in found.rows()]
        return [[value_of(line[at], column, FIXED_WORDS) for at, column in found.places.items()] for line in lines]

    assert values(read(again, things)) == values(sheet)
    assert all(len(str(cell)) <= 32_767 for row in shown_rows(again) for cell in row)
