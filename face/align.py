"""Cutting a face upright and to size out of a picture, by its landmarks."""

import numpy as np
import numpy.typing as npt
from PIL import Image

Array = npt.NDArray[np.float32]
Chip = npt.NDArray[np.uint8]

# Where SFace was trained to see the five landmarks in its 112 x 112 chip (the ArcFace template).
ARCFACE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
ARCFACE_SIDE = 112


def similarity(points: Array, onto: Array) -> Array:
    """The turn, scale and shift (2, 3) that brings `points` (n, 2) nearest to `onto` (n, 2), least squares.

    Umeyama's solution (1991), as complex numbers: in the plane a turn and scale is one multiplication.
    """
    given, wanted = (p[:, 0] + 1j * p[:, 1] for p in (points.astype(np.float64), onto.astype(np.float64)))
    centred, aimed = given - given.mean(), wanted - wanted.mean()
    spread = float((np.abs(centred) ** 2).sum())
    factor = (centred.conj() * aimed).sum() / spread if spread else 1.0
    shift = wanted.mean() - factor * given.mean()
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]], np.float32)


def moved(points: Array, matrix: Array) -> Array:
    """The points (n, 2) after a map (2, 3)."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def inverse(matrix: Array) -> Array:
    """The map (2, 3) that undoes a map (2, 3)."""
    return np.asarray(np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2], np.float32)


def cut(image: Image.Image, matrix: Array, side: int) -> Chip:
    """The square of `side` pixels that the map (2, 3) makes of an RGB image; black where the picture ends.

    A face much larger than the chip is reduced first, or every third of its pixels alone would make the chip.
    """
    factor = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    steps = max(1, int(1 / factor)) if factor > 0 else 1
    back = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
    left, top, right, bottom = _region(image, back, side)
    if right <= left or bottom <= top:
        return np.zeros((side, side, 3), np.uint8)
    part = (left, top, right, bottom)
    small = image.reduce(steps, part) if steps > 1 else image.crop(part)
    # From the chip's pixels to those of the reduced part, whose centres lie half a step further in.
    back = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]]) @ back
    back = np.diag([1 / steps, 1 / steps, 1]) @ back
    data = tuple(float(value) for value in back[:2].reshape(-1))
    return np.asarray(small.transform((side, side), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR))


def _region(image: Image.Image, back: npt.NDArray[np.float64], side: int) -> tuple[int, int, int, int]:
    """The part of the picture a chip is made from, with a margin for interpolation."""
    corners = np.array([[0, 0, 1], [side, 0, 1], [0, side, 1], [side, side, 1]]) @ back[:2].T
    (left, top), (right, bottom) = np.floor(corners.min(axis=0)) - 2, np.ceil(corners.max(axis=0)) + 2
    return max(0, int(left)), max(0, int(top)), min(image.width, int(right)), min(image.height, int(bottom))
