"""Rosters against lists: each kind of difference at its edge, and who comes against who goes."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import pytest

from service.domain.certificates import CertificateKind, CertificateStatus, HeldCertificate
from service.domain.findings.facts import Listed, Lists
from service.domain.lists import Difference, compare, standing
from service.domain.replacement import falls_short
from service.domain.roster import Basis, LineState, Match, overlap

HE, OTHER, UNIT = UUID(int=1), UUID(int=2), UUID(int=3)
POST, DAY = "project_manager", date(2026, 3, 2)
FILING, CONTRACT, APPOINTMENT = Basis.FILING, Basis.CONTRACT, Basis.APPOINTMENT
ON, OFF = LineState.IN_FORCE, LineState.SUBMITTED


def named(basis: Basis, person_id: UUID = HE, post: str = POST, unit_id: UUID | None = None) -> Listed:
    return Listed(UUID(int=9), basis, post, person_id, unit_id)


@pytest.mark.parametrize(
    ("listed", "match", "others", "elsewhere"),
    [
        ([], Match.NO_LIST, 0, False),
        ([named(CONTRACT)], Match.NO_LIST, 0, False),
        ([named(FILING)], Match.MATCHED, 0, False),
        ([named(FILING), named(FILING, OTHER), named(FILING, OTHER)], Match.MATCHED, 1, False),
        ([named(FILING, OTHER, "safety_officer")], Match.MISMATCHED, 0, False),
        ([named(FILING, HE, "safety_officer"), named(CONTRACT)], Match.MISMATCHED, 0, True),
        ([named(FILING), named(FILING, HE, "safety_officer")], Match.MATCHED, 0, True),
    ],
)
def test_a_line_stands_against_the_list_that_binds(
    listed: list[Listed], match: Match, others: int, elsewhere: bool
) -> None:
    told = standing(Lists(tuple(listed)), FILING, HE, POST, UNIT)
    assert (told.match, told.others, told.listed_for_other_post) == (match, others, elsewhere)


@pytest.mark.parametrize(
    ("entries", "begun", "match", "on_roster", "off_roster"),
    [
        ([named(FILING, unit_id=UNIT)], [FILING], Match.MATCHED, Difference.SAME, Difference.NOT_ON_ROSTER),
        ([named(FILING, unit_id=OTHER)], [FILING], Match.MISMATCHED, Difference.NOT_LISTED, Difference.LISTS_DIFFER),
        (
            [named(FILING, unit_id=OTHER), named(FILING)],
            [FILING],
            Match.MATCHED,
            Difference.SAME,
            Difference.NOT_ON_ROSTER,
        ),
        # Every entry has ended: the list names nobody, and still binds.
        ([], [FILING], Match.MISMATCHED, Difference.NOT_LISTED, None),
        ([named(CONTRACT)], [FILING, CONTRACT], Match.MISMATCHED, Difference.NOT_LISTED, Difference.LISTS_DIFFER),
        ([], [CONTRACT], Match.NO_LIST, Difference.LISTS_DIFFER, None),
    ],
)
def test_standing_and_comparison_say_the_same_of_units_and_of_lists_that_ended(
    entries: list[Listed], begun: list[Basis], match: Match, on_roster: Difference, off_roster: Difference | None
) -> None:
    lists = Lists(tuple(entries), frozenset(begun))
    assert standing(lists, FILING, HE, POST, UNIT).match is match
    for lines, difference in (([(HE, POST, ON)], on_roster), ([], off_roster)):
        rows = compare(lists, lines, {POST: FILING}, {POST: UNIT})
        assert [row.difference for row in rows] == ([difference] if difference else [])


def test_for_a_team_that_the_project_lacks_any_unit_may_be_named() -> None:
    (row,) = compare(Lists((named(FILING, unit_id=OTHER),)), [], {POST: FILING}, {})
    assert (row.filing, row.difference) == (True, Difference.NOT_ON_ROSTER)


@pytest.mark.parametrize(
    ("bases", "others", "state", "difference"),
    [
        ([FILING], [], ON, Difference.SAME),
        ([FILING], [], LineState.ENDED, Difference.SAME),
        ([FILING], [], OFF, Difference.NOT_ON_ROSTER),
        ([FILING], [], None, Difference.NOT_ON_ROSTER),
        ([FILING, CONTRACT], [], ON, Difference.SAME),
        ([FILING], [CONTRACT], ON, Difference.LISTS_DIFFER),
        ([CONTRACT], [FILING], ON, Difference.NOT_LISTED),
        ([CONTRACT], [], None, Difference.NOT_ON_ROSTER),
        ([CONTRACT], [FILING], None, Difference.LISTS_DIFFER),
        ([], [FILING], ON, Difference.NOT_LISTED),
        ([], [CONTRACT], ON, Difference.LISTS_DIFFER),
        ([], [FILING], OFF, Difference.SAME),
        ([], [], ON, Difference.NO_LIST),
        ([], [], OFF, Difference.SAME),
    ],
)
def test_each_difference_is_told_by_its_code(
    bases: list[Basis], others: list[Basis], state: LineState | None, difference: Difference
) -> None:
    listed = [named(basis) for basis in bases] + [named(basis, OTHER) for basis in others]
    rows = compare(Lists(tuple(listed)), [(HE, POST, state)] if state else [], {POST: FILING}, {})
    (row,) = [each for each in rows if each.person_id == HE]
    assert (row.difference, row.roster) == (difference, state)
    assert (row.filing, row.contract, row.appointment) == (FILING in bases, CONTRACT in bases, False)


def test_of_several_lines_the_furthest_is_shown_and_rows_come_by_post_and_person() -> None:
    lines = [(HE, POST, LineState.DRAFT), (HE, POST, ON), (OTHER, POST, LineState.RETURNED), (HE, "a_post", OFF)]
    rows = compare(Lists((named(APPOINTMENT, OTHER),)), lines, {POST: FILING, "a_post": FILING}, {})
    assert [(row.post_code, row.person_id, row.roster) for row in rows] == [
        ("a_post", HE, OFF),
        (POST, HE, ON),
        (POST, OTHER, LineState.RETURNED),
    ]


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ((1, 3), (3, 5), True),
        ((1, 3), (4, 5), False),
        ((4, 5), (1, 3), False),
        ((1, None), (9, None), True),
        ((9, None), (1, 8), False),
        ((9, None), (1, 9), True),
        ((2, 2), (1, 3), True),
    ],
)
def test_spans_of_days_overlap_where_they_share_one(
    one: tuple[int, int | None], other: tuple[int, int | None], shared: bool
) -> None:
    def days(span: tuple[int, int | None]) -> tuple[date, date | None]:
        return date(2026, 3, span[0]), date(2026, 3, span[1]) if span[1] else None

    assert overlap(*days(one), *days(other)) is shared


ONE, TWO = CertificateKind("constructor_1", "constructor", 1), CertificateKind("constructor_2", "constructor", 2)
SAFETY = CertificateKind("safety_b", "safety")


def held(kind: CertificateKind, **more: object) -> HeldCertificate:
    return HeldCertificate(UUID(int=5), kind, "1", **{"valid_from": date(2025, 1, 1), "unit_id": UNIT, **more})


@pytest.mark.parametrize(
    ("asked", "new", "old", "short"),
    [
        ([ONE, TWO], [held(TWO)], [held(ONE)], True),
        ([ONE, TWO], [held(ONE)], [held(TWO)], False),
        # Another family that meets the need too is neither higher nor lower.
        ([ONE, SAFETY], [held(ONE)], [held(SAFETY)], False),
        ([ONE], [held(TWO)], [held(ONE)], True),
        ([ONE], [held(TWO)], [held(TWO)], False),
        ([ONE], [held(TWO)], [], False),
        ([ONE], [], [], False),
        ([ONE], [], [held(TWO)], True),
        ([ONE], [held(SAFETY)], [held(TWO)], True),
        ([SAFETY], [], [held(SAFETY)], True),
        ([ONE], [held(ONE, valid_until=date(2026, 3, 1))], [held(ONE)], True),
        ([ONE], [held(ONE, valid_until=DAY)], [held(ONE)], False),
        ([ONE], [held(ONE, valid_from=date(2026, 3, 3))], [held(ONE)], True),
        ([ONE], [held(ONE, status=CertificateStatus.SUSPENDED)], [held(ONE)], True),
        ([ONE], [held(ONE, status=CertificateStatus.SUSPENDED)], [held(ONE, valid_until=date(2026, 3, 1))], False),
        # Of another unit he does not meet the need, and is not qualified lower.
        ([ONE], [held(ONE, unit_id=OTHER)], [held(ONE)], False),
    ],
)
def test_who_comes_falls_short_where_he_meets_a_need_worse(
    asked: list[CertificateKind], new: Sequence[HeldCertificate], old: Sequence[HeldCertificate], short: bool
) -> None:
    assert falls_short(asked, (), new, old, DAY, UNIT) is short
