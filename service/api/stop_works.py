"""Routes of stop-works."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps, etag, seen_version, versioned
from service.api.paging import page_of, split
from service.api.schemas.sites import EndIn, NoteIn
from service.api.schemas.stop_works import StopWorkIn, StopWorkOut, StopWorkQuery
from service.domain.actors import Permission
from service.domain.stop_works import StopWorkAct
from service.usecases import stop_works

Answer = tuple[Any, int, dict[str, str]]
blueprint = Blueprint("stop-works", __name__, description="Days on which a site rests")


@blueprint.route("/stop-works")
class StopWorks(MethodView):
    """The stop-works within reach."""

    @asks(blueprint, Permission.STOP_WORK_READ)
    @blueprint.arguments(StopWorkQuery, location="query")
    @blueprint.response(200, page_of(StopWorkOut))
    def get(self, query: dict[str, Any]) -> Any:
        """List stop-works within reach, newest first."""
        window, filters = split(query)
        return stop_works.list_stop_works(filters, window, actor=actor(), deps=deps())

    @asks(blueprint, Permission.STOP_WORK_PROPOSE)
    @blueprint.arguments(StopWorkIn)
    @blueprint.response(201, StopWorkOut)
    def post(self, values: dict[str, Any]) -> Answer:
        """Propose a stop-work."""
        row = stop_works.propose(values, actor=actor(), deps=deps())
        return row, 201, etag(row.version)


@blueprint.route("/stop-works/<uuid:key>")
@asks(blueprint, Permission.STOP_WORK_READ)
@blueprint.response(200, StopWorkOut)
def read_stop_work(key: UUID) -> Answer:
    """Read a stop-work."""
    row = stop_works.read_stop_work(key, actor=actor(), deps=deps())
    return row, 200, etag(row.version)


def _act(key: UUID, act: StopWorkAct, **more: Any) -> Answer:
    row = stop_works.act_on(key, act, seen_version(), actor=actor(), deps=deps(), **more)
    return row, 200, etag(row.version)


@blueprint.route("/stop-works/<uuid:key>/approve", methods=["POST"])
@asks(blueprint, Permission.STOP_WORK_APPROVE)
@versioned(blueprint)
@blueprint.response(200, StopWorkOut)
def approve_stop_work(key: UUID) -> Answer:
    """Approve a stop-work; beyond the policy's limits only the body may."""
    return _act(key, StopWorkAct.APPROVE)


@blueprint.route("/stop-works/<uuid:key>/refuse", methods=["POST"])
@asks(blueprint, Permission.STOP_WORK_APPROVE)
@versioned(blueprint)
@blueprint.arguments(NoteIn)
@blueprint.response(200, StopWorkOut)
def refuse_stop_work(values: dict[str, Any], key: UUID) -> Answer:
    """Refuse a stop-work with the reason."""
    return _act(key, StopWorkAct.REFUSE, note=values["note"])


@blueprint.route("/stop-works/<uuid:key>/withdraw", methods=["POST"])
@asks(blueprint, Permission.STOP_WORK_APPROVE)
@versioned(blueprint)
@blueprint.arguments(NoteIn)
@blueprint.response(200, StopWorkOut)
def withdraw_stop_work(values: dict[str, Any], key: UUID) -> Answer:
    """Take a stop-work back as if it had not been; its days are due again."""
    return _act(key, StopWorkAct.WITHDRAW, note=values["note"])


@blueprint.route("/stop-works/<uuid:key>/end", methods=["POST"])
@asks(blueprint, Permission.STOP_WORK_APPROVE)
@versioned(blueprint)
@blueprint.arguments(EndIn)
@blueprint.response(200, StopWorkOut)
def end_stop_work(values: dict[str, Any], key: UUID) -> Answer:
    """Resume work: give an approved stop-work an earlier last day."""
    return _act(key, StopWorkAct.END, ends_on=values["ends_on"])
