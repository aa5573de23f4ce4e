"""Thresholds: those a new installation starts with, and those that the enrolled people themselves call for."""

from collections.abc import Sequence
from itertools import combinations_with_replacement
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from face.calibrate import refuse_at, threshold_at
from face.match import Thresholds
from face.search import Floats
from face.space import MIN_PERSONS, Adaptation, Space, learn

Array = npt.NDArray[np.float32]

# Where nothing was learned of the population. Western portraits pass easily (owners up to 1.0, strangers from 1.1 on in
# `fused`); of a population whose faces crowd together many owners go to a person's review until it is calibrated.
SHIPPED = {
    "fused": Thresholds(accept=1.00, refuse=1.25),
    "sface": Thresholds(accept=0.90, refuse=1.13),
    "dlib": Thresholds(accept=0.40, refuse=0.50),
}
#: The false match rate of one photo that thresholds are set for where nobody says another.
FMR = 0.002
#: Enrolment photos a person in the trials, as many as one gives at the counter; the others are taken for check-ins.
ENROLLED = 5
_ROUNDS, _FOLDS, _SAMPLE = 3, 10, 1500
# Below this many impostors let through, their number is an accident and the tail's shape says more.
_ENOUGH = 100
# The fewest persons to learn from without the two who are compared.
_LEAST = 2
# So few persons may by accident lie far apart: beyond this distance nobody is accepted on their word alone.
_FARTHEST = 1.08


def learn_with_thresholds(members: Sequence[Array], plain: Space, rate: float = FMR) -> tuple[Adaptation, Thresholds]:
    """The adaptation to these persons, each (photos, length), and the thresholds that go with it.

    Thresholds come from persons the adaptation did not see: learned on all, it has placed their mean at nought, and
    strangers among them would look farther apart than strangers really are.

    Raises:
        ValueError: fewer than two persons have two photos.
    """
    genuine, impostor = cross_validated(members, plain)
    return learn(members, plain), thresholds_for(genuine, impostor, rate, persons=len(members))


def cross_validated(members: Sequence[Array], plain: Space) -> tuple[Floats, Floats]:
    """Owners' and impostors' distances in spaces learned without the two persons compared.

    Of more than 1,500 persons a fixed draw is looked at. Where without the two fewer than two remain, the space is
    learned from all: too kind to the thresholds, but all that so few persons can tell.

    Raises:
        ValueError: fewer than two persons have two photos.
    """
    owners, strangers = trials_by_person(members, plain)
    return np.concatenate(owners), np.concatenate(strangers)


def trials_by_person(members: Sequence[Array], plain: Space) -> tuple[list[Floats], list[Floats]]:
    """The same, one array a person on the photo in the order of `members`; empty for who was not drawn."""
    dice = np.random.default_rng(0)
    able = np.array([at for at, photos in enumerate(members) if len(photos) > 1], np.intp)
    if not all(np.isfinite(photos).all() for photos in members):
        raise ValueError("a descriptor holds a number that is not finite")
    drawn = dice.permutation(able)[:_SAMPLE]
    fold = np.arange(len(drawn)) % _FOLDS
    owners: list[list[Floats]] = [[np.empty(0)] for _ in members]
    strangers: list[list[Floats]] = [[np.empty(0)] for _ in members]
    for one, other in combinations_with_replacement(range(min(_FOLDS, len(drawn))), 2):
        held = np.isin(fold, [one, other])
        rest = drawn[~held] if np.count_nonzero(~held) >= _LEAST else drawn
        space = Space(plain.engine, plain.version, plain.parts, learn([members[at] for at in rest], plain))
        tested, of_fold = drawn[held], fold[held]
        for _ in range(_ROUNDS):
            for at, found in zip(*_trials([members[at] for at in tested], space, dice), strict=True):
                if one == other:
                    owners[tested[at]].append(found[[at]])
                # Within one of two folds strangers have their turn when that fold is paired with itself.
                apart = np.arange(len(tested)) != at if one == other else of_fold != of_fold[at]
                strangers[tested[at]].append(found[apart])
    return [np.concatenate(found) for found in owners], [np.concatenate(found) for found in strangers]


def thresholds_for(genuine: Floats, impostor: Floats, rate: float = FMR, *, persons: int = MIN_PERSONS) -> Thresholds:
    """The thresholds at a false match rate for one photo: measured, or a normal law's for too few persons or pairs.

    The law is laid through the mean and spread of the impostors' cosines. With ten persons of 40 it came nearest to
    the rate that the other thirty then had: 0.16 % for a wanted 0.2 %, from 0.03 to 0.67 % in nine of ten draws, where
    the measured quantile came to 0.5 % and up to 2.2 %. Both thresholds are rounded, the first one down.

    Raises:
        ValueError: there are no distances.
    """
    accept = threshold_at(impostor, rate).threshold
    if persons < MIN_PERSONS or rate * len(impostor) < _ENOUGH:
        accept = min(accept, _normal_tail(impostor, rate), _FARTHEST)
    # A handful of persons may call for less than nothing.
    accept = max(1e-4, float(np.floor(accept * 1e4) / 1e4))
    # Somebody should look at what is only a little farther away, even where owners and strangers lie far apart.
    refuse = max(refuse_at(genuine, impostor, accept), threshold_at(impostor, 10 * rate).threshold)
    return Thresholds(accept, float(np.ceil(refuse * 1e4) / 1e4))


def _normal_tail(impostor: Floats, rate: float) -> float:
    cosines = 1 - impostor**2 / 2
    edge = float(cosines.mean() + NormalDist().inv_cdf(1 - rate) * cosines.std())
    return float(np.sqrt(max(0.0, 2 - 2 * edge)))


def _trials(persons: Sequence[Array], space: Space, dice: np.random.Generator) -> tuple[npt.NDArray[np.intp], Floats]:
    """Whose probe each row is, and its distances (probes, persons) to templates of ENROLLED photos drawn anew."""
    templates, probes, owner = [], [], []
    for at, photos in enumerate(persons):
        order = dice.permutation(len(photos))
        enrolled = min(ENROLLED, len(photos) - 1)
        templates.append(photos[order[:enrolled]].mean(axis=0))
        probes.append(photos[order[enrolled:]])
        owner += [at] * (len(photos) - enrolled)
    left, right = space.project(np.concatenate(probes)), space.project(np.stack(templates))
    # Adapted vectors have length 1.
    return np.array(owner), np.sqrt(np.maximum(0.0, 2 - 2 * (left @ right.T).astype(np.float64)))
