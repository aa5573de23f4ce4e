"""People of a batch: registered where they are new, with their phone and whom they work for."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from service.domain.actors import Permission
from service.domain.identifiers import bare_name, same_name
from service.domain.records import PersonRecord, Result
from service.store.models import Person
from service.usecases.bulk.batch import Batch
from service.usecases.bulk.documents import Known, acted_on, hashes_of, known_people, refuse_unborn, register
from service.usecases.bulk.employments import Employments
from service.usecases.bulk.keeping import change_rows, record_fields
from service.usecases.bulk.units import units_of
from service.usecases.people import phone_columns
from service.usecases.phone_hashes import fill


def take_people(batch: Batch[PersonRecord]) -> None:
    """Found by document number; the same number under another name is a conflict and never an overwrite.

    A phone that is not told stays as it is. Of people out of reach nothing is changed: `no_line_in_force`.
    """
    batch.reach(Permission.PERSON_WRITE)
    _refuse_by_themselves(batch)
    refuse_unborn(batch)
    hashes = hashes_of(batch)
    known = known_people(batch, hashes)
    _refuse_those(batch, known)
    _refuse_new_and_over(batch, known)
    _refuse_contradictions(batch)
    units = units_of(batch)
    made = register(batch, hashes, known, _phones(batch))
    people = known_people(batch, hashes, lock=True)
    _refuse_those(batch, {number: who for number, who in people.items() if number not in known and who.id not in made})
    _keep(batch, people, units, made)


def _refuse_by_themselves(batch: Batch[PersonRecord]) -> None:
    for at, told in list(batch.open()):
        if told.employed_from and told.employed_until and told.employed_until < told.employed_from:
            batch.refuse(at, "dates_in_order", "employed_until")
        if told.unit and not batch.may(Permission.EMPLOYMENT_WRITE):
            batch.refuse(at, "forbidden", "unit", permission=str(Permission.EMPLOYMENT_WRITE))


def _refuse_those(batch: Batch[PersonRecord], people: Mapping[str, Known]) -> None:
    """Refuse what is told of these people under another name, and what would change somebody out of reach."""
    touched = {people[n].id for _, told in batch.open() if (n := told.document.number) in people}
    acted = acted_on(batch, touched, batch.reach(Permission.PERSON_WRITE))
    for at, told in list(batch.open()):
        person = people.get(told.document.number)
        if person is None:
            continue
        if not same_name(person.name, told.document.name):
            batch.refuse(at, "name_conflict", "document.name")
        elif person.id not in acted and (told.phone or told.unit):
            batch.refuse(at, "no_line_in_force", "phone" if told.phone else "unit")


def _refuse_new_and_over(batch: Batch[PersonRecord], known: Mapping[str, Known]) -> None:
    # Without its first day an employment begins today, so it cannot have ended before.
    for at, told in list(batch.open()):
        over = told.unit and told.employed_until and not told.employed_from and told.employed_until < batch.today
        if over and told.document.number not in known:
            batch.refuse(at, "dates_in_order", "employed_until")


def _refuse_contradictions(batch: Batch[PersonRecord]) -> None:
    batch.agree(
        lambda _, told: told.document.number,
        lambda told: {
            "document.name": bare_name(told.document.name),
            "document.kind": told.document.kind,
            "phone": told.phone,
        },
    )
    # Somebody may stand there twice for two units, or for two times at one.
    batch.once(lambda told: (told.document.number, told.unit and told.unit.credit_code, told.employed_from))


def _phones(batch: Batch[PersonRecord]) -> dict[str, str]:
    return {told.document.number: told.phone for _, told in batch.open() if told.phone}


def _keep(
    batch: Batch[PersonRecord], people: Mapping[str, Known], units: Mapping[str, UUID], made: frozenset[UUID]
) -> None:
    employments = Employments(batch, [who.id for who in people.values()])
    told_first: set[UUID] = set()
    phones: dict[UUID, dict[str, Any]] = {}
    unhashed: dict[UUID, str] = {}
    for at, told in list(batch.open()):
        person = people[told.document.number]
        works = employments.take(at, told, person.id, units[told.unit.credit_code]) if told.unit else False
        if works is None:
            continue
        calls = person.id not in made | phones.keys() and _other_phone(batch, person, told.phone)
        if calls:
            phones[person.id] = {"id": person.id, **phone_columns(told.phone, person.id, batch.deps.vault)}
        elif told.phone and person.phone_hash is None:
            # Kept before phones had hashes: nothing changes but that he is found by it.
            unhashed[person.id] = told.phone
        if person.id in made and person.id not in told_first:
            result = Result.CREATED
        else:
            result = Result.CHANGED if works or calls else Result.UNCHANGED
        told_first.add(person.id)
        batch.keep(at, result, person.id)
    source = batch.origin.source
    change_rows(batch.work, Person, [row | {"source": source} for row in phones.values()])
    fill(batch.work, unhashed, batch.deps.vault)
    record_fields(batch.work, "person:change", dict.fromkeys(phones, ("phone",)), source)
    employments.keep()


def _other_phone(batch: Batch[PersonRecord], person: Known, phone: str | None) -> bool:
    if phone is None:
        return False
    sealed = person.phone_sealed
    return sealed is None or batch.deps.vault.open(f"phone:{person.id}", sealed) != phone.encode()
