"""Routes of identity cases and likely duplicates: an officer's worklists."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps, etag, seen_version, versioned
from service.api.paging import page_of, split
from service.api.photos import image
from service.api.schemas.identity import (
    CaseNoteIn,
    DuplicateCaseOut,
    DuplicateCaseQuery,
    IdentityCaseOut,
    IdentityCaseQuery,
    PairPhotoQuery,
    ReferenceQuery,
    SuspicionRateOut,
    SuspicionRateQuery,
)
from service.domain.actors import Permission
from service.store.models import CaseState
from service.store.queries.paging import Page, rank_key
from service.usecases import duplicate_cases, identity_cases
from service.usecases.cases import Case, names_in

Answer = tuple[Any, int, dict[str, str]]
blueprint = Blueprint("identity", __name__, description="Suspected impersonation and likely duplicates")


@blueprint.route("/identity-cases")
@asks(blueprint, Permission.IDENTITY_READ)
@blueprint.arguments(IdentityCaseQuery, location="query")
@blueprint.response(200, page_of(IdentityCaseOut))
def list_identity_cases(query: dict[str, Any]) -> dict[str, Any]:
    """List the identity cases within reach, newest first."""
    window, filters = split(query)
    return _page(identity_cases.list_cases(filters, window, actor=actor(), deps=deps()))


@blueprint.route("/identity-cases/rate")
@asks(blueprint, Permission.IDENTITY_READ)
@blueprint.arguments(SuspicionRateQuery, location="query")
@blueprint.response(200, SuspicionRateOut)
def read_rate(query: dict[str, Any]) -> Any:
    """Read how often suspicion was wrong, for 1,000 person-days with a check-in."""
    return identity_cases.rate(query["first"], query["last"], actor=actor(), deps=deps())


@blueprint.route("/identity-cases/<uuid:case_id>")
@asks(blueprint, Permission.IDENTITY_READ)
@blueprint.response(200, IdentityCaseOut)
def read_identity_case(case_id: UUID) -> Answer:
    """Read an identity case with its record; it is recorded who did."""
    return _answer(identity_cases.read_case(case_id, actor=actor(), deps=deps()))


@blueprint.route("/identity-cases/<uuid:case_id>/photo")
@asks(blueprint, Permission.IDENTITY_DECIDE)
@blueprint.response(200, content_type="image/*")
def read_identity_photo(case_id: UUID) -> Response:
    """Look at the photo of the check-in; it is recorded who did."""
    return image(*identity_cases.read_photo(case_id, actor=actor(), deps=deps()))


@blueprint.route("/identity-cases/<uuid:case_id>/reference-photo")
@asks(blueprint, Permission.IDENTITY_DECIDE)
@blueprint.arguments(ReferenceQuery, location="query")
@blueprint.response(200, content_type="image/*")
def read_identity_reference(query: dict[str, Any], case_id: UUID) -> Response:
    """Look at an enrolment photo of one of the two; it is recorded who did."""
    return image(*identity_cases.read_reference_photo(case_id, query["of"], actor=actor(), deps=deps()))


@blueprint.route("/identity-cases/<uuid:case_id>/confirm", methods=["POST"])
@asks(blueprint, Permission.IDENTITY_DECIDE)
@versioned(blueprint)
@blueprint.arguments(CaseNoteIn)
@blueprint.response(200, IdentityCaseOut)
def confirm_identity_case(values: dict[str, Any], case_id: UUID) -> Answer:
    """Confirm that somebody else stood there; a finding opens."""
    return _decide(identity_cases.decide_case, case_id, CaseState.CONFIRMED, values)


@blueprint.route("/identity-cases/<uuid:case_id>/dismiss", methods=["POST"])
@asks(blueprint, Permission.IDENTITY_DECIDE)
@versioned(blueprint)
@blueprint.arguments(CaseNoteIn)
@blueprint.response(200, IdentityCaseOut)
def dismiss_identity_case(values: dict[str, Any], case_id: UUID) -> Answer:
    """Dismiss a suspicion; it counts as a false one."""
    return _decide(identity_cases.decide_case, case_id, CaseState.DISMISSED, values)


@blueprint.route("/duplicate-cases")
@asks(blueprint, Permission.IDENTITY_READ)
@blueprint.arguments(DuplicateCaseQuery, location="query")
@blueprint.response(200, page_of(DuplicateCaseOut))
def list_duplicate_cases(query: dict[str, Any]) -> dict[str, Any]:
    """List the likely duplicates within reach, the nearest pair first."""
    window, filters = split(query, rank_key)
    return _page(duplicate_cases.list_cases(filters, window, actor=actor(), deps=deps()))


@blueprint.route("/duplicate-cases/<uuid:case_id>")
@asks(blueprint, Permission.IDENTITY_READ)
@blueprint.response(200, DuplicateCaseOut)
def read_duplicate_case(case_id: UUID) -> Answer:
    """Read a likely duplicate; it is recorded who did."""
    return _answer(duplicate_cases.read_case(case_id, actor=actor(), deps=deps()))


@blueprint.route("/duplicate-cases/<uuid:case_id>/photo")
@asks(blueprint, Permission.IDENTITY_DECIDE)
@blueprint.arguments(PairPhotoQuery, location="query")
@blueprint.response(200, content_type="image/*")
def read_duplicate_photo(query: dict[str, Any], case_id: UUID) -> Response:
    """Look at an enrolment photo of one of the two; it is recorded who did."""
    return image(*duplicate_cases.read_photo(case_id, query["of"], actor=actor(), deps=deps()))


@blueprint.route("/duplicate-cases/<uuid:case_id>/confirm", methods=["POST"])
@asks(blueprint, Permission.IDENTITY_DECIDE)
@versioned(blueprint)
@blueprint.arguments(CaseNoteIn)
@blueprint.response(200, DuplicateCaseOut)
def confirm_duplicate_case(values: dict[str, Any], case_id: UUID) -> Answer:
    """Confirm that the two are one person."""
    return _decide(duplicate_cases.decide_case, case_id, CaseState.CONFIRMED, values)


@blueprint.route("/duplicate-cases/<uuid:case_id>/dismiss", methods=["POST"])
@asks(blueprint, Permission.IDENTITY_DECIDE)
@versioned(blueprint)
@blueprint.arguments(CaseNoteIn)
@blueprint.response(200, DuplicateCaseOut)
def dismiss_duplicate_case(values: dict[str, Any], case_id: UUID) -> Answer:
    """Dismiss a likely duplicate; the same two templates are not brought up again."""
    return _decide(duplicate_cases.decide_case, case_id, CaseState.DISMISSED, values)


def _decide(use_case: Any, case_id: UUID, to: CaseState, values: dict[str, Any]) -> Answer:
    return _answer(use_case(case_id, to, values["note"], seen_version(), actor=actor(), deps=deps()))


def _answer(row: Case) -> Answer:
    return _named([row])[0], 200, etag(row.version)


def _page(page: Page[Any]) -> dict[str, Any]:
    return {"items": _named(page.items), "next": page.next}


def _named(rows: Sequence[Case]) -> Sequence[Case]:
    names = names_in(rows, deps=deps())
    for row in rows:
        row.person_name = names[row.person_id]  # type: ignore[union-attr]
        row.other_person_name = names[row.other_person_id]  # type: ignore[union-attr]
    return rows
