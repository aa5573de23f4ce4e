import xml.etree.ElementTree as ET
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from face.calibrate import (
    bootstrap,
    cross,
    det_points,
    duplicate_limit,
    eer,
    fmr,
    fnmr,
    leave_one_out,
    refuse_at,
    threshold_at,
)
from face.det_picture import Mark, svg
from face.search import Floats, Vectors

# Few different numbers, so that ties are the rule; float32 as some callers will hand them over.
tied = hnp.arrays(np.float32, st.integers(1, 60), elements=st.sampled_from([0.125, 0.25, 0.3, 0.5, 0.7, 1.1]))
spread = hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(0, 2))


def normalise(vectors: Vectors) -> Vectors:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def people(*counts: int, seed: int = 1) -> list[Vectors]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((count, 6)).astype(np.float32) for count in counts]


def test_a_distance_on_the_threshold_is_accepted() -> None:
    assert fmr([0.1, 0.5, 0.9, 1.0], 0.5) == 0.5
    assert fnmr([0.1, 0.5, 0.9, 1.0], 0.5) == 0.5


@pytest.mark.parametrize("trials", [[], [0.1, float("nan")], [float("inf")]], ids=str)
def test_no_rate_comes_of_nothing(trials: list[float]) -> None:
    for rate in (fmr, fnmr, threshold_at):
        with pytest.raises(ValueError, match="distance"):
            rate(trials, 0.1)


@given(tied | spread, st.floats(0, 0.999) | st.sampled_from([1 / 49, 0.29, 0.1, 0.001]))
def test_the_threshold_keeps_its_rate_and_is_the_largest_that_does(impostor: Floats, rate: float) -> None:
    found = threshold_at(impostor, rate)
    assert fmr(impostor, found.threshold) <= rate
    assert fmr(impostor, float(np.nextafter(found.threshold, np.inf))) > rate


@pytest.mark.parametrize(
    ("count", "rate", "supported"), [(999, 1e-3, False), (1000, 1e-3, True), (49, 1 / 49, True), (5, 0.0, False)]
)
def test_a_rate_is_supported_from_one_expected_impostor_on(count: int, rate: float, supported: bool) -> None:
    assert threshold_at(np.linspace(0.5, 1, count), rate).supported is supported


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_a_rate_outside_of_zero_to_one_is_a_mistake(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        threshold_at([0.5], rate)


def test_owners_are_refused_where_only_one_in_two_hundred_lies_beyond() -> None:
    owners, impostors = np.linspace(0, 1, 201), np.linspace(0.9, 2, 100)
    assert refuse_at(owners, impostors, 0.8) == pytest.approx(0.995)
    assert refuse_at(owners, impostors, 1.2) == 1.2
    assert refuse_at(owners, impostors - 0.8, 0.2) == pytest.approx(0.65)


def test_the_equal_error_rate_of_two_normal_laws() -> None:
    rng = np.random.default_rng(1)
    assert eer(rng.normal(0, 1, 20_000), rng.normal(2, 1, 20_000)) == pytest.approx(NormalDist().cdf(-1), abs=0.005)
    assert eer([0.1, 0.2], [0.8, 0.9]) == 0.0
    assert eer([0.8, 0.9], [0.1, 0.2]) == 1.0


@given(tied | spread, tied | spread)
def test_points_of_the_curve_are_the_rates_at_their_thresholds(genuine: Floats, impostor: Floats) -> None:
    points = det_points(genuine, impostor, 20)
    assert len(points) <= 20
    for threshold, accepted, refused in points:
        assert accepted == pytest.approx(fmr(np.float64(impostor), threshold))
        assert refused == pytest.approx(fnmr(np.float64(genuine), threshold))
    assert points[0, 0] == impostor.min()
    assert points[-1, 1] == 1


def test_the_interval_over_persons_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for turn in range(100):
        # Each person's trials lie together, so that counting trials would give far too narrow an interval.
        persons = [rng.normal(rng.normal(0.5, 0.2), 0.02, 10) for _ in range(40)]
        low, high = bootstrap(persons, lambda chosen: float(np.mean(chosen)), rounds=200, seed=turn)
        covered += low <= 0.5 <= high
    assert 87 <= covered <= 99


def test_the_interval_is_the_same_for_the_same_seed_and_empty_for_nobody() -> None:
    persons = [[0.1], [0.5, 0.6], [0.9]]

    def share(chosen: object) -> float:
        return fnmr(np.concatenate(list(chosen)), 0.5)  # type: ignore[call-overload]

    assert bootstrap(persons, share, rounds=50, seed=3) == bootstrap(persons, share, rounds=50, seed=3)
    with pytest.raises(ValueError, match="persons"):
        bootstrap([], share)


LAWS: dict[str, tuple[Callable[[np.random.Generator, int], Floats], float]] = {
    "persons differ": (lambda rng, n: rng.normal(0.85, 0.07, n), 1.0),
    "persons are alike": (lambda rng, n: 0.8 * rng.weibull(20, n), 8.0),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("count", [100, 1000, 20_000])
def test_hidden_duplicates_leave_the_rate_of_false_alarms_near_the_wanted_one(law: str, count: int) -> None:
    draw, excess = LAWS[law]
    rng = np.random.default_rng(7)
    truth = draw(rng, 500_000)
    rates = []
    for _ in range(30):
        duplicates = rng.uniform(0, 0.4, count // 50)
        limit = duplicate_limit(np.concatenate([draw(rng, count), duplicates]))
        assert limit is not None
        assert limit > duplicates.max()
        rates.append(fmr(truth, limit))
    # With few persons the law alone decides and is optimistic where persons are alike; with many they are counted.
    assert 1e-4 < np.mean(rates) < 1e-3 * (1.3 if count > 1000 else 1.5 + excess / 2)


def test_the_limit_never_passes_more_of_the_enrolled_than_asked_for() -> None:
    nearest = 0.6 + 0.2 * np.random.default_rng(2).weibull(0.7, 5000)
    limit = duplicate_limit(nearest, 0.01)
    assert limit is not None
    assert fmr(nearest, limit) <= 0.01


def test_too_few_persons_have_no_limit() -> None:
    nearest = np.linspace(0.6, 1, 50)
    assert duplicate_limit(nearest[:49]) is None
    assert duplicate_limit(nearest) is not None


def test_the_limit_of_persons_who_are_all_equally_far_lies_below_them() -> None:
    limit = duplicate_limit(np.full(60, 2**0.5))
    assert limit is not None
    assert 1.41 < limit < 2**0.5


@pytest.mark.parametrize("rate", [0.0, 0.5, float("nan")])
def test_a_rate_of_false_alarms_is_small_and_not_zero(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        duplicate_limit(np.ones(60), rate)


def test_each_photo_is_compared_with_the_template_of_the_others() -> None:
    members = people(3, 1, 2)
    found = leave_one_out(members, normalise)
    assert [len(each) for each in found] == [3, 0, 2]
    for photos, measured in zip(members, found, strict=True):
        for at, distance in enumerate(measured):
            template = normalise(np.delete(photos, at, axis=0).mean(axis=0)[np.newaxis])
            assert distance == pytest.approx(np.linalg.norm(normalise(photos[[at]]) - template), abs=1e-6)


def test_persons_with_one_photo_have_nothing_to_leave_out() -> None:
    assert [each.tolist() for each in leave_one_out(people(1, 1), normalise)] == [[], []]
    assert leave_one_out([], normalise) == []


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from("abc")), max_size=7), st.booleans())
def test_impostors_are_all_others_of_the_group(persons: list[tuple[int, str]], grouped: bool) -> None:
    members, groups = people(*(count for count, _ in persons)), [group for _, group in persons]
    found = cross(members, normalise, max_pairs=1000, groups=groups if grouped else None)
    assert len(found) == len(members)
    for person, measured in enumerate(found):
        expected = [
            np.linalg.norm(photo - normalise(members[other].mean(axis=0)[np.newaxis]))
            for photo in normalise(members[person])
            for other in range(len(members))
            if other != person and (not grouped or groups[other] == groups[person])
        ]
        assert sorted(measured) == pytest.approx(sorted(expected), abs=1e-5)


def test_too_many_impostors_are_drawn_down_the_same_way_each_time_and_from_everybody() -> None:
    members = people(*[2] * 60)
    every = np.concatenate(cross(members, normalise, max_pairs=10_000))
    drawn = [cross(members, normalise, max_pairs=1500, seed=seed) for seed in (1, 1, 2)]
    first, again, other = (np.concatenate(each) for each in drawn)
    assert len(every) == 120 * 59
    assert len(first) == len(np.unique(first)) == 1500
    assert np.isin(first, every).all()
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert min(len(each) for each in drawn[0]) > 5
    assert first.mean() == pytest.approx(every.mean(), abs=0.02)


def test_the_picture_is_an_svg_that_names_its_curves_and_marks() -> None:
    points = det_points(np.linspace(0.1, 0.9, 50), np.linspace(0.6, 1.4, 50))
    drawn = ET.fromstring(svg({"dlib <1>": points, "other": points}, [Mark("accept & go", 0.0, 0.02)]))  # noqa: S314
    words = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"dlib <1>", "other", "accept & go", "0.01 %", "100 %"} <= set(words)
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}polyline"))) == 2
