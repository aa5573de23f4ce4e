"""Engines made of networks in ONNX Runtime behind YuNet: `fused`, `sface`, and a deployment's own model."""

import hashlib
import json
import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import dlib
import numpy as np
from PIL import Image

from face import align, quality
from face.detect import Detector, Face
from face.engines.base import BYSTANDER_AREA, Engine, Part, Reading
from face.engines.describers import ChipDescriber, Describer, DlibDescriber
from face.errors import EngineFailed, EngineUnavailable, Refusal
from face.liveness import yaw
from face.passive import Passive, PassiveSettings
from face.passive import load as load_passive
from face.photo import decodes_whole, pixels
from face.replay import fingerprint
from face.weights.runtime import session
from face.weights.sources import DLIB_LANDMARKS, DLIB_NETWORK, SFACE, YUNET, Source, checksum

#: Long side in pixels from which the face is cut; up to SLACK times as much is taken as it was decoded.
WORK_SIDE, SLACK = 960, 1.4
#: A face smaller than this is cut from a larger copy of the photo, if the photo has one.
SMALL_FACE, LARGE_SIDE = 90.0, 2560
# How faces are found, cut and averaged; a change of any makes descriptors incomparable.
RECIPE = 1
#: Photos of one person lie within 1.1 of the mean of their others in `fused`, half of strangers beyond 1.5.
DIFFER_LIMITS = {"fused": 1.35, "sface": 1.2, "onnx": 1.2}
#: Of 20 photos in `fused`, copies at JPEG quality 75 to 95 lie up to 0.20 away, at 50 up to 0.34, cropped by up to 8 %
#: on each side up to 0.42; one person's photos of three occasions 0.80 to 0.92, second shots made of one portrait from
#: 0.48 on. In `sface` 0.18, 0.30 and 0.40 against 0.66 to 0.69. Photos taken within seconds were not measured, so the
#: limits lie low: copies beyond them are for the fingerprint to find.
SAME_LIMITS = {"fused": 0.25, "sface": 0.20, "onnx": 0.20}


@dataclass(frozen=True, slots=True)
class NetworkEngine:
    """One detector and the networks that describe what it finds; made by the loaders, one per worker."""

    id: str
    version: str
    detector: Detector
    describers: tuple[Describer, ...]
    passive: Passive | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """One a network."""
        return tuple(describer.part for describer in self.describers)

    @property
    def differ_limit(self) -> float:
        """See `Engine.differ_limit`."""
        return DIFFER_LIMITS[self.id]

    @property
    def same_limit(self) -> float:
        """See `Engine.same_limit`."""
        return SAME_LIMITS[self.id]

    def describe(self, data: bytes, *, turned: bool = False) -> Reading | Refusal:
        """Read the one face of a photo; see `Engine.describe`. The passive model looks at no turned face."""
        image, large = _views(data)
        try:
            faces = self.detector.find(image)
            main = main_face(faces)
            if isinstance(main, Refusal):
                return main
            if main.size < SMALL_FACE:
                image, main = _closer(large(), image, main)
            return self._read(image, self.detector.refine(image, main), len(faces), turned=turned)
        except (RuntimeError, ValueError) as error:
            # dlib's and the runtime's ways of giving up; their texts may describe the photo.
            raise EngineFailed(f"the engine failed on the photo: {type(error).__name__}") from error

    def _read(self, image: Image.Image, face: Face, faces: int, *, turned: bool) -> Reading | Refusal:
        view, inside = align.cut(image, *quality.view(face.landmarks)), quality.inside(face.landmarks, image.size)
        measured = quality.measure(view, face.size, yaw=yaw(face.landmarks), inside=inside)
        if refusal := quality.check(replace(measured, yaw=0.0) if turned else measured):
            return refusal
        descriptor = np.concatenate([describer.describe(image, face) for describer in self.describers])
        left, top, right, bottom = (round(edge) for edge in face.box)
        mark = fingerprint(image, face.landmarks)
        live = None if turned or self.passive is None else self.passive.live(image, face.box)
        return Reading(descriptor, (left, top, right, bottom), measured.numbers(), faces, face.landmarks, mark, live)


def _views(data: bytes) -> tuple[Image.Image, Callable[[], Image.Image]]:
    """The photo in working size, and how to get it larger; a file that is decoded whole is decoded once for both."""
    if not decodes_whole(data):
        return pixels(data, WORK_SIDE, SLACK), lambda: pixels(data, LARGE_SIDE)
    large = pixels(data, LARGE_SIDE)
    scale = min(1.0, WORK_SIDE / max(large.size))
    size = max(1, round(large.width * scale)), max(1, round(large.height * scale))
    return large.resize(size, Image.Resampling.BOX), lambda: large


def _closer(large: Image.Image, image: Image.Image, face: Face) -> tuple[Image.Image, Face]:
    """The same face in a larger copy of the photo, where it has more pixels to show."""
    across, down = large.width / image.width, large.height / image.height
    return (large, face.scaled(across, down)) if across > 1 else (image, face)


def main_face(faces: list[Face]) -> Face | Refusal:
    """The one face the photo is of, largest first given; refuses `no_face` and `many_faces` {faces}."""
    if not faces:
        return Refusal("no_face", {"faces": 0})
    rivals = sum(face.size**2 >= BYSTANDER_AREA * faces[0].size ** 2 for face in faces)
    return Refusal("many_faces", {"faces": rivals}) if rivals > 1 else faces[0]


def load_fused(models: Path) -> Engine:
    """Dlib's ResNet and SFace together: the default. EngineUnavailable when weights are missing or altered."""
    version = _version(DLIB_LANDMARKS, DLIB_NETWORK, SFACE, YUNET, extra=dlib.__version__)
    return NetworkEngine(
        "fused", version, Detector.load(models), (DlibDescriber.load(models), ChipDescriber.sface(models))
    )


def load_sface(models: Path) -> Engine:
    """SFace alone. EngineUnavailable when weights are missing or altered."""
    return NetworkEngine("sface", _version(SFACE, YUNET), Detector.load(models), (ChipDescriber.sface(models),))


@dataclass(frozen=True, slots=True)
class OwnModel:
    """A deployment's own model, as its JSON file describes it.

    `file` is the ONNX model, beside the JSON file if relative; `side` its input in pixels, `length` its output. Each
    channel of 0 to 255 becomes (value - mean) / scale, in the order `channels` (rgb or bgr). `alignment` is `arcface`:
    chips cut as for ArcFace and its successors, scaled to `side`.
    """

    file: Path
    side: int
    length: int
    mean: tuple[float, float, float]
    scale: float
    channels: str = "rgb"
    alignment: str = "arcface"

    @classmethod
    def read(cls, path: Path) -> Self:
        """From a JSON file; EngineUnavailable says what is wrong with it."""
        try:
            given = json.loads(path.read_text(encoding="utf-8"))
            sizes = {"side": operator.index(given["side"]), "length": operator.index(given["length"])}
            numbers = {"mean": tuple(map(float, given["mean"])), "scale": float(given["scale"])}
            own = cls(**given | sizes | numbers | {"file": path.parent / given["file"]})
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise EngineUnavailable(
                f"the model description {path.name} is not usable: {type(error).__name__}"
            ) from error
        known = own.channels in {"rgb", "bgr"} and own.alignment == "arcface" and len(own.mean) == len("rgb")
        if not (known and np.isfinite([*own.mean, own.scale]).all() and min(own.side, own.length, own.scale) > 0):
            raise EngineUnavailable(f"the model description {path.name} holds a value that is not known")
        return own


def load_own(description: Path, models: Path) -> Engine:
    """A deployment's own model behind YuNet.

    Raises:
        EngineUnavailable: the description or the model is missing or wrong, or the model gives other shapes than told.
    """
    own = OwnModel.read(description)
    part = Part("own", own.length)
    describer = ChipDescriber(session(own.file), part, own.side, own.mean, own.scale, own.channels == "bgr")
    blank = Image.new("RGB", (own.side, own.side))
    whole = Face((0, 0, own.side, own.side), 1.0, align.ARCFACE * (own.side / align.ARCFACE_SIDE))
    try:
        length = describer.describe(blank, whole).shape
    except Exception as error:
        # Whatever the runtime raises on a first picture, the model does not do what its description says.
        raise EngineUnavailable(f"the model {own.file.name} does not take its input: {type(error).__name__}") from error
    if length != (own.length,):
        raise EngineUnavailable(f"the model {own.file.name} gives shape {length}, not ({own.length},)")
    version = _version(YUNET, extra=checksum(own.file) + checksum(description))
    return NetworkEngine("onnx", version, Detector.load(models), (describer,))


def with_passive(engine: Engine, description: Path) -> Engine:
    """The engine with the anti-spoof model whose `PassiveSettings` stand in a JSON file, `path` relative to the file.

    Raises:
        EngineUnavailable: the description or the model is missing or wrong, or the engine cannot take one.
    """
    if not isinstance(engine, NetworkEngine):
        raise EngineUnavailable(f"the engine {engine.id} takes no passive model")
    try:
        given = json.loads(description.read_text(encoding="utf-8"))
        told = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        passive = load_passive(PassiveSettings(**told | {"path": description.parent / given["path"]}))
        # What a wrong number breaks is found now, and not on somebody's photo.
        passive.live(Image.new("RGB", (100, 100)), (25, 25, 75, 75))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, EngineFailed) as error:
        raise EngineUnavailable(f"the description {description.name} is not usable: {type(error).__name__}") from error
    return replace(engine, passive=passive)


def _version(*sources: Source, extra: str = "") -> str:
    """Changes with the weights and with the recipe."""
    made_of = "".join(source.sha256 for source in sources) + extra
    return f"{RECIPE}+{hashlib.sha256(made_of.encode()).hexdigest()[:8]}"
