"""Finding faces with YuNet: boxes and landmarks, in a small copy first and in larger ones only if it shows none."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image

from face import align
from face.weights.cache import converted
from face.weights.networks import DETECT

Array = npt.NDArray[np.float32]

#: Long sides, in pixels, in which faces are looked for, one after the other: 1, 5 and 10 ms. The smallest comes last: a
#: face that fills the picture is found only there.
SIDES = (320, 640, 960, 160)
#: YuNet's score: portraits reach 0.85 to 0.95; what it takes for a face in a landscape stays below 0.6.
SURE_SCORE = 0.7
#: Two boxes that share more than this part of their union are one face.
SAME_FACE = 0.3
# In the upright copy the face is 120 pixels wide, in the middle of YuNet's range; landmarks that moved by more than
# MAX_MOVE of its pixels are another face's.
UPRIGHT_SIDE, UPRIGHT = 224, align.ARCFACE * 1.2 + np.array([44.6, 35.0], np.float32)
MAX_MOVE, SMALL_MOVE, LOOKS = 25.0, 2.0, 5
_STRIDES = (8, 16, 32)
_GRAIN = 32


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a picture, in its pixels: box (left, top, right, bottom), score from 0 to 1, landmarks (5, 2).

    Landmarks are (x, y) of right eye, left eye, nose tip, right and left corner of the mouth, right and left being the
    person's own: the right eye lies left in the picture. `size` is the geometric mean of the box's sides.
    """

    box: tuple[float, float, float, float]
    score: float
    landmarks: Array

    @property
    def size(self) -> float:
        """How large the face is, in pixels."""
        left, top, right, bottom = self.box
        return float(np.sqrt(max(0.0, right - left) * max(0.0, bottom - top)))

    def scaled(self, across: float, down: float) -> "Face":
        """The same face in the picture made `across` times as wide and `down` times as high."""
        left, top, right, bottom = self.box
        box = (left * across, top * down, right * across, bottom * down)
        return Face(box, self.score, self.landmarks * np.array([across, down], np.float32))


class Detector:
    """One loaded YuNet; not for many threads at once."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session

    @classmethod
    def load(cls, models: Path) -> "Detector":
        """From the package's weights, through the cache folder `models`; EngineUnavailable when that fails."""
        return cls(converted(DETECT, models))

    def find(self, image: Image.Image) -> list[Face]:
        """The faces of an RGB image, largest first; none when no size of it shows one."""
        longest = max(image.size)
        # Enlarging shows nothing new, but a small picture is still looked at once as it is.
        for side in dict.fromkeys(min(side, longest) for side in SIDES):
            if faces := self._find(image, side / longest):
                return faces
        return []

    def refine(self, image: Image.Image, face: Face) -> Face:
        """The same face with its landmarks found again in an upright copy of fitting size.

        YuNet's landmarks are a percent or two of the face off in a small copy, and much more where the head is tilted
        by 30 degrees; each look sets it more upright, and they are repeated until they agree.
        """
        for _ in range(LOOKS):
            onto = align.similarity(face.landmarks, UPRIGHT)
            there = align.moved(face.landmarks, onto)
            again = self._find(Image.fromarray(align.cut(image, onto, UPRIGHT_SIDE)), 1.0)
            # The face itself is the one whose landmarks lie nearest, not a bystander who is in the copy too.
            moves = [float(np.abs(other.landmarks - there).mean()) for other in again]
            if not moves or min(moves) > MAX_MOVE:
                return face
            nearest = again[int(np.argmin(moves))]
            face = replace(face, landmarks=align.moved(nearest.landmarks, align.inverse(onto)))
            if min(moves) < SMALL_MOVE:
                return face
        return face

    def _find(self, image: Image.Image, scale: float) -> list[Face]:
        width, height = (max(1, round(side * scale)) for side in image.size)
        small = image if scale == 1 else image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=1.0)
        # The network halves its input five times, so both sides must be whole multiples.
        padded = np.zeros((-(-height // _GRAIN) * _GRAIN, -(-width // _GRAIN) * _GRAIN, 3), np.float32)
        padded[:height, :width] = np.asarray(small)[:, :, ::-1]
        outputs = dict(zip(_NAMES, self._session.run(_NAMES, {"input": padded.transpose(2, 0, 1)[None]}), strict=True))
        found = [part for stride in _STRIDES for part in _decoded(outputs, stride, padded.shape[1] // stride)]
        faces = [face.scaled(image.width / width, image.height / height) for face in _distinct(found)]
        return sorted(faces, key=lambda face: face.size, reverse=True)


_NAMES = [f"{kind}_{stride}" for stride in _STRIDES for kind in ("cls", "obj", "bbox", "kps")]


def _decoded(outputs: dict[str, Array], stride: int, columns: int) -> list[Face]:
    """The cells of one grid that are sure of a face; offsets are in cells, sizes are logarithms of cells."""
    likely, there, boxes, points = (outputs[f"{kind}_{stride}"][0] for kind in ("cls", "obj", "bbox", "kps"))
    scores = np.sqrt(np.clip(likely[:, 0], 0, 1) * np.clip(there[:, 0], 0, 1))
    faces = []
    for cell in np.flatnonzero(scores >= SURE_SCORE):
        origin = np.array([cell % columns, cell // columns], np.float32)
        centre, half = (origin + boxes[cell, :2]) * stride, np.exp(boxes[cell, 2:]) * stride / 2
        (left, top), (right, bottom) = centre - half, centre + half
        landmarks = (points[cell].reshape(5, 2) + origin) * stride
        faces.append(Face((float(left), float(top), float(right), float(bottom)), float(scores[cell]), landmarks))
    return faces


def _distinct(faces: list[Face]) -> list[Face]:
    """Of boxes over the same face the surest."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: face.score, reverse=True):
        if all(_overlap(face.box, other.box) <= SAME_FACE for other in kept):
            kept.append(face)
    return kept


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0.0, width) * max(0.0, height)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return shared / (areas - shared) if shared else 0.0
