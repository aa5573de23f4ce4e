"""What every face engine offers: one photo in, one reading or one refusal out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from face.errors import Refusal


@dataclass(frozen=True, slots=True)
class Reading:
    """One face of one photo as an engine reads it.

    `descriptor` has shape (128,). `box` is (left, top, right, bottom) in pixels of the upright photo reduced to the
    engine's working size. `quality` holds the measures of `face.quality`. `faces` counts all faces found, bystanders
    included.
    """

    descriptor: npt.NDArray[np.float32]
    box: tuple[int, int, int, int]
    quality: Mapping[str, float]
    faces: int


class Engine(Protocol):
    """Describes faces; descriptors compare only within one `id` and `version`. One per worker, not for many threads."""

    @property
    def id(self) -> str:
        """The engine's stable name."""

    @property
    def version(self) -> str:
        """Changes whenever descriptors stop being comparable."""

    def describe(self, data: bytes) -> Reading | Refusal:
        """Read the one face of a photo that `face.photo.inspect` has taken.

        Refusals: `no_face`; `many_faces` {faces}; `low_quality` {reason, the measure, its limit}, the reason one of
        face_too_small, too_dark, too_bright, too_blurred.

        Raises:
            EngineFailed: the photo could not be read at all; it says nothing about the person.
        """
