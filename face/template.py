"""A person's template: the descriptors of their enrolment photos by one engine and version, and their mean."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from face.engines.base import Engine, Reading
from face.errors import EngineFailed, Refusal
from face.space import space_of

Array = npt.NDArray[np.float32]

#: From fewer photos than this a template is weak: it refuses its owner two or three times as often.
STRONG_PHOTOS = 3
_STORED = np.dtype("<f4")


@dataclass(frozen=True, slots=True)
class Template:
    """What is kept of a face: each photo's raw descriptor, (photos, length), and who made them."""

    engine: str
    version: str
    members: Array

    @property
    def vector(self) -> Array:
        """The mean descriptor, (length,): what a photo is compared with, once projected."""
        return np.asarray(self.members.mean(axis=0), np.float32)

    @property
    def photos(self) -> int:
        """From how many photos it was made."""
        return len(self.members)

    @property
    def weak(self) -> bool:
        """True when it was made of fewer photos than a good template needs."""
        return self.photos < STRONG_PHOTOS


def build(readings: Sequence[Reading], engine: Engine) -> Template | Refusal:
    """The template of one person; refuses `photos_differ` {photo, distance, limit} when a photo does not belong.

    `photo` is the index of the reading farthest from the mean of the others, of two readings the second.

    Raises:
        ValueError: no reading was given.
    """
    if not readings:
        raise ValueError("a template needs at least one reading")
    stack = np.stack([reading.descriptor for reading in readings])
    if len(readings) > 1 and (refusal := _stranger(stack, engine)):
        return refusal
    return Template(engine.id, engine.version, stack)


def to_bytes(descriptors: Array) -> bytes:
    """Descriptors (length,) or (n, length) as little-endian float32; who made them is kept beside."""
    return descriptors.astype(_STORED).tobytes()


def from_bytes(stored: bytes, length: int) -> Array:
    """What `to_bytes` wrote, as (n, length).

    Raises:
        EngineFailed: not whole descriptors of that length, or not all of them finite numbers.
    """
    size = length * _STORED.itemsize
    if not stored or len(stored) % size:
        raise EngineFailed(f"a descriptor has {size} bytes, this has {len(stored)}")
    numbers = np.frombuffer(stored, dtype=_STORED).astype(np.float32).reshape(-1, length)
    if not np.isfinite(numbers).all():
        raise EngineFailed("a descriptor holds a number that is not finite")
    return numbers


def _stranger(stack: Array, engine: Engine) -> Refusal | None:
    others = (stack.sum(axis=0) - stack) / np.float32(len(stack) - 1)
    space, limit = space_of(engine), engine.differ_limit
    distances = np.linalg.norm(space.project(stack) - space.project(others), axis=1)
    # Of two equal distances, as with two photos, the later photo is named.
    worst = len(stack) - 1 - int(np.argmax(distances[::-1]))
    if distances[worst] <= limit:
        return None
    return Refusal("photos_differ", {"photo": worst, "distance": float(distances[worst]), "limit": limit})
