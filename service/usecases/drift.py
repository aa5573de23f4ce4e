"""How far the enrolled people have moved from those an adaptation was learned from: a step of the night."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import structlog
from sqlalchemy import update

from face.engines.base import Part
from face.space import MIN_PERSONS, Adaptation, Space, learn
from service.deps import Deps
from service.domain.calendar import business_day
from service.store.models import AdaptationRow
from service.usecases.adaptations import names_for
from service.usecases.city_policy import city_policy
from service.usecases.population import members_in_force
from service.usecases.spaces import space_for

Array = npt.NDArray[np.float32]
log = structlog.get_logger(__name__)

# On simulated populations of 1,000 persons the false match rate had nearly doubled at 0.2 and was sevenfold at 0.4.
# Chance alone moves the mean of n persons by 1 / sqrt(n): by 0.14 of the first 50.
DRIFT_LIMIT = 0.2
# Distances of owners grow as the root of it: beyond 1.5 they lie a fifth farther out.
SCATTER_LIMITS = (0.67, 1.5)


@dataclass(frozen=True, slots=True)
class Drift:
    """What has changed since an adaptation was learned; of several parts the one that changed most.

    `means`: the distance of the means, in root mean square distances of a person from the mean. `scatter`: the total
    variance of photos within a person, divided by what it was.
    """

    means: float = 0.0
    scatter: float = 1.0

    @property
    def far(self) -> bool:
        """True where thresholds no longer mean what they were set for."""
        least, most = SCATTER_LIMITS
        return self.means > DRIFT_LIMIT or not least <= self.scatter <= most


def measure_drift(*, deps: Deps) -> Drift | None:
    """Compare who is enrolled with the adaptation that today's policy of the city names, and keep the result.

    None where none is in force for this engine version, or too few people are enrolled to say.
    """
    engine, today = deps.engine(), business_day(deps.clock.now())
    with deps.database.begin() as work:
        policy = city_policy(work, today).face(engine.id)
    if policy is None or policy.adaptation not in names_for(engine, deps):
        return None
    then = space_for(engine, policy.adaptation, deps).adaptation
    members = list(members_in_force(engine, deps).values())
    if then is None or sum(len(photos) > 1 for photos in members) < MIN_PERSONS:
        return None
    drift = drift_of(then, members, engine.parts)
    with deps.database.begin() as work:
        mine = update(AdaptationRow).where(AdaptationRow.name == policy.adaptation)
        work.session.execute(mine.values(drift=drift.means, drift_at=deps.clock.now()))
    told = {"adaptation": policy.adaptation, "drift": round(drift.means, 3), "scatter": round(drift.scatter, 3)}
    if drift.far:
        log.warning("the people enrolled have moved from the adaptation: learn and calibrate anew", **told)
    else:
        log.info("drift measured", **told)
    return drift


def drift_of(then: Adaptation, members: Sequence[Array], parts: tuple[Part, ...]) -> Drift:
    """How far these persons' descriptors, each (photos, length), lie from those that `then` was learned from.

    Raises:
        ValueError: fewer than two persons have two photos.
    """
    now = learn(members, Space(then.engine, then.version, parts))
    centres = np.stack([photos.mean(axis=0) for photos in members])
    ends = np.cumsum([part.length for part in parts])[:-1]
    adapted = [cut for part, cut in zip(parts, np.split(centres, ends, axis=1), strict=True) if part.adapts]
    moved = [
        float(np.linalg.norm(mean - learned) / max(np.sqrt(cut.var(axis=0).sum()), 1e-12))
        for cut, mean, learned in zip(adapted, now.means, then.means, strict=True)
    ]
    ratios = [_scatter(new) / _scatter(old) for new, old in zip(now.matrices, then.matrices, strict=True)]
    return Drift(max(moved, default=0.0), max(ratios, key=lambda ratio: abs(np.log(ratio)), default=1.0))


def _scatter(whitening: Array) -> float:
    """The total variance within persons from which `learn` made this matrix: shrinking leaves the total as it was."""
    return float((1 / np.linalg.eigvalsh(whitening.astype(np.float64)) ** 2).sum())
