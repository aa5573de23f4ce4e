"""Whether a face can be read at all: thin checks that only stop what the descriptor cannot survive.

The limits were measured by spoiling five public portraits step by step and watching how far dlib's descriptor moves
from the clean photo's. They stand where it has moved 0.25 to 0.5, so that the owner would hardly be accepted anyway;
photos of ordinary quality stay far inside.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from face import align
from face.errors import Refusal

# The network sees the face about 100 px wide; below 60 it looks at pixels that were invented by enlarging.
MIN_FACE_PX = 60.0
# Mean grey of 0 to 255: portraits lie at 110 to 145; at 12 the descriptor has moved 0.3, at 24 about 0.22.
MIN_BRIGHTNESS = 18.0
# Brightened until the mean is 230 to 245 the descriptor has moved 0.3 to 0.7: the skin is burnt out.
MAX_BRIGHTNESS = 235.0
# Standard deviation of grey: portraits lie at 39 to 65; below 5 the face is a veil of noise.
MIN_CONTRAST = 5.0
# Portraits lie at 0.20 to 0.85. Blurred by 1 % of the face's width they fall to 0.06 to 0.19 (moved 0.1 to 0.23), by
# 2.5 % to 0.006 to 0.022 (moved 0.33 to 0.46), by 4 % below 0.006 (moved 0.52 to 0.69).
MIN_SHARPNESS = 0.008

# The nose's way off the middle of the eyes, in eye distances. The nose stands out by 0.44 of them, so a head
# turned by 54 degrees shows this; beyond, one eye is hardly seen.
MAX_YAW = 0.6
# Part of the square over the face, see VIEW, that must lie inside the picture. Photos framed as usual have 0.7 to 1,
# good ones that were cropped tightly 0.56; half a face has less. The detector's own box does not tell: it stays inside.
MIN_INSIDE = 0.5

# Where light and sharpness are measured: a square of 150 pixels over the face and a quarter of it around, as dlib cuts.
VIEW_SIDE, VIEW = 150, align.ARCFACE * 1.166 + np.array([7.0, -4.7], np.float32)

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_MIDDLE_GREY = 128.0

Reason = Literal["face_too_small", "cropped", "turned_away", "too_dark", "too_bright", "too_blurred"]


@dataclass(frozen=True, slots=True)
class Quality:
    """The measures of one face: size of its box in pixels, grey mean and deviation (0 to 255), sharpness, pose, cut.

    `yaw` is signed, see `face.liveness.yaw`; `inside` is that of `inside`. Sharpness is
    the variance of the Laplacian over the variance of grey, so that light does not count, both taken at half the
    chip's size: at full size the rounding of pixels outweighs the edges of a blurred face.
    """

    face_px: float
    brightness: float
    contrast: float
    sharpness: float
    yaw: float = 0.0
    inside: float = 1.0

    def numbers(self) -> dict[str, float]:
        """The measures by name, for a reading and for the decision record."""
        return {
            "face_px": self.face_px,
            "brightness": self.brightness,
            "contrast": self.contrast,
            "sharpness": self.sharpness,
            "yaw": self.yaw,
            "inside": self.inside,
        }


def view(landmarks: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], int]:
    """How `align.cut` makes the square in which a face (5, 2) is measured."""
    return align.similarity(landmarks, VIEW), VIEW_SIDE


def measure(chip: npt.NDArray[np.uint8], face_px: float, *, yaw: float = 0.0, inside: float = 1.0) -> Quality:
    """Measure an aligned RGB chip of shape (rows, columns, 3), both even; its face was `face_px` pixels wide."""
    grey = chip.astype(np.float32) @ _LUMA
    return Quality(face_px, float(grey.mean()), float(grey.std()), _sharpness(grey), yaw, inside)


def inside(landmarks: npt.NDArray[np.float32], size: tuple[int, int]) -> float:
    """The part of the square over a face (5, 2) that lies in a picture of `size` (width, height), by 400 points."""
    matrix, side = view(landmarks)
    steps = (np.arange(20, dtype=np.float32) + 0.5) * (side / 20)
    points = align.moved(np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2), align.inverse(matrix))
    return float(((points >= 0) & (points < size)).all(axis=1).mean())


def check(quality: Quality) -> Refusal | None:
    """Refuse a face that is too small, cut off, turned away, too dark, too bright or blurred, the first of these."""
    veil: Reason = "too_dark" if quality.brightness < _MIDDLE_GREY else "too_bright"
    checks: tuple[tuple[bool, Reason, str, float, float], ...] = (
        (quality.face_px < MIN_FACE_PX, "face_too_small", "face_px", quality.face_px, MIN_FACE_PX),
        (quality.inside < MIN_INSIDE, "cropped", "inside", quality.inside, MIN_INSIDE),
        (abs(quality.yaw) > MAX_YAW, "turned_away", "yaw", abs(quality.yaw), MAX_YAW),
        (quality.brightness < MIN_BRIGHTNESS, "too_dark", "brightness", quality.brightness, MIN_BRIGHTNESS),
        (quality.brightness > MAX_BRIGHTNESS, "too_bright", "brightness", quality.brightness, MAX_BRIGHTNESS),
        (quality.contrast < MIN_CONTRAST, veil, "contrast", quality.contrast, MIN_CONTRAST),
        (quality.sharpness < MIN_SHARPNESS, "too_blurred", "sharpness", quality.sharpness, MIN_SHARPNESS),
    )
    failed = (_refuse(reason, name, value, limit) for fails, reason, name, value, limit in checks if fails)
    return next(failed, None)


def _sharpness(grey: npt.NDArray[np.float32]) -> float:
    rows, columns = grey.shape
    half = grey.reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3))
    laplacian = half[:-2, 1:-1] + half[2:, 1:-1] + half[1:-1, :-2] + half[1:-1, 2:] - 4 * half[1:-1, 1:-1]
    variance = float(half.var())
    return float(laplacian.var()) / variance if variance > 0 else 0.0


def _refuse(reason: Reason, measured: str, value: float, limit: float) -> Refusal:
    return Refusal("low_quality", {"reason": reason, measured: round(value, 4), f"limit_{measured}": limit})
