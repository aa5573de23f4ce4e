"""Identifiers: put into one spelling, and told what is wrong with them, down to the character."""

import pytest

from service.domain.identifiers import DocumentKind, compact, credit_code_problem, document_problem, phone_problem
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
    ],
)
def test_a_mobile_number_has_eleven_digits(phone: str, *, right: bool) -> None:
    assert phone_problem(phone) == (None if right else Problem("bad_phone", "phone"))
