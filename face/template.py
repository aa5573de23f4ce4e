"""A person's template: the mean of the descriptors of their enrolment photos, by one engine and version."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from face.engines.base import Engine, Reading
from face.errors import EngineFailed, Refusal

# The library's own limit for "the same person": enrolment photos farther apart than that cannot be of one person, while
# nearer ones still may not be, so this stops mix-ups and not impostors.
MAX_DISTANCE = 0.6
LENGTH = 128
_STORED = np.dtype("<f4")


@dataclass(frozen=True, slots=True)
class Template:
    """What is kept of a face: the mean descriptor of shape (128,), who made it, and from how many photos."""

    engine: str
    version: str
    vector: npt.NDArray[np.float32]
    photos: int


def build(readings: Sequence[Reading], engine: Engine) -> Template | Refusal:
    """Average the readings of one person; refuse `photos_differ` {photo, distance, limit} when one does not belong.

    `photo` is the index of the reading farthest from the mean of the others, of two readings the second.

    Raises:
        ValueError: no reading was given.
    """
    if not readings:
        raise ValueError("a template needs at least one reading")
    stack = np.stack([reading.descriptor for reading in readings])
    if len(readings) > 1 and (refusal := _stranger(stack)):
        return refusal
    return Template(engine.id, engine.version, stack.mean(axis=0, dtype=np.float32), len(readings))


def to_bytes(template: Template) -> bytes:
    """The vector as 512 bytes, little-endian float32; engine, version and photos are kept beside it."""
    return template.vector.astype(_STORED).tobytes()


def from_bytes(stored: bytes, *, engine: str, version: str, photos: int) -> Template:
    """The template whose vector `to_bytes` wrote.

    Raises:
        EngineFailed: not 512 bytes, or not all of them finite numbers.
    """
    if len(stored) != LENGTH * _STORED.itemsize:
        raise EngineFailed(f"a template has {LENGTH * _STORED.itemsize} bytes, this one {len(stored)}")
    vector = np.frombuffer(stored, dtype=_STORED).astype(np.float32)
    if not np.isfinite(vector).all():
        raise EngineFailed("a template holds a number that is not finite")
    return Template(engine, version, vector, photos)


def _stranger(stack: npt.NDArray[np.float32]) -> Refusal | None:
    others = (stack.sum(axis=0) - stack) / (len(stack) - 1)
    distances = np.linalg.norm(stack - others, axis=1)
    # Of two equal distances, as with two photos, the later photo is named.
    worst = len(stack) - 1 - int(np.argmax(distances[::-1]))
    if distances[worst] <= MAX_DISTANCE:
        return None
    return Refusal("photos_differ", {"photo": worst, "distance": float(distances[worst]), "limit": MAX_DISTANCE})
