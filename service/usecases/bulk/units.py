"""Units of a batch: found by credit code, made where they are new and named."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from service.domain.actors import Permission
from service.domain.records import UnitRecord
from service.store.base import new_id
from service.store.models import Unit
from service.usecases.bulk.batch import Batch, R
from service.usecases.bulk.keeping import insert_new, record


def units_of(batch: Batch[R], fields: Sequence[str] = ("unit",)) -> dict[str, UUID]:
    """By credit code the units that open records name in these fields.

    A record with a unit that is unknown and cannot be made, for want of a name or of the right to, is refused.
    """
    named = [(at, name, unit) for at, record in batch.open() for name in fields if (unit := getattr(record, name))]
    codes = {unit.credit_code for _, _, unit in named}
    known = _known(batch, codes)
    makes = batch.may(Permission.UNIT_WRITE)
    news: dict[str, UnitRecord] = {}
    for at, name, unit in named:
        if unit.credit_code in known:
            continue
        if unit.name and makes:
            news.setdefault(unit.credit_code, unit)
        elif unit.credit_code not in news:
            batch.refuse(at, "unknown_reference", f"{name}.credit_code")
    return {**known, **_make(batch, news)} if news else known


def _known(batch: Batch[R], codes: set[str]) -> dict[str, UUID]:
    if not codes:
        return {}
    rows = batch.work.session.execute(select(Unit.credit_code, Unit.id).where(Unit.credit_code.in_(codes)))
    return {row.credit_code: row.id for row in rows}


def _make(batch: Batch[R], news: Mapping[str, UnitRecord]) -> dict[str, UUID]:
    rows = [{"id": new_id(), "credit_code": code, "name": news[code].name} for code in sorted(news)]
    made = insert_new(batch.work, Unit, rows)
    record(batch.work, "unit:create", made, batch.origin.source)
    return _known(batch, set(news))
