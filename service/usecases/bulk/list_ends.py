"""Whom a filing does not name any more: his entry ends, unless another filing of the project still names him."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from service.deps import Deps
from service.domain.actors import Permission
from service.domain.records import ListRecord, Origin
from service.domain.topics import Topic
from service.store.models import Filing, ListEntry, Project
from service.store.queries.reach import projects_within
from service.store.work import Work
from service.usecases.bulk.batch import Batch
from service.usecases.bulk.documents import hashes_of, known_people
from service.usecases.bulk.keeping import change_rows, record_fields
from service.usecases.bulk.lists import KEY

# A filing with whom it names for what, and the first days of it.
_Named = Mapping[tuple[Any, ...], Sequence[date]]


def complete(work: Work, told: Mapping[str, Sequence[ListRecord]], origin: Origin, deps: Deps) -> int:
    """End yesterday what no filing names any more; the number of entries ended.

    `told` holds, by filing number, everything the source says of that filing now, nothing where it names nobody. Only
    entries that rest on the same source end. Where the filing names the person for the post from another day, the old
    entry ends before that day. One that had not begun is left with its first day alone.
    """
    batch = Batch(work, [entry for entries in told.values() for entry in entries], origin, deps)
    within = projects_within(batch.reach(Permission.LIST_WRITE))
    found = select(Filing.id, Filing.number, Filing.project_id).join(Project, Project.id == Filing.project_id)
    filings = {str(row.id): row for row in work.session.execute(found.where(Filing.number.in_(told.keys()), within))}
    yesterday, named = batch.today - timedelta(days=1), _named(batch, told)
    columns = select(ListEntry.id, ListEntry.ends_on, ListEntry.filing_id, ListEntry.named_by, *KEY)
    entries = columns.where(
        ListEntry.project_id.in_({row.project_id for row in filings.values()}),
        ListEntry.source == origin.source,
        or_(ListEntry.ends_on.is_(None), ListEntry.ends_on > yesterday),
    )
    changes, gone = [], []
    for row in work.session.execute(entries.order_by(*KEY).with_for_update(key_share=True)):
        starts = {each: named.get((filings[each].number, *_whom(row)), ()) for each in row.named_by if each in filings}
        left = [each for each in row.named_by if row.starts_on in starts.get(each, (row.starts_on,))]
        if left != row.named_by:
            ends_on = row.ends_on if left else _last_day(row.starts_on, starts, yesterday)
            filing_id = row.filing_id if not left or str(row.filing_id) in left else UUID(left[0])
            changes.append({"id": row.id, "ends_on": ends_on, "filing_id": filing_id, "named_by": left})
            if ends_on != row.ends_on:
                gone.append(row)
    change_rows(work, ListEntry, changes)
    record_fields(work, "list_entry:change", {row.id: ("ends_on",) for row in gone}, origin.source)
    work.publish_all(Topic.LIST_CHANGED, sorted({row.project_id for row in gone}))
    return len(gone)


def _named(batch: Batch[ListRecord], told: Mapping[str, Sequence[ListRecord]]) -> _Named:
    people = known_people(batch, hashes_of(batch))
    named: dict[tuple[Any, ...], list[date]] = {}
    for number, entries in told.items():
        for entry in entries:
            if entry.document.number in people:
                key = (number, entry.basis, entry.post_code, people[entry.document.number].id)
                named.setdefault(key, []).append(entry.starts_on)
    return named


def _whom(row: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a row with the columns of KEY
    return row.basis, row.post_code, row.person_id


def _last_day(starts_on: date, others: Mapping[str, Sequence[date]], yesterday: date) -> date:
    """Of an entry that nobody names so any more: yesterday, or the day before the filing has him begin instead."""
    later = [day - timedelta(days=1) for days in others.values() for day in days if day > starts_on]
    return max(starts_on, min([yesterday, *later]))
