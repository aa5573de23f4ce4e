"""Check-ins: made durable before they are judged, looked at afterwards."""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from hashlib import sha256
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.dialects.postgresql import insert

from face.photo import PhotoInfo
from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.claims import Claim, ahead_of
from service.domain.reasons import Verdict
from service.domain.topics import Topic
from service.errors import Problem, ServiceError, fault
from service.store.base import new_id
from service.store.locks import hold
from service.store.models import CheckIn, CheckInFrame, DecisionRecord, Person, PhotoKind, Project
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach import check_ins_within
from service.store.work import Work
from service.usecases import challenges
from service.usecases.access import found, require
from service.usecases.enrolment import SentPhoto
from service.usecases.intake import Repeated, keep_photo, keep_photo_row
from service.usecases.pauses import require_not_paused

LOOK_EVERY_S = (0.03, 0.05, 0.1, 0.2)


def receive(
    claim: Claim, photo: bytes, info: PhotoInfo, more: Sequence[SentPhoto] = (), *, actor: Actor, deps: Deps
) -> tuple[CheckIn, bool]:
    """The check-in, durable, and whether it is new; the same reference with the same content is the same check-in.

    `more` are frames beside the photo, in the order in which they were taken.
    """
    require(actor, Permission.CHECK_IN_CREATE)
    if actor.person_id is None:
        raise fault("no_person")
    _require_sane(claim, deps)
    photos = (SentPhoto(photo, info), *more)
    content = b"".join(sha256(sent.data).digest() for sent in photos)
    fingerprint = deps.vault.digest("check_in", content + claim.canonical())
    known = _known(claim.client_ref, fingerprint, actor.person_id, deps)
    if known is not None:
        return known, False
    with deps.database.begin() as work:
        # Asked here too, so that nothing is written for somebody who has to wait.
        require_not_paused(work, actor.person_id, claim.project_id)
    try:
        row = _keep(claim, photos, fingerprint, actor, deps)
    except Repeated:
        known = _known(claim.client_ref, fingerprint, actor.person_id, deps)
        if known is None:
            raise fault("not_found", thing="check_in") from None
        return known, False
    deps.queue.send(Topic.CHECK_IN_RECEIVED, row.id)
    return row, True


def _require_sane(claim: Claim, deps: Deps) -> None:
    problems = [Problem("time_ahead", f"claim.{field}") for field in ahead_of(deps.clock.now(), claim)]
    with deps.database.begin() as work:
        if work.session.scalar(select(Project.id).where(Project.id == claim.project_id)) is None:
            problems.append(Problem("unknown_reference", "claim.project_id"))
    if problems:
        raise ServiceError(problems)


def _known(client_ref: str, fingerprint: bytes, person_id: UUID, deps: Deps) -> CheckIn | None:
    with deps.database.begin() as work:
        statement = select(CheckIn).where(CheckIn.person_id == person_id, CheckIn.client_ref == client_ref)
        row = work.session.scalars(statement).one_or_none()
    if row is not None and row.fingerprint != fingerprint:
        raise fault("client_ref_reused", "claim.client_ref")
    return row


def _keep(claim: Claim, photos: Sequence[SentPhoto], fingerprint: bytes, actor: Actor, deps: Deps) -> CheckIn:
    with ExitStack() as stack:
        photo_id, *frame_ids = ids = [stack.enter_context(keep_photo(sent.data, deps)) for sent in photos]
        work = stack.enter_context(deps.database.begin(actor.account_id))
        # One at a time, so that many at once are counted too; whoever waits here holds nothing yet.
        hold(work, "check_in", actor.person_id)
        require_not_paused(work, actor.person_id, claim.project_id)
        first = _keep_photo_rows(work, zip(ids, photos, strict=True), deps)
        now = deps.clock.now()
        statement = (
            insert(CheckIn)
            .values(
                id=new_id(),
                created_at=now,
                client_ref=claim.client_ref,
                fingerprint=fingerprint,
                person_id=actor.person_id,
                project_id=claim.project_id,
                photo_id=photo_id,
                at=now,
                taken_at=claim.taken_at,
                claim=claim.as_dict(),
                photo_reused=not first,
                challenge_id=challenges.use(work, claim, actor.person_id),
                # The API queues it right after the commit; the tick looks after those it could not.
                enqueued_at=deps.clock.real(),
            )
            .on_conflict_do_nothing(index_elements=["person_id", "client_ref"])
            .returning(CheckIn)
        )
        row = work.session.scalars(statement).one_or_none()
        if row is None:
            raise Repeated
        for position, frame_id in enumerate(frame_ids, start=1):
            work.add(CheckInFrame(check_in_id=row.id, position=position, photo_id=frame_id))
        work.audit("check_in:receive", row.id)
        return row


def _keep_photo_rows(work: Work, kept: Iterable[tuple[UUID, SentPhoto]], deps: Deps) -> bool:
    """Write the rows of photo and frames; True when nobody sent any of these bytes before; twice here is once.

    In the order of their digests, so that two check-ins with the same photos never wait for each other.
    """
    expires_at = deps.clock.now() + timedelta(days=deps.settings.photo_days)
    ordered = sorted(((sha256(sent.data).digest(), photo_id, sent) for photo_id, sent in kept), key=itemgetter(0))
    first = {
        digest
        for digest, photo_id, sent in ordered
        if keep_photo_row(work, photo_id, PhotoKind.CHECK_IN, sent.data, sent.info, expires_at, deps)
    }
    return first == {digest for digest, _, _ in ordered}


def await_verdict(check_in_id: UUID, seconds: float, *, actor: Actor, deps: Deps) -> CheckIn:
    """The check-in once it is judged, or as it is after `seconds`; no transaction is open while it waits."""
    until = time.monotonic() + seconds
    looks = 0
    while True:
        row = read_check_in(check_in_id, actor=actor, deps=deps)
        left = until - time.monotonic()
        if row.state is not Verdict.RECEIVED or left <= 0:
            return row
        time.sleep(min(left, LOOK_EVERY_S[min(looks, len(LOOK_EVERY_S) - 1)]))
        looks += 1


def read_check_in(check_in_id: UUID, *, actor: Actor, deps: Deps) -> CheckIn:
    """One check-in within the actor's reach."""
    with deps.database.begin() as work:
        return _one(work, check_in_id, actor, Permission.CHECK_IN_READ)


def list_check_ins(filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps) -> Page[CheckIn]:
    """A page of check-ins within reach; `since` and `until` bound their time."""
    reach = require(actor, Permission.CHECK_IN_READ)
    statement = select(CheckIn).where(check_ins_within(reach))
    for name in ("project_id", "person_id", "team_id", "client_ref", "state", "counts"):
        if name in filters:
            statement = statement.where(getattr(CheckIn, name) == filters[name])
    if "since" in filters:
        statement = statement.where(CheckIn.at >= filters["since"])
    if "until" in filters:
        statement = statement.where(CheckIn.at < filters["until"])
    with deps.database.begin() as work:
        return page(work.session, statement, CheckIn.id, window)


def read_record(check_in_id: UUID, *, actor: Actor, deps: Deps) -> tuple[CheckIn, list[DecisionRecord]]:
    """A check-in with everything its verdict rested on, for the supervising body; reading it is recorded."""
    with deps.database.begin(actor.account_id) as work:
        within = and_(check_ins_within(require(actor, Permission.CHECK_IN_RECORD)), _somebody_else_s(actor))
        row = found(work, select(CheckIn).where(CheckIn.id == check_in_id, within), "check_in")
        statement = select(DecisionRecord).where(DecisionRecord.check_in_id == row.id)
        records = list(work.session.scalars(statement.order_by(DecisionRecord.position)))
        work.audit("check_in:read_record", row.id)
        return row, records


def may_read_record(check_in_id: UUID, *, actor: Actor, deps: Deps) -> bool:
    """True when this check-in lies within the actor's reach for decision records, and is somebody else's.

    An officer who checks in himself is the person concerned there, and learns no more than any other.
    """
    within = and_(check_ins_within(actor.reach(Permission.CHECK_IN_RECORD)), _somebody_else_s(actor))
    with deps.database.begin() as work:
        return work.session.scalar(select(CheckIn.id).where(CheckIn.id == check_in_id, within)) is not None


def names_of(rows: list[CheckIn], *, deps: Deps) -> dict[UUID, str]:
    """The names of the people of some check-ins, in one query."""
    with deps.database.begin() as work:
        statement = select(Person.id, Person.name).where(Person.id.in_({row.person_id for row in rows}))
        return {person_id: name for person_id, name in work.session.execute(statement)}  # noqa: C416 - rows are not pairs to a type checker


def _somebody_else_s(actor: Actor) -> ColumnElement[bool]:
    return CheckIn.person_id != actor.person_id if actor.person_id else true()


def _one(work: Work, check_in_id: UUID, actor: Actor, permission: Permission) -> CheckIn:
    within = check_ins_within(require(actor, permission))
    return found(work, select(CheckIn).where(CheckIn.id == check_in_id, within), "check_in")
