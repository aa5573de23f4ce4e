"""The frames of a check-in: whether they answer its challenge, and what they add where its photo was not clear."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import select

from face.engines.base import Engine, Reading
from face.errors import EngineUnavailable, Refusal
from face.liveness import Frame, Turn, depth, follows, yaw
from face.match import Match, MatchOutcome, Thresholds, compare
from face.space import Space
from service.deps import Deps
from service.domain.claims import Claim
from service.domain.policies import CheckInPolicy
from service.store.models import Challenge, CheckIn, CheckInFrame
from service.store.work import Work

Array = npt.NDArray[np.float32]

#: Four frames and the photo are the five photos of an enrolment; frames of one moment are too alike for more to help.
SECOND_PHOTOS = 4


@dataclass(frozen=True, slots=True)
class Burst:
    """The frames of a check-in in their order, and the turns asked of them: None without a challenge that held."""

    photo_ids: tuple[UUID, ...] = ()
    turns: tuple[Turn, ...] | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """What frames are held against: the photo's face, the template it was compared with, and what distances mean."""

    photo: Reading
    template: Array
    space: Space
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class View:
    """A frame's face, and how it compares with the photo's."""

    reading: Reading
    match: Match


@dataclass(frozen=True, slots=True)
class Added:
    """What there is beyond the first look: the match that decides, what speaks against a live head, what is kept."""

    match: Match
    liveness: tuple[Refusal, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)


def burst_of(work: Work, row: CheckIn) -> Burst:
    """The frames kept with a check-in."""
    statement = select(CheckInFrame.photo_id).where(CheckInFrame.check_in_id == row.id).order_by(CheckInFrame.position)
    ids = tuple(work.session.scalars(statement))
    if row.challenge_id is None:
        return Burst(ids)
    return Burst(ids, tuple(Turn(turn) for turn in work.session.get_one(Challenge, row.challenge_id).turns))


def unanswered(row: CheckIn, claim: Claim, policy: CheckInPolicy) -> tuple[Refusal, ...]:
    """`challenge_needed` or `challenge_invalid` where the policy asks for a challenge and none held at receipt."""
    if not policy.liveness.challenge or row.challenge_id is not None:
        return ()
    return (Refusal("challenge_invalid" if claim.challenge_id else "challenge_needed", {}),)


def look_again(
    first: Match, measure: Measure, burst: Burst, policy: CheckInPolicy, engine: Engine, deps: Deps
) -> Added:
    """What frames and the passive model add; frames are read only where a challenge is judged or `first` is not clear.

    Where the policy asks for no challenge, one that was answered is used up and not judged.

    Raises:
        EngineUnavailable: the policy asks for what this engine cannot tell.
        EngineFailed: the engine broke on a frame.
    """
    turns = burst.turns if policy.liveness.challenge else None
    if turns and measure.photo.landmarks is None:
        raise EngineUnavailable(f"the policy {policy.version} asks for head turns, {engine.id} finds no landmarks")
    wanted = burst.photo_ids if turns else burst.photo_ids[:SECOND_PHOTOS] if _unclear(first) else ()
    views = [_view(deps.photos.get(photo_id), measure, engine) for photo_id in wanted]
    found = (not_live(measure.photo, policy), answered(views, turns) if turns else None)
    match, photos = second(first, views, measure)
    record: dict[str, Any] = {"frames": [*map(_told, views)]} if views else {}
    if photos > 1:
        record |= {"first_distance": round(first.distance, 4), "photos": photos}
    if turns:
        record |= {"turns": [str(turn) for turn in turns], "depth": _depth(views)}
    if measure.photo.live is not None:
        record["live"] = round(measure.photo.live, 3)
    return Added(match, tuple(filter(None, found)), record)


def not_live(photo: Reading, policy: CheckInPolicy) -> Refusal | None:
    """Refuse `not_live` {live, limit_live} what the passive model holds for no living face."""
    limit = policy.liveness.passive
    if limit is None:
        return None
    if photo.live is None:
        raise EngineUnavailable(f"the policy {policy.version} has a limit for a passive model, and none is set")
    return Refusal("not_live", {"live": round(photo.live, 3), "limit_live": limit}) if photo.live < limit else None


def answered(views: Sequence[View | Refusal], turns: Sequence[Turn]) -> Refusal | None:
    """Refuse frames that do not show the turns in order, are flat, or are not all of the photo's person.

    A frame too blurred or too dark to read counts as not sent: whoever cheats need not send it either.

    Each frame must lie within the refuse threshold of the photo, not the accept threshold: a turned head lies farther
    from the frontal one. How much is hardly measured: in `fused` the one pair at hand, turned by about 25 degrees and
    of another day, lies 0.8 to 0.9 apart, variants of one portrait up to 0.75, two strangers 1.5 and 1.6. So this stops
    somebody's photo sent with the turning head of a stranger, who must pass in every frame, and not one with the head
    of his double. The photo itself is judged apart and has to match.

    Refusals: those of `face.liveness.follows`, and `challenge_failed` {frame, found} or {frame, distance}, frames
    counted from 1.
    """
    seen: list[Frame] = []
    for at, view in enumerate(views, start=1):
        if isinstance(view, View) and view.match.outcome is MatchOutcome.MISMATCH:
            return Refusal("challenge_failed", {"frame": at, "distance": round(view.match.distance, 4)})
        if isinstance(view, Refusal) and view.code != "low_quality":
            return Refusal("challenge_failed", {"frame": at, "found": view.code})
        if isinstance(view, View) and view.reading.landmarks is not None:
            seen.append(Frame(view.reading.landmarks, at))
    return follows(seen, turns)


def second(first: Match, views: Sequence[View | Refusal], measure: Measure) -> tuple[Match, int]:
    """The match that decides, and how many photos it rests on: unclear ones are measured anew with their frames.

    The raw descriptors of the photo and of up to four frames that match it are averaged, and the distance of the mean
    decides: it may accept, refuse, or leave it to a person. An impostor gets the frames too, and chooses them: a mean
    of several photos lies nearer to every template than each of them, his own face's and a stranger's. So frames only
    speak where the photo alone was within the refuse threshold, and what it refused stays refused; they must match the
    photo, so that nobody mixes in the owner's picture.
    """
    alike = [view.reading.descriptor for view in _read(views) if view.match.outcome is MatchOutcome.MATCH]
    if not _unclear(first) or not alike:
        return first, 1
    several = np.stack([measure.photo.descriptor, *alike[:SECOND_PHOTOS]])
    mean = np.asarray(several.mean(axis=0), np.float32)
    return compare(measure.template, mean, measure.space, measure.thresholds), len(several)


def _unclear(match: Match) -> bool:
    return match.outcome is MatchOutcome.UNCERTAIN


def _view(data: bytes, measure: Measure, engine: Engine) -> View | Refusal:
    reading = engine.describe(data, turned=True)
    if isinstance(reading, Refusal):
        return reading
    return View(reading, compare(measure.photo.descriptor, reading.descriptor, measure.space, measure.thresholds))


def _read(views: Sequence[View | Refusal]) -> list[View]:
    return [view for view in views if isinstance(view, View)]


def _depth(views: Sequence[View | Refusal]) -> float | None:
    marks = [view.reading.landmarks for view in _read(views) if view.reading.landmarks is not None]
    return round(depth(min(marks, key=yaw), max(marks, key=yaw)), 4) if marks else None


def _told(view: View | Refusal) -> dict[str, Any]:
    """What the decision record keeps of a frame."""
    if isinstance(view, Refusal):
        return {"outcome": view.code}
    told = {"outcome": str(view.match.outcome), "distance": round(view.match.distance, 4)}
    return told if view.reading.landmarks is None else told | {"yaw": round(yaw(view.reading.landmarks), 3)}
