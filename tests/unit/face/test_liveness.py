import random
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from face.liveness import MAX_FRAMES, MIN_DEPTH, ORDERS, SIDE_YAW, Frame, Turn, depth, draw, follows, yaw

LEFT, RIGHT, FRONT = Turn.LEFT, Turn.RIGHT, Turn.FRONT
Array = npt.NDArray[np.float64]

# Millimetres: to the picture's right, down, towards the camera; the neck is what the head turns about.
HEAD = np.array([[-32, 0, 0], [32, 0, 0], [0, 40, 30], [-25, 66, 7], [25, 66, 7]], float)
NECK = np.array([0, 30, -80], float)
DEGREES = {LEFT: 32.0, RIGHT: -32.0, FRONT: 2.0}


def turned(points: Array, degrees: float, nod: float = 0.0, about: Array = NECK) -> Array:
    """The points in a picture of 960 x 1280 taken from 400 mm, turned to the person's left, then nodded."""
    y, x = np.radians([degrees, nod])
    turn = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    tip = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    moved = (points - about) @ (tip @ turn).T + about
    return np.array([480, 640]) + 800 * moved[:, :2] / (400 - moved[:, 2:])


def in_picture(points: Array, roll: float, scale: float, by: Sequence[float]) -> Array:
    cos, sin = np.cos(roll), np.sin(roll)
    return scale * points @ np.array([[cos, sin], [-sin, cos]]) + np.array(by)


def mirrored(points: Array) -> Array:
    """As a mirror shows it, and as a detector names it: the right eye is again the one at the left."""
    return (np.array([960, 0]) + points * [-1, 1])[[1, 0, 2, 4, 3]]


def burst(*views: Array) -> list[Frame]:
    return [Frame(view, time) for time, view in enumerate(views)]


def head(*turns: Turn) -> list[Frame]:
    return burst(*(turned(HEAD, DEGREES[turn]) for turn in turns))


def refused(frames: Sequence[Frame], order: Sequence[Turn]) -> tuple[str, object] | None:
    refusal = follows(frames, order)
    return (refusal.code, refusal.data.get("at")) if refusal else None


angles = st.floats(-50, 50)


@given(angles, st.floats(-3, 3), st.floats(0.1, 10), st.tuples(st.floats(-500, 500), st.floats(-500, 500)))
def test_yaw_is_blind_to_roll_scale_and_place(degrees: float, roll: float, scale: float, by: Sequence[float]) -> None:
    view = turned(HEAD, degrees, nod=5)
    assert yaw(in_picture(view, roll, scale, by)) == pytest.approx(yaw(view), abs=1e-6)


@given(angles, st.floats(-20, 20))
def test_a_mirror_turns_the_sign_of_yaw(degrees: float, nod: float) -> None:
    view = turned(HEAD, degrees, nod)
    assert yaw(mirrored(view)) == pytest.approx(-yaw(view), abs=1e-9)


def test_yaw_grows_with_the_turn_to_the_left() -> None:
    measured = [yaw(turned(HEAD, degrees)) for degrees in range(-40, 41, 5)]
    assert measured == sorted(measured)
    assert measured[8] == pytest.approx(0, abs=1e-9)
    assert yaw(turned(HEAD, 15)) < SIDE_YAW < yaw(turned(HEAD, 22))


def test_yaw_by_hand() -> None:
    assert yaw(np.array([[10, 10], [20, 10], [17, 15], [11, 20], [19, 20]])) == pytest.approx(0.2)


@given(st.randoms(use_true_random=False))
def test_every_drawn_order_asks_for_both_sides_and_never_twice_for_the_same(rng: random.Random) -> None:
    order = draw(rng)
    assert len(order) in {3, 4}
    assert {LEFT, RIGHT} <= set(order)
    assert all(one is not other for one, other in pairwise(order))


def test_all_orders_are_drawn() -> None:
    rng = random.Random(1)  # noqa: S311 - a test's dice
    assert {draw(rng) for _ in range(1000)} == set(ORDERS)
    assert len(set(ORDERS)) == 28


@pytest.mark.parametrize("order", ORDERS)
def test_a_head_that_turns_as_asked_passes(order: tuple[Turn, ...]) -> None:
    assert follows(head(*order), order) is None


@pytest.mark.parametrize("order", ORDERS)
def test_a_head_passes_no_order_with_left_and_right_exchanged(order: tuple[Turn, ...]) -> None:
    other = {LEFT: RIGHT, RIGHT: LEFT, FRONT: FRONT}
    assert refused(head(*order), [other[turn] for turn in order]) == ("challenge_failed", int(order[0] is FRONT))


def test_no_film_fits_more_than_six_orders() -> None:
    films = [head(*order) for order in ORDERS] + [head(FRONT, *order, FRONT) for order in ORDERS]
    assert max(sum(follows(film, order) is None for order in ORDERS) for film in films) == 6


def test_frames_between_the_turns_and_repeated_ones_do_not_disturb() -> None:
    sweep = [*range(0, 36, 4), *range(36, -37, -8), *range(-36, 1, 6)]
    frames = burst(*(turned(HEAD, degrees) for degrees in sweep))
    for order in ([FRONT, LEFT, RIGHT], [FRONT, LEFT, FRONT, RIGHT], [LEFT, RIGHT, FRONT]):
        assert follows(frames, order) is None


@pytest.mark.parametrize(
    ("shown", "order", "at"),
    [
        ([FRONT, FRONT, FRONT], [FRONT, LEFT, RIGHT], 1),
        ([FRONT, LEFT, FRONT], [FRONT, LEFT, RIGHT], 2),
        ([FRONT, RIGHT, LEFT], [FRONT, LEFT, RIGHT], 1),
        ([LEFT, RIGHT, LEFT, RIGHT], [LEFT, RIGHT, LEFT], 2),
        ([LEFT, RIGHT, RIGHT], [LEFT, FRONT, RIGHT], 1),
        ([LEFT, RIGHT, RIGHT], [LEFT, RIGHT, FRONT], 2),
    ],
)
def test_the_first_turn_not_seen_is_told(shown: list[Turn], order: list[Turn], at: int) -> None:
    assert refused(head(*shown), order) == ("challenge_failed", at)


def test_a_turn_that_is_too_small_is_not_seen() -> None:
    frames = burst(turned(HEAD, 0), turned(HEAD, 30), turned(HEAD, -14))
    assert refused(frames, [FRONT, LEFT, RIGHT]) == ("challenge_failed", 2)


def test_frames_count_in_the_order_of_their_times() -> None:
    order = [FRONT, LEFT, RIGHT]
    assert follows(head(*order)[::-1], order) is None


def test_mirrored_frames_exchange_left_and_right() -> None:
    frames = burst(*(mirrored(frame.landmarks) for frame in head(FRONT, LEFT, RIGHT)))
    assert follows(frames, [FRONT, RIGHT, LEFT]) is None


@pytest.mark.parametrize("count", [0, 2, MAX_FRAMES + 1])
def test_too_few_and_too_many_frames_are_refused(count: int) -> None:
    refusal = follows(head(*[FRONT] * count), [FRONT, LEFT, RIGHT])
    assert refusal is not None
    assert refusal.data == {"at": 0, "frames": count, "min_frames": 3, "limit_frames": MAX_FRAMES}


@given(st.tuples(*[st.floats(-3, 3)] * 6).filter(lambda map_: abs(map_[0] * map_[3] - map_[1] * map_[2]) > 0.1))
def test_an_affine_picture_has_no_depth(map_: tuple[float, ...]) -> None:
    view = turned(HEAD, 10)
    assert depth(view, view @ np.reshape(map_[:4], (2, 2)) + map_[4:]) < 1e-6


@given(st.floats(-25, 25), st.floats(-45, 45), st.floats(-45, 45), st.floats(-30, 30))
def test_a_tilted_print_has_less_depth_than_is_asked(shown: float, one: float, other: float, nod: float) -> None:
    printed = turned(HEAD, shown) - [480, 640]
    flat = np.column_stack([printed * 64 / np.linalg.norm(printed[1] - printed[0]), np.zeros(5)])
    flat -= flat.mean(axis=0)
    views = [turned(flat, degrees, nod, about=np.zeros(3)) for degrees in (one, other)]
    assert depth(*views) < MIN_DEPTH


@given(st.floats(25, 40), st.floats(25, 40), st.floats(-10, 10))
def test_a_turning_head_has_more_depth_than_is_asked(left: float, right: float, nod: float) -> None:
    assert depth(turned(HEAD, left, nod), turned(HEAD, -right, nod)) > MIN_DEPTH


def test_a_print_turned_left_and_right_does_not_pass() -> None:
    flat = HEAD * [1, 1, 0]
    views = [turned(flat, degrees, about=np.zeros(3)) for degrees in (0, 60, -60)]
    assert refused(burst(*views), [FRONT, LEFT, RIGHT]) == ("challenge_failed", 1)


def test_a_print_skewed_until_its_nose_wanders_is_flat() -> None:
    # The nose of a nodding head lies below the middle of eyes and mouth, so that skewing the picture moves it aside.
    front = turned(HEAD, 0, nod=-25)
    views = [front @ np.array([[1, 0], [skew, 1]]) for skew in (0, 2, -2)]
    views = views if yaw(views[1]) > 0 else [views[0], views[2], views[1]]
    refusal = follows(burst(*views), [FRONT, LEFT, RIGHT])
    assert refusal is not None
    assert refusal.code == "flat_face"
    assert refusal.data == {"depth": 0.0, "limit_depth": MIN_DEPTH}
