"""Check-ins with the verdict a test wants: the face engine is left out, everything from the verdict on is real."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from service.deps import Deps
from service.domain.actors import Actor
from service.domain.reasons import Reason, Verdict
from service.domain.stop_works import StopWorkAct
from service.store.models import AttendanceDay, AttendanceMonth, CheckIn, Photo, PhotoKind, StopWork
from service.usecases import stop_works
from service.usecases.settling import Settlement, settle
from tests.attendance import clock
from tests.factories import Site, World

FOR_GOOD = datetime(2100, 1, 1, tzinfo=UTC)
REASONS = {Verdict.ACCEPTED: (), Verdict.REFUSED: ("no_face",), Verdict.REVIEW: ("location_uncertain",)}


def received(world: World, site: Site, person_id: UUID, at: datetime) -> UUID:
    """A check-in that came in and waits for its verdict."""
    with world.deps.database.begin() as work:
        values: dict[str, Any] = {"digest": uuid4().bytes, "media_type": "image/jpeg", "size": 1}
        photo = work.add(Photo(kind=PhotoKind.CHECK_IN, width=1, height=1, **values))
        row = CheckIn(
            client_ref=f"ref-{uuid4()}",
            fingerprint=uuid4().bytes,
            person_id=person_id,
            project_id=site.project_id,
            photo_id=photo.id,
            at=at,
            taken_at=at,
            claim={},
            photo_reused=False,
            # As if a worker held it for good: the test decides what becomes of it.
            claimed_until=FOR_GOOD,
        )
        return work.add(row).id


def decide(world: World, check_in_id: UUID, verdict: Verdict) -> None:
    """Write a verdict as a worker or a reviewer does."""
    with world.deps.database.begin() as work:
        row = work.session.scalars(select(CheckIn).where(CheckIn.id == check_in_id).with_for_update()).one()
        reasons = tuple(Reason(code) for code in REASONS[verdict])
        settle(work, row, Settlement(verdict, reasons, {}), decided_by=None)


def punched(
    world: World, site: Site, person_id: UUID, day: date, hours: str, verdict: Verdict = Verdict.ACCEPTED
) -> UUID:
    """A check-in with its verdict, at a time of day in Shanghai."""
    check_in_id = received(world, site, person_id, clock(hours, day))
    decide(world, check_in_id, verdict)
    return check_in_id


def full_day(world: World, site: Site, person_id: UUID, day: date) -> None:
    """Two check-ins nine hours apart."""
    for hours in ("08:00", "17:00"):
        punched(world, site, person_id, day, hours)


def stop_work(world: World, site: Site, starts_on: date, ends_on: date, actor: Actor | None = None) -> StopWork:
    """A stop-work approved by the city."""
    values = {"project_id": site.project_id, "starts_on": starts_on, "ends_on": ends_on, "reason": "typhoon"}
    row = stop_works.propose(values, actor=actor or world.city, deps=world.deps)
    return stop_works.act_on(row.id, StopWorkAct.APPROVE, row.version, actor=world.city, deps=world.deps)


def kept_days(deps: Deps, project_id: UUID) -> dict[tuple[UUID, date], tuple[Any, ...]]:
    """All columns of the attendance days of a project."""
    names = ("outcome", "reasons", "punches", "first_at", "last_at", "policy_version")
    with deps.database.begin() as work:
        rows = work.session.scalars(select(AttendanceDay).where(AttendanceDay.project_id == project_id))
        return {(row.person_id, row.day): tuple(getattr(row, name) for name in names) for row in rows}


def kept_months(deps: Deps, project_id: UUID) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """All columns of the attendance months of a project."""
    names = ("through", "due", "valid", "pending", "vacant", "policy_versions")
    with deps.database.begin() as work:
        rows = work.session.scalars(select(AttendanceMonth).where(AttendanceMonth.project_id == project_id))
        return {(row.month, row.team_kind, row.category): tuple(getattr(row, name) for name in names) for row in rows}
