"""Lists of a batch: whom filings, contracts and appointments name."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_

from service.domain.actors import Permission
from service.domain.identifiers import bare_name
from service.domain.records import ListRecord, Result
from service.domain.roster import Basis
from service.domain.topics import Topic
from service.store.base import new_id
from service.store.models import ListEntry
from service.store.queries.reach import projects_within
from service.usecases.bulk.batch import Batch
from service.usecases.bulk.documents import (
    Known,
    hashes_of,
    known_people,
    refuse_unborn,
    register,
    require_same_name,
)
from service.usecases.bulk.keeping import change_rows, confirm, insert_new, record, record_fields
from service.usecases.bulk.places import Place, places_of, posts_of
from service.usecases.bulk.units import units_of

_Key = tuple[UUID, Basis, str, UUID, date]
KEY = (ListEntry.project_id, ListEntry.basis, ListEntry.post_code, ListEntry.person_id, ListEntry.starts_on)


def take_entries(batch: Batch[ListRecord]) -> None:
    """Found by project, basis, post, person and first day; the last day is always told, a unit only if it is.

    Two filings of one project may name one person: he stands on the list once, under the filing that said so first, and
    for as long as one of them names him.
    """
    within = projects_within(batch.reach(Permission.LIST_WRITE))
    posts_of(batch)
    places = places_of(batch, within)
    _refuse_by_themselves(batch)
    refuse_unborn(batch)
    hashes = hashes_of(batch)
    known = known_people(batch, hashes)
    require_same_name(batch, known)
    _refuse_contradictions(batch, places)
    units = units_of(batch)
    register(batch, hashes, known, {})
    people = known_people(batch, hashes)
    require_same_name(batch, people)
    keys = {at: _key(told, places, people) for at, told in batch.open()}
    made = _insert(batch, keys, places, units)
    _keep(batch, keys, {at: places[told.filing_number].filing_id for at, told in batch.open()}, units, made)


def _refuse_by_themselves(batch: Batch[ListRecord]) -> None:
    for at, told in list(batch.open()):
        if told.ends_on and told.ends_on < told.starts_on:
            batch.refuse(at, "dates_in_order", "ends_on")


def _refuse_contradictions(batch: Batch[ListRecord], places: Mapping[str, Place]) -> None:
    batch.agree(lambda _, told: told.document.number, lambda told: {"document.name": bare_name(told.document.name)})
    batch.agree(
        lambda _, told: (
            places[told.filing_number].project_id,
            told.basis,
            told.post_code,
            told.document.number,
            told.starts_on,
        ),
        lambda told: {
            "ends_on": told.ends_on or date.max,
            "unit.credit_code": told.unit.credit_code if told.unit else None,
        },
    )
    batch.once(
        lambda told: (told.filing_number, told.basis, told.post_code, told.document.number, told.starts_on),
    )


def _key(told: ListRecord, places: Mapping[str, Place], people: Mapping[str, Known]) -> _Key:
    person_id, project_id = people[told.document.number].id, places[told.filing_number].project_id
    return project_id, told.basis, told.post_code, person_id, told.starts_on


def _insert(
    batch: Batch[ListRecord], keys: Mapping[int, _Key], places: Mapping[str, Place], units: Mapping[str, UUID]
) -> set[UUID]:
    rows: dict[_Key, dict[str, Any]] = {}
    for at, told in batch.open():
        values: dict[str, Any] = {column.key: value for column, value in zip(KEY, keys[at], strict=True)}
        values |= {
            "id": new_id(),
            "filing_id": places[told.filing_number].filing_id,
            "named_by": [str(places[told.filing_number].filing_id)],
            "unit_id": units[told.unit.credit_code] if told.unit else None,
            "ends_on": told.ends_on,
            "source": batch.origin.source,
            "checked_at": batch.origin.checked_at,
        }
        rows.setdefault(keys[at], values)
    made = insert_new(batch.work, ListEntry, [rows[key] for key in sorted(rows)])
    record(batch.work, "list_entry:create", made, batch.origin.source)
    return set(made)


def _keep(
    batch: Batch[ListRecord],
    keys: Mapping[int, _Key],
    filings: Mapping[int, UUID],
    units: Mapping[str, UUID],
    made: set[UUID],
) -> None:
    rows = _locked(batch, keys)
    _note_names(batch, rows, [(keys[at], filings[at]) for at, _ in batch.open()])
    changes: dict[UUID, dict[str, Any]] = {}
    fields: dict[UUID, list[str]] = {}
    confirmed: list[UUID] = []
    projects = {row.project_id for row in rows.values() if row.id in made}
    for at, told in batch.open():
        row = rows[keys[at]]
        values = {"ends_on": told.ends_on, "unit_id": units[told.unit.credit_code] if told.unit else row.unit_id}
        changed = sorted(name for name, value in values.items() if getattr(row, name) != value)
        if row.id in made:
            # Whoever comes to the same entry by another filing finds it made.
            made.discard(row.id)
            result = Result.CREATED
        elif changed and row.id not in changes:
            changes[row.id], fields[row.id] = {"id": row.id, **values}, changed
            projects.add(row.project_id)
            result = Result.CHANGED
        else:
            confirmed.append(row.id)
            result = Result.UNCHANGED
        batch.keep(at, result, row.id)
    work, origin = batch.work, batch.origin
    said = {"source": origin.source, "checked_at": origin.checked_at}
    change_rows(work, ListEntry, [row | said for row in changes.values()])
    confirm(work, ListEntry, confirmed, origin.source, origin.checked_at)
    record_fields(work, "list_entry:change", fields, origin.source)
    work.publish_all(Topic.LIST_CHANGED, sorted(projects))


def _note_names(batch: Batch[ListRecord], rows: Mapping[_Key, Any], named: Sequence[tuple[_Key, UUID]]) -> None:
    """Keep which filings name each entry: with the last of them it ends."""
    news: dict[UUID, list[str]] = {}
    for key, filing_id in named:
        names = news.get(rows[key].id) or rows[key].named_by
        if str(filing_id) not in names:
            news[rows[key].id] = [*names, str(filing_id)]
    change_rows(batch.work, ListEntry, [{"id": entry_id, "named_by": names} for entry_id, names in news.items()])


def _locked(batch: Batch[ListRecord], keys: Mapping[int, _Key]) -> dict[_Key, Any]:
    if not keys:
        return {}
    columns = select(ListEntry.id, ListEntry.ends_on, ListEntry.unit_id, ListEntry.named_by, *KEY)
    statement = columns.where(tuple_(*KEY).in_(set(keys.values()))).order_by(*KEY).with_for_update(key_share=True)
    return {
        (row.project_id, row.basis, row.post_code, row.person_id, row.starts_on): row
        for row in batch.work.session.execute(statement)
    }
