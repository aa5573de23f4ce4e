import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from face.adapting import SHIPPED, cross_validated, learn_with_thresholds
from face.calibrate import fmr
from face.engines.base import Part
from face.errors import EngineFailed
from face.match import Thresholds
from face.space import Adaptation, Space, learn

PARTS = (Part("one", 6), Part("two", 4, adapts=False))
PLAIN = Space("paper", "1", PARTS)


def population(persons: int, photos: int = 6, seed: int = 0, crowd: float = 4.0) -> list[np.ndarray]:
    """Persons around a common face far from nought, whose photos scatter much more in one direction than in others."""
    dice = np.random.default_rng(seed)
    scatter = np.array([2.0] + [0.2] * 9)
    centres = crowd + dice.normal(0, 0.6, (persons, 10))
    return [(centre + dice.normal(0, 1, (photos, 10)) * scatter).astype(np.float32) for centre in centres]


def adapted(members: list[np.ndarray]) -> Space:
    return Space("paper", "1", PARTS, learn(members, PLAIN))


def test_the_plain_space_compares_descriptors_as_they_are() -> None:
    assert PLAIN.project(np.arange(10, dtype=np.float32)) == pytest.approx(np.arange(10))


def test_a_descriptor_of_another_length_is_refused() -> None:
    with pytest.raises(EngineFailed, match="10 numbers, this one 9"):
        PLAIN.project(np.zeros(9, np.float32))


@given(st.integers(0, 1000))
def test_adapted_vectors_have_length_one_and_halves_that_count_the_same(seed: int) -> None:
    descriptors = np.random.default_rng(seed).normal(4, 2, (3, 10)).astype(np.float32)
    projected = adapted(population(8)).project(descriptors)
    assert np.linalg.norm(projected, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert np.linalg.norm(projected[:, :6], axis=1) == pytest.approx(np.full(3, np.sqrt(0.5)), abs=1e-5)


def test_one_descriptor_is_projected_as_many_are() -> None:
    space, descriptors = adapted(population(8)), population(1, 4, seed=5)[0]
    assert np.allclose(space.project(descriptors)[2], space.project(descriptors[2]), atol=1e-6)


def test_adapting_takes_away_the_direction_in_which_photos_of_one_person_differ() -> None:
    space = adapted(population(60))
    one = np.full((2, 10), 4.6, np.float32)
    noisy, telling = one.copy(), one.copy()
    noisy[1, 0] += 1
    telling[1, 1] += 1

    def apart(pair: np.ndarray) -> float:
        return float(np.linalg.norm(np.subtract(*space.project(pair))))

    assert apart(noisy) < 0.6 * apart(telling)


def test_an_adaptation_survives_being_kept() -> None:
    made = learn(population(8), PLAIN)
    back = Adaptation.from_bytes(made.to_bytes())
    assert (back.engine, back.version, back.persons) == ("paper", "1", 8)
    assert all(np.array_equal(one, other) for one, other in zip(made.means, back.means, strict=True))
    assert all(np.array_equal(one, other) for one, other in zip(made.matrices, back.matrices, strict=True))


@pytest.mark.parametrize("kept", [b"", b"PK", b"no archive at all"])
def test_a_damaged_adaptation_is_not_read(kept: bytes) -> None:
    with pytest.raises(EngineFailed):
        Adaptation.from_bytes(kept)


@pytest.mark.parametrize("other", [("other", "1"), ("paper", "2")])
def test_an_adaptation_serves_no_other_engine(other: tuple[str, str]) -> None:
    made = learn(population(8), PLAIN)
    with pytest.raises(EngineFailed, match="cannot serve"):
        Space(*other, PARTS, made)


def test_a_scatter_needs_persons_with_two_photos() -> None:
    with pytest.raises(ValueError, match="two photos"):
        learn([person[:1] for person in population(8)], PLAIN)


def test_thresholds_come_near_the_wanted_rate_on_persons_never_seen() -> None:
    adaptation, thresholds = learn_with_thresholds(population(80), PLAIN, rate=0.01)
    space = Space("paper", "1", PARTS, adaptation)
    others = population(150, seed=9)
    templates = space.project(np.stack([person[:5].mean(axis=0) for person in others]))
    probes = space.project(np.stack([person[5] for person in others]))
    distances = np.linalg.norm(probes[:, None] - templates[None], axis=2)
    strangers = distances[~np.eye(150, dtype=bool)]
    assert 0.004 < fmr(strangers, thresholds.accept) < 0.025
    assert thresholds.refuse > thresholds.accept


@pytest.mark.parametrize("persons", [2, 3, 4, 5])
def test_a_handful_of_persons_gives_thresholds_too(persons: int) -> None:
    adaptation, thresholds = learn_with_thresholds(population(persons), PLAIN)
    assert adaptation.persons == persons
    assert 0 < thresholds.accept <= 1.08
    assert thresholds.accept <= thresholds.refuse <= 2


def test_strangers_look_nearer_to_a_space_that_has_not_seen_them() -> None:
    members = population(10)
    space = adapted(members)
    templates = space.project(np.stack([person.mean(axis=0) for person in members]))
    seen = np.linalg.norm(templates[:, None] - templates[None], axis=2)[~np.eye(10, dtype=bool)]
    _, unseen = cross_validated(members, PLAIN)
    assert np.median(unseen) < np.median(seen) - 0.02


@pytest.mark.parametrize("spoilt", [float("nan"), float("inf")])
def test_what_is_not_a_number_is_not_learned_from(spoilt: float) -> None:
    members = population(8)
    members[3][0, 0] = spoilt
    with pytest.raises(ValueError, match="finite"):
        learn_with_thresholds(members, PLAIN)


def test_one_person_gives_none() -> None:
    with pytest.raises(ValueError, match="two persons"):
        learn_with_thresholds(population(1), PLAIN)


def test_the_shipped_thresholds_are_in_order() -> None:
    assert set(SHIPPED) == {"fused", "sface", "dlib"}
    assert all(isinstance(each, Thresholds) for each in SHIPPED.values())
