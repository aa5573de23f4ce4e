"""Bad check-ins over HTTP: refused with every problem told, nothing half-kept, nothing personal in the log."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from demo.photos import landscape
from service.deps import Deps
from service.store.models import Person
from tests.api.conftest import Log
from tests.api.support import NOTHING, Part, Puncher, bomb, file, kept, multipart, said, text
from tests.factories import CENTRE

Problems = list[tuple[str, str | None]]
DEEP = "[" * 30_000
MOST_BYTES = 12_000_000


def ask(puncher: Puncher, *parts: Part) -> tuple[int, Problems]:
    return said(puncher.caller.ask("POST", "/check-ins", **multipart(*parts)))


@pytest.fixture(autouse=True)
def nothing_of_it_is_kept_and_the_log_names_nobody(deps: Deps, puncher: Puncher, log: Log) -> Iterator[None]:
    """After each refusal of this file: no row, no file, no job, and a log without whom and where."""
    with deps.database.begin() as work:
        person = work.session.get_one(Person, puncher.person_id)
        person.phone_tail, name, tail = "1234", person.name, person.document_tail
    yield
    assert kept(deps) == NOTHING
    for personal in (name, tail, "1234", str(CENTRE[0]), str(CENTRE[1]), "31.23", "121.47", "ref-"):
        assert personal not in json.dumps([{**line, "request_id": "", "timestamp": ""} for line in log.lines])


def test_a_refusal_is_logged_by_its_code_and_nothing_else(puncher: Puncher, log: Log) -> None:
    puncher.send(landscape(), position={"lat": 91})
    (line,) = log.lines
    assert {name: line[name] for name in ("event", "level", "code", "status", "path")} == {
        "event": "request refused",
        "level": "info",
        "code": "out_of_range",
        "status": 422,
        "path": "/api/v1/check-ins",
    }
    assert set(line) == {"event", "level", "code", "status", "path", "request_id", "timestamp"}


def test_a_body_that_is_not_multipart_is_refused(puncher: Puncher) -> None:
    response = puncher.caller.post("/check-ins", puncher.claim())
    assert said(response) == (415, [("not_multipart", None)])


@pytest.mark.parametrize(
    "body", [b"", b"x", b"--parts\r\nContent-Disposition: form-data; name=claim\r\n\r\n{", b"--parts--\r\n"]
)
def test_a_body_that_only_says_it_is_multipart_misses_both_parts(puncher: Puncher, body: bytes) -> None:
    content_type = "multipart/form-data; boundary=parts"
    response = puncher.caller.ask("POST", "/check-ins", data=body, content_type=content_type)
    assert said(response) == (422, [("part_missing", "photo"), ("part_missing", "claim")])


NOTE, PHOTO_AS_TEXT = text("note", "x"), text("photo", "no file")


@pytest.mark.parametrize(
    ("parts", "problems"),
    [
        (["claim"], [("part_missing", "photo")]),
        (["photo"], [("part_missing", "claim")]),
        (["claim", "photo", "photo"], [("part_repeated", "photo")]),
        (["claim", "claim", "photo"], [("part_repeated", "claim")]),
        (["claim", file("claim", b"{}", "claim.json"), "photo"], [("part_repeated", "claim")]),
        (["claim", "photo", NOTE], [("part_unknown", "note")]),
        (["claim", "photo", file("selfie", b"x")], [("part_unknown", "selfie")]),
        (["claim", "photo", text("号" * 200, "x")], [("part_unknown", "号" * 80)]),
        (["claim", PHOTO_AS_TEXT], [("part_missing", "photo")]),
        (["claim", "photo", PHOTO_AS_TEXT], [("not_an_image", "photo")]),
        (["claim", PHOTO_AS_TEXT, NOTE], [("part_missing", "photo"), ("part_unknown", "note")]),
        (
            ["claim", "claim", "photo", "photo", NOTE],
            [("part_repeated", "photo"), ("part_unknown", "note"), ("part_repeated", "claim")],
        ),
    ],
)
def test_parts_in_the_wrong_number_or_under_the_wrong_name_are_all_told(
    puncher: Puncher, parts: list[str | Part], problems: Problems
) -> None:
    good = {"claim": text("claim", puncher.claim()), "photo": file("photo", landscape())}
    assert ask(puncher, *(good[part] if isinstance(part, str) else part for part in parts)) == (422, problems)


def test_more_parts_than_any_request_needs_are_not_even_read(puncher: Puncher) -> None:
    parts = [text(f"part{number}", "") for number in range(20)]
    assert ask(puncher, *parts, file("photo", landscape())) == (413, [("request_too_large", None)])


@pytest.mark.parametrize(
    ("photo", "status", "code"),
    [
        (lambda: b"", 422, "photo_empty"),
        (lambda: b"a shopping list" * 20, 422, "not_an_image"),
        (lambda: b"%PDF-1.7 " + bytes(1000), 422, "not_an_image"),
        (lambda: landscape()[: len(landscape()) // 2], 422, "photo_damaged"),
        (lambda: landscape()[:200], 422, "photo_damaged"),
        (bomb, 422, "photo_too_many_pixels"),
        (lambda: landscape() + bytes(MOST_BYTES + 1 - len(landscape())), 413, "photo_too_large"),
    ],
)
def test_a_file_that_is_no_usable_photo_is_refused(
    puncher: Puncher, photo: Callable[[], bytes], status: int, code: str
) -> None:
    assert ask(puncher, text("claim", puncher.claim()), file("photo", photo())) == (status, [(code, "photo")])


def test_a_request_larger_than_any_photo_is_refused_unread(puncher: Puncher) -> None:
    photo = file("photo", bytes(MOST_BYTES + 12 * 1_000_000 + 1_000_000))
    assert ask(puncher, text("claim", puncher.claim()), photo) == (413, [("request_too_large", None)])


@pytest.mark.parametrize(
    ("claim", "status", "problems"),
    [
        ("", 400, [("bad_json", "claim")]),
        ("{", 400, [("bad_json", "claim")]),
        ('{"client_ref": }', 400, [("bad_json", "claim")]),
        ("null", 422, [("invalid", "claim")]),
        ("[]", 422, [("invalid", "claim")]),
        ('"claim"', 422, [("invalid", "claim")]),
        ("7", 422, [("invalid", "claim")]),
        ("9" * 5000, 400, [("bad_json", "claim")]),
        (DEEP, 400, [("json_too_deep", "claim")]),
        ('{"samples":' * 33, 400, [("json_too_deep", "claim")]),
        ("[" * 200_000, 413, [("request_too_large", "claim")]),
        (
            "{}",
            422,
            [("missing", f"claim.{name}") for name in ("project_id", "client_ref", "taken_at", "position")],
        ),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_claim_that_is_no_claim_is_refused(puncher: Puncher, claim: str, status: int, problems: Problems) -> None:
    assert ask(puncher, text("claim", claim), file("photo", landscape())) == (status, problems)


@pytest.mark.parametrize(
    ("claim", "status", "code"),
    [
        (b"", 400, "bad_json"),
        (b"\xff\xfe", 400, "bad_json"),
        (b"null", 422, "invalid"),
        (b"[" * 60_000, 400, "json_too_deep"),
        (b"[" * 200_000, 413, "request_too_large"),
        (b'{"client_ref": 1, "client_ref": 2}', 400, "bad_json"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_claim_file_that_is_no_claim_is_refused(puncher: Puncher, claim: bytes, status: int, code: str) -> None:
    parts = file("claim", claim, "claim.json"), file("photo", landscape())
    assert ask(puncher, *parts) == (status, [(code, "claim")])


def test_a_claim_of_a_million_characters_is_too_large(puncher: Puncher) -> None:
    claim = {**puncher.claim(), "client_ref": "x" * 1_000_000}
    status, ((code, _),) = ask(puncher, text("claim", claim), file("photo", landscape()))
    assert (status, code) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("position", "problem"),
    [
        ({"lat": 91}, ("out_of_range", "lat")),
        ({"lat": -90.001}, ("out_of_range", "lat")),
        ({"lon": 180.5}, ("out_of_range", "lon")),
        ({"lat": float("nan")}, ("not_a_number", "lat")),
        ({"lon": float("inf")}, ("not_a_number", "lon")),
        ({"accuracy_m": float("-inf")}, ("not_a_number", "accuracy_m")),
        ({"lat": "NaN"}, ("not_a_number", "lat")),
        ({"lat": "31.2304"}, ("not_a_number", "lat")),
        ({"lat": "3_1"}, ("not_a_number", "lat")),
        ({"lat": True}, ("not_a_number", "lat")),
        ({"lat": [31]}, ("not_a_number", "lat")),
        ({"lat": None}, ("null_not_allowed", "lat")),
        ({"lat": 10**400}, ("not_a_number", "lat")),
        ({"accuracy_m": -1}, ("out_of_range", "accuracy_m")),
        ({"accuracy_m": 100_001}, ("out_of_range", "accuracy_m")),
        ({"datum": "wgs-84"}, ("not_a_choice", "datum")),
        ({"datum": None}, ("null_not_allowed", "datum")),
        ({"datum": ["wgs84"]}, ("not_a_choice", "datum")),
        ({"precision": "rough"}, ("not_a_choice", "precision")),
        ({"altitude": 4}, ("unknown_field", "altitude")),
        ({"\ud800": 4}, ("unknown_field", "?")),
        ({"fixed_at": "2026-03-02T10:00:00"}, ("naive_time", "fixed_at")),
        ({"fixed_at": 1_772_416_800}, ("invalid", "fixed_at")),
        ({"fixed_at": "yesterday"}, ("invalid", "fixed_at")),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_position_is_refused_with_the_path_to_what_is_wrong(
    puncher: Puncher, position: dict[str, Any], problem: tuple[str, str]
) -> None:
    code, field = problem
    answer = said(puncher.send(landscape(), position=position))
    assert answer == (422, [(code, f"claim.position.{field}")])


def test_a_position_without_its_datum_is_never_guessed(puncher: Puncher) -> None:
    claim = puncher.claim()
    del claim["position"]["datum"]
    assert said(puncher.caller.punch(claim, landscape())) == (422, [("missing", "claim.position.datum")])


def test_a_number_beyond_every_float_is_no_number(puncher: Puncher) -> None:
    claim = json.dumps(puncher.claim()).replace(str(CENTRE[0]), "1e999")
    assert said(puncher.caller.punch(claim, landscape())) == (422, [("not_a_number", "claim.position.lat")])


def test_an_integer_of_five_thousand_digits_is_no_json_we_read(puncher: Puncher) -> None:
    claim = json.dumps(puncher.claim()).replace(str(CENTRE[0]), "9" * 5000)
    assert said(puncher.caller.punch(claim, landscape())) == (400, [("bad_json", "claim")])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"client_ref": "short"}, ("bad_length", "client_ref")),
        ({"client_ref": "x" * 65}, ("bad_length", "client_ref")),
        ({"client_ref": "with\0nothing"}, ("invalid", "client_ref")),
        ({"client_ref": "with half a \ud800"}, ("invalid", "client_ref")),
        ({"client_ref": "two\nlines of it"}, ("invalid", "client_ref")),
        ({"client_ref": 123_456_789}, ("invalid", "client_ref")),
        ({"project_id": "the site"}, ("invalid", "project_id")),
        ({"project_id": 7}, ("invalid", "project_id")),
        ({"project_id": str(UUID(int=7))}, ("unknown_reference", "project_id")),
        ({"taken_at": "2026-03-02T02:05:01Z"}, ("time_ahead", "taken_at")),
        ({"taken_at": "2026-03-02 02:00"}, ("naive_time", "taken_at")),
        ({"taken_at": "9999-12-31T23:59:59-12:00"}, ("out_of_range", "taken_at")),
        ({"taken_at": "0001-01-01T00:00:00+12:00"}, ("out_of_range", "taken_at")),
        ({"samples": None}, ("null_not_allowed", "samples")),
        ({"samples": {}}, ("invalid", "samples")),
        ({"samples": ["here"]}, ("invalid", "samples.0")),
        ({"face_distance": 0.1}, ("unknown_field", "face_distance")),
        ({"person_id": str(UUID(int=1))}, ("unknown_field", "person_id")),
        ({"state": {"is": ["accepted"]}}, ("unknown_field", "state")),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_field_of_the_claim_is_refused_by_name(
    puncher: Puncher, change: dict[str, Any], problem: tuple[str, str]
) -> None:
    code, field = problem
    assert said(puncher.send(landscape(), **change)) == (422, [(code, f"claim.{field}")])


@pytest.mark.parametrize("position", [[], "here", 7])
def test_a_position_that_is_no_object_is_refused(puncher: Puncher, position: object) -> None:
    claim = {**puncher.claim(), "position": position}
    assert said(puncher.caller.punch(claim, landscape())) == (422, [("invalid", "claim.position")])


def sample(**changes: Any) -> dict[str, Any]:
    return {"lat": 31.2, "lon": 121.4, "accuracy_m": 9, "fixed_at": "2026-03-02T01:59:59Z", **changes}


@pytest.mark.parametrize(
    ("samples", "problems"),
    [
        ([sample(), sample(lat=91)], [("out_of_range", "claim.samples.1.lat")]),
        ([sample(datum="wgs84")], [("unknown_field", "claim.samples.0.datum")]),
        ([sample(fixed_at="2026-03-02T02:05:01Z")], [("time_ahead", "claim.samples.0.fixed_at")]),
        ([sample() for _ in range(21)], [("bad_length", "claim.samples")]),
    ],
)
def test_a_bad_sample_is_refused_by_its_place_in_the_burst(
    puncher: Puncher, samples: list[dict[str, Any]], problems: Problems
) -> None:
    assert said(puncher.send(landscape(), samples=samples)) == (422, problems)


def test_several_problems_of_claim_and_photo_are_all_told(puncher: Puncher) -> None:
    position = {"lat": 91, "lon": "x", "datum": "here", "accuracy_m": -1, "depth": 3}
    response = puncher.send(b"no photo at all", client_ref="short", taken_at="now", position=position)
    status, problems = said(response)
    assert (status, sorted(problems)) == (
        422,
        [
            ("bad_length", "claim.client_ref"),
            ("invalid", "claim.taken_at"),
            ("not_a_choice", "claim.position.datum"),
            ("not_a_number", "claim.position.lon"),
            ("not_an_image", "photo"),
            ("out_of_range", "claim.position.accuracy_m"),
            ("out_of_range", "claim.position.lat"),
            ("unknown_field", "claim.position.depth"),
        ],
    )


def test_a_clock_ahead_and_an_unknown_project_are_told_together(puncher: Puncher, deps: Deps) -> None:
    ahead = (deps.clock.now() + timedelta(minutes=5, seconds=1)).isoformat()
    response = puncher.send(landscape(), taken_at=ahead, project_id=str(UUID(int=7)), position={"fixed_at": ahead})
    assert said(response) == (
        422,
        [
            ("time_ahead", "claim.taken_at"),
            ("time_ahead", "claim.position.fixed_at"),
            ("unknown_reference", "claim.project_id"),
        ],
    )


def test_the_numbers_a_person_needs_stand_in_both_texts(puncher: Puncher) -> None:
    (error,) = puncher.send(landscape(), position={"lat": 91}).json["errors"]
    assert error["data"] == {"min": "-90", "max": "90"}
    assert error["text"] == {"zh": "数值超出范围（-90—90）。", "en": "The value is out of range (-90 to 90)."}


@pytest.mark.parametrize("language", ["de-DE,de;q=0.9", "en", "zh-CN", "*", "\xff", ""])
def test_the_language_somebody_asks_for_changes_nothing(puncher: Puncher, language: str) -> None:
    response = puncher.caller.punch({}, landscape(), headers={"Accept-Language": language})
    assert said(response)[0] == 422
    assert response.json["text"] == {"zh": "缺少必填项。", "en": "This is required."}
