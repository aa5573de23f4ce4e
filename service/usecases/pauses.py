"""The pause after too many refused faces: guessing ends for a while, and the way that needs no face is named."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

import structlog
from sqlalchemy import func, select

from service.domain.calendar import business_day
from service.domain.policies import UNREADABLE, NoPolicy, PolicyRow, Subject, TryPolicy
from service.domain.reasons import REASONS, Effect, Kind, Verdict
from service.errors import fault
from service.store.models import CheckIn, Project
from service.store.work import Work
from service.usecases.ground import policy_book

log = structlog.get_logger(__name__)

# What the machine refuses for the face: neither a wrong place nor what a reviewer refused was a guess at it.
_KINDS = frozenset({Kind.FACE, Kind.REPLAY, Kind.LIVENESS})
_COUNTED = frozenset(code for code, rule in REASONS.items() if rule.kind in _KINDS and rule.effect is Effect.REFUSE)
_MINUTE_S = 60
_DAY_MINUTES = 24 * 60
# A verdict mostly takes less than this.
_VERDICT_S = 5


def require_not_paused(work: Work, person_id: UUID | None, project_id: UUID) -> None:
    """`check_in_paused` {until, minutes, retry_after_s} while somebody has to wait after too many failures.

    What is not judged yet may become a failure: `check_ins_waiting` {retry_after_s} when with it there are too many.
    Without a policy that can be read nobody is paused: a check-in is taken in whatever the policy says.
    """
    now = work.clock.now()
    tries = _tries(work, work.session.get_one(Project, project_id), now)
    if tries is None:
        return
    since = now - _window(tries)
    # Before the failures: what is judged in between counts twice for a moment, and never not at all.
    waiting = _waiting(work, person_id, since)
    failed = _failures(work, person_id, since - _window(tries))
    until = paused_until(failed, tries)
    if until is not None and now < until:
        seconds = ceil((until - now).total_seconds())
        raise fault(
            "check_in_paused", until=until.isoformat(), minutes=ceil(seconds / _MINUTE_S), retry_after_s=seconds
        )
    if waiting and waiting + sum(at > since for at in failed) >= tries.failures:
        raise fault("check_ins_waiting", retry_after_s=_VERDICT_S)


def paused_until(failed: Sequence[datetime], tries: TryPolicy) -> datetime | None:
    """Until when the newest of these failures pauses, given newest first; None if it does not."""
    # A failure in the moment in which a pause ends is the first of a new count.
    if len(failed) < tries.failures or failed[0] - failed[tries.failures - 1] >= _window(tries):
        return None
    return failed[0] + _window(tries)


def _window(tries: TryPolicy) -> timedelta:
    return timedelta(minutes=tries.failures_minutes)


def _tries(work: Work, project: Project, now: datetime) -> TryPolicy | None:
    try:
        return policy_book(work, project, Subject.CHECK_IN, _read).on(business_day(now))
    except NoPolicy:
        log.error("no check-in policy is in force, nobody is paused", project_id=str(project.id))
        return None


def _read(row: PolicyRow) -> TryPolicy | None:
    """What the row says of tries, the rest unread; None where it cannot be used."""
    try:
        tries = TryPolicy(**row.body.get("tries", {}))
        if isinstance(tries.failures, int) and tries.failures > 0 and 0 < tries.failures_minutes <= _DAY_MINUTES:
            return tries
    except UNREADABLE as error:
        log.error("a policy does not say when to pause", policy_version=row.version, why=type(error).__name__)
    else:
        log.error("a policy has no usable numbers for a pause", policy_version=row.version)
    return None


def _waiting(work: Work, person_id: UUID | None, since: datetime) -> int:
    received = CheckIn.person_id == person_id, CheckIn.state == Verdict.RECEIVED, CheckIn.at > since
    return work.session.scalars(select(func.count()).select_from(CheckIn).where(*received)).one()


def _failures(work: Work, person_id: UUID | None, since: datetime) -> list[datetime]:
    statement = (
        select(CheckIn.decided_at, CheckIn.reasons)
        .where(CheckIn.person_id == person_id, CheckIn.state == Verdict.REFUSED, CheckIn.decided_at >= since)
        .order_by(CheckIn.decided_at.desc())
    )
    refused = work.session.execute(statement)
    return [decided_at for decided_at, reasons in refused if any(each["code"] in _COUNTED for each in reasons)]
