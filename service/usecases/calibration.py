"""Calibrating: which thresholds give a wanted rate of false matches among the people enrolled here, and how surely."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np

from face import calibrate as measure
from face.adapting import thresholds_for
from face.engines.base import Engine
from face.match import Thresholds
from face.search import Floats, Vectors
from face.space import MIN_PERSONS
from service.deps import Deps
from service.domain.calendar import business_day
from service.domain.policies import FacePolicy
from service.errors import NotDone
from service.store.models import Policy
from service.usecases.adaptations import adaptation_for, names_for
from service.usecases.calibration_trials import Trials, nearest_others, reviewed, sentinel_margin, trials_in
from service.usecases.city_policy import city_policy, replace_face
from service.usecases.population import Watch, means_in_force, members_in_force, unwatched
from service.usecases.spaces import space_for

Members = Mapping[UUID, Vectors]
#: The sentinel's margin of a new installation; what is measured never makes it smaller.
MARGIN = 0.1
#: At most one enrolment in 1,000 finds a stranger.
_FALSE_ALARMS = 1e-3
_ROUNDS = 400


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of trials with its 95 % interval over persons."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class At:
    """What happens at a pair of thresholds: strangers accepted, owners not accepted at once, owners refused."""

    name: str
    thresholds: Thresholds
    adaptation: str | None
    fmr: Rate
    fnmr: Rate
    refused: Rate


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was tried, what came out, and the numbers a policy would have; `curves` are DET points by name."""

    engine: str
    version: str
    wanted_fmr: float
    persons: int
    photos: int
    genuine: int
    reviewed: int
    impostor: int
    eer: float
    #: Whether so many impostors were tried that the wanted rate can be seen at all.
    supported: bool
    #: By how much somebody else is nearer in one of 1,000 genuine trials; None where nobody has two photos.
    margin: float | None
    #: Today's policy, if it speaks of the engine, and what is proposed.
    at: Sequence[At]
    proposed: FacePolicy
    curves: Mapping[str, Floats]


def calibrate(fmr: float, adaptation: str, *, deps: Deps, watch: Watch[Any] = unwatched) -> Calibration:
    """Thresholds for a false match rate of one photo, in the space of `adaptation`: a name, `latest` or `none`.

    Raises:
        NotDone: there is no such adaptation for the engine, or too few people are enrolled.
    """
    engine = deps.engine()
    members = members_in_force(engine, deps, watch)
    name = _adaptation(adaptation, members, engine, deps)
    with deps.database.begin() as work:
        today = city_policy(work, business_day(deps.clock.now()))
    current = today.face(engine.id)
    tried = {name: _trials(members, name, engine, deps)}
    genuine, impostor = tried[name].genuine(), tried[name].impostor()
    margin = sentinel_margin(list(members.values()), space_for(engine, name, deps))
    plain = FacePolicy(thresholds_for(genuine, impostor, fmr), adaptation=name)
    proposed = _completed(plain, margin, _duplicate(name, engine, deps, watch), current or plain)
    at = [_at("proposed", proposed, tried[name])]
    if current and _measurable(current, engine, deps):
        now = tried.get(current.adaptation) or _trials(members, current.adaptation, engine, deps)
        tried[current.adaptation] = now
        at.insert(0, _at(current.version or today.version, current, now))
    return Calibration(
        engine=engine.id,
        version=engine.version,
        wanted_fmr=fmr,
        persons=len(members),
        photos=sum(map(len, members.values())),
        genuine=len(genuine),
        reviewed=tried[name].reviewed,
        impostor=len(impostor),
        eer=measure.eer(genuine, impostor),
        supported=measure.threshold_at(impostor, fmr).supported,
        margin=margin,
        at=at,
        proposed=proposed,
        curves={_space_name(space): measure.det_points(t.genuine(), t.impostor()) for space, t in tried.items()},
    )


def write(calibration: Calibration, starts_on: date, *, unsupported: bool = False, deps: Deps) -> Policy:
    """The proposed numbers as a new policy of the city from a day on; `unsupported` takes a rate nobody could see.

    Raises:
        NotDone: too few people were tried, or no policy may begin on that day.
    """
    if calibration.persons < MIN_PERSONS:
        raise NotDone(f"{calibration.persons} persons are too few to write a policy from: {MIN_PERSONS} are needed")
    if not calibration.supported and not unsupported:
        raise NotDone(
            f"{calibration.impostor} impostor trials cannot show a rate of {calibration.wanted_fmr:g}: "
            "choose a larger --fmr, or write it all the same with --unsupported"
        )
    return replace_face(calibration.engine, calibration.proposed, starts_on, deps)


def _adaptation(asked: str, members: Members, engine: Engine, deps: Deps) -> str | None:
    """Below 50 persons nothing is adapted, so the plain space is all there is to try."""
    if len(members) >= MIN_PERSONS or asked not in {"latest", "none"}:
        name = adaptation_for(asked, engine, deps)
        if name is not None and len(members) < MIN_PERSONS:
            raise NotDone(f"with {len(members)} persons only the plain space can be tried: --adaptation none")
        return name
    return None


def _trials(members: Members, name: str | None, engine: Engine, deps: Deps) -> Trials:
    space = space_for(engine, name, deps)
    try:
        trials = trials_in(members, space, reviewed(engine, space, deps))
    except ValueError as error:
        raise NotDone(f"{len(members)} persons are too few to try anything: {error}") from None
    if not sum(map(len, trials.owners)) or not sum(map(len, trials.strangers)):
        raise NotDone(f"{len(members)} persons are too few to try anything: two with two photos are needed")
    return trials


def _completed(face: FacePolicy, margin: float | None, duplicate: float | None, before: FacePolicy) -> FacePolicy:
    """With the limits beside the thresholds: the margin rounded up, `duplicate_margin` as it was."""
    nearer = max(MARGIN, math.ceil((margin or 0) * 1e4) / 1e4)
    return replace(face, margin=nearer, duplicate=duplicate, duplicate_margin=before.duplicate_margin)


def _measurable(face: FacePolicy, engine: Engine, deps: Deps) -> bool:
    """After a change of version today's numbers may be of a space in which this engine cannot measure."""
    return face.adaptation is None or face.adaptation in names_for(engine, deps)


def _at(name: str, face: FacePolicy, trials: Trials) -> At:
    return At(
        name,
        face.thresholds,
        face.adaptation,
        fmr=_within(trials.strangers, face.thresholds.accept),
        fnmr=_beyond(trials.owners, face.thresholds.accept),
        refused=_beyond(trials.owners, face.thresholds.refuse),
    )


def _within(by_person: Sequence[Floats], threshold: float) -> Rate:
    """The share of distances up to the threshold, persons resampled whole."""
    counts = [np.array([(found <= threshold).sum(), len(found)]) for found in by_person if len(found)]

    def share(drawn: Sequence[Any]) -> float:
        passed, tried = np.sum(drawn, axis=0)
        return float(passed / tried)

    return Rate(share(counts), *measure.bootstrap(counts, share, rounds=_ROUNDS))


def _beyond(by_person: Sequence[Floats], threshold: float) -> Rate:
    within = _within(by_person, threshold)
    return Rate(1 - within.share, 1 - within.high, 1 - within.low)


def _duplicate(name: str | None, engine: Engine, deps: Deps, watch: Watch[Any]) -> float | None:
    """The limit for as many as are enrolled, rounded down; None for less than 50 persons."""
    means = list(means_in_force(engine, deps, watch).values())
    if len(means) < MIN_PERSONS:
        return None
    nearest = nearest_others(np.stack(means), space_for(engine, name, deps), watch)
    limit = measure.duplicate_limit(nearest, _FALSE_ALARMS)
    return None if limit is None else math.floor(limit * 1e4) / 1e4


def _space_name(adaptation: str | None) -> str:
    return adaptation or "not adapted"
