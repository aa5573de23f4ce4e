"""Writing a verdict, machine's or reviewer's: state, counting, day, cross-check, record, audit: one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from service.domain.calendar import business_day
from service.domain.reasons import Reason, Verdict
from service.domain.topics import Topic
from service.store.models import CheckIn, DecisionRecord, Project
from service.store.work import Work
from service.usecases.attendance_days import put_day
from service.usecases.counting import put_counting
from service.usecases.crosscheck import check_person
from service.usecases.ground import ground_of


@dataclass(frozen=True, slots=True)
class Settlement:
    """A verdict, the reasons that stand on the check-in, and the record that is kept of it."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    record: Mapping[str, Any]


def settle(work: Work, row: CheckIn, settlement: Settlement, *, decided_by: UUID | None) -> None:
    """Write the verdict on a locked row; roster and policy are read anew, so that no older state is counted."""
    ground, day = ground_of(work, work.session.get_one(Project, row.project_id)), business_day(row.at)
    row.state = settlement.verdict
    row.decided_at = work.clock.now()
    row.reasons = [reason.as_dict() for reason in settlement.reasons]
    counting = put_counting(work, row, ground)
    put_day(work, ground, row.person_id, day)
    if day < business_day(work.clock.now()):
        # That day was closed, or is being closed now: the months built on it are computed anew.
        work.publish(Topic.LATE_VERDICT, row.id)
    record = {
        **settlement.record,
        "counting": {
            "counts": counting.counts,
            "reasons": [reason.as_dict() for reason in counting.reasons],
            "roster_line_id": str(counting.line.id) if counting.line else None,
            "post_code": counting.line.post_code if counting.line else None,
            "policy_version": ground.policy_on(day).version,
        },
        "crosscheck": check_person(
            work, row.person_id, row.project_id, day, opening=settlement.verdict is Verdict.ACCEPTED
        ),
    }
    work.add(
        DecisionRecord(
            check_in_id=row.id,
            position=_next_position(work, row.id),
            verdict=settlement.verdict,
            decided_by=decided_by,
            record=record,
        )
    )
    work.audit("check_in:decide", row.id, verdict=str(settlement.verdict), reasons=[r.code for r in settlement.reasons])


def _next_position(work: Work, check_in_id: UUID) -> int:
    statement = select(func.coalesce(func.max(DecisionRecord.position), 0)).where(
        DecisionRecord.check_in_id == check_in_id
    )
    return work.session.scalars(statement).one() + 1
