"""Employments that people's records tell of: begun, ended, or known already."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from service.domain.records import PersonRecord
from service.domain.topics import Topic
from service.store.base import new_id
from service.store.models import Employment
from service.usecases.bulk.batch import Batch
from service.usecases.bulk.documents import with_findings
from service.usecases.bulk.keeping import change_rows, insert_new, record, record_fields


@dataclass(slots=True)
class _Job:
    id: UUID
    person_id: UUID
    unit_id: UUID
    starts_on: date
    ends_on: date | None
    is_new: bool = False


class Employments:
    """Those of a batch's people, who are locked: what records tell is done to them in memory, and kept at the end."""

    def __init__(self, batch: Batch[PersonRecord], person_ids: Sequence[UUID]) -> None:
        self._batch = batch
        self._jobs: defaultdict[tuple[UUID, UUID], list[_Job]] = defaultdict(list)
        self._touched: dict[UUID, _Job] = {}
        if any(told.unit for _, told in batch.open()):
            e = Employment
            columns = select(e.id, e.person_id, e.unit_id, e.starts_on, e.ends_on).order_by(e.starts_on, e.id)
            for row in batch.work.session.execute(columns.where(e.person_id.in_(person_ids))):
                self._jobs[row.person_id, row.unit_id].append(_Job(*row))

    def take(self, at: int, told: PersonRecord, person_id: UUID, unit_id: UUID) -> bool | None:
        """True when it changes something, None when it is refused.

        The one it means is the one of that first day, or else one that is open and not over before; if there is none a
        new one begins, today where its first day is not told. Others go on: two at once are for a rule to find.
        """
        until = told.employed_until
        job = self._meant(self._jobs[person_id, unit_id], told.employed_from, until)
        if job is None:
            starts_on = told.employed_from or self._batch.today
            if until and until < starts_on:
                self._batch.refuse(at, "dates_in_order", "employed_until")
                return None
            job = _Job(new_id(), person_id, unit_id, starts_on, until, is_new=True)
            self._jobs[person_id, unit_id].append(job)
        elif until is None or job.ends_on == until:
            return False
        job.ends_on = until
        self._touched[job.id] = job
        return True

    @staticmethod
    def _meant(jobs: Sequence[_Job], starts_on: date | None, until: date | None) -> _Job | None:
        for job in jobs:
            if job.starts_on == starts_on or (starts_on is None and until and job.ends_on == until):
                return job
        for job in jobs:
            if job.ends_on is None and (until is None or until >= job.starts_on):
                return job
        return None

    def keep(self) -> None:
        """Write what changed, with its audit rows."""
        work, source = self._batch.work, self._batch.origin.source
        news = [job for job in self._touched.values() if job.is_new]
        rows = [
            {
                "id": job.id,
                "person_id": job.person_id,
                "unit_id": job.unit_id,
                "starts_on": job.starts_on,
                "ends_on": job.ends_on,
                "source": source,
            }
            for job in sorted(news, key=lambda each: (each.person_id, each.unit_id, each.starts_on))
        ]
        record(work, "employment:create", insert_new(work, Employment, rows), source)
        ended = [job for job in self._touched.values() if not job.is_new]
        change_rows(work, Employment, [{"id": job.id, "ends_on": job.ends_on, "source": source} for job in ended])
        record_fields(work, "employment:change", {job.id: ("ends_on",) for job in ended}, source)
        # Jobs of one topic look at a person's projects again, whichever of his papers changed.
        work.publish_all(
            Topic.CERTIFICATE_CHANGED, with_findings(self._batch, {job.person_id for job in self._touched.values()})
        )
