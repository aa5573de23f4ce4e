"""The filing system's contract: client, fake and document agree, and each way a peer can fail ends as it should."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from gzip import compress
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import httpx
import psycopg
import pytest
import yaml
from jsonschema import Draft4Validator
from sqlalchemy import make_url
from tenacity import wait_none

from service.connectors import http_source
from service.connectors.base import Permanent
from service.connectors.batch import BatchSource
from service.connectors.fakes.registry import FAULTS, Shelf
from service.connectors.filing import PATH, told
from service.connectors.http_source import ATTEMPTS, HttpSource
from service.connectors.source import LIMIT, SourceDown
from service.connectors.view import FilingView, ViewSource
from service.domain.records import ListRecord, ProjectRecord
from tests.sources import TOKEN, credit_code, filing, filing_fake, person, serving

TWO = (credit_code(), credit_code("91310115MADEM00C2"))
DOCS = Path(__file__).parents[2] / "docs" / "connectors"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again at once: the pauses between attempts are tenacity's business."""
    monkeypatch.setattr(http_source, "wait_random_exponential", lambda **_: wait_none())


@pytest.fixture
def peer() -> Iterator[tuple[HttpSource, Shelf]]:
    """Five filings, and a client that knows the token."""
    with serving(filing_fake(*(filing(f"F-{number}", people=(person(number),)) for number in range(5)))) as (
        url,
        shelf,
    ):
        source = HttpSource(url, TOKEN, PATH, timeout_s=5)
        yield source, shelf
        source.close()


def schema_of(file: str, name: str) -> dict[str, Any]:
    """A schema of a document with what it refers to; OpenAPI's `nullable` is another type in JSON Schema."""
    document = yaml.safe_load((DOCS / file).read_text(encoding="utf-8"))

    def plain(node: Any) -> Any:
        if isinstance(node, list):
            return [plain(item) for item in node]
        if not isinstance(node, dict):
            return node
        inner = {key: plain(value) for key, value in node.items() if key != "nullable"}
        return {**inner, "type": [inner["type"], "null"]} if node.get("nullable") is True else inner

    return {**plain(document["components"]["schemas"][name]), "components": plain(document["components"])}


def ours(_thing: str, word: str) -> str:
    return word


def keys_of(source: Any, after: str | None = None) -> list[str]:
    return [item["key"] for page in source.changes(after) for item in page.items]


def test_the_fake_answers_as_the_document_says(peer: tuple[HttpSource, Shelf]) -> None:
    source, _ = peer
    address = f"{source._client.base_url}{PATH}"
    answer = httpx.get(address, params={"limit": 2}, headers={"Authorization": f"Bearer {TOKEN}"}).json()
    validator = Draft4Validator(schema_of("filing.openapi.yaml", "Page"))
    assert list(validator.iter_errors(answer)) == []
    assert (len(answer["items"]), answer["more"]) == (2, True)
    broken = {**answer, "items": [{**answer["items"][0], "personnel": [{"post": "project_manager"}]}]}
    assert {error.validator for error in validator.iter_errors(broken)} == {"required"}


def test_every_field_of_the_document_is_read() -> None:
    item = filing(people=(person(1, until="2026-12-31"),), section="一标段", section_group="G", permit_number="P-1")
    read = told(item, ours)
    assert read.problems == ()
    (_, project), (path, entry) = read.records
    assert isinstance(project, ProjectRecord)
    assert isinstance(entry, ListRecord)
    assert (project.filing_number, project.permit_number, project.section_group) == ("N-F-1", "P-1", "G")
    assert (project.area_m2, project.price_yuan, project.state_from_on) == (12000.5, 30_000_000, date(2026, 1, 5))
    assert project.contractor is not None
    assert (path, entry.ends_on, entry.document.name) == ("personnel.0", date(2026, 12, 31), "陈立项")
    assert entry.unit is not None
    assert entry.unit.credit_code == project.contractor.credit_code


def test_a_word_is_what_somebody_said_it_is_and_else_unmapped() -> None:
    item = filing(body="浦东站", people=(person(1, post="项目经理"),))
    known = {("body", "浦东站"): "pudong", ("post", "项目经理"): "project_manager"}

    def words(thing: str, word: str) -> str | None:
        return known.get((thing, word), word if word.isascii() else None)

    assert told(item, words).problems == ()
    del known["post", "项目经理"]
    (problem,) = told(item, words).problems
    assert (problem.code, problem.field) == ("unmapped", "personnel.0.post")
    assert problem.data == {"thing": "post", "word": "项目经理"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"key": None}, ("missing", "key")),
        ({"key": 7}, ("invalid", "key")),
        ({"key": "k" * 101}, ("invalid", "key")),
        ({"number": ""}, ("missing", "number")),
        ({"number": "a\u0000b"}, ("invalid", "number")),
        ({"project": {"name": None}}, ("missing", "project.name")),
        ({"project": {"area_m2": -1}}, ("invalid", "project.area_m2")),
        ({"project": {"area_m2": True}}, ("invalid", "project.area_m2")),
        ({"project": {"area_m2": float("nan")}}, ("invalid", "project.area_m2")),
        ({"project": {"planned_from": "2026-02-30"}}, ("invalid", "project.planned_from")),
        ({"project": {"planned_from": "1066-10-14"}}, ("invalid", "project.planned_from")),
        ({"units": None}, ("invalid", "units")),
        ({"units": ["one"]}, ("invalid", "units.0")),
        (
            {"units": [{"role": "client", "credit_code": "91310115MADEM00B2A"}]},
            ("bad_check_character", "units.0.credit_code"),
        ),
        ({"units": [{"credit_code": credit_code()}]}, ("missing", "units.0.role")),
        ({"units": [{"role": "client", "name": "建设单位"}]}, ("missing", "units.0.credit_code")),
        ({"units": [{"role": "client", "credit_code": each} for each in TWO]}, ("repeated_otherwise", "units.1.role")),
        ({"number": []}, ("invalid", "number")),
        ({"project": {"name": {}}}, ("invalid", "project.name")),
        ({"section": "\ud800"}, ("invalid", "section")),
        ({"filed_on": "2026-W10-1"}, ("invalid", "filed_on")),
        ({"filed_on": "20260302"}, ("invalid", "filed_on")),
        ({"personnel": [person(1, document=None)]}, ("invalid", "personnel.0.document")),
        ({"personnel": [person(1) | {"from": None}]}, ("missing", "personnel.0.from")),
        ({"changed_at": "2026-03-01T09:00:00"}, ("invalid", "changed_at")),
        ({"changed_at": {}}, ("invalid", "changed_at")),
    ],
)
def test_what_is_not_as_the_contract_says_is_told_by_its_path(change: dict[str, Any], problem: tuple[str, str]) -> None:
    found = [(each.code, each.field) for each in told(filing(**change), ours).problems]
    assert problem in found


@pytest.mark.parametrize("item", [None, 7, "text", [], {}])
def test_what_is_no_record_is_a_problem_and_no_crash(item: Any) -> None:
    read = told(item, ours)
    assert read.key == ""
    assert read.problems


def test_a_resident_id_with_a_wrong_check_character_says_which_is_right() -> None:
    wrong = person(1)
    wrong["document"]["number"] = wrong["document"]["number"][:-1] + "0"
    (problem,) = told(filing(people=(wrong,)), ours).problems
    assert (problem.code, problem.field) == ("bad_check_character", "personnel.0.document.number")


def test_pages_follow_one_another_from_any_cursor(
    peer: tuple[HttpSource, Shelf], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_source, "LIMIT", 2)
    source, shelf = peer
    pages = list(source.changes(None))
    assert [[item["key"] for item in page.items] for page in pages] == [["F-0", "F-1"], ["F-2", "F-3"], ["F-4"]]
    assert keys_of(source, pages[1].cursor) == ["F-4"]
    assert keys_of(source, pages[-1].cursor) == []
    shelf.put([filing("F-1", project={"name": "改名"})])
    assert keys_of(source, pages[-1].cursor) == ["F-1"]
    assert len({page.sha256 for page in pages}) == 3


def test_records_are_asked_for_by_their_keys(peer: tuple[HttpSource, Shelf]) -> None:
    source, shelf = peer
    pages = list(source.again(["F-3", "F-0", "gone"]))
    assert [item["key"] for page in pages for item in page.items] == ["F-0", "F-3"]
    assert [page.cursor for page in pages] == [None]
    assert list(source.again([])) == []
    assert shelf.asked == ["list"]


FAILING = {
    # A peer that says nothing has used up the time of a question with its first attempt.
    "slow": (SourceDown, "source_unavailable", 1),
    "error": (SourceDown, "source_unavailable", ATTEMPTS),
    "malformed": (SourceDown, "source_unreadable", ATTEMPTS),
    "wrong_type": (SourceDown, "source_unreadable", ATTEMPTS),
    "too_many": (SourceDown, "source_unreadable", ATTEMPTS),
    "huge": (Permanent, "source_too_large", 1),
    "repeating": (Permanent, "source_repeats", 2),
    "refusing": (Permanent, "source_refused_us", 1),
}


def test_each_fault_of_the_fake_is_tried() -> None:
    assert {*FAILING, "another_person"} == set(FAULTS)


@pytest.mark.parametrize("fault", FAILING)
def test_each_fault_ends_with_its_code_and_only_what_may_pass_is_asked_again(
    peer: tuple[HttpSource, Shelf], fault: str
) -> None:
    source, shelf = peer
    kind, code, attempts = FAILING[fault]
    shelf.fault, shelf.slow_s = fault, 0.5
    if fault == "slow":
        source._timeout_s = 0.1
    with pytest.raises(kind) as failed:
        list(source.changes(None))
    assert failed.value.code == code  # type: ignore[attr-defined]
    assert len(shelf.asked) == attempts
    for secret in (TOKEN, "127.0.0.1", "31999919"):
        assert secret not in repr(failed.value) + repr(failed.value.__cause__)


def test_a_peer_that_is_better_at_the_next_attempt_is_taken(peer: tuple[HttpSource, Shelf], monkeypatch: Any) -> None:
    source, shelf = peer
    shelf.fault = "error"

    def mended(**_: Any) -> Any:
        shelf.fault = None
        return wait_none()

    monkeypatch.setattr(http_source, "wait_random_exponential", mended)
    assert len(keys_of(source)) == 5


def test_a_peer_nobody_reaches_is_down() -> None:
    source = HttpSource("http://127.0.0.1:1", TOKEN, PATH)
    with pytest.raises(SourceDown, match="source_unavailable"):
        list(source.changes(None))
    source.close()


def test_a_fake_is_switched_and_filled_over_http(peer: tuple[HttpSource, Shelf]) -> None:
    source, shelf = peer
    url = str(source._client.base_url)
    assert httpx.post(f"{url}/_fault", json={"fault": "error"}).status_code == 204
    assert shelf.fault == "error"
    httpx.post(f"{url}/_fault", json={"fault": None})
    httpx.post(f"{url}/_records", json={"records": [filing("F-9")]})
    assert keys_of(source)[-1] == "F-9"


@contextmanager
def answering(start: bytes, *parts: bytes) -> Iterator[HttpSource]:
    """A peer that answers each question with these bytes, ten parts a second."""
    door = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with suppress(OSError):
            while True:
                line, _ = door.accept()
                with line, suppress(OSError):
                    line.recv(65536)
                    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + start + b"\r\n\r\n")
                    for part in parts:
                        line.sendall(part)
                        sleep(0.1)

    thread = Thread(target=answer)
    thread.start()
    source = HttpSource(f"http://127.0.0.1:{door.getsockname()[1]}", TOKEN, PATH, timeout_s=0.3)
    try:
        yield source
    finally:
        source.close()
        # A listening socket that is only closed leaves its accept waiting.
        door.shutdown(socket.SHUT_RDWR)
        door.close()
        thread.join()


def test_an_answer_that_drips_ends_in_time() -> None:
    with answering(b"Content-Length: 1000", *[b" "] * 40) as source, pytest.raises(SourceDown) as failed:
        list(source.changes(None))
    assert failed.value.code == "source_unavailable"


def test_a_packed_answer_is_not_unpacked() -> None:
    packed = compress(compress(b" " * 1_000_000))
    start = b"Content-Encoding: gzip, gzip\r\nContent-Length: %d" % len(packed)
    with answering(start, packed) as source, pytest.raises(Permanent, match="source_other_contract"):
        list(source.changes(None))


@pytest.mark.parametrize("cursor", ["a\u0000b", "\ud800"])
def test_a_cursor_nobody_can_keep_is_unreadable(cursor: str) -> None:
    body = json.dumps({"items": [], "next": cursor, "more": False}).encode()
    with answering(b"Content-Length: %d" % len(body), body) as source, pytest.raises(SourceDown) as failed:
        list(source.changes(None))
    assert failed.value.code == "source_unreadable"


def records_of(source: Any) -> list[Any]:
    return [told(item, ours) for page in source.changes(None) for item in page.items]


def write(folder: Path, name: str, *records: Any, done: bool = True) -> None:
    lines = [record if isinstance(record, str) else json.dumps(record, ensure_ascii=False) for record in records]
    (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    if done:
        (folder / f"{name}.done").touch()


def test_files_give_the_same_records_in_the_order_of_their_names(
    peer: tuple[HttpSource, Shelf], tmp_path: Path
) -> None:
    source, shelf = peer
    write(tmp_path, "2026-03-02.jsonl", *shelf.records[3:])
    write(tmp_path, "2026-03-01.jsonl", *shelf.records[:3])
    assert records_of(BatchSource(tmp_path)) == records_of(source)


def test_a_file_is_left_until_it_is_done_and_read_on_from_its_line(tmp_path: Path) -> None:
    source = BatchSource(tmp_path)
    assert list(source.changes(None)) == []
    write(tmp_path, "1.jsonl", filing("F-1"), "", "{broken", filing("F-2"), done=False)
    assert list(source.changes(None)) == []
    (tmp_path / "1.jsonl.done").touch()
    (page,) = source.changes(None)
    assert ([item and item["key"] for item in page.items], page.cursor) == (["F-1", None, "F-2"], "1.jsonl:4")
    assert keys_of(source, "1.jsonl:3") == ["F-2"]
    write(tmp_path, "2.jsonl", filing("F-1", project={"name": "改名"}))
    assert keys_of(source, page.cursor) == ["F-1"]
    ((again,),) = [each.items for each in source.again(["F-1"])]
    assert again["project"]["name"] == "改名"


def test_a_folder_is_read_in_pages(tmp_path: Path) -> None:
    write(tmp_path, "1.jsonl", *(filing(f"F-{number}") for number in range(LIMIT + 1)))
    assert [len(page.items) for page in BatchSource(tmp_path).changes(None)] == [LIMIT, 1]


def test_a_folder_that_is_gone_and_a_cursor_of_something_else_are_told(tmp_path: Path) -> None:
    with pytest.raises(SourceDown, match="source_unavailable"):
        list(BatchSource(tmp_path / "gone").changes(None))
    with pytest.raises(Permanent, match="source_other_contract"):
        list(BatchSource(tmp_path).changes("F-1"))


def test_a_line_that_is_no_record_hinders_no_other_and_nothing_is_read_for_no_keys(tmp_path: Path) -> None:
    source = BatchSource(tmp_path)
    write(tmp_path, "1.jsonl", '{"key": []}', '{"key": {}}', '{"key": "X", "section": "\\ud800"}', filing("F-1"))
    (tmp_path / "2.jsonl").mkdir()
    (tmp_path / "2.jsonl.done").touch()
    (page,) = source.changes(None)
    assert len(page.items) == 4
    (again,) = source.again(["F-1", "gone"])
    assert ([item["key"] for item in again.items], again.asked) == (["F-1"], ["F-1", "gone"])
    assert source.of_person("1", "x").items == []
    assert list(BatchSource(tmp_path / "gone").again([])) == []


@pytest.fixture
def view(empty_database: str) -> Iterator[tuple[ViewSource, str]]:
    """The views of docs/connectors/view.sql in a database of their own."""
    plain = make_url(empty_database).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        connection.execute((DOCS / "view.sql").read_text(encoding="utf-8"))
    source = FilingView(plain)
    yield source, plain
    source.close()


def insert(url: str, table: str, **values: Any) -> None:
    names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    with psycopg.connect(url) as connection:
        connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))  # noqa: S608


def show(url: str, record: dict[str, Any]) -> None:
    """A record of the contract as rows."""
    own = {name: record[name] for name in ("key", "number", "filed_on", "section", "section_group", "permit_number")}
    project = {**record["project"], "project_name": record["project"]["name"]}
    del project["name"]
    (unit,) = record["units"]
    units = {"contractor_code": unit["credit_code"], "contractor_name": unit["name"]}
    at = datetime.fromisoformat(record["changed_at"])
    insert(url, "daogang_filings", **own, **project, **units, changed_at=at)
    for each in record["personnel"]:
        told_of = {"post": each["post"], "unit_code": each["unit"], "basis": each["basis"]}
        told_of |= {"starts_on": each["from"], "ends_on": each["until"], "document_kind": each["document"]["kind"]}
        told_of |= {"document_number": each["document"]["number"], "person_name": each["document"]["name"]}
        insert(url, "daogang_filing_personnel", filing_key=record["key"], **told_of)


def test_views_give_the_same_records_as_http(peer: tuple[HttpSource, Shelf], view: tuple[ViewSource, str]) -> None:
    source, shelf = peer
    for record in shelf.records:
        show(view[1], record)
    assert records_of(view[0]) == records_of(source)


def test_views_are_read_by_pages_of_changes_and_by_keys(
    view: tuple[ViewSource, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.connectors.view.LIMIT", 2)
    source, url = view
    for number in range(5):
        show(url, filing(f"F-{number}"))
    pages = list(source.changes(None))
    assert [len(page.items) for page in pages] == [2, 2, 1]
    assert keys_of(source, pages[0].cursor) == ["F-2", "F-3", "F-4"]
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE daogang_filings SET changed_at = changed_at + interval '1 day' WHERE key = 'F-0'")
    assert keys_of(source, pages[-1].cursor) == ["F-0"]
    assert [item["key"] for page in source.again(["F-3", "gone"]) for item in page.items] == ["F-3"]


def test_a_view_with_other_columns_is_another_contract_and_nothing_is_ever_written(
    view: tuple[ViewSource, str],
) -> None:
    source, url = view
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE daogang_filings RENAME COLUMN changed_at TO changed")
    with pytest.raises(Permanent, match="source_other_contract"):
        list(source.changes(None))
    with source._engine.connect() as connection, pytest.raises(Exception, match="read-only"):
        connection.exec_driver_sql("DELETE FROM daogang_filings")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ("planned_until = 'infinity'", "project.planned_until"),
        ("filed_on = '12026-01-01'", "filed_on"),
        ("area_m2 = 'Infinity'", "project.area_m2"),
        ("changed_at = 'infinity'", "changed_at"),
        ("contractor_code = NULL", "units.0.credit_code"),
    ],
)
def test_a_value_that_is_none_of_the_contract_is_wrong_with_its_row_alone(
    view: tuple[ViewSource, str], change: str, field: str
) -> None:
    source, url = view
    for key in ("F-1", "F-2"):
        show(url, filing(key))
    with psycopg.connect(url) as connection:
        connection.execute(f"UPDATE daogang_filings SET {change} WHERE key = 'F-1'")  # type: ignore[arg-type] # noqa: S608
    problems = {each.key: [problem.field for problem in each.problems] for each in records_of(source)}
    assert problems == {"F-1": [field], "F-2": []}
    assert [page.cursor for page in source.changes(None)][-1] == "2026-03-01T01:00:00+00:00|F-2"


def test_a_view_without_a_column_is_another_contract(view: tuple[ViewSource, str]) -> None:
    source, url = view
    show(url, filing("F-1"))
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE daogang_filings DROP COLUMN section_group")
    with pytest.raises(Permanent, match="source_other_contract"):
        list(source.changes(None))


def test_a_database_nobody_reaches_is_down() -> None:
    source = FilingView("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(SourceDown, match="source_unavailable"):
        list(source.changes(None))
