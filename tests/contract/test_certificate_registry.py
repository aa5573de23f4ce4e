"""The certificate registry's contract: client, fake and document agree; it is also asked about one person."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import yaml
from jsonschema import Draft4Validator
from sqlalchemy import make_url

from service.connectors.batch import BatchSource
from service.connectors.certificates import PATH, told
from service.connectors.fakes.registry import Shelf
from service.connectors.http_source import HttpSource
from service.connectors.source import Registry
from service.connectors.sources import certificate_registry, filing_system
from service.connectors.view import CertificateView
from service.domain.certificates import CertificateStatus
from service.domain.records import CertificateRecord
from tests.sources import TOKEN, certificate, certificate_fake, credit_code, document, serving

DOCS = Path(__file__).parents[2] / "docs" / "connectors"
CHEN, ZHOU = document(1), document(2, "周安全")
RECORDS = (
    certificate("C-1", CHEN),
    certificate("C-2", ZHOU, type="safety_c2", level=None, status="suspended", status_from="2026-02-02", unit=None),
    certificate("C-3", CHEN, type="注册建造师", level="1", valid_until=None),
)


@pytest.fixture
def peer() -> Iterator[tuple[HttpSource, Shelf]]:
    with serving(certificate_fake(*RECORDS)) as (url, shelf):
        source = HttpSource(url, TOKEN, PATH)
        yield source, shelf
        source.close()


def ours(_thing: str, word: str) -> str:
    return word


def test_the_fake_answers_as_the_document_says(peer: tuple[HttpSource, Shelf]) -> None:
    source, _ = peer
    content = yaml.safe_load((DOCS / "certificates.openapi.yaml").read_text(encoding="utf-8"))

    def plain(node: Any) -> Any:
        if isinstance(node, list):
            return [plain(item) for item in node]
        if not isinstance(node, dict):
            return node
        inner = {key: plain(value) for key, value in node.items() if key != "nullable"}
        return {**inner, "type": [inner["type"], "null"]} if node.get("nullable") is True else inner

    schemas = plain(content["components"])
    url, headers = f"{source._client.base_url}{PATH}", {"Authorization": f"Bearer {TOKEN}"}
    page = httpx.get(url, headers=headers).json()
    question = {"document_number": CHEN["number"], "name": CHEN["name"]}
    answer = httpx.post(f"{url}/query", headers=headers, json=question).json()
    for name, said in (("Page", page), ("Answer", answer), ("Question", question)):
        assert list(Draft4Validator({**schemas["schemas"][name], "components": schemas}).iter_errors(said)) == [], name
    assert [item["key"] for item in answer["items"]] == ["C-1", "C-3"]


def test_every_field_of_the_document_is_read() -> None:
    read = told(certificate(number="（沪）1 3 a", status="suspended", status_from="2026-02-02"), ours)
    assert (read.key, read.problems) == ("C-1", ())
    ((path, record),) = read.records
    assert isinstance(record, CertificateRecord)
    assert record.unit is not None
    assert (path, record.number, record.specialty, record.unit.credit_code) == ("", "(沪)13A", "建筑", credit_code())
    assert (record.status, record.status_from) == (CertificateStatus.SUSPENDED, date(2026, 2, 2))


def test_a_type_with_a_level_is_one_word() -> None:
    asked = []
    told(certificate(level="1", type="注册建造师"), lambda thing, word: asked.append((thing, word)) or word)
    assert ("certificate_type", "注册建造师/1") in asked
    assert ("certificate_type", "注册建造师") not in asked


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"type": None}, ("missing", "type")),
        ({"number": None}, ("missing", "number")),
        ({"holder": {}}, ("invalid", "holder.document")),
        ({"holder": None}, ("invalid", "holder")),
        ({"holder": {"document": {**CHEN, "number": "310101491"}}}, ("bad_document_number", "holder.document.number")),
        ({"holder": {"document": {**CHEN, "kind": "军官证"}}}, ("unmapped", "holder.document.kind")),
        ({"unit": "示范单位"}, ("invalid", "unit")),
        ({"valid_from": "2026"}, ("invalid", "valid_from")),
        ({"valid_until": "forever"}, ("invalid", "valid_until")),
        ({"status": "吊销"}, ("unmapped", "status")),
    ],
)
def test_what_is_not_as_the_contract_says_is_told_by_its_path(change: dict[str, Any], problem: tuple[str, str]) -> None:
    read = told({**certificate(), **change}, lambda _, word: word if word.isascii() else None)
    assert problem in [(each.code, each.field) for each in read.problems]


def test_one_person_is_asked_for_in_the_body_and_never_in_the_address(peer: tuple[HttpSource, Shelf]) -> None:
    source, shelf = peer
    page = source.of_person(CHEN["number"], CHEN["name"])
    assert [item["key"] for item in page.items] == ["C-1", "C-3"]
    assert shelf.asked == ["query"]


def test_a_registry_may_answer_about_another_person(peer: tuple[HttpSource, Shelf]) -> None:
    source, shelf = peer
    shelf.fault = "another_person"
    assert [item["key"] for item in source.of_person(CHEN["number"], CHEN["name"]).items] == ["C-2"]


@pytest.fixture
def others(empty_database: str, tmp_path: Path) -> Iterator[list[Registry]]:
    """The same certificates in a view and in files."""
    plain = make_url(empty_database).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        connection.execute((DOCS / "view.sql").read_text(encoding="utf-8"))
        for record in RECORDS:
            holder, unit = record["holder"]["document"], record["unit"] or {}
            row = {name: value for name, value in record.items() if name not in {"holder", "unit", "changed_at"}}
            row |= {"document_kind": holder["kind"], "document_number": holder["number"], "holder_name": holder["name"]}
            row |= {"unit_code": unit.get("credit_code"), "unit_name": unit.get("name")}
            row |= {"changed_at": datetime.fromisoformat(record["changed_at"])}
            marks = ", ".join(["%s"] * len(row))
            statement = f"INSERT INTO daogang_certificates ({', '.join(row)}) VALUES ({marks})"  # noqa: S608
            connection.execute(statement, list(row.values()))
    lines = "".join(json.dumps(record) + "\n" for record in RECORDS)
    (tmp_path / "1.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "1.jsonl.done").touch()
    view = CertificateView(plain)
    yield [view, BatchSource(tmp_path)]
    view.close()


def test_views_and_files_give_the_same_records_as_http(peer: tuple[HttpSource, Shelf], others: list[Registry]) -> None:
    def records_of(source: Registry) -> list[Any]:
        return [told(item, ours) for page in source.changes(None) for item in page.items]

    def of_chen(source: Registry) -> list[Any]:
        return [told(item, ours) for item in source.of_person(CHEN["number"], CHEN["name"]).items]

    for other in others:
        assert records_of(other) == records_of(peer[0])
        assert of_chen(other) == of_chen(peer[0])
        assert len(of_chen(other)) == 2


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://registry.example", HttpSource),
        ("http://127.0.0.1:8000", HttpSource),
        ("postgresql://u:p@127.0.0.1/name", CertificateView),
        ("file:///srv/exchange%20in", BatchSource),
        ("", type(None)),
    ],
)
def test_an_address_says_what_carries_the_records(url: str, kind: type) -> None:
    for made, expected in ((certificate_registry(url, "t"), kind), (filing_system(url, "t"), kind)):
        assert type(made).__name__.replace("Filing", "Certificate") == expected.__name__
        if made is not None:
            made.close()


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("身份证", "身份证"),
        ("A12345", "A12345"),
        ("310199", "310199"),
        ("310101199001010010", "*" * 18),
        ("电话 139 0000-1234", "*" * 16),
        ("证１２３４５６", "*" * 7),
    ],
)
def test_a_number_in_the_place_of_a_word_is_kept_by_its_length_alone(word: str, kept: str) -> None:
    read = told(
        {**certificate(), "holder": {"document": {**CHEN, "kind": word}}},
        lambda thing, told_word: None if thing == "document_kind" else told_word,
    )
    (problem,) = [each for each in read.problems if each.code == "unmapped"]
    assert problem.data == {"thing": "document_kind", "word": kept}
