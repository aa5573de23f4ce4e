"""Routes of employments, and of leaving a firm."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps, etag, seen_version, versioned
from service.api.schemas.employments import EmploymentChange, EmploymentIn, EmploymentOut, LeaveIn, LeftOut
from service.domain.actors import Permission
from service.usecases import employments

Answer = tuple[Any, int, dict[str, str]]
blueprint = Blueprint("employments", __name__, description="Whom people work for")


@blueprint.route("/people/<uuid:person_id>/employments")
class Employments(MethodView):
    """A person's employments."""

    @asks(blueprint, Permission.EMPLOYMENT_READ)
    @blueprint.response(200, EmploymentOut(many=True))
    def get(self, person_id: UUID) -> Any:
        """List a person's employments, the latest first."""
        return employments.list_employments(person_id, actor=actor(), deps=deps())

    @asks(blueprint, Permission.EMPLOYMENT_WRITE)
    @blueprint.arguments(EmploymentIn)
    @blueprint.response(201, EmploymentOut)
    def post(self, values: dict[str, Any], person_id: UUID) -> Answer:
        """Record whom a person works for; two at once are kept."""
        row = employments.add_employment(person_id, values, actor=actor(), deps=deps())
        return row, 201, etag(row.version)


@blueprint.route("/employments/<uuid:employment_id>", methods=["PATCH"])
@asks(blueprint, Permission.EMPLOYMENT_WRITE)
@versioned(blueprint)
@blueprint.arguments(EmploymentChange)
@blueprint.response(200, EmploymentOut)
def change_employment(values: dict[str, Any], employment_id: UUID) -> Answer:
    """Put the dates of an employment right."""
    row = employments.change_employment(employment_id, values, seen_version(), actor=actor(), deps=deps())
    return row, 200, etag(row.version)


@blueprint.route("/people/<uuid:person_id>/leave", methods=["POST"])
@asks(blueprint, Permission.EMPLOYMENT_WRITE)
@blueprint.arguments(LeaveIn)
@blueprint.response(200, LeftOut)
def leave(values: dict[str, Any], person_id: UUID) -> Any:
    """Let a person leave a unit once, for all its rosters; doing it again changes nothing."""
    return employments.leave(person_id, **values, actor=actor(), deps=deps())
