"""Labelled faces enrolled and compared with each other, and the rates of error that come of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from face.engines.base import Engine, Reading
from face.errors import Refusal
from face.space import Space
from face.template import Template, build

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

#: Photos of which the best counts, and how often a person's photos are dealt into such sets.
TRIES, DEALS = 3, 4
#: Distances are counted by thousandths of the accept threshold, which so lies on the edge of one; beyond four times the
#: threshold only their number is kept. Counts can be added up for any draw of persons, a thousand draws in seconds.
STEPS, REACH = 1000, 4000
FIGURES = (
    "fmr",
    "fnmr",
    "fnmr_3_tries",
    "fnmr_at_fmr_0.01",
    "fnmr_at_fmr_0.001",
    "fnmr3_at_fmr_0.01",
    "fnmr3_at_fmr_0.001",
    "eer",
)
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A person's template, the raw descriptors (n, length) of the photos left over, and the photos named strangers."""

    template: Template
    probes: Array
    strangers: int


@dataclass(frozen=True, slots=True)
class Trials:
    """Distances of one person's photos to the own template and to rivals' (m,), and of the best of three likewise."""

    own: Array
    others: Array
    own_best: Array
    others_best: Array


@dataclass(frozen=True, slots=True)
class Round:
    """What came of one choice of enrolment photos.

    `counts` (persons, 4, REACH + 2) holds each person's trials, `failed` the number who could not be enrolled,
    `compared` who was, and `strangers` the number of photos that were named strangers.
    """

    counts: Array
    failed: int
    compared: Mask
    strangers: int


def photos_enrolled(usable: Sequence[int], wanted: int) -> int:
    """How many photos to enrol: as many as wanted, or as few as leave half of the persons a photo to compare."""
    return max(1, min(wanted, sorted(usable)[len(usable) // 2] - 1))


def rivals_among(names: Sequence[str], groups: Iterable[Iterable[str]] | None) -> Mask:
    """Who is an impostor for whom, (persons, persons): everybody else, or those of one's groups."""
    if groups is None:
        return ~np.eye(len(names), dtype=np.bool_)
    rivals = np.zeros((len(names), len(names)), np.bool_)
    for group in map(set, groups):
        of_group = np.array([name in group for name in names])
        rivals |= np.outer(of_group, of_group)
    return rivals & ~np.eye(len(names), dtype=np.bool_)


def enrol(readings: Sequence[Reading], count: int, engine: Engine, dice: np.random.Generator) -> Enrolled | None:
    """Enrol `count` photos at random; one that is named a stranger goes back to the others and another takes its place.

    None when the photos run out.
    """
    spare: list[int] = dice.permutation(len(readings)).tolist()
    strangers: list[int] = []
    chosen = [spare.pop() for _ in range(min(count, len(spare)))]
    while len(chosen) == count:
        made = build([readings[at] for at in chosen], engine)
        if not isinstance(made, Refusal):
            left = [readings[at].descriptor for at in spare + strangers]
            return Enrolled(made, np.array(left, np.float32).reshape(len(left), made.members.shape[1]), len(strangers))
        strangers.append(chosen.pop(int(str(made.data["photo"]))))
        chosen += [spare.pop()] if spare else []
    return None


def play(
    people: Sequence[Sequence[Reading]],
    rivals: Mask,
    count: int,
    engine: Engine,
    space: Space,
    accept: float,
    seed: int,
) -> Round:
    """Enrol everybody anew and compare all photos left over."""
    dice = np.random.default_rng([20260301, seed])
    enrolled = [enrol(readings, count, engine, dice) for readings in people]
    compared = np.array([each is not None and len(each.probes) > 0 for each in enrolled])
    able = [each for each, kept in zip(enrolled, compared, strict=True) if each and kept]
    counts = np.zeros((len(people), 4, REACH + 2), np.float32)
    if able:
        found = trials(able, rivals[np.ix_(compared, compared)], space, dice)
        counts[compared] = [counted(each, accept) for each in found]
    strangers = sum(each.strangers for each in enrolled if each)
    return Round(counts, sum(each is None for each in enrolled), compared, strangers)


def trials(able: Sequence[Enrolled], rivals: Mask, space: Space, dice: np.random.Generator) -> list[Trials]:
    """Everybody's photos against the own template and those of the rivals."""
    templates = space.project(np.stack([each.template.vector for each in able]))
    found = []
    for at, each in enumerate(able):
        apart = np.stack([np.linalg.norm(templates - probe, axis=1) for probe in space.project(each.probes)])
        best = best_of(apart, dice)
        found.append(Trials(apart[:, at], apart[:, rivals[at]].ravel(), best[:, at], best[:, rivals[at]].ravel()))
    return found


def best_of(apart: Array, dice: np.random.Generator) -> Array:
    """Distances (photos, templates) as (sets, templates): the smallest of each three photos, which share none."""
    sets = len(apart) // TRIES
    deals = [dice.permutation(len(apart))[: sets * TRIES].reshape(sets, TRIES) for _ in range(DEALS)]
    return np.asarray(apart[np.concatenate(deals)].min(axis=1))


def counted(found: Trials, accept: float) -> Array:
    """How many distances of each kind lie in each step, (4, REACH + 2): step k ends at k thousandths of `accept`."""
    kinds = (found.own, found.others, found.own_best, found.others_best)
    steps = [np.ceil(each.astype(np.float64) * (STEPS / accept)).clip(0, REACH + 1).astype(np.intp) for each in kinds]
    return np.stack([np.bincount(each, minlength=REACH + 2) for each in steps]).astype(np.float32)


def figures(counts: npt.NDArray[np.floating]) -> Floats:
    """The FIGURES of counts (4, REACH + 2); not a number where nothing of the kind was compared."""
    own, others, own_best, others_best = passing(counts)
    given = [others[STEPS + 1], 1 - own[STEPS + 1], 1 - own_best[STEPS + 1]]
    single = [refused_at(own, others, rate) for rate in (0.01, 0.001)]
    best = [refused_at(own_best, others_best, rate) for rate in (0.01, 0.001)]
    meet = int(np.argmin(np.abs(others - (1 - own))))
    return np.array([*given, *single, *best, (others[meet] + 1 - own[meet]) / 2])


def passing(counts: npt.NDArray[np.floating]) -> Floats:
    """The share that passes at each threshold, (4, REACH + 3): at [k + 1] up to step k, at [0] nobody."""
    with np.errstate(invalid="ignore"):
        shares = counts.cumsum(axis=1, dtype=np.float64) / counts.sum(axis=1, dtype=np.float64)[:, None]
    return np.pad(shares, ((0, 0), (1, 0)))


def refused_at(own: Floats, others: Floats, rate: float) -> float:
    """The share of owners refused at the largest threshold that at most `rate` of the impostors pass."""
    if np.isnan(others[-1]):
        return float("nan")
    return float(1 - own[np.searchsorted(others, rate, side="right") - 1])


def intervals(counts: Array) -> Floats:
    """The 95 % interval of each figure, (8, 2), over persons resampled whole; counts are (persons, 4, REACH + 2).

    Of impostors only the person on the photo is resampled, which is slightly optimistic.
    """
    dice, persons = np.random.default_rng(0), len(counts)
    flat = counts.reshape(persons, -1)
    draws = (np.bincount(dice.integers(persons, size=persons), minlength=persons) for _ in range(RESAMPLES))
    rates = [figures((draw.astype(np.float32) @ flat).reshape(counts.shape[1:])) for draw in draws]
    return np.quantile(rates, [0.025, 0.975], axis=0).T


def curve(own: Floats, others: Floats, accept: float) -> Floats:
    """Rows of threshold, false match and non-match rate for `face.det_picture`, evenly on a logarithmic axis."""
    least = others[others > 0].min()
    at = np.unique(np.searchsorted(others, np.geomspace(least, 1, 300), side="right") - 1)
    return np.column_stack(((at - 1) * accept / STEPS, others[at], 1 - own[at]))
