"""What the rule of certificates finds, at the edges of its days."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from service.domain.attendance_month import Holder, Post, Roster
from service.domain.findings import certificate_for_post
from service.domain.findings.base import Found, Rule
from service.domain.findings.certificate_for_post import RULE_VERSION, HeldCertificate
from service.domain.sites import TeamKind

DAY = date(2026, 3, 18)
CHEN, ZHOU = UUID(int=1), UUID(int=2)
NEEDS = {
    "project_manager": [["constructor_1", "constructor_2"], ["safety_b"]],
    "safety_officer": [["safety_c1", "safety_c2", "safety_c3"]],
    "site_engineer": [],
}
FIRST, LAST = date(2024, 3, 18), date(2027, 3, 17)


def line(person: UUID = CHEN, post: str = "project_manager", **days: Any) -> Holder:
    return Holder(person, post, **{"starts_on": date(2026, 1, 5), "ends_on": None, **days})


def find(day: date, lines: list[Holder], certificates: list[HeldCertificate], needs: Any) -> list[Found]:
    posts = {each.post_code: Post(each.post_code, TeamKind.CONSTRUCTION, 2) for each in lines}
    return certificate_for_post.find(day, Roster(posts, lines), certificates, needs)


def held(kind: str, person: UUID = CHEN, number: str = "", **days: Any) -> HeldCertificate:
    number = number or f"沪{kind}20240001"
    return HeldCertificate(person, kind, number, **{"valid_from": FIRST, "valid_until": LAST, **days})


def lacking(certificates: list[HeldCertificate], day: date = DAY, post: str = "project_manager") -> dict[str, Any]:
    """What the one finding of Chen says, or nothing."""
    found = find(day, [line(post=post)], certificates, NEEDS)
    assert len(found) <= 1
    return dict(found[0].evidence) if found else {}


def test_one_of_each_kind_is_enough() -> None:
    assert lacking([held("constructor_2"), held("safety_b")]) == {}
    assert lacking([held("constructor_1"), held("constructor_2"), held("safety_b")]) == {}


def test_nothing_held_is_missing_with_every_kind_that_would_do() -> None:
    assert find(DAY, [line()], [], NEEDS) == [
        Found(
            rule=Rule.CERTIFICATE_FOR_POST,
            rule_version=RULE_VERSION,
            key=f"{CHEN}:project_manager",
            team_kind=TeamKind.CONSTRUCTION,
            month=date(2026, 3, 1),
            evidence={"missing": [["constructor_1", "constructor_2"], ["safety_b"]], "expired": []},
            person_id=CHEN,
            post_code="project_manager",
        )
    ]


def test_what_is_held_for_one_need_does_not_meet_another() -> None:
    assert lacking([held("constructor_1"), held("safety_c3")])["missing"] == [["safety_b"]]
    assert lacking([held("safety_b")], post="safety_officer")["missing"] == [["safety_c1", "safety_c2", "safety_c3"]]


@pytest.mark.parametrize(
    ("day", "valid"),
    [
        (date(2024, 3, 17), False),
        (date(2024, 3, 18), True),
        (date(2027, 3, 16), True),
        (date(2027, 3, 17), True),
        (date(2027, 3, 18), False),
    ],
)
def test_a_certificate_is_valid_from_its_first_to_its_last_day(day: date, valid: bool) -> None:
    found = find(day, [line(post="safety_officer", starts_on=FIRST.replace(day=1))], [held("safety_c2")], NEEDS)
    assert (found == []) is valid


def test_an_expired_one_is_told_by_its_tail_and_its_last_day() -> None:
    certificate = held("safety_b", number="沪建安B(2023)0005125", valid_until=date(2026, 3, 17))
    assert lacking([held("constructor_1"), certificate]) == {
        "missing": [],
        "expired": [
            {"type": "safety_b", "number_tail": "5125", "valid_from": "2024-03-18", "valid_until": "2026-03-17"}
        ],
    }


def test_one_that_is_not_valid_yet_is_held_but_does_not_help() -> None:
    later = held("safety_b", valid_from=date(2026, 3, 19))
    expired = lacking([held("constructor_1"), later])["expired"]
    assert [(one["valid_from"], one["valid_until"]) for one in expired] == [("2026-03-19", "2027-03-17")]
    assert lacking([held("constructor_1"), later], date(2026, 3, 19)) == {}


def test_a_certificate_without_a_last_day_does_not_end() -> None:
    endless = held("safety_b", valid_until=None)
    assert lacking([held("constructor_1", valid_until=None), endless], date(2099, 1, 1)) == {}
    unbegun = held("safety_b", valid_from=date(2026, 4, 1), valid_until=None)
    assert lacking([held("constructor_1"), unbegun])["expired"][0]["valid_until"] is None


def test_of_several_expired_ones_the_last_to_end_is_told() -> None:
    old = held("constructor_1", number="A1111", valid_until=date(2025, 1, 1))
    newer = held("constructor_2", number="A2222", valid_until=date(2026, 1, 1))
    for certificates in ([old, newer], [newer, old]):
        assert [one["number_tail"] for one in lacking([*certificates, held("safety_b")])["expired"]] == ["2222"]


def test_a_renewal_before_the_old_one_ends_leaves_no_day_uncovered() -> None:
    old = held("safety_c2", number="C-0001", valid_until=date(2026, 3, 17))
    renewed = held("safety_c2", number="C-0002", valid_from=date(2026, 3, 18))
    for day in (date(2026, 3, 17), date(2026, 3, 18)):
        assert lacking([old, renewed], day, "safety_officer") == {}


def test_somebody_else_s_certificate_helps_nobody() -> None:
    found = find(DAY, [line(), line(ZHOU)], [held("constructor_1", ZHOU), held("safety_b", ZHOU)], NEEDS)
    assert [item.person_id for item in found] == [CHEN]


def test_a_person_on_two_posts_needs_the_certificates_of_both() -> None:
    lines = [line(), line(post="safety_officer")]
    found = find(DAY, lines, [held("constructor_1"), held("safety_b")], NEEDS)
    assert [item.key for item in found] == [f"{CHEN}:safety_officer"]
    assert [item.post_code for item in find(DAY, lines, [], NEEDS)] == ["project_manager", "safety_officer"]


def test_two_lines_of_one_person_on_one_post_are_one_finding() -> None:
    lines = [line(ends_on=date(2026, 3, 31)), line(starts_on=date(2026, 3, 1))]
    assert len(find(DAY, lines, [], NEEDS)) == 1


@pytest.mark.parametrize("post", ["site_engineer", "a_post_nobody_described"])
def test_a_post_that_needs_nothing_finds_nothing(post: str) -> None:
    assert find(DAY, [line(post=post)], [], NEEDS) == []


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ({"starts_on": DAY}, 1),
        ({"starts_on": date(2026, 3, 19)}, 0),
        ({"ends_on": DAY}, 1),
        ({"ends_on": date(2026, 3, 17)}, 0),
    ],
)
def test_only_lines_that_run_on_the_day_are_looked_at(days: dict[str, date], found: int) -> None:
    assert len(find(DAY, [line(**days)], [], NEEDS)) == found


def test_a_short_number_is_shown_no_longer_than_it_is() -> None:
    certificate = held("safety_c1", number="77", valid_until=date(2026, 1, 1))
    assert lacking([certificate], post="safety_officer")["expired"][0]["number_tail"] == "77"


def test_nobody_on_the_roster_means_nothing_found() -> None:
    assert find(DAY, [], [held("safety_b")], NEEDS) == []
