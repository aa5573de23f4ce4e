"""Whether a reading is of the person a template was made from: yes, no, or a person must look."""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from face.engines.base import Engine, Reading
from face.errors import EngineFailed
from face.template import Template


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
    """The outcome and the Euclidean distance behind it."""

    outcome: MatchOutcome
    distance: float


def compare(template: Template, reading: Reading, engine: Engine, thresholds: Thresholds) -> Match:
    """Compare a reading made by `engine` with a template.

    Raises:
        EngineFailed: the template is another engine's or version's, or the distance is not a finite number.
    """
    made_by, read_by = (template.engine, template.version), (engine.id, engine.version)
    if made_by != read_by:
        raise EngineFailed(f"a template of {made_by} cannot be compared with a reading of {read_by}")
    if template.vector.shape != reading.descriptor.shape:
        raise EngineFailed(f"shapes differ: {template.vector.shape} and {reading.descriptor.shape}")
    distance = float(np.linalg.norm(template.vector - reading.descriptor))
    if not math.isfinite(distance):
        raise EngineFailed("the distance is not a finite number")
    return Match(_outcome(distance, thresholds), distance)


def _outcome(distance: float, thresholds: Thresholds) -> MatchOutcome:
    if distance <= thresholds.accept:
        return MatchOutcome.MATCH
    return MatchOutcome.UNCERTAIN if distance <= thresholds.refuse else MatchOutcome.MISMATCH
