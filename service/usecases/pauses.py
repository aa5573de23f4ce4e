"""The pause after too many refused faces: guessing ends for a while, and the way that needs no face is named."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from sqlalchemy import select

from service.deps import Deps
from service.domain.calendar import business_day
from service.domain.policies import TryPolicy
from service.domain.reasons import REASONS, Effect, Kind, Verdict
from service.errors import fault
from service.store.models import CheckIn, Project
from service.store.work import Work
from service.usecases.ground import check_in_policy

# What the machine refuses for the face: neither a wrong place nor what a reviewer refused was a guess at it.
_KINDS = frozenset({Kind.FACE, Kind.REPLAY, Kind.LIVENESS})
_COUNTED = frozenset(code for code, rule in REASONS.items() if rule.kind in _KINDS and rule.effect is Effect.REFUSE)
_MINUTE_S = 60


def require_not_paused(person_id: UUID, project_id: UUID, *, deps: Deps) -> None:
    """`check_in_paused` {until, minutes, retry_after_s} while somebody has to wait after too many failures.

    Only verdicts count: of many photos sent at once all come in before the first of them is judged.
    """
    now = deps.clock.now()
    with deps.database.begin() as work:
        tries = check_in_policy(work, work.session.get_one(Project, project_id), business_day(now)).tries
        failed = _failures(work, person_id, now - 2 * _window(tries))
    until = paused_until(failed, tries)
    if until is not None and now < until:
        seconds = ceil((until - now).total_seconds())
        raise fault(
            "check_in_paused", until=until.isoformat(), minutes=ceil(seconds / _MINUTE_S), retry_after_s=seconds
        )


def paused_until(failed: Sequence[datetime], tries: TryPolicy) -> datetime | None:
    """Until when the newest of these failures pauses, given newest first; None if it does not."""
    # A failure in the moment in which a pause ends is the first of a new count.
    if len(failed) < tries.failures or failed[0] - failed[tries.failures - 1] >= _window(tries):
        return None
    return failed[0] + _window(tries)


def _window(tries: TryPolicy) -> timedelta:
    return timedelta(minutes=tries.failures_minutes)


def _failures(work: Work, person_id: UUID, since: datetime) -> list[datetime]:
    statement = (
        select(CheckIn.decided_at, CheckIn.reasons)
        .where(CheckIn.person_id == person_id, CheckIn.state == Verdict.REFUSED, CheckIn.decided_at >= since)
        .order_by(CheckIn.decided_at.desc())
    )
    refused = work.session.execute(statement)
    return [decided_at for decided_at, reasons in refused if any(each["code"] in _COUNTED for each in reasons)]
