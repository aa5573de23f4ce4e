"""Whether a person was inside a fence, as far as the accuracy of the position can say."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from geofence.fence import Fence
from geofence.position import Position
from geofence.shape import Circle, signed_distance_m


@dataclass(frozen=True, slots=True)
class Limits:
    """How far outside the edge still counts, and the worst accuracy that can prove presence, both in metres."""

    margin_m: float = 50.0
    accuracy_limit_m: float = 60.0


class Outcome(StrEnum):
    """What a position proves about a fence."""

    INSIDE = "inside"
    UNCERTAIN = "uncertain"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome at the best of the fences with every number it came from, in metres.

    `distance_m` is to the edge, negative inside. The last two are for circles only, because a person understands "612 m
    from the centre of a fence of 200 m"; they are None at a polygon.
    """

    outcome: Outcome
    fence_id: str
    distance_m: float
    accuracy_m: float
    limits: Limits
    centre_distance_m: float | None
    radius_m: float | None


def judge(position: Position, accuracy_m: float, fences: Sequence[Fence], limits: Limits) -> Judgement | None:
    """The judgement at the fence that speaks best for the person, or None when there is no fence.

    Args:
        position: where the phone said it was.
        accuracy_m: the radius in metres within which the phone trusts its position.
        fences: the places of work that would do.
        limits: the margin and the worst accuracy in force.

    Raises:
        ValueError: the accuracy is negative or not a finite number.
    """
    if not (isfinite(accuracy_m) and accuracy_m >= 0):
        raise ValueError("an accuracy is a finite number of metres, zero or more")
    if not fences:
        return None
    # With one accuracy and one set of limits a smaller distance never has a worse outcome, so the nearest is the best.
    distance_m, fence = min(
        ((signed_distance_m(fence.shape, position), fence) for fence in fences), key=lambda measured: measured[0]
    )
    radius_m = fence.shape.radius_m if isinstance(fence.shape, Circle) else None
    return Judgement(
        outcome=_outcome(distance_m, accuracy_m, limits),
        fence_id=fence.id,
        distance_m=distance_m,
        accuracy_m=accuracy_m,
        limits=limits,
        centre_distance_m=None if radius_m is None else distance_m + radius_m,
        radius_m=radius_m,
    )


def _outcome(distance_m: float, accuracy_m: float, limits: Limits) -> Outcome:
    """Outside when even the kindest reading is beyond the margin, inside when even the harshest is within it."""
    if distance_m - accuracy_m > limits.margin_m:
        return Outcome.OUTSIDE
    # A poor accuracy can prove absence but never presence: a wide circle around a phone says too little.
    if accuracy_m <= limits.accuracy_limit_m and distance_m + accuracy_m <= limits.margin_m:
        return Outcome.INSIDE
    return Outcome.UNCERTAIN
