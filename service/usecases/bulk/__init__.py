"""Bulk: records of spreadsheets and other systems, taken a batch at a time, each row by itself and each row once."""

from collections.abc import Callable, Sequence
from typing import Any

from service.deps import Deps
from service.domain.records import (
    CertificateRecord,
    ListRecord,
    Origin,
    PersonRecord,
    ProjectRecord,
    Record,
    RosterRecord,
    Taken,
)
from service.store.work import Work
from service.usecases.bulk.batch import Batch
from service.usecases.bulk.certificates import take_certificates
from service.usecases.bulk.list_ends import complete
from service.usecases.bulk.lists import take_entries
from service.usecases.bulk.people import take_people
from service.usecases.bulk.projects import take_projects
from service.usecases.bulk.rosters import take_lines

__all__ = ["complete", "take"]

_TAKERS: dict[type, Callable[[Batch[Any]], None]] = {
    PersonRecord: take_people,
    ProjectRecord: take_projects,
    ListRecord: take_entries,
    RosterRecord: take_lines,
    CertificateRecord: take_certificates,
}


def take(work: Work, records: Sequence[Record], origin: Origin, deps: Deps) -> list[Taken]:
    """What became of each of at most 1,000 records of one type, in their order, within the caller's transaction.

    A refused record hinders no other. The same records again are unchanged and write nothing but `checked_at`.
    `forbidden` for the whole when the origin's actor may not write such things at all.
    """
    if not records:
        return []
    batch = Batch(work, records, origin, deps)
    _TAKERS[type(records[0])](batch)
    return batch.taken()
