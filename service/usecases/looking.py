"""Looking at the face of a check-in, with no transaction open: what is read, and how near it is to the template."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from face.engines.base import Engine, Reading
from face.errors import EngineUnavailable, Refusal
from face.match import Match, MatchOutcome, compare
from geofence.fence import Fence
from service.deps import Deps
from service.domain.checkin import Face, Unread
from service.domain.claims import Claim
from service.domain.identity import Rival
from service.domain.policies import CheckInPolicy, FacePolicy
from service.store.claims import MAX_ATTEMPTS, Held
from service.store.models import CheckIn, TemplateRow
from service.usecases.frames import Added, Burst, Measure, look_again
from service.usecases.replays import Earlier
from service.usecases.sentinel import Seen, rival, told_of
from service.usecases.spaces import descriptor_of, space_for


@dataclass(frozen=True, slots=True)
class Case:
    """A check-in with all that is needed to judge it, loaded in one short transaction."""

    row: CheckIn
    claim: Claim
    policy: CheckInPolicy
    fences: tuple[Fence, ...]
    missing_consents: tuple[str, ...]
    template: TemplateRow | None
    #: Enrolled, though none of his templates is of the worker's engine.
    outdated: bool
    enrolment_id: UUID | None
    burst: Burst
    earlier: Earlier


@dataclass(frozen=True, slots=True)
class Look:
    """What the face says, and what was read of it: None where nobody looked, or nothing could be read."""

    face: Face
    policy: FacePolicy | None
    reading: Reading | None = None
    added: Added | None = None
    rival: Rival | None = None

    @property
    def looks_like_another(self) -> bool:
        """True where the person claimed was recognised, though somebody else is clearly nearer."""
        matched = isinstance(self.face, Match) and self.face.outcome is MatchOutcome.MATCH
        return matched and self.rival is not None and self.rival.clearly

    def record(self) -> dict[str, Any]:
        """What the decision record keeps of it."""
        told: dict[str, Any] = {}
        if self.policy is not None:
            limits = self.policy.thresholds
            told = {"accept": limits.accept, "refuse": limits.refuse, "adaptation": self.policy.adaptation}
            if self.policy.version is not None:
                told["policy_version"] = self.policy.version
        match self.face:
            case Match():
                told |= {"outcome": str(self.face.outcome), "distance": round(self.face.distance, 4)}
            case Refusal():
                told |= {"outcome": self.face.code, "data": dict(self.face.data)}
            case Unread():
                told |= {"outcome": str(self.face)}
        if self.reading is not None:
            quality = {name: round(value, 3) for name, value in self.reading.quality.items()}
            told |= {"faces": self.reading.faces, "quality": quality}
        if self.rival is not None:
            told["rival"] = told_of(self.rival)
        return told | (dict(self.added.record) if self.added else {})


def look(case: Case, held: Held, engine: Engine, deps: Deps) -> Look:
    """What the face says; without consent or enrolment nobody looks, after too many attempts neither.

    Raises:
        EngineUnavailable: the policy has no thresholds for the engine or asks for what it cannot tell, or the template
            or adaptation does not open.
        EngineFailed: the engine broke on the photo or a frame.
    """
    policy = case.policy.face(engine.id)
    if case.outdated and not case.missing_consents:
        return Look(Unread.OUTDATED, policy)
    if case.missing_consents or case.template is None:
        return Look(Unread.NOT_LOOKED_AT, policy)
    if policy is None:
        raise EngineUnavailable(f"the policy {case.policy.version} has no thresholds for the engine {engine.id}")
    if held.attempt > MAX_ATTEMPTS:
        return Look(Unread.FAILED, policy)
    # Before the photo is read: while one of them is missing, the check-in is tried again and again.
    template = descriptor_of(case.template, engine, deps)
    space = space_for(engine, policy.adaptation, deps)
    reading = engine.describe(deps.photos.get(case.row.photo_id))
    if isinstance(reading, Refusal):
        return Look(reading, policy)
    first = compare(template, reading.descriptor, space, policy.thresholds)
    measure = Measure(reading, template, space, policy.thresholds)
    added = look_again(first, measure, case.burst, case.policy, engine, deps)
    seen = Seen(reading.descriptor, first.distance, added.match.outcome is MatchOutcome.MISMATCH)
    return Look(added.match, policy, reading, added, rival(case.row, seen, case.policy, policy, engine, deps))
