"""The space in which descriptors are compared: as they are, or adapted to the people who are enrolled.

Adapting takes the population's mean from a part, whitens the scatter within a person (WCCN: Hatch, Kajarekar and
Stolcke, 2006), shrunk towards the overall scatter, and keeps only the direction. Descriptors of one population crowd
together in dlib's numbers; after it they spread. In every space the metric is the Euclidean distance.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from face.engines.base import Engine, Part, length_of
from face.errors import EngineFailed

Array = npt.NDArray[np.float32]

#: Below this many persons a population's mean is its luck: nothing is adapted.
MIN_PERSONS = 50
# How much of the within-person scatter is taken as learned, the rest as the same in all directions. Learned from ten
# persons, 0.5 to 0.8 was best on East-Asian photos and 0.3 to 0.5 on Western ones.
SHRINKAGE = 0.5


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What was learned of a population for one engine: for each part that adapts its mean (d,) and matrix (d, d)."""

    engine: str
    version: str
    persons: int
    means: tuple[Array, ...]
    matrices: tuple[Array, ...]

    def to_bytes(self) -> bytes:
        """A form to keep; `from_bytes` reads it."""
        arrays: dict[str, Any] = {f"mean{at}": mean for at, mean in enumerate(self.means)}
        arrays |= {f"matrix{at}": matrix for at, matrix in enumerate(self.matrices)}
        np.savez(file := io.BytesIO(), engine=self.engine, version=self.version, persons=self.persons, **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self:
        """What `to_bytes` wrote; EngineFailed when it is damaged."""
        try:
            with np.load(io.BytesIO(kept), allow_pickle=False) as file:
                count = sum(name.startswith("mean") for name in file.files)
                means = tuple(file[f"mean{at}"] for at in range(count))
                matrices = tuple(file[f"matrix{at}"] for at in range(count))
                return cls(str(file["engine"]), str(file["version"]), int(file["persons"]), means, matrices)
        except Exception as error:
            # Numpy and zip raise what they like on damaged bytes.
            raise EngineFailed("an adaptation is damaged") from error


@dataclass(frozen=True, slots=True)
class Space:
    """Projects raw descriptors (n, length) of one engine to vectors (n, length) that are compared by distance."""

    engine: str
    version: str
    parts: tuple[Part, ...]
    adaptation: Adaptation | None = None

    def __post_init__(self) -> None:
        made_for = self.adaptation and (self.adaptation.engine, self.adaptation.version)
        if made_for and made_for != (self.engine, self.version):
            raise EngineFailed(f"an adaptation of {made_for} cannot serve {(self.engine, self.version)}")

    def project(self, descriptors: Array) -> Array:
        """Descriptors (n, length) or (length,) as vectors of the same shape; adapted ones have length 1."""
        if descriptors.shape[-1] != length_of(self.parts):
            raise EngineFailed(f"a descriptor has {length_of(self.parts)} numbers, this one {descriptors.shape[-1]}")
        if self.adaptation is None:
            # Each part counts as it is: on 40 Western persons counting dlib's twice or half did worse.
            return np.asarray(descriptors, np.float32)
        learned = iter(zip(self.adaptation.means, self.adaptation.matrices, strict=True))
        parts = []
        for part, cut in self.cuts(descriptors):
            if part.adapts:
                mean, matrix = next(learned)
                parts.append(unit((cut - mean) @ matrix))
            else:
                parts.append(unit(cut))
        return np.asarray(np.concatenate(parts, axis=-1) / np.sqrt(len(parts)), np.float32)

    def cuts(self, descriptors: Array) -> list[tuple[Part, Array]]:
        """The parts of descriptors (..., length), each (..., part.length)."""
        ends = np.cumsum([part.length for part in self.parts])[:-1]
        return list(zip(self.parts, np.split(descriptors, ends, axis=-1), strict=True))


def space_of(engine: Engine, adaptation: Adaptation | None = None) -> Space:
    """The space of an engine, adapted or not; EngineFailed when the adaptation is another engine's."""
    return Space(engine.id, engine.version, engine.parts, adaptation)


def learn(members: Sequence[Array], plain: Space) -> Adaptation:
    """Learn from the enrolment descriptors of many persons, each (photos, length); those with one photo help the mean.

    Raises:
        ValueError: fewer than two persons have two photos.
    """
    several = [person for person in members if len(person) > 1]
    if len(several) < 2:  # noqa: PLR2004 - a scatter within persons needs persons
        raise ValueError("at least two persons with two photos are needed")
    # Every person counts once, however many photos.
    centres = np.stack([person.mean(axis=0) for person in members])
    apart = np.concatenate([person - person.mean(axis=0) for person in several])
    means, matrices = [], []
    for (part, centre), (_, scatter) in zip(plain.cuts(centres), plain.cuts(apart), strict=True):
        if part.adapts:
            freedom = len(scatter) - len(several)
            means.append(centre.mean(axis=0, dtype=np.float32))
            matrices.append(_whitening(scatter.T @ scatter / max(1, freedom)))
    return Adaptation(plain.engine, plain.version, len(members), tuple(means), tuple(matrices))


def _whitening(within: npt.NDArray[np.floating]) -> Array:
    """The symmetric matrix W with W within W = 1, the scatter shrunk towards its average."""
    size = len(within)
    shrunk = SHRINKAGE * within.astype(np.float64) + (1 - SHRINKAGE) * np.trace(within) / size * np.eye(size)
    values, vectors = np.linalg.eigh(shrunk)
    return np.asarray(vectors / np.sqrt(np.maximum(values, 1e-12)) @ vectors.T, np.float32)


def unit(vectors: npt.NDArray[np.floating]) -> Array:
    """Vectors (..., d) brought to length 1; a vector of zeros stays."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12), np.float32)
