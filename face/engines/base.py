"""What every face engine offers: one photo in, one reading or one refusal out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from face.errors import Refusal

Array = npt.NDArray[np.float32]

#: A second face below this part of the first one's area stands behind it: at half the area, 1.4 times as far away.
BYSTANDER_AREA = 0.5


@dataclass(frozen=True, slots=True)
class Part:
    """One network's numbers within a descriptor.

    `adapts` says that learning from the population helps them.
    """

    name: str
    length: int
    adapts: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """One face of one photo as an engine reads it.

    `descriptor` holds the parts of the engine one after the other. `box` is (left, top, right, bottom) in pixels of the
    upright photo reduced to the engine's working size, `landmarks` (5, 2) in the same pixels and YuNet's order, None
    from an engine that finds others. `quality` holds the measures of `face.quality`. `faces` counts all faces found,
    bystanders included. `fingerprint` is that of `face.replay`, and `live` what a passive model says, 0 to 1.
    """

    descriptor: Array
    box: tuple[int, int, int, int]
    quality: Mapping[str, float]
    faces: int
    landmarks: Array | None = None
    fingerprint: bytes | None = None
    live: float | None = None


class Engine(Protocol):
    """Describes faces; descriptors compare only within one `id` and `version`. One per worker, not for many threads."""

    @property
    def id(self) -> str:
        """The engine's stable name."""

    @property
    def version(self) -> str:
        """Changes whenever descriptors stop being comparable."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """What a descriptor is made of, in order."""

    @property
    def differ_limit(self) -> float:
        """The distance, without adaptation, beyond which two photos cannot be of one person.

        Nearer photos still may be of two: it stops mix-ups at enrolment and not impostors.
        """

    @property
    def same_limit(self) -> float:
        """The distance, without adaptation, up to which two photos of one person are one photo, saved anew."""

    def describe(self, data: bytes, *, turned: bool = False) -> Reading | Refusal:
        """Read the one face of a photo that `face.photo.inspect` has taken; one that may be `turned` is not refused so.

        Refusals: `no_face`; `many_faces` {faces}; `low_quality` {reason, the measure, its limit}, the reason one of
        face_too_small, cropped, turned_away, too_dark, too_bright, too_blurred.

        Raises:
            EngineFailed: the photo could not be read at all; it says nothing about the person.
        """


def length_of(parts: tuple[Part, ...]) -> int:
    """How many numbers a descriptor of these parts has."""
    return sum(part.length for part in parts)
