"""Retention: photos past their day are deleted, and so are files whose row was never written."""

from datetime import timedelta
from itertools import islice
from uuid import UUID

from sqlalchemy import delete, or_, select, update

from service.deps import Deps
from service.domain.reasons import Verdict
from service.store.models import CaseState, CheckIn, CheckInFace, CheckInFrame, IdentityCase, Outbox, Photo

BATCH = 200
#: Descriptors are no files, so more of them go at once: a city's day in an hour and a half.
DESCRIPTORS = 1000
#: A request that is still being taken in is never this old.
ORPHAN_AGE = timedelta(hours=1)
#: Served outbox rows are kept this long, for who looks into what happened.
OUTBOX_KEPT = timedelta(days=7)


def delete_expired(*, deps: Deps) -> int:
    """Delete up to a batch of expired photos, the file first, so that a crash between is repeated and not lost."""
    now = deps.clock.now()
    with deps.database.begin() as work:
        # A photo nobody has decided on yet, or that shows somebody else, is still needed, however old it is.
        suspected = select(IdentityCase.id).where(
            IdentityCase.check_in_id == CheckIn.id, IdentityCase.state.in_([CaseState.OPEN, CaseState.CONFIRMED])
        )
        undecided = select(CheckIn.id).where(
            or_(CheckIn.state.in_([Verdict.RECEIVED, Verdict.REVIEW]), suspected.exists())
        )
        of_photo = undecided.where(CheckIn.photo_id == Photo.id).exists()
        of_frame = undecided.join(CheckInFrame).where(CheckInFrame.photo_id == Photo.id).exists()
        expired = (Photo.expires_at <= now, Photo.deleted_at.is_(None), ~of_photo, ~of_frame)
        statement = select(Photo).where(*expired).limit(BATCH)
        photos = work.session.scalars(statement.with_for_update(skip_locked=True, of=Photo)).all()
        for photo in photos:
            deps.photos.delete(photo.id)
            photo.deleted_at = now
        if photos:
            work.audit("photo:expire", "photos", count=len(photos))
    return len(photos)


def delete_descriptors(*, deps: Deps) -> int:
    """Delete up to a batch of check-ins' descriptors past their days; the marks stay, to know the photos again."""
    until = deps.clock.now() - timedelta(days=deps.settings.descriptor_days)
    with deps.database.begin() as work:
        expired = select(CheckInFace.check_in_id).where(
            CheckInFace.created_at <= until, CheckInFace.descriptor.is_not(None)
        )
        batch = expired.order_by(CheckInFace.created_at).limit(DESCRIPTORS).with_for_update(skip_locked=True)
        statement = update(CheckInFace).where(CheckInFace.check_in_id.in_(batch.scalar_subquery()))
        gone = work.session.scalars(statement.values(descriptor=None).returning(CheckInFace.check_in_id)).all()
        if gone:
            work.audit("check_in_face:expire", "check_in_face", count=len(gone))
    return len(gone)


def delete_orphans(*, deps: Deps) -> int:
    """Delete files older than an hour that no row knows."""
    old = deps.photos.older_than(deps.clock.real() - ORPHAN_AGE)
    deleted = 0
    while ids := list(islice(old, BATCH)):
        for photo_id in _unknown(ids, deps):
            deps.photos.delete(photo_id)
            deleted += 1
    return deleted


def trim_outbox(*, deps: Deps) -> None:
    """Delete outbox rows served long ago."""
    with deps.database.begin() as work:
        work.session.execute(delete(Outbox).where(Outbox.done_at <= deps.clock.real() - OUTBOX_KEPT))


def _unknown(ids: list[UUID], deps: Deps) -> set[UUID]:
    with deps.database.begin() as work:
        return set(ids) - set(work.session.scalars(select(Photo.id).where(Photo.id.in_(ids))))
