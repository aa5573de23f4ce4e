"""Lists of a batch: whom filings, contracts and appointments name, and whom a filing does not name any more."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, tuple_

from service.deps import Deps
from service.domain.actors import Permission
from service.domain.records import ListRecord, Origin, Result
from service.domain.roster import Basis
from service.domain.topics import Topic
from service.store.base import new_id
from service.store.models import Filing, ListEntry, Project
from service.store.queries.reach import projects_within
from service.store.work import Work
from service.usecases.bulk.batch import Batch
from service.usecases.bulk.documents import Known, hashes_of, known_people, register, require_same_name
from service.usecases.bulk.keeping import change_rows, confirm, insert_new, record, record_fields
from service.usecases.bulk.places import Place, places_of, posts_of
from service.usecases.bulk.units import units_of

_Key = tuple[UUID, Basis, str, UUID, date]
_KEY = (ListEntry.project_id, ListEntry.basis, ListEntry.post_code, ListEntry.person_id, ListEntry.starts_on)


def take_entries(batch: Batch[ListRecord]) -> None:
    """Found by project, basis, post, person and first day; the last day is always told, a unit only if it is.

    Two filings of one project may name one person: he stands on the list once, under the filing that said so first.
    """
    within = projects_within(batch.reach(Permission.LIST_WRITE))
    posts_of(batch)
    places = places_of(batch, within)
    _refuse_by_themselves(batch)
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
    _keep(batch, keys, units, made)


def _refuse_by_themselves(batch: Batch[ListRecord]) -> None:
    for at, told in list(batch.open()):
        if told.ends_on and told.ends_on < told.starts_on:
            batch.refuse(at, "dates_in_order", "ends_on")


def _refuse_contradictions(batch: Batch[ListRecord], places: Mapping[str, Place]) -> None:
    batch.agree(lambda _, told: told.document.number, lambda told: {"document.name": told.document.name})
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
        values: dict[str, Any] = {column.key: value for column, value in zip(_KEY, keys[at], strict=True)}
        values |= {
            "id": new_id(),
            "filing_id": places[told.filing_number].filing_id,
            "unit_id": units[told.unit.credit_code] if told.unit else None,
            "ends_on": told.ends_on,
            "source": batch.origin.source,
            "checked_at": batch.origin.checked_at,
        }
        rows.setdefault(keys[at], values)
    made = insert_new(batch.work, ListEntry, [rows[key] for key in sorted(rows)])
    record(batch.work, "list_entry:create", made, batch.origin.source)
    return set(made)


def _keep(batch: Batch[ListRecord], keys: Mapping[int, _Key], units: Mapping[str, UUID], made: set[UUID]) -> None:
    rows = _locked(batch, keys)
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
    said: dict[str, Any] = {"source": origin.source}
    if origin.checked_at is not None:
        said["checked_at"] = origin.checked_at
    change_rows(work, ListEntry, [row | said for row in changes.values()])
    confirm(work, ListEntry, confirmed, origin.source, origin.checked_at)
    record_fields(work, "list_entry:change", fields, origin.source)
    work.publish_all(Topic.LIST_CHANGED, sorted(projects))


def _locked(batch: Batch[ListRecord], keys: Mapping[int, _Key]) -> dict[_Key, Any]:
    if not keys:
        return {}
    columns = select(ListEntry.id, ListEntry.ends_on, ListEntry.unit_id, *_KEY)
    statement = columns.where(tuple_(*_KEY).in_(set(keys.values()))).order_by(*_KEY).with_for_update(key_share=True)
    return {
        (row.project_id, row.basis, row.post_code, row.person_id, row.starts_on): row
        for row in batch.work.session.execute(statement)
    }


def complete(work: Work, told: Mapping[str, Sequence[ListRecord]], origin: Origin, deps: Deps) -> int:
    """End yesterday what filings do not name any more; the number of entries ended.

    `told` holds, by filing number, everything the source says of that filing now, nothing where it names nobody. Only
    entries that rest on the same source end. One that had not begun is left with its first day alone.
    """
    batch = Batch(work, [entry for entries in told.values() for entry in entries], origin, deps)
    within = projects_within(batch.reach(Permission.LIST_WRITE))
    yesterday = batch.today - timedelta(days=1)
    people = known_people(batch, hashes_of(batch))
    named = {
        (number, entry.basis, entry.post_code, people[entry.document.number].id)
        for number, entries in told.items()
        for entry in entries
        if entry.document.number in people
    }
    lasting = or_(ListEntry.ends_on.is_(None), ListEntry.ends_on > yesterday)
    statement = (
        select(Filing.number, ListEntry.id, ListEntry.ends_on, *_KEY)
        .join(Filing, Filing.id == ListEntry.filing_id)
        .join(Project, Project.id == ListEntry.project_id)
        .where(Filing.number.in_(told.keys()), ListEntry.source == origin.source, lasting, within)
        .order_by(*_KEY)
        .with_for_update(key_share=True, of=ListEntry)
    )
    gone = [
        row
        for row in work.session.execute(statement)
        if (row.number, row.basis, row.post_code, row.person_id) not in named
        and row.ends_on != max(row.starts_on, yesterday)
    ]
    change_rows(work, ListEntry, [{"id": row.id, "ends_on": max(row.starts_on, yesterday)} for row in gone])
    record_fields(work, "list_entry:change", {row.id: ("ends_on",) for row in gone}, origin.source)
    work.publish_all(Topic.LIST_CHANGED, sorted({row.project_id for row in gone}))
    return len(gone)
