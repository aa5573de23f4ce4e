"""Sealing anew under the newest key whatever of faces was sealed under an older one."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from service.deps import Deps
from service.store.models import AdaptationRow, CheckInFace, TemplateRow
from service.store.vault import SealBroken
from service.store.work import Work

_BATCH = 500


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A column of sealed texts, its table's key, and the owner's name before that key."""

    key: InstrumentedAttribute[Any]
    column: InstrumentedAttribute[Any]
    owner: str


_SEALED = (
    _Sealed(TemplateRow.id, TemplateRow.sealed, "template"),
    _Sealed(TemplateRow.id, TemplateRow.sealed_members, "members"),
    _Sealed(AdaptationRow.name, AdaptationRow.sealed, "adaptation"),
    _Sealed(CheckInFace.check_in_id, CheckInFace.descriptor, "check_in_face"),
    _Sealed(CheckInFace.check_in_id, CheckInFace.mark, "check_in_mark"),
)


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many texts are under the newest key now, and how many did not open: their key is missing."""

    done: int = 0
    broken: int = 0

    def __add__(self, other: "Resealed") -> "Resealed":
        return Resealed(self.done + other.done, self.broken + other.broken)


def reseal_all(*, deps: Deps) -> Resealed:
    """Seal anew, a batch a transaction; to be repeated and run twice at once without harm."""
    return sum((_reseal(sealed, deps) for sealed in _SEALED), Resealed())


def _reseal(sealed: _Sealed, deps: Deps) -> Resealed:
    total, last = Resealed(), None
    while True:
        with deps.database.begin() as work:
            rows = _older(work, sealed, last, deps.vault.newest)
            if not rows:
                return total
            last = rows[-1][0]
            total += sum((_again(work, sealed, *row, deps) for row in rows), Resealed())
            work.audit(f"{sealed.owner}:reseal", sealed.key.class_.__tablename__, count=len(rows))


def _older(work: Work, sealed: _Sealed, last: object, newest: int) -> list[tuple[Any, bytes]]:
    statement = select(sealed.key, sealed.column).where(func.get_byte(sealed.column, 0) != newest)
    if last is not None:
        statement = statement.where(sealed.key > last)
    batch = statement.order_by(sealed.key).limit(_BATCH).with_for_update()
    return [(key, text) for key, text in work.session.execute(batch)]


def _again(work: Work, sealed: _Sealed, key: object, text: bytes, deps: Deps) -> Resealed:
    owner = f"{sealed.owner}:{key}"
    try:
        new = deps.vault.seal(owner, deps.vault.open(owner, text))
    except SealBroken:
        return Resealed(broken=1)
    work.session.execute(update(sealed.key.class_).where(sealed.key == key).values({sealed.column: new}))
    return Resealed(done=1)
