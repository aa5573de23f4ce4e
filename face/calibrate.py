"""What the distances of known pairs of photos say about thresholds: rates of error, their spread, and limits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from face.search import Floats, Positions, Vectors, distances

T = TypeVar("T")
Project = Callable[[Vectors], Vectors]

MIN_PERSONS = 50
_LOWER_HALF = np.linspace(0.1, 0.5, 9)
_NORMAL = NormalDist()
# Under the law of the nearest strangers one person in a million lies so low: who does is taken for a duplicate.
_HARDLY_A_STRANGER = _NORMAL.inv_cdf(1e-6)
# Above this distance no more than one owner in two hundred is expected, which is what a person can look at.
_OWNERS_BEYOND = 0.005


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold, and whether there were enough impostors to say so: at the wanted rate at least one was expected.

    That is the least at which a rate can be measured at all; ten expected ones give it within a factor of two.
    """

    threshold: float
    supported: bool


def fmr(impostor: npt.ArrayLike, threshold: float) -> float:
    """The false match rate: the share of impostors' distances (m,) up to `threshold`.

    Raises:
        ValueError: there are none.
    """
    return float((_some(impostor) <= threshold).mean())


def fnmr(genuine: npt.ArrayLike, threshold: float) -> float:
    """The false non-match rate: the share of owners' distances (m,) above `threshold`.

    Raises:
        ValueError: there are none.
    """
    return float((_some(genuine) > threshold).mean())


def threshold_at(impostor: npt.ArrayLike, rate: float) -> OperatingPoint:
    """The largest threshold at which the false match rate measured on `impostor` (m,) is at most `rate`.

    It lies one step of a float64 below the first impostor who may not pass; of several at that very distance none
    passes, so ties make the measured rate smaller than wanted, never larger. Whoever rounds it must round down.

    Raises:
        ValueError: no distances, or `rate` is not in [0, 1).
    """
    if not 0 <= rate < 1:
        raise ValueError(f"a rate lies in [0, 1), not at {rate}")
    found = np.sort(_some(impostor))
    passing = round(rate * len(found))
    passing -= passing / len(found) > rate
    return OperatingPoint(float(np.nextafter(found[passing], -np.inf)), passing >= 1)


def refuse_at(genuine: npt.ArrayLike, impostor: npt.ArrayLike, accept: float) -> float:
    """The distance above which practically only impostors lie, never below `accept`.

    One owner in two hundred lies farther out; but where owners scatter so widely that this would leave more than half
    of the impostors to a person's eye, it is the impostors' median.

    Raises:
        ValueError: no distances.
    """
    owners = np.quantile(_some(genuine), 1 - _OWNERS_BEYOND)
    return max(accept, float(min(owners, np.median(_some(impostor)))))


def eer(genuine: npt.ArrayLike, impostor: npt.ArrayLike) -> float:
    """The equal error rate: the mean of both rates at the distance where they are nearest to each other.

    Raises:
        ValueError: no distances.
    """
    thresholds = np.unique(np.concatenate([_some(genuine), _some(impostor)]))
    _, accepted, refused = _rates(genuine, impostor, thresholds).T
    at = np.argmin(np.abs(accepted - refused))
    return float(accepted[at] + refused[at]) / 2


def det_points(genuine: npt.ArrayLike, impostor: npt.ArrayLike, n: int = 200) -> Floats:
    """A DET curve of at most `n` points, shape (m, 3): threshold, false match rate, false non-match rate.

    The false match rates lie evenly on a logarithmic axis, from one impostor who passes to all.

    Raises:
        ValueError: no distances.
    """
    found = np.sort(_some(impostor))
    passing = np.geomspace(1, len(found), n).round().astype(np.intp)
    return _rates(genuine, impostor, np.unique(found[passing - 1]))


def bootstrap(
    persons: Sequence[T], statistic: Callable[[Sequence[T]], float], *, rounds: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """The 95 % interval of a statistic over persons: resampled whole, because a person's trials go together.

    `persons` holds what `statistic` needs of each, such as arrays of distances that it concatenates. For impostors
    only the person on the photo is resampled and not the one he is compared with, which is slightly optimistic.

    Raises:
        ValueError: there are no persons.
    """
    if not persons:
        raise ValueError("there are no persons to resample")
    draws = np.random.default_rng(seed).integers(len(persons), size=(rounds, len(persons)))
    low, high = np.quantile([statistic([persons[at] for at in draw]) for draw in draws], [0.025, 0.975])
    return float(low), float(high)


def duplicate_limit(nearest: npt.ArrayLike, rate: float = 1e-3) -> float | None:
    """The distance up to which at most `rate` of enrolments find a stranger, or None for less than 50 persons.

    `nearest` (n,) holds each enrolled person's distance to the nearest other; the limit is for an index of that size.

    The nearest of many strangers follows a Weibull law for one person, but persons differ in how crowded their
    surroundings are, and that outweighs it: on 40,000 simulated templates in groups a Weibull's tail set the limit 9 to
    15 % too low, a Gumbel's 13 to 32 %, a normal law's 4 % too low at most. So a normal law is fitted, to the quantiles
    from 10 to 50 %, which a few real duplicates among the lowest hardly move. It is optimistic where all surroundings
    are alike (with 100 persons 0.4 % passed for 0.1 %), so the rate measured without the likely duplicates bounds it.

    Raises:
        ValueError: a distance is not finite, or `rate` is not in (0, 0.5).
    """
    found = _some(nearest)
    if not 0 < rate < _LOWER_HALF[-1]:
        raise ValueError(f"a rate of false alarms lies in (0, 0.5), not at {rate}")
    if len(found) < MIN_PERSONS:
        return None
    quantiles = np.quantile(found, _LOWER_HALF)
    spread, middle = np.polyfit([_NORMAL.inv_cdf(level) for level in _LOWER_HALF], quantiles, 1)
    strangers = found[found >= min(middle + spread * _HARDLY_A_STRANGER, quantiles[-1])]
    fitted = float(middle + spread * _NORMAL.inv_cdf(rate))
    return max(0.0, min(fitted, threshold_at(strangers, rate).threshold))


def leave_one_out(members: Sequence[Vectors], project: Project) -> list[Floats]:
    """Each photo's distance to the template its owner would have without it: one array (n_i,) a person.

    `members` holds each person's raw vectors (n_i, d); whoever has one photo has no distances. `project` turns raw
    vectors (n, d) into those that are compared.
    """
    counts = [len(photos) if len(photos) > 1 else 0 for photos in members]
    several = [photos for photos in members if len(photos) > 1]
    if not several:
        return [np.empty(0) for _ in members]
    others = [(photos.sum(axis=0) - photos) / np.float32(len(photos) - 1) for photos in several]
    each = np.arange(sum(counts))
    found = distances(project(np.concatenate(several)), project(np.concatenate(others)), each, each)
    return np.split(found, np.cumsum(counts)[:-1])


def cross(
    members: Sequence[Vectors],
    project: Project,
    *,
    max_pairs: int,
    seed: int = 0,
    groups: Sequence[int] | Sequence[str] | None = None,
) -> list[Floats]:
    """Distances of single photos to other persons' templates, the projected means: one array a person on the photo.

    `members` holds each person's raw vectors (n_i, d), at least one. Of more than `max_pairs` comparisons as many are
    drawn, all equally likely, the same for the same `seed`. With `groups`, one a person, only persons of the same
    group are compared.
    """
    owner = np.repeat(np.arange(len(members)), [len(photos) for photos in members])
    photo, other = _strangers(owner, np.asarray(groups if groups is not None else [0] * len(members)), max_pairs, seed)
    if not len(photo):
        return [np.empty(0) for _ in members]
    photos, templates = project(np.concatenate(members)), project(np.stack([photos.mean(axis=0) for photos in members]))
    found = distances(photos, templates, photo, other)
    return np.split(found, np.searchsorted(owner[photo], np.arange(1, len(members))))


def _strangers(
    owner: Positions, groups: npt.NDArray[np.generic], max_pairs: int, seed: int
) -> tuple[Positions, Positions]:
    """Positions of photos, ascending, and of persons of the owner's group who are not the owner.

    All comparisons are numbered, photo by photo and within a photo by how far the other person sits behind the owner
    in a circle of the group; so drawing numbers draws comparisons, and none of the others is ever made.
    """
    _, group, size = np.unique(groups, return_inverse=True, return_counts=True)
    seated = np.argsort(group, kind="stable")
    first = np.cumsum(size) - size
    seat = np.empty_like(seated)
    seat[seated] = np.arange(len(seated)) - first[group[seated]]
    ends = np.cumsum(size[group[owner]] - 1)
    total = int(ends[-1]) if len(ends) else 0
    if total > max_pairs:
        drawn = np.sort(np.random.default_rng(seed).choice(total, max_pairs, replace=False, shuffle=False))
    else:
        drawn = np.arange(total)
    photo = np.searchsorted(ends, drawn, side="right")
    person = owner[photo]
    behind = ends[photo] - drawn
    return photo, seated[first[group[person]] + (seat[person] + behind) % size[group[person]]]


def _rates(genuine: npt.ArrayLike, impostor: npt.ArrayLike, thresholds: Floats) -> Floats:
    """Rows of threshold, false match rate, false non-match rate."""
    accepted, owners = (
        np.searchsorted(np.sort(_some(trials)), thresholds, side="right") / np.size(trials)
        for trials in (impostor, genuine)
    )
    return np.column_stack((thresholds, accepted, 1 - owners))


def _some(trials: npt.ArrayLike) -> Floats:
    """The distances as float64, so that a threshold between two float32 stays between them."""
    found = np.asarray(trials, dtype=np.float64)
    if not found.size or not np.isfinite(found).all():
        raise ValueError("there are no distances, or one is not finite")
    return found
