"""Whether a reading is of the person a template was made from: yes, no, or a person must look."""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from face.errors import EngineFailed
from face.space import Space

Array = npt.NDArray[np.float32]


class MatchOutcome(StrEnum):
    """What a distance means under two thresholds."""

    MATCH = "match"
    UNCERTAIN = "uncertain"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Distances up to `accept` match, above `refuse` they do not, between them a person decides.

    The deployment's policy holds them. Measured with dlib on East-Asian adults of the same sex: the library's 0.6
    accepts 81-90 % of impostors, 0.40 accepts 2-3 % (docs/adr/0001-foundations.md).
    """

    accept: float
    refuse: float

    def __post_init__(self) -> None:
        if not 0 < self.accept <= self.refuse:
            raise ValueError(f"thresholds must satisfy 0 < accept <= refuse, not {self.accept} and {self.refuse}")


@dataclass(frozen=True, slots=True)
class Match:
    """The outcome and the distance behind it."""

    outcome: MatchOutcome
    distance: float


def compare(template: Array, descriptor: Array, space: Space, thresholds: Thresholds) -> Match:
    """Compare a photo's raw descriptor (length,) with a template's mean, both made by the engine of `space`.

    Raises:
        EngineFailed: a descriptor has another length, or the distance is not a finite number.
    """
    distance = float(np.linalg.norm(space.project(template) - space.project(descriptor)))
    if not math.isfinite(distance):
        raise EngineFailed("the distance is not a finite number")
    return Match(outcome_of(distance, thresholds), distance)


def outcome_of(distance: float, thresholds: Thresholds) -> MatchOutcome:
    """What a distance means: at most `accept` matches, above `refuse` does not."""
    if distance <= thresholds.accept:
        return MatchOutcome.MATCH
    return MatchOutcome.UNCERTAIN if distance <= thresholds.refuse else MatchOutcome.MISMATCH
