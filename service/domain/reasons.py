"""Every reason a check-in can have, and what it does: one table, shown in docs/reasons.md."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What was proved about who, where and when; `received` is not judged yet."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    REVIEW = "review"


class Effect(StrEnum):
    """What a reason does: to the verdict (refuse, review) or only to counting."""

    REFUSE = "refuse"
    REVIEW = "review"
    COUNTING = "counting"


class Kind(StrEnum):
    """What a reason is about; counting reasons never touch the verdict."""

    LOCATION = "location"
    FACE = "face"
    ENROLMENT = "not_enrolled"
    REPLAY = "replay"
    LIVENESS = "liveness"
    ENGINE = "engine"
    REVIEW = "review"
    COUNTING = "counting"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one reason is about, what it does, and whether its numbers are for the person concerned."""

    kind: Kind
    effect: Effect
    tell_numbers: bool = True
    #: What everybody but the body is told instead, where the code itself would tell too much.
    told_as: str | None = None


REASONS: dict[str, Rule] = {
    "outside_fence": Rule(Kind.LOCATION, Effect.REFUSE),
    "location_fuzzy": Rule(Kind.LOCATION, Effect.REFUSE),
    "location_stale": Rule(Kind.LOCATION, Effect.REFUSE),
    "no_fence": Rule(Kind.LOCATION, Effect.REFUSE),
    "location_uncertain": Rule(Kind.LOCATION, Effect.REVIEW),
    "not_enrolled": Rule(Kind.ENROLMENT, Effect.REFUSE),
    "no_consent": Rule(Kind.ENROLMENT, Effect.REFUSE),
    "no_face": Rule(Kind.FACE, Effect.REFUSE),
    "many_faces": Rule(Kind.FACE, Effect.REFUSE),
    "low_quality": Rule(Kind.FACE, Effect.REFUSE),
    "face_mismatch": Rule(Kind.FACE, Effect.REFUSE, tell_numbers=False),
    "face_uncertain": Rule(Kind.FACE, Effect.REVIEW, tell_numbers=False),
    "looks_like_another": Rule(Kind.FACE, Effect.REVIEW, tell_numbers=False, told_as="face_uncertain"),
    "photo_reused": Rule(Kind.REPLAY, Effect.REFUSE, tell_numbers=False),
    "challenge_needed": Rule(Kind.LIVENESS, Effect.REFUSE, tell_numbers=False),
    "challenge_invalid": Rule(Kind.LIVENESS, Effect.REFUSE, tell_numbers=False),
    "challenge_failed": Rule(Kind.LIVENESS, Effect.REFUSE, tell_numbers=False),
    "flat_face": Rule(Kind.LIVENESS, Effect.REFUSE, tell_numbers=False),
    "not_live": Rule(Kind.LIVENESS, Effect.REFUSE, tell_numbers=False),
    "engine_failed": Rule(Kind.ENGINE, Effect.REVIEW, tell_numbers=False),
    "template_outdated": Rule(Kind.ENGINE, Effect.REVIEW, tell_numbers=False),
    "refused_by_reviewer": Rule(Kind.REVIEW, Effect.REFUSE),
    "not_on_roster": Rule(Kind.COUNTING, Effect.COUNTING),
    "roster_not_filed": Rule(Kind.COUNTING, Effect.COUNTING),
    "outside_window": Rule(Kind.COUNTING, Effect.COUNTING),
    "project_not_active": Rule(Kind.COUNTING, Effect.COUNTING),
    "stop_work": Rule(Kind.COUNTING, Effect.COUNTING),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason with the numbers behind it; an unknown code is a programmer's mistake."""

    code: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.code not in REASONS:
            raise KeyError(self.code)

    @property
    def rule(self) -> Rule:
        """The reason's row in the table."""
        return REASONS[self.code]

    def as_dict(self) -> dict[str, Any]:
        """The form kept in the database."""
        return {"code": self.code, "data": dict(self.data)}


def verdict_of(reasons: Iterable[Reason]) -> Verdict:
    """The gravest effect wins: refuse, then review; accepted only when nothing speaks against it."""
    effects = {reason.rule.effect for reason in reasons}
    if Effect.REFUSE in effects:
        return Verdict.REFUSED
    return Verdict.REVIEW if Effect.REVIEW in effects else Verdict.ACCEPTED
