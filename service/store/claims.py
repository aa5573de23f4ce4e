"""Claiming rows to be judged: a conditional UPDATE is the claim, not the read before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import or_, select, update

from service.domain.exchange import RunState
from service.store.base import new_id
from service.store.models import CheckIn, Enrolment, SpreadsheetLoad
from service.store.work import Work

Row = TypeVar("Row", CheckIn, Enrolment, SpreadsheetLoad)
RECEIVED = "received"
#: A load is taken in many transactions and waits for nobody in between.
LOADING = (RunState.WAITING, RunState.RUNNING)
#: Counted claims after which a photo is given up on by the engine, and left to a person.
MAX_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Held:
    """A claim on one row: `attempt` counts the claims on it, this one included."""

    row_id: UUID
    claim_id: UUID
    attempt: int


def claim(work: Work, model: type[Row], row_id: UUID, lease_s: float) -> Held | None:
    """The claim, counted; None when the row is judged already or somebody else holds it."""
    now, claim_id = work.clock.real(), new_id()
    statement = (
        update(model)
        .where(model.id == row_id, _open(model), _free(model, now))
        .values(attempts=model.attempts + 1, claim_id=claim_id, claimed_until=now + timedelta(seconds=lease_s))
        .returning(model.attempts)
    )
    attempt = work.session.scalars(statement).one_or_none()
    return None if attempt is None else Held(row_id, claim_id, attempt)


def still_held(work: Work, model: type[Row], held: Held) -> Row | None:
    """The row, locked, while the claim is still this worker's; None when the lease ran out and another took it."""
    statement = select(model).where(model.id == held.row_id, model.claim_id == held.claim_id, _open(model))
    return work.session.scalars(statement.with_for_update()).one_or_none()


def release(work: Work, model: type[Row], held: Held, *, counted: bool) -> None:
    """Give the row back: uncounted when no photo was to blame, so that waiting costs it nothing."""
    attempts = model.attempts if counted else model.attempts - 1
    work.session.execute(
        update(model)
        .where(model.id == held.row_id, model.claim_id == held.claim_id, _open(model))
        .values(attempts=attempts, claim_id=None, claimed_until=None)
    )


def take_due(work: Work, model: type[Row], *, again_after_s: float, limit: int) -> Sequence[UUID]:
    """The ids to put on the queue now, oldest first, marked as put there: free and not queued for a while."""
    now = work.clock.real()
    stale = now - timedelta(seconds=again_after_s)
    due = (
        select(model.id)
        .where(_open(model), _free(model, now), or_(model.enqueued_at.is_(None), model.enqueued_at <= stale))
        .order_by(model.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = update(model).where(model.id.in_(due.scalar_subquery())).values(enqueued_at=now).returning(model.id)
    return work.session.scalars(statement).all()


def _open(model: type[Row]):  # type: ignore[no-untyped-def]  # noqa: ANN202 - as below
    return model.state.in_(LOADING) if model is SpreadsheetLoad else model.state == RECEIVED


def _free(model: type[Row], now: datetime):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a union of two models' columns
    return or_(model.claimed_until.is_(None), model.claimed_until <= now)
