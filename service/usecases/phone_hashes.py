"""Hashes of phones that were kept before phones could be found: filled in where somebody comes upon them, or all."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import bindparam, select, update

from service.deps import Deps
from service.store.models import Person
from service.store.vault import SealBroken, Vault
from service.store.work import Work
from service.usecases.people import phone_hash

_BATCH = 500


def fill(work: Work, phones: Mapping[UUID, str], vault: Vault) -> None:
    """Let these people, whose rows are locked, be found by the compacted phones they have; their versions stay."""
    rows = [{"row_id": person_id, "digest": phone_hash(phone, vault)} for person_id, phone in phones.items()]
    if rows:
        table = Person.__table__
        statement = update(Person).where(table.c.id == bindparam("row_id")).values(phone_hash=bindparam("digest"))
        work.session.connection().execute(statement, rows)


def fill_all(*, deps: Deps) -> tuple[int, int]:
    """Fill every hash that is missing, a batch a transaction: how many were, and how many phones do not open."""
    done, broken, last = 0, 0, b""
    while True:
        with deps.database.begin() as work:
            # In the order in which batches of people lock them too.
            missing = select(Person.id, Person.phone_sealed, Person.document_hash).where(
                Person.phone_sealed.is_not(None), Person.phone_hash.is_(None), Person.document_hash > last
            )
            batch = missing.order_by(Person.document_hash).limit(_BATCH).with_for_update(key_share=True)
            rows = work.session.execute(batch).all()
            if not rows:
                return done, broken
            last = rows[-1].document_hash
            phones = _opened({row.id: row.phone_sealed for row in rows}, deps.vault)
            fill(work, phones, deps.vault)
            work.audit("person:rehash", Person.__tablename__, count=len(phones))
            done, broken = done + len(phones), broken + len(rows) - len(phones)


def _opened(sealed: Mapping[UUID, bytes], vault: Vault) -> dict[UUID, str]:
    phones = {}
    for person_id, content in sealed.items():
        try:
            phones[person_id] = vault.open(f"phone:{person_id}", content).decode()
        except SealBroken:
            continue
    return phones
