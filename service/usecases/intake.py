"""Taking photos in: the file is durable before its row, and gone again when the row was not written."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from face.photo import PhotoInfo
from service.deps import Deps
from service.errors import ServiceError, fault
from service.store.base import new_id
from service.store.models import Photo, PhotoKind, PhotoSeen
from service.store.photos import PhotoStoreDown
from service.store.work import Work


class Repeated(Exception):  # noqa: N818 - it only leaves a transaction
    """The caller's reference is known: the transaction is given up and the known row answered."""


@contextmanager
def keep_photo(data: bytes, deps: Deps) -> Iterator[UUID]:
    """The id under which the bytes are kept, for as long as the block ends well.

    A process that dies inside leaves a file without a row, which retention finds; never a row without its photo.
    """
    photo_id = new_id()
    try:
        deps.photos.put(photo_id, data)
        yield photo_id
    except PhotoStoreDown:
        raise fault("photo_store_down") from None
    except (ServiceError, Repeated):
        # Only where the transaction surely came to nothing: after a lost answer to a commit the row may well stand.
        deps.photos.delete(photo_id)
        raise


def keep_photo_row(
    work: Work, photo_id: UUID, kind: PhotoKind, data: bytes, info: PhotoInfo, expires_at: datetime | None, deps: Deps
) -> bool:
    """Write the photo's row; True when nobody ever sent these bytes before."""
    digest = deps.vault.digest("photo", data)
    work.add(
        Photo(
            id=photo_id,
            kind=kind,
            digest=digest,
            media_type=info.media_type,
            size=len(data),
            width=info.width,
            height=info.height,
            expires_at=expires_at,
        )
    )
    # Of two at the same instant the second waits here for the first one's commit, so exactly one is first.
    statement = insert(PhotoSeen).values(digest=digest, photo_id=photo_id).on_conflict_do_nothing()
    return work.session.execute(statement.returning(PhotoSeen.photo_id)).first() is not None


def keep_file_row(work: Work, file_id: UUID, kind: PhotoKind, data: bytes, media_type: str, deps: Deps) -> None:
    """Write the row of a file that shows nobody's face: sending it again is fine, and it is kept while it is named."""
    digest = deps.vault.digest("photo", data)
    work.add(Photo(id=file_id, kind=kind, digest=digest, media_type=media_type, size=len(data)))


def open_photo(photo: Photo, deps: Deps) -> tuple[bytes, str]:
    """The bytes of a kept photo and their media type; `not_found` once retention has deleted it."""
    if photo.deleted_at is not None:
        raise fault("not_found", thing="photo")
    try:
        return deps.photos.get(photo.id), photo.media_type
    except PhotoStoreDown:
        raise fault("photo_store_down") from None
