"""Enrolment: an officer's photos of a person and his consents, made durable, then turned into a template."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import structlog
from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from face.engines.base import Engine, Reading
from face.errors import EngineFailed, EngineUnavailable, Refusal
from face.photo import PhotoInfo
from face.template import Template, build, to_bytes
from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.topics import Topic
from service.errors import fault
from service.store.base import new_id
from service.store.claims import Held, claim, release, still_held
from service.store.models import (
    Consent,
    ConsentKind,
    Enrolment,
    EnrolmentPhoto,
    EnrolmentState,
    Person,
    Photo,
    PhotoKind,
    TemplateRow,
)
from service.store.photos import PhotoStoreDown
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach import people_within
from service.store.work import Work
from service.usecases.access import found, require
from service.usecases.intake import Repeated, keep_photo, keep_photo_row, open_photo

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 2


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
    """The enrolment, durable, and whether it is new; without consent to the face nothing is kept."""
    reach = require(actor, Permission.ENROLMENT_WRITE)
    if ConsentKind.FACE not in form.consents:
        raise fault("consent_needed", "form.consents", kind=str(ConsentKind.FACE))
    with deps.database.begin() as work:
        found(work, select(Person).where(Person.id == person_id, people_within(reach, actor.account_id)), "person")
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
        for position, (photo_id, photo) in enumerate(zip(ids, photos, strict=True), start=1):
            keep_photo_row(work, photo_id, PhotoKind.ENROLMENT, photo.data, photo.info, None, deps)
            work.add(EnrolmentPhoto(enrolment_id=row.id, position=position, photo_id=photo_id))
        for kind in form.consents:
            _record_consent(work, person_id, kind, form.notice_version, actor.account_id)
        work.audit("enrolment:receive", row.id, photos=len(photos))
        work.session.refresh(row, ["photos"])
        return row


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


def enrol(enrolment_id: UUID, *, deps: Deps) -> None:
    """Turn a received enrolment into a template once; the same guards as for a check-in."""
    with deps.database.begin() as work:
        held = claim(work, Enrolment, enrolment_id, deps.settings.lease_s)
    if held is None:
        return
    try:
        _enrol(held, deps)
    except (EngineUnavailable, PhotoStoreDown) as error:
        log.error("a part is down, the enrolment waits", enrolment_id=str(enrolment_id), part=type(error).__name__)
        _give_back(held, deps, counted=False)
    except EngineFailed as error:
        log.warning("the engine failed on an enrolment", enrolment_id=str(enrolment_id), why=str(error))
        _give_back(held, deps, counted=True)


def _give_back(held: Held, deps: Deps, *, counted: bool) -> None:
    with deps.database.begin() as work:
        release(work, Enrolment, held, counted=counted)


def _enrol(held: Held, deps: Deps) -> None:
    engine = deps.engine()
    with deps.database.begin() as work:
        ids = [photo.photo_id for photo in work.session.get_one(Enrolment, held.row_id).photos]
    result = _template_of(ids, held, engine, deps)
    with deps.database.begin() as work:
        row = still_held(work, Enrolment, held)
        if row is None:
            return
        row.claim_id, row.claimed_until, row.decided_at = None, None, deps.clock.now()
        if isinstance(result, Template):
            _put_in_force(work, row, result, deps)
        else:
            row.state, row.problems = EnrolmentState.REFUSED, result
        work.session.flush()
        work.audit("enrolment:decide", row.id, state=str(row.state))


def _template_of(ids: Sequence[UUID], held: Held, engine: Engine, deps: Deps) -> Template | list[dict[str, object]]:
    if held.attempt > MAX_ATTEMPTS:
        return [_problem(None, Refusal("engine_failed", {}))]
    seen = [engine.describe(deps.photos.get(photo_id)) for photo_id in ids]
    problems = [_problem(at, item) for at, item in enumerate(seen, start=1) if isinstance(item, Refusal)]
    if problems:
        return problems
    template = build([item for item in seen if isinstance(item, Reading)], engine)
    if isinstance(template, Refusal):
        blamed = template.data.get("photo")
        return [_problem(blamed + 1 if isinstance(blamed, int) else None, template)]
    return template


def _problem(photo: int | None, refusal: Refusal) -> dict[str, object]:
    numbers = {name: value for name, value in refusal.data.items() if name != "photo"}
    return {"code": refusal.code, "photo": photo, "data": numbers}


def _put_in_force(work: Work, row: Enrolment, template: Template, deps: Deps) -> None:
    # One enrolment of a person at a time: the person's row is the lock.
    work.session.execute(select(Person.id).where(Person.id == row.person_id).with_for_update())
    now = deps.clock.now()
    work.session.execute(
        update(TemplateRow)
        .where(TemplateRow.person_id == row.person_id, TemplateRow.retired_at.is_(None))
        .values(retired_at=now)
    )
    work.session.execute(
        update(Enrolment)
        .where(Enrolment.person_id == row.person_id, Enrolment.state == EnrolmentState.PROVISIONAL)
        .values(state=EnrolmentState.SUPERSEDED)
    )
    template_id = new_id()
    work.add(
        TemplateRow(
            id=template_id,
            person_id=row.person_id,
            enrolment_id=row.id,
            engine=template.engine,
            engine_version=template.version,
            sealed=deps.vault.seal(f"template:{template_id}", to_bytes(template)),
            photos=template.photos,
        )
    )
    row.state = EnrolmentState.PROVISIONAL


def read_enrolment(enrolment_id: UUID, *, actor: Actor, deps: Deps) -> Enrolment:
    """One enrolment of a person within reach."""
    reach = require(actor, Permission.ENROLMENT_READ)
    people = select(Person.id).where(people_within(reach, actor.account_id))
    with deps.database.begin() as work:
        statement = select(Enrolment).where(Enrolment.id == enrolment_id, Enrolment.person_id.in_(people))
        return found(work, statement, "enrolment")


def list_enrolments(person_id: UUID, window: Window, *, actor: Actor, deps: Deps) -> Page[Enrolment]:
    """A page of a person's enrolments, newest first."""
    reach = require(actor, Permission.ENROLMENT_READ)
    with deps.database.begin() as work:
        found(work, select(Person).where(Person.id == person_id, people_within(reach, actor.account_id)), "person")
        return page(work.session, select(Enrolment).where(Enrolment.person_id == person_id), Enrolment.id, window)


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
