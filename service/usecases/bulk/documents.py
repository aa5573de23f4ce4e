"""People of a batch, by the keyed hash of their document numbers: found, registered, never taken for somebody else."""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from service.domain.actors import Reach
from service.domain.identifiers import birth_problem, same_name, seen
from service.domain.records import Document
from service.domain.roster import FILED
from service.store.base import new_id
from service.store.models import Finding, Person, RosterLine
from service.store.queries.reach import people_acted_on
from service.usecases.bulk.batch import Batch
from service.usecases.bulk.keeping import insert_new, record
from service.usecases.people import TAIL, phone_columns

#: A batch of any record that names a person.
Naming = Batch[Any]


@dataclass(frozen=True, slots=True)
class Known:
    """A person as stored; `made` where this batch registered him."""

    id: UUID
    name: str
    phone_sealed: bytes | None
    phone_hash: bytes | None
    made: bool = False


def refuse_unborn(batch: Naming) -> None:
    """Refuse records about somebody whose number says that he is not born yet."""
    for at, told in list(batch.open()):
        if problem := birth_problem(told.document.kind, told.document.number, batch.today):
            batch.refuse(at, problem.code, "document.number")


def hashes_of(batch: Naming) -> dict[str, bytes]:
    """By document number its keyed hash, of the open records."""
    numbers = {record.document.number for _, record in batch.open()}
    return {number: batch.deps.vault.digest("document", number.encode()) for number in numbers}


def known_people(batch: Naming, hashes: Mapping[str, bytes], *, lock: bool = False) -> dict[str, Known]:
    """By document number those who are registered; with `lock` nobody else changes them until the transaction ends."""
    if not hashes:
        return {}
    columns = select(Person.document_hash, Person.id, Person.name, Person.phone_sealed, Person.phone_hash)
    statement = columns.where(Person.document_hash.in_(hashes.values()))
    if lock:
        # In one order, so that two callers never wait for one another; their references stay free.
        statement = statement.order_by(Person.document_hash).with_for_update(key_share=True)
    numbers = {digest: number for number, digest in hashes.items()}
    rows = batch.work.session.execute(statement)
    return {numbers[row.document_hash]: Known(row.id, row.name, row.phone_sealed, row.phone_hash) for row in rows}


def require_known(batch: Naming, people: Mapping[str, Known]) -> None:
    """Refuse records about somebody who is not registered, or under another name; the stored one is not told."""
    for at, told in list(batch.open()):
        if told.document.number not in people:
            batch.refuse(at, "unknown_person", "document.number")
    require_same_name(batch, people)


def require_same_name(batch: Naming, people: Mapping[str, Known]) -> None:
    """Refuse records about somebody who is registered under another name."""
    for at, told in list(batch.open()):
        person = people.get(told.document.number)
        if person is not None and not same_name(person.name, told.document.name):
            batch.refuse(at, "name_conflict", "document.name")


def register(
    batch: Naming, hashes: Mapping[str, bytes], known: Collection[str], phones: Mapping[str, str]
) -> frozenset[UUID]:
    """Register whom open records name and nobody knows; the ids of those this batch made."""
    first: dict[str, Document] = {}
    for _, told in batch.open():
        if told.document.number not in known:
            first.setdefault(told.document.number, told.document)
    numbers = sorted(first, key=hashes.__getitem__)
    rows = [_person(batch, first[number], hashes[number], phones.get(number)) for number in numbers]
    made = insert_new(batch.work, Person, rows)
    record(batch.work, "person:create", made, batch.origin.source)
    return made


def _person(batch: Naming, document: Document, digest: bytes, phone: str | None) -> dict[str, Any]:
    person_id, vault, actor = new_id(), batch.deps.vault, batch.origin.actor
    return {
        "id": person_id,
        "name": seen(unicodedata.normalize("NFC", document.name)).strip(),
        "document_kind": document.kind,
        "document_sealed": vault.seal(f"document:{digest.hex()}", document.number.encode()),
        "document_hash": digest,
        "document_tail": document.number[-TAIL:],
        "registered_by": actor.account_id if actor else None,
        "source": batch.origin.source,
        **phone_columns(phone, person_id, vault),
    }


def acted_on(batch: Naming, ids: Collection[UUID], reach: Reach) -> set[UUID]:
    """Those of these people on whom the origin may act."""
    actor = batch.origin.actor
    if actor is None or reach.city or not ids:
        return set(ids)
    within = people_acted_on(reach, actor.account_id, batch.today)
    return set(batch.work.session.scalars(select(Person.id).where(Person.id.in_(ids), within)))


def with_findings(batch: Naming, people: Collection[UUID]) -> list[UUID]:
    """Those of these people about whom a finding is open on a project they are on: only they need another look."""
    of_person = (Finding.project_id == RosterLine.project_id) & (Finding.person_id == RosterLine.person_id)
    statement = (
        select(RosterLine.person_id)
        .distinct()
        .join(Finding, of_person & Finding.closed_at.is_(None))
        .where(RosterLine.person_id.in_(list(people)), RosterLine.state.in_(FILED))
    )
    return list(batch.work.session.scalars(statement)) if people else []
