"""Spreadsheets over HTTP: sent in, followed, their errors fetched, by who sent them and nobody else."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from werkzeug.test import TestResponse

from service.deps import Deps
from service.domain.actors import Actor, Role, Scope
from service.domain.exchange import Things
from tests.api.support import API, Caller, file, multipart, text
from tests.factories import World
from tests.fakes import HeldQueue
from tests.spreadsheets import people, workbook

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def send(caller: Caller, data: bytes, kind: str = "people", **options: Any) -> TestResponse:
    parts = multipart(text("options", options), file("file", data, "whatever.pdf"))
    return caller.post(f"/spreadsheets/{kind}", **parts)


@pytest.fixture
def officer(world: World, speaking_for: Callable[[Actor], Caller]) -> Caller:
    return speaking_for(world.actor(Role.OFFICER, Scope.BODY, world.body()))


def test_a_spreadsheet_is_sent_in_taken_and_told_about(officer: Caller, deps: Deps, queue: HeldQueue) -> None:
    answer = send(officer, workbook([*people(2), ["王五", "1", ""]]))
    assert (answer.status_code, answer.json["state"]) == (202, "waiting")
    where = answer.headers["Location"].removeprefix(API)
    queue.work_off(deps)
    told = officer.get(where)
    assert told.headers["Cache-Control"] == "no-store"
    assert (told.json["kind"], told.json["state"], told.json["rows"], told.json["rows_done"]) == (
        "people",
        "done",
        3,
        3,
    )
    assert told.json["counts"] == {"created": 2, "changed": 0, "unchanged": 0, "refused": 1}
    (problem,) = told.json["problems"]
    assert (problem["row"], problem["column"], problem["code"]) == (4, "B 证件号码", "bad_document_number")
    assert set(problem["text"]) == {"zh", "en"}
    errors = officer.get(f"{where}/errors")
    assert (errors.content_type, errors.headers["Cache-Control"]) == (WORKBOOK, "no-store")
    assert load_workbook(BytesIO(errors.data)).worksheets[0]["B2"].value == "王五"


def test_only_who_sent_it_and_the_city_see_a_load(
    officer: Caller, city: Caller, world: World, speaking_for: Callable[[Actor], Caller], deps: Deps, queue: HeldQueue
) -> None:
    load_id = send(officer, workbook([["王五", "1", ""]])).json["id"]
    queue.work_off(deps)
    other = speaking_for(world.actor(Role.OFFICER, Scope.BODY, world.body()))
    for path in (f"/spreadsheets/{load_id}", f"/spreadsheets/{load_id}/errors"):
        assert (officer.get(path).status_code, city.get(path).status_code) == (200, 200)
        assert other.get(path).status_code == 404
    seen = [[item["id"] for item in caller.get("/spreadsheets").json["items"]] for caller in (officer, city, other)]
    assert seen == [[load_id], [load_id], []]


def test_who_may_not_load_is_refused_before_anything_is_read(
    world: World, speaking_for: Callable[[Actor], Caller]
) -> None:
    auditor = speaking_for(world.actor(Role.AUDITOR, Scope.CITY))
    assert send(auditor, b"").json["code"] == "forbidden"


@pytest.mark.parametrize(
    ("data", "kind", "options", "status", "code"),
    [
        (b"", "people", {}, 422, "empty_file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "people", {}, 422, "old_excel_format"),
        (b"<table>", "people", {}, 422, "web_page_file"),
        (b"x" * 20_000_001, "people", {}, 413, "file_too_large"),
        (b"a,b", "animals", {}, 404, "not_found"),
        (b"a,b", "people", {"in_farce": True}, 422, "unknown_field"),
    ],
)
def test_what_cannot_be_a_spreadsheet_is_refused_at_once(
    officer: Caller, queue: HeldQueue, data: bytes, kind: str, options: dict[str, Any], status: int, code: str
) -> None:
    answer = send(officer, data, kind, **options)
    assert (answer.status_code, answer.json["code"], queue.held) == (status, code, [])


def test_a_file_without_headers_says_so_afterwards(officer: Caller, deps: Deps, queue: HeldQueue) -> None:
    where = send(officer, "甲,乙\n1,2".encode()).headers["Location"].removeprefix(API)
    queue.work_off(deps)
    told = officer.get(where).json
    assert (told["state"], [each["code"] for each in told["failure"]]) == ("failed", ["headers_not_found"])
    assert "姓名" in told["failure"][0]["text"]["zh"]
    assert officer.get(f"{where}/errors").status_code == 404


@pytest.mark.parametrize("things", list(Things))
def test_a_template_offers_the_words_known_here(officer: Caller, things: Things) -> None:
    answer = officer.get(f"/spreadsheets/{things}/template")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{things}.xlsx"'
    sheet, notes = load_workbook(BytesIO(answer.data)).worksheets
    assert sheet.max_row == 1001
    words = {cell.value for row in notes.iter_rows() for cell in row}
    assert ("项目负责人" in words) == (things in {Things.ROSTER, Things.LISTS})
    assert ("浦东新区" in words) == (things is Things.PROJECTS)


def test_no_name_or_number_of_a_row_is_logged_or_audited(
    officer: Caller, deps: Deps, queue: HeldQueue, log: Any
) -> None:
    rows = [*people(2), ["欧阳示例", "999888777666", ""]]
    send(officer, workbook(rows))
    queue.work_off(deps)
    for word in ("欧阳示例", "999888777666", *(str(cell) for row in people(2) for cell in row)):
        assert word not in log.text
