"""Reviews: what the machine could not decide, listed for who may and decided once."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.reasons import Reason, Verdict
from service.errors import fault
from service.store.models import CheckIn, DecisionRecord, EnrolmentPhoto, Photo
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach import check_ins_within, reviews_open_to
from service.store.work import Work
from service.usecases.access import found, require, require_version
from service.usecases.intake import open_photo
from service.usecases.settling import Settlement, settle


def list_reviews(filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps) -> Page[CheckIn]:
    """A page of the check-ins in review that the actor may decide; his own are never among them."""
    require(actor, Permission.CHECK_IN_REVIEW)
    statement = select(CheckIn).where(CheckIn.state == Verdict.REVIEW, reviews_open_to(actor))
    if "project_id" in filters:
        statement = statement.where(CheckIn.project_id == filters["project_id"])
    with deps.database.begin() as work:
        return page(work.session, statement, CheckIn.id, window)


def decide_review(check_in_id: UUID, verdict: Verdict, note: str, version: int, *, actor: Actor, deps: Deps) -> CheckIn:
    """The check-in as the reviewer decides; what the machine found stays on it, its record is added to."""
    require(actor, Permission.CHECK_IN_REVIEW)
    with deps.database.begin(actor.account_id) as work:
        statement = select(CheckIn).where(CheckIn.id == check_in_id, reviews_open_to(actor)).with_for_update()
        row = found(work, statement, "check_in")
        if row.state is not Verdict.REVIEW:
            raise fault("act_not_allowed", act="decide", state=str(row.state), allowed=[])
        require_version(row.version, version)
        reasons = tuple(Reason(item["code"], item["data"]) for item in row.reasons)
        if verdict is Verdict.REFUSED:
            # The person is told that somebody decided, or he would go on waiting for it.
            reasons += (Reason("refused_by_reviewer"),)
        record = {"note": note, "verdict": str(verdict), "from": str(row.state), "reasons": row.reasons}
        settle(work, row, Settlement(verdict, reasons, record), decided_by=actor.account_id)
        return row


def read_photo(check_in_id: UUID, *, actor: Actor, deps: Deps) -> tuple[bytes, str]:
    """A check-in's photo and its media type, for who may decide it or keeps its record; looking at it is recorded."""
    with deps.database.begin(actor.account_id) as work:
        row = _seen(work, check_in_id, actor)
        photo = work.session.get_one(Photo, row.photo_id)
        work.audit("check_in:look_at_photo", row.id)
    return open_photo(photo, deps)


def read_reference_photo(check_in_id: UUID, *, actor: Actor, deps: Deps) -> tuple[bytes, str]:
    """The first photo of the enrolment it was compared with; looking at it is recorded."""
    with deps.database.begin(actor.account_id) as work:
        row = _seen(work, check_in_id, actor)
        machine = select(DecisionRecord).where(DecisionRecord.check_in_id == row.id, DecisionRecord.position == 1)
        enrolment_id = found(work, machine, "decision_record").record["enrolment_id"]
        statement = (
            select(Photo)
            .join(EnrolmentPhoto, EnrolmentPhoto.photo_id == Photo.id)
            .where(EnrolmentPhoto.enrolment_id == enrolment_id)
            .order_by(EnrolmentPhoto.position)
            .limit(1)
        )
        photo = found(work, statement, "photo")
        work.audit("check_in:look_at_reference", row.id)
    return open_photo(photo, deps)


def _seen(work: Work, check_in_id: UUID, actor: Actor) -> CheckIn:
    """A check-in whose photo the actor may see: he may decide it, or his body keeps its record."""
    require(actor, Permission.CHECK_IN_REVIEW)
    kept = check_ins_within(actor.reach(Permission.CHECK_IN_RECORD))
    if actor.person_id:
        kept = and_(kept, CheckIn.person_id != actor.person_id)
    open_to_him = and_(CheckIn.state == Verdict.REVIEW, reviews_open_to(actor))
    statement = select(CheckIn).where(CheckIn.id == check_in_id, or_(open_to_him, kept))
    return found(work, statement, "check_in")
