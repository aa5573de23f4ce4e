"""Identifiers: put into one spelling, and told what is wrong with them, down to the character."""

from datetime import date

import pytest

from service.domain.identifiers import (
    DocumentKind,
    birth_problem,
    compact,
    compact_phone,
    credit_code_problem,
    document_problem,
    phone_problem,
    same_name,
)
from service.errors import Problem

RESIDENT = DocumentKind.RESIDENT_ID


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"),
        (" 110105 19491231 002x ", "11010519491231002X"),
        ("110105-19491231-002x", "11010519491231002X"),
        ("\ufeff110105\u200b19491231\u3000002X", "11010519491231002X"),
        ("11010519491231002\uff38", "11010519491231002X"),
        ("e\u201012345678", "E12345678"),
        ("\u202d11010519491231002X\u202c\u2069", "11010519491231002X"),
        ("", ""),
    ],
)
def test_a_number_has_one_spelling(typed: str, number: str) -> None:
    assert compact(typed) == number


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014", "34052419800101001X"])
def test_numbers_of_the_standard_are_right_and_no_other_last_character_is(number: str) -> None:
    assert document_problem(RESIDENT, number) is None
    for last in set("0123456789X") - {number[-1]}:
        told = Problem("bad_check_character", "document_number", {"expected": number[-1]})
        assert document_problem(RESIDENT, number[:-1] + last) == told


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("110105491231002", "old_document_number"),
        ("", "bad_document_number"),
        ("1101051949123100", "bad_document_number"),
        ("11010519491231002XX", "bad_document_number"),
        ("1101051949123100X2", "bad_document_number"),
        ("11010519491231002Y", "bad_document_number"),
        ("１１０１０５１９４９１２３１００２X", "bad_document_number"),
        ("11010519491331002X", "bad_birth_date"),
        ("110105190002290021", "bad_birth_date"),
        ("110105000001010011", "bad_birth_date"),
    ],
)
def test_what_is_wrong_is_told_by_its_code_and_field(number: str, code: str) -> None:
    assert document_problem(RESIDENT, number, "people.3") == Problem(code, "people.3")


@pytest.mark.parametrize(
    ("number", "right"), [("E12345678", True), ("AB123", True), ("AB12", False), ("E1/2345", False)]
)
@pytest.mark.parametrize("kind", [DocumentKind.PASSPORT, DocumentKind.PERMIT])
def test_other_documents_are_letters_and_digits(kind: DocumentKind, number: str, *, right: bool) -> None:
    assert document_problem(kind, number) == (None if right else Problem("bad_document_number", "document_number"))


@pytest.mark.parametrize("code", ["91350100M000100Y43", "11320000MB151840XJ"])
def test_credit_codes_of_the_standard_are_right_and_no_other_last_character_is(code: str) -> None:
    assert credit_code_problem(code) is None
    for last in set("0123456789ABCDEFGHJKLMNPQRTUWXY") - {code[-1]}:
        told = Problem("bad_check_character", "credit_code", {"expected": code[-1]})
        assert credit_code_problem(code[:-1] + last) == told


@pytest.mark.parametrize(
    "code",
    ["", "91350100M000100Y4", "91350100M000100Y433", "9135O100M000100Y43", "91350100M000100I43", "91350100m000100y43"],
)
def test_what_is_no_credit_code_is_told(code: str) -> None:
    assert credit_code_problem(code, "unit") == Problem("bad_credit_code", "unit")


@pytest.mark.parametrize(
    ("phone", "right"),
    [
        ("13800138000", True),
        ("19912345678", True),
        ("12345678901", False),
        ("1380013800", False),
        ("+8613800138000", False),
        ("8613800138000", False),
    ],
)
def test_a_mobile_number_has_eleven_digits(phone: str, *, right: bool) -> None:
    assert phone_problem(phone) == (None if right else Problem("bad_phone", "phone"))


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        "+8613800138000",
        "+86 138-0013-8000",
        "008613800138000",
        "8613800138000",
        "＋８６１３８００１３８０００",
        "\u202d13800138000\u202c",
    ],
)
def test_a_phone_has_one_spelling_without_the_country(typed: str) -> None:
    assert compact_phone(typed) == "13800138000"


@pytest.mark.parametrize("typed", ["+8513800138000", "861380013800", "86138001380001", "+8623800138000"])
def test_what_is_no_phone_with_its_country_stays_as_it_is(typed: str) -> None:
    assert compact_phone(typed) == typed
    assert phone_problem(compact_phone(typed)) is not None


@pytest.mark.parametrize("kind", [DocumentKind.PASSPORT, DocumentKind.PERMIT])
@pytest.mark.parametrize("number", ["11010519491231002X", "110105194912310021", "110105491231002"])
def test_a_resident_s_number_right_or_wrong_is_no_other_document(kind: DocumentKind, number: str) -> None:
    assert document_problem(kind, number, "document.number") == Problem("resident_number", "document.number")


def test_nobody_is_born_after_today() -> None:
    born, number = date(1949, 12, 31), "11010519491231002X"
    assert birth_problem(RESIDENT, number, born) is None
    told = Problem("birth_to_come", "document_number")
    assert birth_problem(RESIDENT, number, date(1949, 12, 30)) == told
    assert birth_problem(DocumentKind.PASSPORT, "E12345678", date(1949, 12, 30)) is None


@pytest.mark.parametrize(
    "other",
    [
        "阿卜杜拉·买买提",
        "阿卜杜拉•买买提",
        "阿卜杜拉・买买提",
        "阿卜杜拉･买买提",
        "阿卜杜拉．买买提",
        "阿卜杜拉‧买买提",
        "阿卜杜拉 买买提",
        "阿卜杜拉\u3000买买提 ",
        "\u202a阿卜杜拉\u200b买买提\u202c",
    ],
)
def test_one_name_is_spelt_with_any_dot_or_blank_between_its_parts(other: str) -> None:
    assert same_name("阿卜杜拉·买买提", other)
    assert same_name(other, "阿卜杜拉买买提")


def test_another_name_is_another_name() -> None:
    assert same_name("Zo\u0065\u0301", "Zo\u00e9")
    assert not same_name("阿卜杜拉·买买提", "阿卜杜拉·买买")
    assert not same_name("张三", "张山")
