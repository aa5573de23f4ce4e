"""Enrolment: an officer's photos of a person and his consents, made durable; a worker makes the template."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, select, text, update
from sqlalchemy.dialects.postgresql import insert

from face.photo import PhotoInfo
from service.deps import Deps
from service.domain.actors import Actor, Permission, Reach
from service.domain.calendar import business_day
from service.domain.policies import UNREADABLE
from service.domain.topics import Topic
from service.errors import ServiceError, fault
from service.store.base import new_id
from service.store.models import (
    Consent,
    ConsentKind,
    Enrolment,
    EnrolmentPhoto,
    Person,
    Photo,
    PhotoKind,
)
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach import people_within
from service.store.work import Work
from service.usecases.access import found, require
from service.usecases.city_policy import city_policy
from service.usecases.intake import Repeated, keep_photo, keep_photo_row, open_photo
from service.usecases.people import acted_on

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EnrolmentForm:
    """What comes with the photos: a reference for repeats, and which consents to which notice."""

    client_ref: str
    consents: tuple[ConsentKind, ...]
    notice_version: str

    def canonical(self) -> bytes:
        """The same bytes for the same form."""
        return "\0".join([self.client_ref, *sorted(self.consents), self.notice_version]).encode()


@dataclass(frozen=True, slots=True)
class SentPhoto:
    """A photo that was looked through before anything is kept."""

    data: bytes
    info: PhotoInfo


def receive_enrolment(
    person_id: UUID, form: EnrolmentForm, photos: Sequence[SentPhoto], *, actor: Actor, deps: Deps
) -> tuple[Enrolment, bool]:
    """The enrolment, durable, and whether it is new; without consent to the face or photos enough nothing is kept."""
    require(actor, Permission.ENROLMENT_WRITE)
    if ConsentKind.FACE not in form.consents:
        raise fault("consent_needed", "form.consents", kind=str(ConsentKind.FACE))
    with deps.database.begin() as work:
        acted_on(work, person_id, actor, Permission.ENROLMENT_WRITE)
    content = b"".join(sha256(photo.data).digest() for photo in photos)
    fingerprint = deps.vault.digest("enrolment", content + form.canonical())
    try:
        row = _keep(person_id, form, photos, fingerprint, actor, deps)
    except Repeated:
        return _known(person_id, form.client_ref, fingerprint, deps), False
    deps.queue.send(Topic.ENROLMENT_RECEIVED, row.id)
    return row, True


def _known(person_id: UUID, client_ref: str, fingerprint: bytes, deps: Deps) -> Enrolment:
    with deps.database.begin() as work:
        statement = select(Enrolment).where(Enrolment.person_id == person_id, Enrolment.client_ref == client_ref)
        row = found(work, statement, "enrolment")
    if row.fingerprint != fingerprint:
        raise fault("client_ref_reused", "form.client_ref")
    return row


def _keep(
    person_id: UUID, form: EnrolmentForm, photos: Sequence[SentPhoto], fingerprint: bytes, actor: Actor, deps: Deps
) -> Enrolment:
    with ExitStack() as stack:
        ids = [stack.enter_context(keep_photo(photo.data, deps)) for photo in photos]
        work = stack.enter_context(deps.database.begin(actor.account_id))
        values = {
            "id": new_id(),
            "created_at": deps.clock.now(),
            "person_id": person_id,
            "client_ref": form.client_ref,
            "fingerprint": fingerprint,
            "enrolled_by": actor.account_id,
            "enqueued_at": deps.clock.real(),
        }
        statement = (
            insert(Enrolment).values(**values).on_conflict_do_nothing(index_elements=["person_id", "client_ref"])
        )
        row = work.session.scalars(statement.returning(Enrolment)).one_or_none()
        if row is None:
            raise Repeated
        _require_enough(work, len(photos))
        # In the order of their digests, so that two enrolments of the same photos never wait for each other.
        kept = sorted(
            zip(ids, photos, range(1, len(ids) + 1), strict=True), key=lambda item: sha256(item[1].data).digest()
        )
        for photo_id, photo, position in kept:
            keep_photo_row(work, photo_id, PhotoKind.ENROLMENT, photo.data, photo.info, None, deps)
            work.add(EnrolmentPhoto(enrolment_id=row.id, position=position, photo_id=photo_id))
        for kind in form.consents:
            _record_consent(work, person_id, kind, form.notice_version, actor.account_id)
        work.audit("enrolment:receive", row.id, photos=len(photos))
        work.session.refresh(row, ["photos"])
        return row


def _require_enough(work: Work, photos: int) -> None:
    try:
        needed = city_policy(work, business_day(work.clock.now())).enrolment_photos
    except (ServiceError, *UNREADABLE) as error:
        # Whoever wrote the policy mends it; the person stands before the officer now.
        log.error("the policy of the city cannot be read", why=type(error).__name__)
        return
    if photos < needed:
        raise fault("too_few_photos", "photo", photos=photos, needed=needed)


def _record_consent(work: Work, person_id: UUID, kind: ConsentKind, notice_version: str, by: UUID) -> None:
    now = work.clock.now()
    in_force = (Consent.person_id == person_id, Consent.kind == kind, Consent.withdrawn_at.is_(None))
    # Another notice is another consent: the earlier one ends where the new one begins.
    work.session.execute(
        update(Consent).where(*in_force, Consent.notice_version != notice_version).values(withdrawn_at=now)
    )
    work.session.execute(
        insert(Consent)
        .values(
            id=new_id(),
            created_at=now,
            person_id=person_id,
            kind=kind,
            notice_version=notice_version,
            given_at=now,
            recorded_by=by,
        )
        .on_conflict_do_nothing(index_elements=["person_id", "kind"], index_where=text("withdrawn_at IS NULL"))
    )


def read_enrolment(enrolment_id: UUID, *, actor: Actor, deps: Deps) -> Enrolment:
    """One enrolment of a person within reach."""
    reach = require(actor, Permission.ENROLMENT_READ)
    people = select(Person.id).where(_within(reach, actor, deps))
    with deps.database.begin() as work:
        statement = select(Enrolment).where(Enrolment.id == enrolment_id, Enrolment.person_id.in_(people))
        return found(work, statement, "enrolment")


def list_enrolments(person_id: UUID, window: Window, *, actor: Actor, deps: Deps) -> Page[Enrolment]:
    """A page of a person's enrolments, newest first."""
    reach = require(actor, Permission.ENROLMENT_READ)
    with deps.database.begin() as work:
        found(work, select(Person).where(Person.id == person_id, _within(reach, actor, deps)), "person")
        return page(work.session, select(Enrolment).where(Enrolment.person_id == person_id), Enrolment.id, window)


def _within(reach: Reach, actor: Actor, deps: Deps) -> ColumnElement[bool]:
    return people_within(reach, actor.account_id, business_day(deps.clock.now()))


def read_enrolment_photo(enrolment_id: UUID, position: int, *, actor: Actor, deps: Deps) -> tuple[bytes, str]:
    """One photo of an enrolment, to compare a doubtful check-in with; looking at it is recorded."""
    row = read_enrolment(enrolment_id, actor=actor, deps=deps)
    with deps.database.begin(actor.account_id) as work:
        statement = (
            select(Photo)
            .join(EnrolmentPhoto, EnrolmentPhoto.photo_id == Photo.id)
            .where(EnrolmentPhoto.enrolment_id == row.id, EnrolmentPhoto.position == position)
        )
        photo = found(work, statement, "photo")
        work.audit("enrolment:look_at_photo", row.id, position=position)
    return open_photo(photo, deps)
