from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bench.face_accuracy import tidy
from bench.face_trials import (
    FIGURES,
    REACH,
    STEPS,
    Array,
    Trials,
    best_of,
    counted,
    curve,
    enrol,
    figures,
    intervals,
    passing,
    photos_enrolled,
    play,
    rivals_among,
)
from face import calibrate
from face.engines.base import Engine, Part, Reading
from face.errors import Refusal
from face.space import space_of

LENGTH = 8
ACCEPT = 0.5


class FlatEngine:
    """An engine of eight numbers, for which photos a unit apart are of two persons."""

    id, version, parts, differ_limit = "flat", "1", (Part("flat", LENGTH),), 1.0

    def describe(self, data: bytes) -> Reading | Refusal:
        return reading(np.frombuffer(data, np.float32))


ENGINE: Engine = FlatEngine()


def reading(descriptor: Array) -> Reading:
    return Reading(np.asarray(descriptor, np.float32), (0, 0, 1, 1), {}, 1)


def person(at: int, photos: int, seed: int = 1) -> list[Reading]:
    """Photos about a tenth away from a corner of their own."""
    apart = np.random.default_rng([seed, at]).standard_normal((photos, LENGTH)).astype(np.float32) * np.float32(0.03)
    return [reading(np.eye(LENGTH, dtype=np.float32)[at] + each) for each in apart]


def dice() -> np.random.Generator:
    return np.random.default_rng(3)


def trials(own: object, others: object) -> Trials:
    one, other = (np.asarray(each, np.float32) for each in (own, others))
    return Trials(one, other, one, other)


def named(counts: Array) -> dict[str, float]:
    return dict(zip(FIGURES, figures(counts), strict=True))


def test_as_many_photos_are_enrolled_as_wanted_or_leave_half_of_the_persons_one() -> None:
    assert photos_enrolled([10, 10, 2], 5) == 5
    assert photos_enrolled([4, 4, 3, 9], 5) == 3
    assert photos_enrolled([1, 1, 1], 5) == 1


def test_impostors_are_all_others_or_those_of_a_common_group() -> None:
    names = ["a", "b", "c", "d"]
    assert rivals_among(names, None).tolist() == (~np.eye(4, dtype=bool)).tolist()
    grouped = rivals_among(names, [["a", "b", "nobody"], ["b", "c"]])
    assert [[names[at] for at in np.flatnonzero(row)] for row in grouped] == [["b"], ["a", "c"], ["b"], []]


def test_photos_not_enrolled_are_left_to_compare() -> None:
    photos = person(0, 7)
    made = enrol(photos, 5, ENGINE, dice())
    assert made is not None
    assert made.strangers == 0
    both = np.concatenate([made.template.members, made.probes])
    assert sorted(both.tolist()) == sorted(each.descriptor.tolist() for each in photos)
    assert made.template.photos == 5


def test_a_photo_named_a_stranger_is_replaced_and_still_compared() -> None:
    stranger = person(1, 1)[0]
    for seed in range(10):
        made = enrol([*person(0, 3), stranger], 3, ENGINE, np.random.default_rng(seed))
        assert made is not None
        assert made.probes.shape == (1, LENGTH)
        if made.strangers:
            assert np.array_equal(made.probes[0], stranger.descriptor)
        assert np.abs(made.template.vector[0] - 1) < 0.1 or not made.strangers
    assert enrol([*person(0, 2), stranger], 3, ENGINE, dice()) is None
    assert enrol(person(0, 2), 3, ENGINE, dice()) is None


def test_the_best_of_three_photos_counts_and_no_photo_counts_twice_in_a_deal() -> None:
    apart = np.arange(14, dtype=np.float32).reshape(7, 2)
    best = best_of(apart, dice())
    assert best.shape == (8, 2)
    assert best.min() == 0
    assert np.array_equal(best[:, 0] + 1, best[:, 1])
    for deal in best[:, 0].reshape(4, 2):
        assert len(set(deal)) == 2
    assert best_of(apart[:2], dice()).shape == (0, 2)


distances = hnp.arrays(np.float32, st.integers(1, 80), elements=st.integers(1, 900).map(lambda at: (at - 0.5) / 500))


@given(distances, distances)
def test_counted_rates_are_those_of_the_distances_themselves(own: Array, others: Array) -> None:
    found = named(counted(trials(own, others), ACCEPT))
    assert found["fmr"] == pytest.approx(calibrate.fmr(others, ACCEPT))
    assert found["fnmr"] == found["fnmr_3_tries"] == pytest.approx(calibrate.fnmr(own, ACCEPT))
    assert found["eer"] == pytest.approx(calibrate.eer(own, others), abs=0.5 / min(len(own), len(others)) + 1e-9)
    for rate in (0.01, 0.001):
        threshold = calibrate.threshold_at(others, rate).threshold
        # A threshold may lie a step below the exact one.
        exact = [calibrate.fnmr(own, threshold - back) for back in (0, ACCEPT / STEPS)]
        assert exact[0] - 1e-9 <= found[f"fnmr_at_fmr_{rate}"] <= exact[1] + 1e-9
        assert found[f"fnmr3_at_fmr_{rate}"] == found[f"fnmr_at_fmr_{rate}"]


def test_a_distance_on_the_threshold_is_accepted_and_far_ones_are_only_counted() -> None:
    counts = counted(trials([0.5, 0.5001], [0.5, 3.0, 100.0]), ACCEPT)
    assert counts.shape == (4, REACH + 2)
    assert named(counts)["fnmr"] == 0.5
    assert named(counts)["fmr"] == pytest.approx(1 / 3)
    assert counts[1, -1] == 2


def test_where_nothing_was_compared_there_is_no_figure() -> None:
    found = named(counted(Trials(*(np.array(each, np.float32) for each in ([0.1], [], [], []))), ACCEPT))
    assert found["fnmr"] == 0
    missing = ("fmr", "fnmr_3_tries", "fnmr_at_fmr_0.01", "fnmr3_at_fmr_0.001", "eer")
    assert [tidy(found[name]) for name in missing] == [None] * len(missing)
    assert tidy(0.123456789) == 0.12346
    assert tidy(7) == 7


def people(photos: Sequence[int]) -> list[list[Reading]]:
    return [person(at, count) for at, count in enumerate(photos)]


def test_a_round_compares_everybody_who_has_photos_left() -> None:
    found = play(people([7, 6, 5, 2]), rivals_among("abcd", None), 5, ENGINE, space_of(ENGINE), ACCEPT, 0)
    assert found.failed == 1
    assert found.compared.tolist() == [True, True, False, False]
    assert found.counts.sum(axis=2).tolist() == [[2, 2, 0, 0], [1, 1, 0, 0], [0] * 4, [0] * 4]
    assert named(found.counts.sum(axis=0))["fnmr"] == named(found.counts.sum(axis=0))["fmr"] == 0


def test_a_round_is_the_same_for_the_same_seed() -> None:
    rounds = [
        play(people([9, 9, 9]), rivals_among("abc", None), 5, ENGINE, space_of(ENGINE), ACCEPT, seed)
        for seed in (0, 0, 1)
    ]
    assert np.array_equal(rounds[0].counts, rounds[1].counts)
    assert not np.array_equal(rounds[0].counts, rounds[2].counts)


def test_intervals_are_as_wide_as_persons_differ() -> None:
    always, never = (counted(trials([own] * 10, [0.9] * 10), ACCEPT) for own in (0.1, 0.8))
    alike, unlike = (intervals(np.stack(each)) for each in ([always] * 40, [always, never] * 20))
    fnmr = FIGURES.index("fnmr")
    assert alike[fnmr].tolist() == [0, 0]
    low, high = unlike[fnmr]
    assert 0.3 < low < 0.4
    assert 0.6 < high < 0.7


def test_the_curve_runs_from_the_first_impostor_to_all() -> None:
    own, others, *_ = passing(counted(trials(np.linspace(0.1, 0.6, 50), np.linspace(0.4, 1.2, 200)), ACCEPT))
    points = curve(own, others, ACCEPT)
    assert points[0, 1] == pytest.approx(1 / 200)
    assert points[-1, 1] == pytest.approx(1)
    assert (np.diff(points, axis=0)[:, 1] > 0).all()
    assert (np.diff(points, axis=0)[:, 2] <= 0).all()
    at = np.argmin(np.abs(points[:, 0] - ACCEPT))
    assert points[at, 1] == pytest.approx(np.mean(np.linspace(0.4, 1.2, 200) <= points[at, 0]), abs=0.006)
