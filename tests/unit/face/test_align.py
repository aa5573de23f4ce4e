import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from face import align

coordinate = st.floats(-500, 500)
points = st.lists(st.tuples(coordinate, coordinate), min_size=5, max_size=5).map(lambda p: np.array(p, np.float32))
angle, factor, shift = st.floats(-math.pi, math.pi), st.floats(0.1, 10), st.floats(-300, 300)


def turned(given_points: np.ndarray, by: float, scale: float, right: float, down: float) -> np.ndarray:
    matrix = scale * np.array([[math.cos(by), -math.sin(by)], [math.sin(by), math.cos(by)]])
    return (given_points @ matrix.T + [right, down]).astype(np.float32)


@given(angle, factor, shift, shift)
def test_a_turn_scale_and_shift_is_found_again(by: float, scale: float, right: float, down: float) -> None:
    onto = turned(align.ARCFACE, by, scale, right, down)
    found = align.similarity(align.ARCFACE, onto)
    assert align.moved(align.ARCFACE, found) == pytest.approx(onto, abs=0.05)


@given(points, points)
def test_no_small_change_of_the_map_fits_better(given_points: np.ndarray, onto: np.ndarray) -> None:
    best = align.similarity(given_points, onto).astype(np.float64)

    def error(matrix: np.ndarray) -> float:
        return float(((given_points @ matrix[:, :2].T + matrix[:, 2] - onto) ** 2).sum())

    for step in (1e-2, -1e-2):
        for change in ([[1, 0, 0], [0, 1, 0]], [[0, -1, 0], [1, 0, 0]], [[0, 0, 1], [0, 0, 0]], [[0, 0, 0], [0, 0, 1]]):
            assert error(best) <= error(best + step * np.array(change)) * (1 + 1e-6) + 1e-2


def test_points_that_are_all_one_are_only_shifted() -> None:
    found = align.similarity(np.full((5, 2), 7, np.float32), align.ARCFACE)
    assert np.isfinite(found).all()
    assert found[:, :2] == pytest.approx(np.eye(2))


def gradient(side: int) -> Image.Image:
    rows, columns = np.mgrid[:side, :side] * 255 / (side - 1)
    return Image.fromarray(np.stack([rows, columns, np.full_like(rows, 90)], axis=2).round().astype(np.uint8))


def test_what_is_cut_lies_where_the_map_says() -> None:
    image = gradient(256)
    chip = align.cut(image, np.array([[1, 0, -100], [0, 1, -50]], np.float32), 32)
    assert chip[16, 16, :2] == pytest.approx(np.asarray(image)[66, 116, :2], abs=1)


@pytest.mark.parametrize("scale", [1 / 7, 1 / 3.5, 1 / 2, 0.9, 3.0])
def test_a_reduced_part_keeps_its_place(scale: float) -> None:
    image = gradient(1024)
    matrix = np.array([[scale, 0, 64 - 500 * scale], [0, scale, 64 - 300 * scale]], np.float32)
    chip = align.cut(image, matrix, 128).astype(float)
    # The picture's middle of the cut, (500, 300), lies in the middle of the chip: four pixels are a grey level.
    assert chip[63:65, 63:65, :2].mean(axis=(0, 1)) == pytest.approx([300 / 4.01, 500 / 4.01], abs=1)


def test_beyond_the_picture_it_is_black() -> None:
    chip = align.cut(gradient(100), np.array([[1, 0, -1000], [0, 1, 0]], np.float32), 40)
    assert chip.shape == (40, 40, 3)
    assert chip.max() == 0
