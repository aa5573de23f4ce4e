"""Routes of check-ins and reviews."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify
from flask.views import MethodView

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps, etag, seen_version, versioned
from service.api.paging import page_of, split
from service.api.parts import Parts, multipart
from service.api.photos import image
from service.api.schemas.check_ins import (
    CheckInOut,
    CheckInQuery,
    CheckInRecordOut,
    CheckInRowOut,
    ClaimIn,
    DecideIn,
    ReviewQuery,
)
from service.api.waiting import PREFER, granted_wait_s
from service.domain.actors import Permission
from service.domain.claims import Claim
from service.domain.reasons import Verdict
from service.store.models import CheckIn
from service.store.queries.paging import Page
from service.usecases import checkins, reviews
from service.usecases.enrolment import SentPhoto

Answer = tuple[Any, int, dict[str, str]]
#: The longest order has four turns: three frames for each.
FRAMES = 12
blueprint = Blueprint("check-ins", __name__, description="Check-ins, from the phone to the verdict")
review_blueprint = Blueprint("reviews", __name__, description="What the machine could not decide")


@blueprint.route("/check-ins")
class CheckIns(MethodView):
    """All check-ins within reach."""

    @asks(blueprint, Permission.CHECK_IN_READ)
    @blueprint.arguments(CheckInQuery, location="query")
    @blueprint.response(200, page_of(CheckInRowOut))
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """List check-ins within reach, newest first."""
        window, filters = split(query)
        return _rows(checkins.list_check_ins(filters, window, actor=actor(), deps=deps()))

    @asks(blueprint, Permission.CHECK_IN_CREATE)
    @blueprint.doc(parameters=[PREFER])
    @multipart(blueprint, Parts("claim", ClaimIn, frames=FRAMES))
    @blueprint.response(201, CheckInOut, description="judged within the preferred wait")
    @blueprint.alt_response(202, schema=CheckInOut, description="kept, and judged soon: see Location")
    @blueprint.alt_response(200, schema=CheckInOut, description="the same check-in again, in its state of today")
    def post(self, photos: list[SentPhoto], claim: Claim) -> Answer:
        """Check in. It is durable before this answers, and judged by a worker.

        Frames answer the claim's challenge; without one they are further photos, looked at where one is not clear.
        """
        photo, *frames = photos
        row, new = checkins.receive(claim, photo.data, photo.info, frames, actor=actor(), deps=deps())
        with granted_wait_s() as wait_s:
            if wait_s and row.state is Verdict.RECEIVED:
                row = checkins.await_verdict(row.id, wait_s, actor=actor(), deps=deps())
        status = 200 if not new else 202 if row.state is Verdict.RECEIVED else 201
        headers = {"Location": f"/api/v1/check-ins/{row.id}", **etag(row.version)}
        return row, status, headers | ({"Preference-Applied": f"wait={wait_s}"} if wait_s else {})


@blueprint.route("/check-ins/<uuid:check_in_id>")
@asks(blueprint, Permission.CHECK_IN_READ)
@blueprint.doc(parameters=[PREFER])
@blueprint.response(200, CheckInRecordOut, description="the body sees all of it, others what is theirs to know")
def read_check_in(check_in_id: UUID) -> Any:
    """Read a check-in: its owner the verdict, his office the row, the body the decision record."""
    with granted_wait_s() as wait_s:
        row = checkins.await_verdict(check_in_id, wait_s, actor=actor(), deps=deps())
    if checkins.may_read_record(check_in_id, actor=actor(), deps=deps()):
        return _answer(CheckInRecordOut, _record(check_in_id), row.version)
    if row.person_id == actor().person_id:
        return _answer(CheckInOut, row, row.version)
    return _answer(CheckInRowOut, _row(row), row.version)


@review_blueprint.route("/reviews")
@asks(review_blueprint, Permission.CHECK_IN_REVIEW)
@review_blueprint.arguments(ReviewQuery, location="query")
@review_blueprint.response(200, page_of(CheckInRowOut))
def list_reviews(query: dict[str, Any]) -> dict[str, Any]:
    """List the check-ins you may decide, newest first."""
    window, filters = split(query)
    return _rows(reviews.list_reviews(filters, window, actor=actor(), deps=deps()))


@review_blueprint.route("/check-ins/<uuid:check_in_id>/decide", methods=["POST"])
@asks(review_blueprint, Permission.CHECK_IN_REVIEW)
@versioned(review_blueprint)
@review_blueprint.arguments(DecideIn)
@review_blueprint.response(200, CheckInRowOut)
def decide(values: dict[str, Any], check_in_id: UUID) -> Answer:
    """Decide a check-in in review."""
    row = reviews.decide_review(
        check_in_id, values["verdict"], values["note"], seen_version(), actor=actor(), deps=deps()
    )
    return _row(row), 200, etag(row.version)


@review_blueprint.route("/check-ins/<uuid:check_in_id>/photo")
@asks(review_blueprint, Permission.CHECK_IN_REVIEW)
@review_blueprint.response(200, content_type="image/*")
def read_photo(check_in_id: UUID) -> Response:
    """Look at the photo of a check-in you may decide; it is recorded who did."""
    return image(*reviews.read_photo(check_in_id, actor=actor(), deps=deps()))


@review_blueprint.route("/check-ins/<uuid:check_in_id>/reference-photo")
@asks(review_blueprint, Permission.CHECK_IN_REVIEW)
@review_blueprint.response(200, content_type="image/*")
def read_reference_photo(check_in_id: UUID) -> Response:
    """Look at an enrolment photo of the same person; it is recorded who did."""
    return image(*reviews.read_reference_photo(check_in_id, actor=actor(), deps=deps()))


def _rows(page: Page[CheckIn]) -> dict[str, Any]:
    names = checkins.names_of(list(page.items), deps=deps())
    return {"items": [_named(row, names) for row in page.items], "next": page.next}


def _row(row: CheckIn) -> CheckIn:
    return _named(row, checkins.names_of([row], deps=deps()))


def _named(row: CheckIn, names: dict[UUID, str]) -> CheckIn:
    row.person_name = names[row.person_id]  # type: ignore[attr-defined]
    return row


def _record(check_in_id: UUID) -> CheckIn:
    row, records = checkins.read_record(check_in_id, actor=actor(), deps=deps())
    row.records = records  # type: ignore[attr-defined]
    return _row(row)


def _answer(schema: type[CheckInOut], row: CheckIn, version: int) -> Response:
    response = jsonify(schema().dump(row))
    response.headers.extend(etag(version))
    return response
