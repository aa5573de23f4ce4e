"""Routes for exchange with other systems: mappings, runs, pushed records, the check of one person, reconciliation."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import Response, request
from flask.views import MethodView

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps
from service.api.paging import PageIn, page_of, split
from service.api.registers import Shown, resource
from service.api.schemas.integration import (
    KeyMappingChange,
    KeyMappingIn,
    KeyMappingOut,
    KeyMappingQuery,
    PushIn,
    PushOut,
    ReconciliationOut,
    ReconciliationQuery,
    SyncIssueOut,
    SyncRunIn,
    SyncRunOut,
    SyncRunQuery,
)
from service.api.tables import csv_file
from service.domain.actors import Permission
from service.domain.exchange import Peer
from service.store.models import SyncIssue
from service.texts import text
from service.usecases import pushes, reconciliation, sync_night
from service.usecases.key_mappings import KEY_MAPPINGS
from service.usecases.reconciliation import Difference

View = TypeVar("View", bound=Callable[..., Any])
blueprint = Blueprint("integration", __name__, description="Exchange with other systems")
KEY_MAPPING_ROUTES = resource(
    Shown("integration/key-mappings", KEY_MAPPINGS, KeyMappingOut, KeyMappingIn, KeyMappingChange, KeyMappingQuery)
)
#: 200 filings with ten people each have about 0.5 MB.
PUSH_LIMIT = 2 * 1024 * 1024
_HEADER = ("thing", "external_key", "field", "code", "text_zh", "text_en")


def _large(view: View) -> View:
    """Let the body of a push be larger than that of any other request."""

    @wraps(view)
    def reading(*args: Any, **kwargs: Any) -> Any:
        request.max_content_length = PUSH_LIMIT
        return view(*args, **kwargs)

    return cast("View", reading)


@blueprint.route("/integration/sync-runs")
class SyncRuns(MethodView):
    """All runs."""

    @asks(blueprint, Permission.SYNC_READ)
    @blueprint.arguments(SyncRunQuery, location="query")
    @blueprint.response(200, page_of(SyncRunOut))
    def get(self, query: dict[str, Any]) -> Any:
        """List runs, newest first."""
        window, filters = split(query)
        return reconciliation.list_runs(filters, window, actor=actor(), deps=deps())

    @asks(blueprint, Permission.SYNC_RUN)
    @blueprint.arguments(SyncRunIn)
    @blueprint.response(202, SyncRunOut)
    def post(self, values: dict[str, Any]) -> Any:
        """Read a peer now; a worker does it."""
        run = sync_night.ask(values["peer"], actor=actor(), deps=deps())
        return run, 202, {"Location": f"/api/v1/integration/sync-runs/{run.id}"}


@blueprint.route("/integration/sync-runs/<uuid:run_id>")
@asks(blueprint, Permission.SYNC_READ)
@blueprint.response(200, SyncRunOut)
def read_run(run_id: UUID) -> Any:
    """Read a run: how far it is, what it took, why it failed."""
    return reconciliation.read_run(run_id, actor=actor(), deps=deps())


@blueprint.route("/integration/sync-runs/<uuid:run_id>/issues")
@asks(blueprint, Permission.SYNC_READ)
@blueprint.arguments(PageIn, location="query")
@blueprint.response(200, page_of(SyncIssueOut))
def list_issues(query: dict[str, Any], run_id: UUID) -> Any:
    """List what a run could not take, newest first."""
    window, _ = split(query, int)
    return reconciliation.list_issues(run_id, window, actor=actor(), deps=deps())


@blueprint.route("/integration/sync-runs/<uuid:run_id>/issues.csv")
@asks(blueprint, Permission.SYNC_READ)
@blueprint.response(200, content_type="text/csv")
def export_issues(run_id: UUID) -> Response:
    """What a run could not take, as a table for who has to put it right."""
    # All of them now: a refusal must come before the answer begins.
    rows = [_cells(row) for row in reconciliation.all_issues(run_id, actor=actor(), deps=deps())]
    return csv_file("sync-issues.csv", _HEADER, rows)


def _cells(row: SyncIssue) -> tuple[object, ...]:
    told = text(row.code, row.data)
    return row.thing, row.external_key, row.field or "", row.code, told["zh"], told["en"]


@blueprint.route("/integration/filings", methods=["POST"])
@asks(blueprint, Permission.RECORDS_PUSH)
@_large
@blueprint.arguments(PushIn)
@blueprint.response(200, PushOut)
def push_filings(values: dict[str, Any]) -> Any:
    """Take filings of the contract, each by itself (docs/connectors/filing.openapi.yaml)."""
    return _pushed(Peer.FILING_SYSTEM, values["records"])


@blueprint.route("/integration/certificates", methods=["POST"])
@asks(blueprint, Permission.RECORDS_PUSH)
@_large
@blueprint.arguments(PushIn)
@blueprint.response(200, PushOut)
def push_certificates(values: dict[str, Any]) -> Any:
    """Take certificates of the contract, each by itself (docs/connectors/certificates.openapi.yaml)."""
    return _pushed(Peer.CERTIFICATE_REGISTRY, values["records"])


def _pushed(peer: Peer, records: list[Any]) -> dict[str, Any]:
    run, outcomes = pushes.push(peer, records, actor=actor(), deps=deps())
    return {"run_id": run.id, "items": outcomes}


@blueprint.route("/people/<uuid:person_id>/certificates/check", methods=["POST"])
@asks(blueprint, Permission.CERTIFICATE_WRITE)
@blueprint.response(200, SyncRunOut)
def check_certificates(person_id: UUID) -> Any:
    """Ask the registry about a person's certificates now."""
    return pushes.check_person(person_id, actor=actor(), deps=deps())


@blueprint.route("/integration/reconciliation")
@asks(blueprint, Permission.SYNC_READ)
@blueprint.arguments(ReconciliationQuery, location="query")
@blueprint.response(200, ReconciliationOut)
def reconcile(query: dict[str, Any]) -> Any:
    """What differs now between us and a peer, and since when it was not read."""
    key = int if query["difference"] is Difference.REFUSED else UUID
    window, wanted = split(query, key)
    return reconciliation.reconcile(**wanted, window=window, actor=actor(), deps=deps())
