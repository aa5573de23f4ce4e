import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from face.search import Hit, Index, Vectors, pairs_within

LENGTH = 8


def unit(count: int, length: int, seed: int = 1) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((count, length), np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def index_of(vectors: Vectors) -> Index[int]:
    index: Index[int] = Index(vectors.shape[1])
    index.put(range(len(vectors)), vectors)
    return index


def apart(left: Vectors, right: Vectors) -> float:
    return float(np.linalg.norm(left.astype(np.float64) - right.astype(np.float64)))


keys = st.integers(0, 12)
acts = st.lists(
    st.tuples(st.just("put"), st.lists(keys, max_size=8)) | st.tuples(st.just("drop"), st.lists(keys, max_size=8)),
    max_size=12,
)


@given(acts, st.integers(0, 2**32 - 1), st.integers(1, 5), st.none() | st.sets(st.integers(0, 15)))
def test_after_any_acts_the_nearest_are_those_of_brute_force(
    acts: list[tuple[str, list[int]]], seed: int, k: int, among: set[int] | None
) -> None:
    rng = np.random.default_rng(seed)
    index: Index[int] = Index(LENGTH)
    held: dict[int, Vectors] = {}
    for act, named in acts:
        if act == "drop":
            index.drop(named)
            held = {key: vector for key, vector in held.items() if key not in named}
        else:
            vectors = rng.standard_normal((len(named), LENGTH), np.float32)
            index.put(named, vectors)
            held.update(zip(named, vectors, strict=True))
    query = rng.standard_normal(LENGTH, np.float32)
    expected = sorted((apart(held[key], query), key) for key in held if among is None or key in among)[:k]
    assert (len(index), set(index.keys())) == (len(held), set(held))
    found = index.nearest(query, k, among)
    assert [hit.key for hit in found] == [key for _, key in expected]
    assert [hit.distance for hit in found] == pytest.approx([distance for distance, _ in expected])


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e3])
def test_neighbours_nearer_than_a_product_s_rounding_are_told_apart(scale: float) -> None:
    base = unit(1, 256)[0] * np.float32(scale)
    vectors = np.repeat(base[np.newaxis], 64, axis=0)
    vectors[:, 0] += np.arange(1, 65, dtype=np.float32) * np.float32(1e-4 * scale)
    shuffled = np.random.default_rng(3).permutation(64)
    found = index_of(vectors[shuffled]).nearest(base, k=5)
    assert [int(shuffled[hit.key]) for hit in found] == [0, 1, 2, 3, 4]
    assert found[0].distance == pytest.approx(apart(vectors[0], base), rel=1e-9)


def test_a_vector_that_is_held_is_found_at_distance_zero() -> None:
    vectors = unit(50, 256)
    assert index_of(vectors).nearest(vectors[7], k=1) == [Hit(7, 0.0)]


def test_an_empty_index_finds_nobody() -> None:
    assert Index(LENGTH).nearest(np.zeros(LENGTH)) == []
    assert index_of(unit(3, LENGTH)).nearest(np.zeros(LENGTH), among=[]) == []


def test_what_is_dropped_lingers_in_no_row() -> None:
    index = index_of(unit(5, LENGTH))
    index.drop([1, 4, 99])
    index.drop([0, 2, 3])
    assert len(index) == 0
    assert not index._rows.any()


def test_room_of_dropped_rows_is_used_again() -> None:
    index = index_of(unit(100, LENGTH))
    room = len(index._rows)
    for turn in range(10):
        index.drop(range(turn * 50, turn * 50 + 50))
        index.put(range(100 + turn * 50, 150 + turn * 50), unit(50, LENGTH, seed=turn))
    assert (len(index), len(index._rows)) == (100, room)


@pytest.mark.parametrize("spoilt", [float("nan"), float("inf"), 1e30, 1e300])
def test_numbers_that_cannot_be_measured_are_refused_and_change_nothing(spoilt: float) -> None:
    index = index_of(unit(3, LENGTH))
    vectors = np.zeros((2, LENGTH))
    vectors[1, 5] = spoilt
    with pytest.raises(ValueError, match="finite"):
        index.put([7, 8], vectors)
    with pytest.raises(ValueError, match="finite"):
        index.nearest(vectors[1])
    with pytest.raises(ValueError, match="finite"):
        pairs_within(vectors, 1.0)
    assert set(index.keys()) == {0, 1, 2}


@pytest.mark.parametrize("shape", [(2, LENGTH + 1), (3, LENGTH), (LENGTH,), (2, 1, LENGTH)], ids=str)
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    index: Index[str] = Index(LENGTH)
    with pytest.raises(ValueError, match="shape"):
        index.put(["a", "b"], np.zeros(shape))
    assert len(index) == 0


def test_a_query_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        index_of(unit(3, LENGTH)).nearest(np.zeros(LENGTH - 1))
    with pytest.raises(ValueError, match="shape"):
        index_of(unit(3, LENGTH)).nearest(np.zeros((1, LENGTH)), among=[0])


crowded = hnp.arrays(np.float32, st.tuples(st.integers(0, 30), st.just(3)), elements=st.sampled_from([0, 0.25, 1, 1.5]))


@given(crowded, st.sampled_from([0.0, 0.25, 0.5, 1.0, 1.75, 9.0]), st.integers(1, 12))
def test_pairs_within_are_those_of_brute_force(vectors: Vectors, limit: float, block: int) -> None:
    every = [(apart(vectors[i], vectors[j]), i, j) for j in range(len(vectors)) for i in range(j)]
    expected = sorted(each for each in every if each[0] <= limit)
    pairs, distances = pairs_within(vectors, limit, block=block)
    assert pairs.shape == (len(expected), 2)
    assert [tuple(pair) for pair in pairs.tolist()] == [(i, j) for _, i, j in expected]
    assert distances.tolist() == pytest.approx([distance for distance, _, _ in expected])


@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_near_copies_are_measured_as_exactly_as_strangers(scale: float) -> None:
    vectors = unit(400, 256) * np.float32(scale)
    vectors[350] = vectors[3]
    vectors[351] = vectors[4]
    vectors[351, 0] += np.float32(1e-5 * scale)
    pairs, distances = pairs_within(vectors, 1e-4 * scale, block=64)
    assert pairs.tolist() == [[3, 350], [4, 351]]
    assert distances[0] == 0
    assert distances[1] == pytest.approx(apart(vectors[4], vectors[351]), rel=1e-9)
    assert pairs_within(vectors, 0, block=64)[0].tolist() == [[3, 350]]


def test_a_pair_at_the_very_limit_is_within_it() -> None:
    vectors = unit(300, 256)
    limit = apart(vectors[10], vectors[290])
    assert [10, 290] in pairs_within(vectors, limit, block=128)[0].tolist()
    assert [10, 290] not in pairs_within(vectors, np.nextafter(limit, 0), block=128)[0].tolist()


def test_progress_counts_up_to_all_vectors() -> None:
    told: list[int] = []
    pairs_within(unit(25, LENGTH), 0.1, block=10, progress=told.append)
    assert told == [10, 20, 25]


@pytest.mark.parametrize("shape", [(4,), (2, 2, 2)], ids=str)
def test_only_a_list_of_vectors_has_pairs(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        pairs_within(np.zeros(shape), 1.0)


@pytest.mark.parametrize("most", [1, 50, 10_000])
def test_of_too_many_pairs_the_nearest_are_given(most: int) -> None:
    vectors = unit(120, LENGTH)
    every, apart_all = pairs_within(vectors, 1.2)
    pairs, distances = pairs_within(vectors, 1.2, most=most, block=16)
    assert len(every) > 500
    assert pairs.tolist() == every[:most].tolist()
    assert distances.tolist() == pytest.approx(apart_all[:most].tolist())
