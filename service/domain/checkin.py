"""What a check-in proves: every reason found about place, photo and face, and the verdict they add up to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from face.errors import Refusal
from face.match import Match, MatchOutcome
from geofence.verdict import Judgement, Outcome
from service.domain.policies import CheckInPolicy
from service.domain.reasons import Reason, Verdict, verdict_of


class Precision(StrEnum):
    """WeChat gives a precise position or a fuzzy one, which proves nothing."""

    PRECISE = "precise"
    FUZZY = "fuzzy"


@dataclass(frozen=True, slots=True)
class Fix:
    """How the phone got its position, apart from where."""

    precision: Precision
    fixed_at: datetime
    taken_at: datetime


class Unread(StrEnum):
    """Why there is no match and no refusal to judge."""

    #: Without consent or enrolment a face may not be looked at: there is nothing to compare it with.
    NOT_LOOKED_AT = "not_looked_at"
    #: The engine gave up on this photo as often as it is allowed to.
    FAILED = "failed"
    #: He is enrolled, but his template is of another engine, and none can be made of his photos.
    OUTDATED = "outdated"


Face = Match | Refusal | Unread


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a verdict rests on."""

    fix: Fix
    received_at: datetime
    judgement: Judgement | None
    missing_consents: tuple[str, ...]
    enrolled: bool
    photo_reused: bool
    face: Face
    #: What speaks against a live head in front of the camera.
    liveness: tuple[Refusal, ...] = ()
    #: The person claimed was recognised, and yet somebody else is clearly nearer.
    looks_like_another: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict with every reason, not only the first."""

    verdict: Verdict
    reasons: tuple[Reason, ...]


def decide(evidence: Evidence, policy: CheckInPolicy) -> Decision:
    """The verdict; reasons stand in the order in which a person can mend them: place, enrolment, photo, face."""
    reasons = (
        *_fix_reasons(evidence.fix, evidence.received_at, policy),
        *_place_reasons(evidence.judgement),
        *_enrolment_reasons(evidence),
        *((Reason("photo_reused"),) if evidence.photo_reused else ()),
        *(Reason(refusal.code, dict(refusal.data)) for refusal in evidence.liveness),
        *_face_reasons(evidence.face),
        *((Reason("looks_like_another"),) if evidence.looks_like_another else ()),
    )
    return Decision(verdict_of(reasons), reasons)


def fix_age_s(fix: Fix, received_at: datetime) -> float:
    """Age of the position in seconds at the time of the check-in, which is its receipt, or at the photo if later."""
    return (max(received_at, fix.taken_at) - fix.fixed_at).total_seconds()


def _fix_reasons(fix: Fix, received_at: datetime, policy: CheckInPolicy) -> tuple[Reason, ...]:
    found = []
    if fix.precision is Precision.FUZZY:
        found.append(Reason("location_fuzzy"))
    age = fix_age_s(fix, received_at)
    if age > policy.fix_max_age_s:
        found.append(Reason("location_stale", {"age_s": round(age), "limit_s": round(policy.fix_max_age_s)}))
    return tuple(found)


def _place_reasons(judgement: Judgement | None) -> tuple[Reason, ...]:
    if judgement is None:
        return (Reason("no_fence"),)
    if judgement.outcome is Outcome.INSIDE:
        return ()
    code = "outside_fence" if judgement.outcome is Outcome.OUTSIDE else "location_uncertain"
    return (Reason(code, place_numbers(judgement)),)


def place_numbers(judgement: Judgement) -> dict[str, float | str | None]:
    """The numbers behind a place, whole metres: a person near the gate cannot use more."""
    return {
        "distance_m": round(judgement.distance_m),
        "accuracy_m": round(judgement.accuracy_m),
        "margin_m": round(judgement.limits.margin_m),
        "centre_distance_m": None if judgement.centre_distance_m is None else round(judgement.centre_distance_m),
        "radius_m": None if judgement.radius_m is None else round(judgement.radius_m),
    }


def _enrolment_reasons(evidence: Evidence) -> tuple[Reason, ...]:
    missing = evidence.missing_consents
    found = [Reason("no_consent", {"missing": list(missing)})] if missing else []
    return (*found, *(() if evidence.enrolled else (Reason("not_enrolled"),)))


def _face_reasons(face: Face) -> tuple[Reason, ...]:
    match face:
        case Refusal():
            return (Reason(face.code, dict(face.data)),)
        case Unread.FAILED:
            return (Reason("engine_failed"),)
        case Unread.OUTDATED:
            return (Reason("template_outdated"),)
        case Unread.NOT_LOOKED_AT:
            return ()
        case Match():
            return _OUTCOMES[face.outcome]


_OUTCOMES: dict[MatchOutcome, tuple[Reason, ...]] = {
    MatchOutcome.MATCH: (),
    MatchOutcome.UNCERTAIN: (Reason("face_uncertain"),),
    MatchOutcome.MISMATCH: (Reason("face_mismatch"),),
}
