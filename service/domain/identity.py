"""Suspicions about who somebody is: when another is clearly nearer, when tries are used up, when two may be one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from service.domain.policies import FacePolicy, TryPolicy


@dataclass(frozen=True, slots=True)
class Nearby:
    """Somebody enrolled whose template lies at a distance, and which template that is."""

    person_id: UUID
    template_id: UUID
    distance: float


@dataclass(frozen=True, slots=True)
class Rival:
    """The enrolled person nearest to a photo beside the one claimed, and among whom he was looked for."""

    nearby: Nearby
    clearly: bool
    #: `roster` of the project, or `everybody`.
    among: str


def is_clearly_nearer(distance: float, claimed: float, policy: FacePolicy) -> bool:
    """True when somebody at `distance` is suspicious beside the person claimed at `claimed`.

    The nearest of many strangers is nearer than the owner of a bad photo about as often as not, so being nearer says
    nothing. He must be nearer by the margin, and near at all: above `refuse` the engine itself says that it is not him.
    """
    return distance < claimed - policy.margin and distance <= policy.thresholds.refuse


def rival_of(nearest: Sequence[Nearby], claimed: float, policy: FacePolicy, among: str) -> Rival | None:
    """The first of those found, nearest first, as a rival of the person claimed; None where nobody was found."""
    return next((Rival(n, is_clearly_nearer(n.distance, claimed, policy), among) for n in nearest), None)


def are_tries_used_up(mismatches: Iterable[datetime], at: datetime, policy: TryPolicy) -> bool:
    """True when within some `tries_minutes` that hold the one at `at` there are `tries` mismatches, that one included.

    Workers judge in no particular order: the last to be judged need not be the last that was sent.
    """
    times, span = sorted(mismatches), timedelta(minutes=policy.tries_minutes)
    windows = [[each for each in times if first <= each <= first + span] for first in times if first <= at]
    return any(at in window and len(window) >= policy.tries for window in windows)


def twin_of(nearest: Sequence[Nearby], policy: FacePolicy, known: Mapping[UUID, Collection[UUID]]) -> Nearby | None:
    """Who of the others, nearest first, may be the same person under a second name, or None.

    Where several are about as near it is a crowded corner, in which the nearest is a stranger like the next. `known`
    tells who was found to be one person with whom, or lies as near to him: more names of one person are no crowd.
    """
    if policy.duplicate is None or not nearest or nearest[0].distance > policy.duplicate:
        return None
    twin, same = nearest[0], known.get(nearest[0].person_id, ())
    third = next((each for each in nearest[1:] if each.person_id not in same), None)
    return twin if third is None or third.distance - twin.distance > policy.duplicate_margin else None


def per_thousand(cases: int, person_days: int) -> float | None:
    """Cases for 1,000 person-days, or None where nobody checked in."""
    return 1000 * cases / person_days if person_days else None
