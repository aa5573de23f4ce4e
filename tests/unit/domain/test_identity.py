"""When somebody is suspected, at the edges of each number."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from face.match import Thresholds
from service.domain.identity import (
    Nearby,
    are_tries_used_up,
    is_clearly_nearer,
    per_thousand,
    rival_of,
    twin_of,
)
from service.domain.policies import FacePolicy, TryPolicy

FACE = FacePolicy(Thresholds(1.0, 2.0), margin=0.5, duplicate=0.5, duplicate_margin=0.25)
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def near(*distances: float) -> list[Nearby]:
    return [Nearby(uuid4(), uuid4(), distance) for distance in distances]


@pytest.mark.parametrize(
    ("distance", "claimed", "clearly"),
    [
        (0.4, 1.0, True),
        (0.5, 1.0, False),
        (0.6, 1.0, False),
        (2.0, 3.0, True),
        # Nearer by far, and still nobody the engine would hold for him.
        (2.1, 9.0, False),
    ],
)
def test_nearer_by_the_margin_and_near_at_all(distance: float, claimed: float, *, clearly: bool) -> None:
    assert is_clearly_nearer(distance, claimed, FACE) is clearly


def test_the_nearest_of_those_found_is_the_rival() -> None:
    first, second = near(0.4, 0.45)
    rival = rival_of([first, second], 1.0, FACE, "roster")
    assert rival is not None
    assert (rival.nearby, rival.clearly, rival.among) == (first, True, "roster")
    assert rival_of([], 1.0, FACE, "roster") is None


def minutes(*after: float) -> list[datetime]:
    return [NOON + timedelta(minutes=each) for each in after]


@pytest.mark.parametrize(
    ("others", "used_up"),
    [
        ([-5, -10], True),
        ([-5, -10.1], False),
        ([-5], False),
        # Judged in another order than sent: the last verdict is of the first or the middle photo.
        ([5, 10], True),
        ([-5, 5], True),
        ([-6, 6], False),
        ([-30, -29, -28], False),
    ],
)
def test_three_mismatches_within_ten_minutes_use_the_tries_up(others: list[float], *, used_up: bool) -> None:
    assert are_tries_used_up(minutes(0, *others), NOON, TryPolicy()) is used_up


def test_who_may_be_the_same_person_stands_alone() -> None:
    alone, crowded, far = near(0.5), near(0.4, 0.65), near(0.51)
    assert twin_of(alone, FACE, {}) is alone[0]
    assert twin_of(crowded, FACE, {}) is None
    assert twin_of(far, FACE, {}) is None
    apart = near(0.4, 0.66)
    assert twin_of(apart, FACE, {}) is apart[0]
    assert twin_of([], FACE, {}) is None
    assert twin_of(alone, FacePolicy(Thresholds(1.0, 2.0)), {}) is None


def test_two_names_of_one_person_are_no_crowd() -> None:
    first, second, third = near(0.4, 0.45, 0.5)
    known = {first.person_id: {second.person_id}}
    assert twin_of([first, second], FACE, known) is first
    assert twin_of([first, second, third], FACE, known) is None


def test_false_suspicions_are_told_for_a_thousand_person_days() -> None:
    assert (per_thousand(3, 2000), per_thousand(0, 5), per_thousand(0, 0)) == (1.5, 0.0, None)
