"""Whether a check-in's photo is an earlier one again, saved anew, resized or cropped; and what is kept to know that.

Only the person's own earlier photos are looked through: somebody else's does not match his face and is refused for it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
import structlog
from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.dialects.postgresql import insert

from face.engines.base import Engine, Reading, length_of
from face.errors import EngineFailed
from face.replay import same_photo
from face.space import space_of
from face.template import from_bytes, to_bytes
from service.deps import Deps
from service.domain.reasons import Verdict
from service.store.locks import hold
from service.store.models import CheckIn, CheckInFace, Photo, PhotoSeen
from service.store.vault import SealBroken
from service.store.work import Work

Read = TypeVar("Read")

log = structlog.get_logger(__name__)


class Overtaken(Exception):  # noqa: N818 - it says what happened
    """What a check-in was judged by changed meanwhile, the photos accepted or a consent: it is to be judged again."""


class Way(StrEnum):
    """By what a photo was known again: its bytes, its fine detail, or the face's numbers."""

    BYTES = "bytes"
    MARK = "mark"
    DESCRIPTOR = "descriptor"


@dataclass(frozen=True, slots=True)
class Reuse:
    """How a photo was known again and from which check-in, None where its bytes came with something else.

    `apart` is the distance in the way's own measure: bits of 256, or between descriptors.
    """

    way: Way
    check_in_id: UUID | None
    apart: float

    def record(self) -> dict[str, Any]:
        """What the decision record keeps of it."""
        earlier = str(self.check_in_id) if self.check_in_id else None
        return {"way": str(self.way), "check_in_id": earlier, "apart": round(self.apart, 4)}


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one earlier photo, as sealed as it lies in the table."""

    check_in_id: UUID
    engine: str
    engine_version: str
    descriptor: bytes | None
    mark: bytes | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """The person's accepted photos, and the check-in that came with the very same bytes, if one did."""

    kept: tuple[Kept, ...] = ()
    same_bytes: UUID | None = None


def earlier_than(work: Work, row: CheckIn) -> Earlier:
    """What a check-in's photo is compared with; what a reviewer has refused does not count."""
    columns = (getattr(CheckInFace, name) for name in Kept.__slots__)
    found = work.session.execute(select(*columns).where(_standing(row)))
    return Earlier(tuple(Kept(*each) for each in found), _same_bytes(work, row) if row.photo_reused else None)


def find(row: CheckIn, reading: Reading | None, earlier: Earlier, engine: Engine, deps: Deps) -> Reuse | None:
    """How the photo was known again; None if it was not, or if no face could be read of it.

    What was kept of an earlier photo and does not open, or is damaged, is logged and left out: it must not keep its
    owner out, and the bytes are known all the same.
    """
    if row.photo_reused:
        return Reuse(Way.BYTES, earlier.same_bytes, 0)
    if reading is None:
        return None
    return _by_mark(reading, earlier.kept, deps) or _by_descriptor(reading, earlier.kept, engine, deps)


def keep(work: Work, row: CheckIn, reading: Reading, engine: Engine, deps: Deps) -> None:
    """Keep the descriptor and the mark of a photo that is being accepted or sent to review; once."""
    mark = reading.fingerprint
    values = {
        "check_in_id": row.id,
        "person_id": row.person_id,
        "created_at": work.clock.now(),
        "engine": engine.id,
        "engine_version": engine.version,
        "descriptor": deps.vault.seal(_owner(row.id), to_bytes(reading.descriptor)),
        "mark": None if mark is None else deps.vault.seal(_mark(row.id), mark),
    }
    work.session.execute(insert(CheckInFace).values(values).on_conflict_do_nothing())


def require_all_compared(work: Work, row: CheckIn, earlier: Earlier) -> None:
    """Overtaken when a photo was accepted since; until the transaction ends no other of this person's is.

    Called before any row is locked: whoever waits here holds nothing that somebody else needs.
    """
    hold(work, "check_in_face", row.person_id)
    standing = set(work.session.scalars(select(CheckInFace.check_in_id).where(_standing(row))))
    if standing != {each.check_in_id for each in earlier.kept}:
        raise Overtaken


def _standing(row: CheckIn) -> ColumnElement[bool]:
    # One still in review counts too, or the same photo could be sent twice and both be accepted in the end.
    standing = select(CheckIn.id).where(
        CheckIn.id == CheckInFace.check_in_id, CheckIn.state.in_([Verdict.ACCEPTED, Verdict.REVIEW])
    )
    return and_(CheckInFace.person_id == row.person_id, CheckInFace.check_in_id != row.id, standing.exists())


def _same_bytes(work: Work, row: CheckIn) -> UUID | None:
    statement = (
        select(CheckIn.id)
        .join(PhotoSeen, PhotoSeen.photo_id == CheckIn.photo_id)
        .join(Photo, Photo.digest == PhotoSeen.digest)
        .where(Photo.id == row.photo_id, CheckIn.id != row.id)
    )
    return work.session.scalars(statement).first()


def _by_mark(reading: Reading, kept: Sequence[Kept], deps: Deps) -> Reuse | None:
    ours = reading.fingerprint
    if ours is None:
        return None

    def read(stored: bytes) -> bytes:
        if len(stored) != len(ours):
            raise ValueError(f"a mark has {len(ours)} bytes, this has {len(stored)}")
        return stored

    marked = _opened([(each.check_in_id, _mark(each.check_in_id), each.mark) for each in kept], read, deps)
    found = same_photo(ours, [mark for _, mark in marked])
    return Reuse(Way.MARK, marked[found[0]][0], found[1]) if found else None


def _by_descriptor(reading: Reading, kept: Sequence[Kept], engine: Engine, deps: Deps) -> Reuse | None:
    ours = [each for each in kept if (each.engine, each.engine_version) == (engine.id, engine.version)]
    sealed = [(each.check_in_id, _owner(each.check_in_id), each.descriptor) for each in ours]
    opened = _opened(sealed, lambda stored: from_bytes(stored, length_of(engine.parts))[0], deps)
    if not opened:
        return None
    space = space_of(engine)
    earlier = space.project(np.stack([descriptor for _, descriptor in opened]))
    apart = np.linalg.norm(earlier - space.project(reading.descriptor), axis=1)
    nearest = int(apart.argmin())
    if apart[nearest] > engine.same_limit:
        return None
    return Reuse(Way.DESCRIPTOR, opened[nearest][0], float(apart[nearest]))


def _opened(
    kept: Iterable[tuple[UUID, str, bytes | None]], read: Callable[[bytes], Read], deps: Deps
) -> list[tuple[UUID, Read]]:
    """What there is of (check-in, owner, sealed), read; what does not open or is damaged is logged and left out."""
    whole: list[tuple[UUID, Read]] = []
    for check_in_id, owner, sealed in kept:
        if sealed is None:
            continue
        try:
            whole.append((check_in_id, read(deps.vault.open(owner, sealed))))
        except (SealBroken, EngineFailed, ValueError) as error:
            log.error("an earlier photo is not compared", check_in_id=str(check_in_id), why=type(error).__name__)
    return whole


def _owner(check_in_id: UUID) -> str:
    return f"check_in_face:{check_in_id}"


def _mark(check_in_id: UUID) -> str:
    return f"check_in_mark:{check_in_id}"
