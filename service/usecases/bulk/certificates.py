"""Certificates of a batch: new, renewed, or confirmed as they are; statuses are added to their history."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_

from service.domain.actors import Permission
from service.domain.certificates import CertificateStatus
from service.domain.records import CertificateRecord, Result
from service.domain.topics import Topic
from service.store.base import new_id
from service.store.models import Certificate, CertificateStatusRow, CertificateType
from service.usecases.bulk.batch import Batch
from service.usecases.bulk.documents import Known, acted_on, hashes_of, known_people, require_known, with_findings
from service.usecases.bulk.keeping import change_rows, confirm, insert_new, record, record_fields
from service.usecases.bulk.units import units_of
from service.usecases.certificates import status_problems

_Key = tuple[str, str]
_History = Sequence[tuple[date, CertificateStatus]]


@dataclass(slots=True)
class _Outcome:
    """What a batch does to rows that were there before it."""

    changes: list[dict[str, Any]] = field(default_factory=list)
    fields: dict[UUID, list[str]] = field(default_factory=dict)
    confirmed: list[UUID] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    people: set[UUID] = field(default_factory=set)


def take_certificates(batch: Batch[CertificateRecord]) -> None:
    """Found by type and number; of another person's: `certificate_of_other`.

    Unit and specialty that are not told stay as they are. "Valid" without a day is only believed of a registry
    (`checked_at`): elsewhere it is what everybody writes, and lifts no suspension.
    """
    reach = batch.reach(Permission.CERTIFICATE_WRITE)
    _refuse_by_themselves(batch)
    people = known_people(batch, hashes_of(batch))
    require_known(batch, people)
    acted = acted_on(batch, {who.id for who in people.values()}, reach)
    for at, told in list(batch.open()):
        if people[told.document.number].id not in acted:
            batch.refuse(at, "no_line_in_force", "document.number")
    known = _rows(batch)
    _refuse_of_other(batch, people, known)
    batch.once(_key)
    units = units_of(batch)
    made = _insert(batch, people, units, known)
    rows = _rows(batch, lock=True)
    _refuse_of_other(batch, people, rows)
    _keep(batch, rows, units, made)


def _refuse_by_themselves(batch: Batch[CertificateRecord]) -> None:
    types = set(batch.work.session.scalars(select(CertificateType.code)))
    for at, told in list(batch.open()):
        if told.type_code not in types:
            batch.refuse(at, "unknown_reference", "type_code")
        if told.valid_until and told.valid_until < told.valid_from:
            batch.refuse(at, "validity_in_order", "valid_until")


def _key(told: CertificateRecord) -> _Key:
    return told.type_code, told.number


def _rows(batch: Batch[CertificateRecord], *, lock: bool = False) -> dict[_Key, Any]:
    c = Certificate
    keys = [_key(told) for _, told in batch.open()]
    columns = select(
        c.id, c.person_id, c.type_code, c.number, c.valid_from, c.valid_until, c.specialty, c.unit_id
    ).where(tuple_(c.type_code, c.number).in_(keys))
    if lock:
        columns = columns.order_by(c.type_code, c.number).with_for_update(key_share=True)
    return {(row.type_code, row.number): row for row in batch.work.session.execute(columns)} if keys else {}


def _refuse_of_other(batch: Batch[CertificateRecord], people: Mapping[str, Known], rows: Mapping[_Key, Any]) -> None:
    for at, told in list(batch.open()):
        row = rows.get(_key(told))
        if row is not None and row.person_id != people[told.document.number].id:
            batch.refuse(at, "certificate_of_other", "number")


def _insert(
    batch: Batch[CertificateRecord], people: Mapping[str, Known], units: Mapping[str, UUID], known: Collection[_Key]
) -> frozenset[UUID]:
    news = sorted((told for _, told in batch.open() if _key(told) not in known), key=_key)
    rows = [
        {
            "id": new_id(),
            "person_id": people[told.document.number].id,
            "type_code": told.type_code,
            "number": told.number,
            "specialty": told.specialty,
            "unit_id": units[told.unit.credit_code] if told.unit else None,
            "valid_from": told.valid_from,
            "valid_until": told.valid_until,
            "source": batch.origin.source,
            "checked_at": batch.origin.checked_at,
        }
        for told in news
    ]
    made = insert_new(batch.work, Certificate, rows)
    record(batch.work, "certificate:create", made, batch.origin.source)
    return made


def _keep(
    batch: Batch[CertificateRecord], rows: Mapping[_Key, Any], units: Mapping[str, UUID], made: frozenset[UUID]
) -> None:
    histories, outcome = _histories(batch, [row.id for row in rows.values()]), _Outcome()
    days = {at: _status_from(batch, told, histories[rows[_key(told)].id]) for at, told in batch.open()}
    _refuse_statuses(batch, rows, days, made)
    for at, told in batch.open():
        row, begins = rows[_key(told)], days[at]
        if begins is not None:
            status = {"id": new_id(), "certificate_id": row.id, "status": told.status, "from_on": begins}
            outcome.statuses.append(status | {"source": batch.origin.source})
        if row.id in made:
            outcome.people.add(row.person_id)
            batch.keep(at, Result.CREATED, row.id)
        else:
            batch.keep(at, _compare(told, row, units, begins, outcome), row.id)
    _write(batch, outcome)


def _refuse_statuses(
    batch: Batch[CertificateRecord],
    rows: Mapping[_Key, Any],
    days: Mapping[int, date | None],
    made: frozenset[UUID],
) -> None:
    """Refuse what the sender of a file may not say by hand either; systems speak for themselves."""
    if batch.origin.actor is None:
        return
    said = {
        at: (row.id, row.person_id, told.status)
        for at, told in batch.open()
        if days[at] is not None and (row := rows[_key(told)]).id not in made
    }
    problems = status_problems(batch.work, said.values(), batch.origin.actor)
    for at, (certificate_id, _, _) in said.items():
        if problem := problems.get(certificate_id):
            batch.refuse(at, problem.code, "status")


def _compare(
    told: CertificateRecord,
    row: Any,  # noqa: ANN401 - a row of those columns
    units: Mapping[str, UUID],
    begins: date | None,
    outcome: _Outcome,
) -> Result:
    values = {
        "valid_from": told.valid_from,
        "valid_until": told.valid_until,
        "specialty": told.specialty or row.specialty,
        "unit_id": units[told.unit.credit_code] if told.unit else row.unit_id,
    }
    changed = {name for name, value in values.items() if getattr(row, name) != value}
    if begins is not None:
        changed.add("status")
    if not changed:
        outcome.confirmed.append(row.id)
        return Result.UNCHANGED
    outcome.changes.append({"id": row.id, **values})
    outcome.fields[row.id] = sorted(changed)
    outcome.people.add(row.person_id)
    return Result.CHANGED


def _write(batch: Batch[CertificateRecord], outcome: _Outcome) -> None:
    work, origin = batch.work, batch.origin
    # What nobody confirmed is not confirmed any more, whoever told it before.
    said = {"source": origin.source, "checked_at": origin.checked_at}
    change_rows(work, Certificate, [row | said for row in outcome.changes])
    confirm(work, Certificate, outcome.confirmed, origin.source, origin.checked_at)
    insert_new(work, CertificateStatusRow, outcome.statuses)
    record_fields(work, "certificate:change", outcome.fields, origin.source)
    work.publish_all(Topic.CERTIFICATE_CHANGED, with_findings(batch, outcome.people))


def _histories(batch: Batch[CertificateRecord], ids: Sequence[UUID]) -> defaultdict[UUID, list[Any]]:
    s = CertificateStatusRow
    statement = select(s.certificate_id, s.from_on, s.status).where(s.certificate_id.in_(ids)).order_by(s.from_on, s.id)
    histories: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in batch.work.session.execute(statement):
        histories[row.certificate_id].append((row.from_on, row.status))
    return histories


def _status_from(batch: Batch[CertificateRecord], told: CertificateRecord, history: _History) -> date | None:
    """The day from which the told status must be added to a history, None where it says so already."""
    if told.status is CertificateStatus.VALID and told.status_from is None and batch.origin.checked_at is None:
        return None
    begins = told.status_from or batch.today
    until_then = [entry for entry in history if entry[0] <= max(begins, batch.today)]
    last_from, last = until_then[-1] if until_then else (date.min, CertificateStatus.VALID)
    if last is told.status:
        return None
    # What was said of a later day would still hold, so the new word holds from today.
    return begins if begins >= last_from else batch.today
