import struct
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from face.engines.base import Part, Reading
from face.errors import EngineFailed, Refusal
from face.match import Match, MatchOutcome, Thresholds, compare
from face.space import space_of
from face.template import Template, build, from_bytes, to_bytes


@dataclass(frozen=True, slots=True)
class Paper:
    """An engine that exists on paper: only its name and version are asked for here."""

    id: str = "paper"
    version: str = "1"
    parts: tuple[Part, ...] = (Part("paper", 128),)
    differ_limit: float = 0.6

    def describe(self, data: bytes) -> Reading | Refusal:
        return Refusal("no_face", {"bytes": len(data)})


THRESHOLDS = Thresholds(accept=0.40, refuse=0.50)


def reading(*first: float) -> Reading:
    vector = np.zeros(128, np.float32)
    vector[: len(first)] = first
    return Reading(vector, (0, 0, 100, 100), {}, 1)


def template(*first: float) -> Template:
    built = build([reading(*first)], Paper())
    assert isinstance(built, Template)
    return built


def test_a_template_is_the_mean_of_its_readings() -> None:
    built = build([reading(0.1, 0.3), reading(0.3, 0.1)], Paper())
    assert isinstance(built, Template)
    assert (built.engine, built.version, built.photos) == ("paper", "1", 2)
    assert built.vector[:3] == pytest.approx([0.2, 0.2, 0.0])
    assert built.vector.dtype == np.float32


def test_without_a_reading_there_is_no_template() -> None:
    with pytest.raises(ValueError, match="at least one"):
        build([], Paper())


@pytest.mark.parametrize("stranger", [0, 1, 2])
def test_of_three_photos_the_stranger_is_named(stranger: int) -> None:
    readings = [reading(0.0), reading(0.1), reading(0.2)]
    readings[stranger] = reading(0.0, 0.9)
    refusal = build(readings, Paper())
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.data["photo"], refusal.data["limit"]) == ("photos_differ", stranger, 0.6)


def test_of_two_photos_the_second_is_named() -> None:
    refusal = build([reading(0.0), reading(0.61)], Paper())
    assert isinstance(refusal, Refusal)
    assert refusal.data["photo"] == 1
    assert refusal.data["distance"] == pytest.approx(0.61)


def test_photos_just_within_the_limit_make_a_template() -> None:
    assert isinstance(build([reading(0.0), reading(0.59)], Paper()), Template)


@pytest.mark.parametrize(("photos", "weak"), [(1, True), (2, True), (3, False), (5, False)])
def test_a_template_of_few_photos_is_weak(photos: int, weak: bool) -> None:
    built = build([reading(0.01 * at) for at in range(photos)], Paper())
    assert isinstance(built, Template)
    assert (built.photos, built.weak) == (photos, weak)


@given(st.integers(0, 127), st.floats(-1, 1, width=32), st.integers(1, 5))
def test_descriptors_survive_being_stored(where: int, number: float, photos: int) -> None:
    numbers = [0.5] * 128
    numbers[where] = number
    made = np.array([numbers] * photos, np.float32)
    stored = to_bytes(made)
    assert stored == struct.pack("<128f", *numbers) * photos
    assert np.array_equal(from_bytes(stored, 128), made)


@pytest.mark.parametrize("stored", [b"", bytes(511), bytes(513), struct.pack("<128f", *[float("nan")] * 128)], ids=len)
def test_spoilt_descriptors_are_not_read(stored: bytes) -> None:
    with pytest.raises(EngineFailed):
        from_bytes(stored, 128)


def compared(away: float, thresholds: Thresholds) -> Match:
    return compare(template(0.0).vector, reading(away).descriptor, space_of(Paper()), thresholds)


@pytest.mark.parametrize(
    ("away", "outcome"),
    [
        (0.0, MatchOutcome.MATCH),
        (0.3999, MatchOutcome.MATCH),
        (0.4001, MatchOutcome.UNCERTAIN),
        (0.4999, MatchOutcome.UNCERTAIN),
        (0.5001, MatchOutcome.MISMATCH),
        (1.5, MatchOutcome.MISMATCH),
    ],
)
def test_the_distance_decides_the_outcome(away: float, outcome: MatchOutcome) -> None:
    match = compared(away, THRESHOLDS)
    assert match.outcome is outcome
    assert match.distance == pytest.approx(away, abs=1e-6)


def test_a_distance_on_a_threshold_belongs_to_the_nearer_side() -> None:
    at_accept, at_refuse = (compared(away, Thresholds(0.25, 0.5)) for away in (0.25, 0.5))
    assert (at_accept.outcome, at_refuse.outcome) == (MatchOutcome.MATCH, MatchOutcome.UNCERTAIN)


@pytest.mark.parametrize("spoilt", [float("nan"), float("inf")])
def test_what_is_not_a_number_is_never_a_match(spoilt: float) -> None:
    with pytest.raises(EngineFailed, match="finite"):
        compared(spoilt, THRESHOLDS)


def test_vectors_of_different_shapes_are_not_compared() -> None:
    with pytest.raises(EngineFailed, match="128 numbers, this one 1"):
        compare(template(0.0).vector, np.zeros(1, np.float32), space_of(Paper()), THRESHOLDS)


@pytest.mark.parametrize(("accept", "refuse"), [(0.5, 0.4), (0.0, 0.4), (-1.0, 0.4), (float("nan"), 0.4)])
def test_thresholds_out_of_order_are_a_mistake(accept: float, refuse: float) -> None:
    with pytest.raises(ValueError, match="thresholds"):
        Thresholds(accept, refuse)
