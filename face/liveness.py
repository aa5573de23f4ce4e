"""Whether a live head turned as it was asked to: random turns, followed by the five landmarks of a burst of frames.

Figures from a simulation of five points of a head in perspective, not from attacks. Landmarks were off by 2 % of the
eye distance and heads tilted with a deviation of 6 degrees; 3000 bursts each, a burst being one presentation of
ISO/IEC 30107-3; the limits were chosen by the same simulation.

* BPCER, live people refused: 2.4 % if they turn by 30 to 40 degrees, 4.6 % by 25 to 40, 11.7 % by 20 to 40.
* APCER, one flat picture accepted: none tilted by up to 70 degrees at random; when the attacker sends the best of 90
  such frames 1.8 % (24 % if only the turns were asked and not the depth), and none with tilts of up to 45 degrees.

It cannot refuse a film of the person turning (the best one fits 6 of the 28 orders), a mask, or prints of several
poses. That every frame shows one person is for the descriptors to say.

A turn is the person's own: the left is theirs. Frames must come as the camera saw them, with the person's left at the
right of the picture; a phone mirrors its preview and not its photos. Mirrored frames exchange left and right.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, pairwise, product

import numpy as np
import numpy.typing as npt

from face.errors import Refusal

# Of the eye distance. A head turned by 15 degrees reaches 0.15, by 20 degrees 0.20, by 30 degrees 0.32.
SIDE_YAW = 0.18
FRONT_YAW = 0.12
# The part of the landmarks' spread that a flat picture cannot explain, between the utmost left and right.
MIN_DEPTH = 0.20
# A burst: a frame for each turn at least, and no more than a phone sends in one request.
MAX_FRAMES = 30

Landmarks = npt.NDArray[np.floating]


class Turn(StrEnum):
    """Where to look, from the person's own point of view."""

    LEFT = "left"
    RIGHT = "right"
    FRONT = "front"


ORDERS = tuple(
    order
    for length in (3, 4)
    for order in product(Turn, repeat=length)
    if {Turn.LEFT, Turn.RIGHT} <= set(order) and all(one != other for one, other in pairwise(order))
)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame's landmarks, and when it was taken, in seconds of any clock.

    They are (5, 2) pixels: right eye, left eye, nose tip, right and left mouth corner, each the person's own.
    """

    landmarks: Landmarks
    time: float


def draw(rng: random.Random) -> tuple[Turn, ...]:
    """One of ORDERS, each as likely; a challenge takes `random.SystemRandom()`."""
    return rng.choice(ORDERS)


def yaw(landmarks: Landmarks) -> float:
    """How far the nose stands to the person's left of the middle of eyes and mouth, in eye distances; 0 is frontal.

    It is measured along the line of the eyes, so that a tilted head and the photo's size do not count.
    """
    right_eye, left_eye, nose, right_mouth, left_mouth = landmarks
    eyes = left_eye - right_eye
    middle = (right_eye + left_eye + right_mouth + left_mouth) / 4
    return float((nose - middle) @ eyes / (eyes @ eyes))


def depth(one: Landmarks, other: Landmarks) -> float:
    """What no affine map explains between two views, as a part of the landmarks' spread: near 0 for a flat picture."""
    return min(_unexplained(one, other), _unexplained(other, one))


def follows(frames: Sequence[Frame], order: Sequence[Turn]) -> Refusal | None:
    """Refuse a burst that does not show the turns of `order`, one of ORDERS, in their order and nothing but them.

    A look to the front on the way from one side to the other is no turn of its own, unless the order asks for it.

    Refusals: `challenge_failed` {at, the index of the first turn not seen}, and {frames, min_frames, limit_frames} with
    too few or too many; `flat_face` {depth, limit_depth}, the views of a flat picture.
    """
    if not len(order) <= len(frames) <= MAX_FRAMES:
        limits = {"frames": len(frames), "min_frames": len(order), "limit_frames": MAX_FRAMES}
        return Refusal("challenge_failed", {"at": 0, **limits})
    in_time = [frame.landmarks for frame in sorted(frames, key=lambda frame: frame.time)]
    if (at := _first_unseen(in_time, order)) is not None:
        return Refusal("challenge_failed", {"at": at})
    measured = depth(min(in_time, key=yaw), max(in_time, key=yaw))
    if measured < MIN_DEPTH:
        return Refusal("flat_face", {"depth": round(measured, 4), "limit_depth": MIN_DEPTH})
    return None


def _first_unseen(views: Sequence[Landmarks], order: Sequence[Turn]) -> int | None:
    at = 0
    for turn, _ in groupby(turn for view in views if (turn := _turn(view))):
        if at < len(order) and turn is order[at]:
            at += 1
        elif turn is not Turn.FRONT:
            return min(at, len(order) - 1)
    return at if at < len(order) else None


def _turn(view: Landmarks) -> Turn | None:
    """The turn a view shows; between front and side it shows none."""
    angle = yaw(view)
    if abs(angle) <= FRONT_YAW:
        return Turn.FRONT
    if abs(angle) < SIDE_YAW:
        return None
    return Turn.LEFT if angle > 0 else Turn.RIGHT


def _unexplained(source: Landmarks, target: Landmarks) -> float:
    to_map = np.column_stack([source, np.ones(len(source))])
    fitted, *_ = np.linalg.lstsq(to_map, target)
    spread = np.linalg.norm(target - target.mean(axis=0))
    return float(np.linalg.norm(to_map @ fitted - target) / spread)
