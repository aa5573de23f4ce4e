"""Networks that turn a found face into numbers: the picture and its mirror image, averaged."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import dlib
import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image

from face import align
from face.detect import Face
from face.engines.base import Part
from face.space import unit
from face.weights.cache import converted
from face.weights.dlib_resnet import CHIP_SIDE
from face.weights.networks import DESCRIBE, EMBED, dlib_input
from face.weights.sources import DLIB_LANDMARKS

Array = npt.NDArray[np.float32]
Chip = npt.NDArray[np.uint8]

# dlib's landmarks are looked for in an upright patch with the face in one place. There its own detector's box lies at
# these edges (median over 205 faces of 45 persons), and in that box its landmarks are 0.07 pixels off on average.
PATCH_SIDE, PATCH = 256, align.ARCFACE * 1.5 + 44
PATCH_BOX = (67, 82, 196, 211)
CHIP_PADDING = 0.25
DLIB_PART = Part("dlib", 128)


class Describer(Protocol):
    """One network with its way of cutting a face out."""

    @property
    def part(self) -> Part:
        """What its numbers are called, and how many there are."""

    def describe(self, image: Image.Image, face: Face) -> Array:
        """The numbers of one face of an RGB image, of shape (part.length,)."""


@dataclass(frozen=True, slots=True)
class DlibDescriber:
    """dlib's ResNet in ONNX Runtime on dlib's own chips."""

    landmarks: dlib.shape_predictor
    session: onnxruntime.InferenceSession
    part: Part = DLIB_PART

    @classmethod
    def load(cls, models: Path) -> "DlibDescriber":
        """EngineUnavailable when the package's weights are missing or altered."""
        return cls(dlib.shape_predictor(str(DLIB_LANDMARKS.find())), converted(DESCRIBE, models))

    def describe(self, image: Image.Image, face: Face) -> Array:
        """See `Describer`."""
        chip = self.chip(image, face)
        pair = np.stack([chip, chip[:, ::-1]]).transpose(0, 3, 1, 2)
        return np.asarray(self.session.run(None, {"chip": dlib_input(pair)})[0].mean(axis=0), np.float32)

    def chip(self, image: Image.Image, face: Face) -> Chip:
        """The face as dlib's network was trained to see it, (150, 150, 3)."""
        patch = align.cut(image, align.similarity(face.landmarks, PATCH), PATCH_SIDE)
        shape = self.landmarks(patch, dlib.rectangle(*PATCH_BOX))
        return np.asarray(dlib.get_face_chip(patch, shape, CHIP_SIDE, CHIP_PADDING), np.uint8)


@dataclass(frozen=True, slots=True)
class ChipDescriber:
    """A network that takes chips aligned as SFace's, such as most models since ArcFace do."""

    session: onnxruntime.InferenceSession
    part: Part
    side: int = align.ARCFACE_SIDE
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: float = 1.0
    bgr: bool = False

    @classmethod
    def sface(cls, models: Path) -> "ChipDescriber":
        """SFace from its package; it takes RGB of 0 to 255 and scales inside."""
        return cls(converted(EMBED, models), Part("sface", 128, adapts=False))

    def describe(self, image: Image.Image, face: Face) -> Array:
        """See `Describer`; of unit length, as such networks are compared by the angle."""
        chip = align.cut(
            image, align.similarity(face.landmarks, align.ARCFACE * (self.side / align.ARCFACE_SIDE)), self.side
        )
        pair = np.stack([chip, chip[:, ::-1]]).astype(np.float32)
        pair = (pair - np.array(self.mean, np.float32)) / np.float32(self.scale)
        pair = (pair[..., ::-1] if self.bgr else pair).transpose(0, 3, 1, 2)
        name = self.session.get_inputs()[0].name
        return unit(unit(self.session.run(None, {name: np.ascontiguousarray(pair)})[0]).sum(axis=0))
