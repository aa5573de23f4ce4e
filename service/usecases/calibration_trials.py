"""Pairs of which it is known whether they are one person: the enrolled, and check-ins that a person decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from sqlalchemy import Row, exists, select

from face.adapting import trials_by_person
from face.calibrate import cross, leave_one_out
from face.engines.base import Engine
from face.search import Floats, Index, Vectors
from face.space import Space
from service.deps import Deps
from service.domain.reasons import Verdict
from service.store.models import CheckInFace, Consent, ConsentKind, DecisionRecord, TemplateRow
from service.usecases.population import Watch
from service.usecases.spaces import descriptor_of, opened

#: Impostors in the plain space: 2,000 of them pass at a rate of 0.1 %.
_MAX_PAIRS = 2_000_000
#: The newest decisions of persons that are looked at.
_MAX_REVIEWS = 5_000
#: A project's people, among whom the sentinel looks for somebody nearer.
_ROSTER = 30
_PERSONS_FOR_MARGIN, _PERSONS_FOR_NEAREST = 2_000, 3_000


@dataclass(frozen=True, slots=True)
class Trials:
    """Distances in one space, one array a person on the photo; `reviewed` of the owners' come from check-ins."""

    owners: Sequence[Floats]
    strangers: Sequence[Floats]
    reviewed: int = 0

    def genuine(self) -> Floats:
        """All owners' distances."""
        return np.concatenate(self.owners)

    def impostor(self) -> Floats:
        """All strangers' distances."""
        return np.concatenate(self.strangers)


def trials_in(members: Mapping[UUID, Vectors], space: Space, reviews: dict[UUID, Floats]) -> Trials:
    """Each enrolment photo against its owner's template without it and against strangers', and the reviews.

    In an adapted space each pair is judged in one learned anew without the two; only reviews are in `space` itself.

    Raises:
        ValueError: too few persons have two photos.
    """
    photos = list(members.values())
    if space.adaptation is None:
        owners = leave_one_out(photos, space.project)
        strangers = cross(photos, space.project, max_pairs=_MAX_PAIRS)
    else:
        owners, strangers = trials_by_person(photos, Space(space.engine, space.version, space.parts))
    none = np.empty(0)
    joined = [np.append(found, reviews.get(person, none)) for person, found in zip(members, owners, strict=True)]
    joined += [found for person, found in reviews.items() if person not in members]
    return Trials(joined, strangers, sum(map(len, reviews.values())))


def reviewed(engine: Engine, space: Space, deps: Deps) -> dict[UUID, Floats]:
    """By person, the distances of check-ins that a person accepted and whose descriptors are still kept.

    What the machine accepted is left out, because it ends at the threshold; and so is what a person refused, because
    it need not have been an impostor.
    """
    found: dict[UUID, list[float]] = {}
    for face, template in _decided_by_persons(engine, deps):
        photo = opened(f"check_in_face:{face.check_in_id}", face.descriptor or b"", engine, deps)[0]
        apart = np.linalg.norm(space.project(photo) - space.project(descriptor_of(template, engine, deps)))
        found.setdefault(face.person_id, []).append(float(apart))
    return {person: np.array(distances) for person, distances in found.items()}


def _decided_by_persons(engine: Engine, deps: Deps) -> Sequence[Row[CheckInFace, TemplateRow]]:
    by_person = exists().where(
        DecisionRecord.check_in_id == CheckInFace.check_in_id,
        DecisionRecord.decided_by.is_not(None),
        DecisionRecord.verdict == Verdict.ACCEPTED,
    )
    consented = exists().where(
        Consent.person_id == CheckInFace.person_id, Consent.kind == ConsentKind.FACE, Consent.withdrawn_at.is_(None)
    )
    same = (TemplateRow.engine == engine.id, TemplateRow.engine_version == engine.version)
    statement = (
        select(CheckInFace, TemplateRow)
        .join(TemplateRow, TemplateRow.person_id == CheckInFace.person_id)
        .where(CheckInFace.engine == engine.id, CheckInFace.engine_version == engine.version, *same)
        .where(CheckInFace.descriptor.is_not(None), TemplateRow.retired_at.is_(None), by_person, consented)
        .order_by(CheckInFace.created_at.desc())
        .limit(_MAX_REVIEWS)
    )
    with deps.database.begin() as work:
        return work.session.execute(statement).all()


def sentinel_margin(members: Sequence[Vectors], space: Space) -> float | None:
    """By how much somebody of a roster of 30 is nearer than the owner himself in one of 1,000 genuine trials.

    Negative where nobody ever is; None where nobody has two photos.
    """
    dice = np.random.default_rng(0)
    means = space.project(np.stack([photos.mean(axis=0) for photos in members]))
    several = [at for at, photos in enumerate(members) if len(photos) > 1]
    gaps = []
    for at in dice.permutation(several)[:_PERSONS_FOR_MARGIN]:
        photos = members[at]
        rest = space.project((photos.sum(axis=0) - photos) / np.float32(len(photos) - 1))
        others = dice.choice(len(members) - 1, min(_ROSTER, len(members) - 1), replace=False)
        probes = space.project(photos)
        nearest = np.linalg.norm(probes[:, None] - means[others + (others >= at)], axis=2).min(axis=1)
        gaps.append(np.linalg.norm(probes - rest, axis=1) - nearest)
    return float(np.quantile(np.concatenate(gaps), 0.999)) if gaps else None


def nearest_others(means: Vectors, space: Space, watch: Watch[int]) -> Floats:
    """For up to 3,000 persons the distance to the nearest other of all whose means (n, length) are given, n >= 2."""
    projected = space.project(means)
    index: Index[int] = Index(projected.shape[1])
    index.put(range(len(projected)), projected)
    drawn = np.random.default_rng(0).permutation(len(projected))[:_PERSONS_FOR_NEAREST].tolist()
    pairs = ((at, index.nearest(projected[at], 2)) for at in watch(drawn, "looking for duplicates"))
    return np.array([next(hit.distance for hit in hits if hit.key != at) for at, hits in pairs])
