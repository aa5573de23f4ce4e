"""The sentinel: whether a check-in's photo is clearly nearer to somebody else than to the person it claims."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, and_, or_, select

from face.engines.base import Engine
from service.deps import Deps
from service.domain.calendar import business_day
from service.domain.identity import Rival, are_tries_used_up, rival_of
from service.domain.policies import CheckInPolicy, FacePolicy, TryPolicy
from service.domain.reasons import Verdict
from service.domain.roster import FILED
from service.store.models import CheckIn, RosterLine
from service.store.work import Work
from service.usecases.gallery import gallery_for

Array = npt.NDArray[np.float32]

_REFUSED = and_(CheckIn.state == Verdict.REFUSED, CheckIn.reasons.contains([{"code": "face_mismatch"}]))


@dataclass(frozen=True, slots=True)
class Seen:
    """A check-in's photo: its raw descriptor (length,), how far from the person claimed, and whether it was refused.

    The distance is that of the photo alone. What frames add to it they would add to anybody's.
    """

    descriptor: Array
    distance: float
    refused: bool


def rival(
    row: CheckIn, seen: Seen, policy: CheckInPolicy, face: FacePolicy, engine: Engine, deps: Deps
) -> Rival | None:
    """Who is nearest to a photo beside the person claimed, or None; no transaction may be open.

    He is looked for on the project's roster of that day. Everybody is looked through only where nobody on the roster
    explains a photo that was refused and may be the last of several tries: a city's search for each stranger at a gate
    would be more than the purpose needs.

    Raises:
        EngineUnavailable: the adaptation the policy names cannot be had.
    """
    gallery, himself = gallery_for(engine, face.adaptation, deps), {row.person_id}
    with deps.database.begin() as work:
        roster = _roster(work, row.project_id, business_day(row.at)) - himself
        last_try = seen.refused and _may_be_last(work, row, policy.tries)
    near = gallery.nearest(seen.descriptor, 1, deps, people=roster, beside=himself) if roster else []
    found = rival_of(near, seen.distance, face, "roster")
    if last_try and not (found and found.clearly):
        near = gallery.nearest(seen.descriptor, 1, deps, people=None, beside=himself)
        anybody = rival_of(near, seen.distance, face, "everybody")
        found = anybody if anybody and anybody.clearly else found
    return found


def told_of(found: Rival) -> dict[str, object]:
    """What the decision record keeps of a rival, for the body's eyes."""
    distance = round(found.nearby.distance, 4)
    return {
        "person_id": str(found.nearby.person_id),
        "distance": distance,
        "clearly": found.clearly,
        "among": found.among,
    }


def mismatches_around(work: Work, row: CheckIn, tries: TryPolicy) -> dict[UUID, datetime]:
    """The check-ins of the same person, this one included, that were refused for the face about the same time."""
    return _around(work, row, tries, _REFUSED)


def _may_be_last(work: Work, row: CheckIn, tries: TryPolicy) -> bool:
    """Whether the tries are used up, should every photo that is still being judged be refused like this one."""
    near = _around(work, row, tries, or_(_REFUSED, CheckIn.state == Verdict.RECEIVED))
    return are_tries_used_up(near.values(), row.at, tries)


def _around(work: Work, row: CheckIn, tries: TryPolicy, condition: ColumnElement[bool]) -> dict[UUID, datetime]:
    span = timedelta(minutes=tries.tries_minutes)
    statement = select(CheckIn.id, CheckIn.at).where(
        CheckIn.person_id == row.person_id, CheckIn.at.between(row.at - span, row.at + span), condition
    )
    return {check_in_id: at for check_in_id, at in work.session.execute(statement)}  # noqa: C416 - rows are not pairs to a type checker


def _roster(work: Work, project_id: UUID, day: date) -> set[UUID]:
    """Who holds a post of the project on that day by a filed line."""
    lines = select(RosterLine.person_id).where(
        RosterLine.project_id == project_id,
        RosterLine.state.in_(FILED),
        RosterLine.starts_on <= day,
        or_(RosterLine.ends_on.is_(None), RosterLine.ends_on >= day),
    )
    return set(work.session.scalars(lines))
