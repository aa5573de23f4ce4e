"""Certificates: what a need comes to at each edge, how soon one ends, and which patterns of numbers are taken."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from service.domain.certificates import (
    Bucket,
    CertificateKind,
    CertificateStatus,
    HeldCertificate,
    Outcome,
    bucket_of,
    judge_need,
    pattern_problem,
    unusual,
)

DAY = date(2026, 3, 2)
FIRST, SECOND = CertificateKind("first", "constructor", 1), CertificateKind("second", "constructor", 2)
SAFETY_B, SAFETY_C = CertificateKind("safety_b", "safety"), CertificateKind("safety_c", "safety")
OURS, THEIRS = UUID(int=1), UUID(int=2)
SUSPENDED = CertificateStatus.SUSPENDED


def held(kind: CertificateKind = FIRST, number: int = 1, **changes: Any) -> HeldCertificate:
    values: dict[str, Any] = {"valid_from": DAY, "valid_until": DAY, "unit_id": OURS, **changes}
    return HeldCertificate(UUID(int=number), kind, f"{number:04d}", **values)


YESTERDAY, TOMORROW = DAY - timedelta(1), DAY + timedelta(1)
EXPIRED = {"valid_from": YESTERDAY, "valid_until": YESTERDAY}


@pytest.mark.parametrize(
    ("certificates", "outcome"),
    [
        ([held()], Outcome.MET),
        ([held(valid_until=None)], Outcome.MET),
        ([held(unit_id=None)], Outcome.MET),
        ([held(unit_id=THEIRS)], Outcome.OTHER_UNIT),
        ([held(status=SUSPENDED)], Outcome.SUSPENDED),
        ([held(status=CertificateStatus.CANCELLED)], Outcome.SUSPENDED),
        ([held(**EXPIRED)], Outcome.EXPIRED),
        ([held(valid_from=TOMORROW, valid_until=None)], Outcome.EXPIRED),
        ([held(SECOND)], Outcome.WRONG_LEVEL),
        ([held(SAFETY_B)], Outcome.MISSING),
        ([], Outcome.MISSING),
        # The kindest wins.
        ([held(SECOND), held(number=2, **EXPIRED)], Outcome.EXPIRED),
        ([held(**EXPIRED), held(number=2, status=SUSPENDED)], Outcome.SUSPENDED),
        ([held(status=SUSPENDED), held(number=2, unit_id=THEIRS)], Outcome.OTHER_UNIT),
        ([held(unit_id=THEIRS), held(number=2)], Outcome.MET),
    ],
)
def test_a_need_comes_to_the_kindest_outcome(certificates: list[HeldCertificate], outcome: Outcome) -> None:
    assert judge_need([FIRST], (), certificates, DAY, OURS).outcome is outcome


def test_a_type_of_the_family_that_was_not_asked_for_is_the_wrong_one() -> None:
    judged = judge_need([SAFETY_B], (), [held(SAFETY_C)], DAY, OURS)
    assert (judged.outcome, judged.asked, judged.certificate) == (Outcome.WRONG_TYPE, ("safety_b",), held(SAFETY_C))


def test_of_levels_the_lowest_asked_for_decides() -> None:
    assert judge_need([FIRST, SECOND], (), [held(SECOND)], DAY, OURS).outcome is Outcome.MET
    third = CertificateKind("third", "constructor", 3)
    assert judge_need([FIRST, SECOND], (), [held(third)], DAY, OURS).outcome is Outcome.WRONG_LEVEL
    # A higher one that was not named is of the wrong type, not of a lower level.
    assert judge_need([SECOND], (), [held(FIRST)], DAY, OURS).outcome is Outcome.WRONG_TYPE


def test_a_specialty_that_is_asked_for_has_to_be_there() -> None:
    for specialty, outcome in (("土建", Outcome.MET), ("机电", Outcome.WRONG_TYPE), (None, Outcome.WRONG_TYPE)):
        assert judge_need([FIRST], ("土建",), [held(specialty=specialty)], DAY, OURS).outcome is outcome


def test_without_a_unit_any_will_do() -> None:
    assert judge_need([FIRST], (), [held(unit_id=THEIRS)], DAY, None).outcome is Outcome.MET


def test_the_best_is_the_one_that_lasts_longest() -> None:
    short, long, endless = held(), held(number=2, valid_until=TOMORROW), held(number=3, valid_until=None)
    assert judge_need([FIRST], (), [short, long], DAY, OURS).certificate == long
    assert judge_need([FIRST], (), [endless, long], DAY, OURS).certificate == endless


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-400, Bucket.EXPIRED),
        (-1, Bucket.EXPIRED),
        (0, Bucket.DAYS_30),
        (30, Bucket.DAYS_30),
        (31, Bucket.DAYS_60),
        (60, Bucket.DAYS_60),
        (61, Bucket.DAYS_90),
        (90, Bucket.DAYS_90),
    ],
)
def test_buckets_meet_without_a_gap(days: int, bucket: Bucket) -> None:
    assert bucket_of(days) is bucket


SAFETY_NUMBER = r"^[\u4e00-\u9fa5]建安(A|B|C[123]?)[(（]\d{4}[)）]\d{7,15}$"


@pytest.mark.parametrize(
    "pattern",
    [SAFETY_NUMBER, r"\d+", r"a*b+c?d{2,}", r"\(a\)+", r"[)*+?|]+", r"[]a]{3}", r"(?:ab)c", r"\\1", "A" * 200],
)
def test_a_pattern_that_stays_quick_is_taken(pattern: str) -> None:
    assert pattern_problem(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("[", "pattern_unreadable"),
        ("(" * 2000 + ")" * 2000, "pattern_unreadable"),
        ("a{99999999999}", "pattern_unreadable"),
        ("(a+)+", "pattern_too_open"),
        ("(ab){2}", "pattern_too_open"),
        (r"(a)\1", "pattern_too_open"),
        ("(?=a)a", "pattern_too_open"),
        ("(?P<n>a)", "pattern_too_open"),
        (".*.*.*.*.*x", "pattern_too_open"),
        ("a|b|c|d|e|f", "pattern_too_open"),
        ("a{1,2}b{1,2}c{,2}d{1,}e?", "pattern_too_open"),
    ],
)
def test_a_pattern_whose_matching_could_take_long_is_not(pattern: str, code: str) -> None:
    problem = pattern_problem(pattern)
    assert problem is not None
    assert (problem.code, problem.field) == (code, "number_pattern")


@pytest.mark.parametrize(
    ("number", "pattern", "told"),
    [
        ("沪建安C1(2024)0000001", SAFETY_NUMBER, False),
        ("沪建安(2024)0000001", SAFETY_NUMBER, True),
        ("沪建安B(2024)0000001X", SAFETY_NUMBER, True),
        ("anything", None, False),
        ("1" * 60, r"\d+", False),
        ("1" * 61, r"\d+", True),
    ],
)
def test_an_unusual_number_is_told(number: str, pattern: str | None, *, told: bool) -> None:
    assert unusual(number, pattern) is told
