"""Identifiers as people type them, put right and checked: documents of people, units, certificates."""

import re
import unicodedata
from datetime import date
from enum import StrEnum

from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidComponent

from service.errors import Problem

_RESIDENT_ID = re.compile(r"[0-9]{17}[0-9X]")
_OLD_RESIDENT_ID = re.compile(r"[0-9]{15}")
_OTHER_DOCUMENT = re.compile(r"[A-Z0-9]{5,20}")
_PHONE = re.compile(r"1[3-9][0-9]{9}")
_COUNTRY = re.compile(r"(?:\+|00)?86(?=1[0-9]{10}$)")
_CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
# What stands between the parts of a name, after NFKC: a full stop, the middle dot, a bullet, those of other scripts.
_DOTS = frozenset(".\u00b7\u2022\u2027\u2219\u22c5\u30fb")


class DocumentKind(StrEnum):
    """Which document names the person."""

    RESIDENT_ID = "resident_id"
    PASSPORT = "passport"
    PERMIT = "permit"


class UnmaskReason(StrEnum):
    """What somebody needs a person's numbers in full for."""

    IDENTITY_CHECK = "identity_check"
    CONTACT = "contact"
    CORRECTION = "correction"
    ENFORCEMENT = "enforcement"
    COMPLAINT = "complaint"


def compact(text: str) -> str:
    """A number in one spelling: full-width characters made narrow, blanks, hyphens and what nobody sees gone, capitals.

    Numbers copied from a phone's contacts come between characters that turn the direction of writing.
    """
    narrow = seen(unicodedata.normalize("NFKC", text))
    return "".join(char for char in narrow if not char.isspace() and char not in "-\u2010\u2013").upper()


def compact_phone(text: str) -> str:
    """A mobile number in one spelling, without the country's +86 or 0086."""
    return _COUNTRY.sub("", compact(text), count=1)


def seen(text: str) -> str:
    """A text without its format characters (Unicode's Cf): they show nothing, or turn around what is shown."""
    return "".join(char for char in text if unicodedata.category(char) != "Cf")


def same_name(one: str, other: str) -> bool:
    """True for two spellings of one name: characters composed or not, its parts with any blank or dot between or none.

    It is asked only of two people with one document number.
    """
    return bare_name(one) == bare_name(other)


def bare_name(name: str) -> str:
    """What all spellings of one name have in common, for comparing; never shown or kept."""
    plain = seen(unicodedata.normalize("NFKC", name))
    return "".join(char for char in plain if not char.isspace() and char not in _DOTS)


def document_problem(kind: DocumentKind, number: str, field: str = "document_number") -> Problem | None:
    """What is wrong with a compacted document number, or None.

    18 characters with a date of birth and the right check character (GB 11643-1999); 15 digits are the form of before
    1999, which ended in 2013. The place is not checked: districts are renamed and merged, and their people keep their
    numbers. No passport has a number of either form; a residence permit that has one carries a resident's number, and
    is entered as such: else a wrong check character would go unseen.
    """
    if kind is not DocumentKind.RESIDENT_ID:
        if _RESIDENT_ID.fullmatch(number) or _OLD_RESIDENT_ID.fullmatch(number):
            return Problem("resident_number", field)
        return None if _OTHER_DOCUMENT.fullmatch(number) else Problem("bad_document_number", field)
    if _OLD_RESIDENT_ID.fullmatch(number):
        return Problem("old_document_number", field)
    if not _RESIDENT_ID.fullmatch(number):
        return Problem("bad_document_number", field)
    try:
        ric.get_birth_date(number)
    except InvalidComponent:
        return Problem("bad_birth_date", field)
    expected = str(ric.calc_check_digit(number))
    return None if expected == number[-1] else Problem("bad_check_character", field, {"expected": expected})


def birth_problem(kind: DocumentKind, number: str, today: date, field: str = "document_number") -> Problem | None:
    """What is wrong with the birth a checked document number tells, or None; passports and permits tell none."""
    if kind is DocumentKind.RESIDENT_ID and ric.get_birth_date(number) > today:
        return Problem("birth_to_come", field)
    return None


def credit_code_problem(code: str, field: str = "credit_code") -> Problem | None:
    """What is wrong with a compacted unified social credit code (GB 32100-2015), or None."""
    if not _CREDIT_CODE.fullmatch(code):
        return Problem("bad_credit_code", field)
    expected = uscc.calc_check_digit(code)
    return None if expected == code[-1] else Problem("bad_check_character", field, {"expected": expected})


def phone_problem(phone: str, field: str = "phone") -> Problem | None:
    """What is wrong with a compacted mobile number, or None."""
    return None if _PHONE.fullmatch(phone) else Problem("bad_phone", field)
