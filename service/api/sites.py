"""Routes of projects, fences and roster lines, and their acts."""

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from service.api.context import actor, asks, deps, etag, seen_version, versioned
from service.api.parts import Parts, multipart
from service.api.photos import attachment
from service.api.registers import Shown, resource
from service.api.schemas import projects as schemas
from service.api.schemas import sites
from service.domain.actors import Permission
from service.domain.roster import LineAct
from service.usecases import fences, projects, roster, roster_match, roster_scans
from service.usecases.registers import PROJECTS

Answer = tuple[Any, int, dict[str, str]]

PROJECT_ROUTES = resource(
    Shown(
        "projects",
        PROJECTS,
        schemas.ProjectOut,
        schemas.ProjectIn,
        schemas.ProjectChange,
        schemas.ProjectQuery,
        make=projects.open_project,
    )
)
FENCE_ROUTES = resource(
    Shown(
        "fences",
        fences.FENCES,
        sites.FenceOut,
        sites.FenceIn,
        sites.FenceChange,
        sites.FenceQuery,
        make=fences.propose,
    )
)
LINE_ROUTES = resource(
    Shown(
        "roster-lines",
        roster.ROSTER_LINES,
        sites.LineOut,
        sites.LineIn,
        None,
        sites.LineQuery,
        make=roster.propose_line,
    )
)


@PROJECT_ROUTES.route("/projects/<uuid:key>/states", methods=["POST"])
@asks(PROJECT_ROUTES, Permission.PROJECT_WRITE)
@PROJECT_ROUTES.arguments(schemas.StateIn)
@PROJECT_ROUTES.response(201, schemas.ProjectOut)
def set_state(values: dict[str, Any], key: UUID) -> Answer:
    """Give a project a state from a day on."""
    row = projects.set_state(key, values["state"], values["from_on"], actor=actor(), deps=deps())
    return row, 201, etag(row.version)


@FENCE_ROUTES.route("/fences/<uuid:key>/approve", methods=["POST"])
@asks(FENCE_ROUTES, Permission.FENCE_APPROVE)
@versioned(FENCE_ROUTES)
@FENCE_ROUTES.response(200, sites.FenceOut)
def approve_fence(key: UUID) -> Answer:
    """Put a proposed fence in force."""
    row = fences.approve(key, seen_version(), actor=actor(), deps=deps())
    return row, 200, etag(row.version)


@FENCE_ROUTES.route("/fences/<uuid:key>/end", methods=["POST"])
@asks(FENCE_ROUTES, Permission.FENCE_APPROVE)
@versioned(FENCE_ROUTES)
@FENCE_ROUTES.arguments(sites.EndIn)
@FENCE_ROUTES.response(200, sites.FenceOut)
def end_fence(values: dict[str, Any], key: UUID) -> Answer:
    """Give a fence its last day."""
    row = fences.end(key, values["ends_on"], seen_version(), actor=actor(), deps=deps())
    return row, 200, etag(row.version)


@LINE_ROUTES.route("/roster-lines/<uuid:key>", methods=["PATCH"])
@asks(LINE_ROUTES, Permission.ROSTER_PROPOSE)
@versioned(LINE_ROUTES)
@LINE_ROUTES.arguments(sites.LineChange)
@LINE_ROUTES.response(200, sites.LineOut)
def change_line(values: dict[str, Any], key: UUID) -> Answer:
    """Change a line that is a draft or was returned."""
    row = roster.change_line(key, values, seen_version(), actor=actor(), deps=deps())
    return row, 200, etag(row.version)


def _act(key: UUID, act: LineAct, **more: Any) -> Answer:
    row = roster.act_on_line(key, act, seen_version(), actor=actor(), deps=deps(), **more)
    return row, 200, etag(row.version)


@LINE_ROUTES.route("/roster-lines/<uuid:key>/submit", methods=["POST"])
@asks(LINE_ROUTES, Permission.ROSTER_PROPOSE)
@versioned(LINE_ROUTES)
@LINE_ROUTES.response(200, sites.LineOut)
def submit_line(key: UUID) -> Answer:
    """Submit a draft or a returned line."""
    return _act(key, LineAct.SUBMIT)


@LINE_ROUTES.route("/roster-lines/<uuid:key>/approve", methods=["POST"])
@asks(LINE_ROUTES, Permission.ROSTER_APPROVE)
@versioned(LINE_ROUTES)
@LINE_ROUTES.response(200, sites.LineOut)
def approve_line(key: UUID) -> Answer:
    """Approve a submitted line: it is in force once the list that binds its post names the person."""
    return _act(key, LineAct.APPROVE)


@LINE_ROUTES.route("/roster-lines/<uuid:key>/return", methods=["POST"])
@asks(LINE_ROUTES, Permission.ROSTER_APPROVE)
@versioned(LINE_ROUTES)
@LINE_ROUTES.arguments(sites.ReturnIn)
@LINE_ROUTES.response(200, sites.LineOut)
def return_line(values: dict[str, Any], key: UUID) -> Answer:
    """Return a submitted line with the reasons."""
    return _act(key, LineAct.RETURN, **values)


@LINE_ROUTES.route("/roster-lines/<uuid:key>/end", methods=["POST"])
@asks(LINE_ROUTES, Permission.ROSTER_APPROVE)
@versioned(LINE_ROUTES)
@LINE_ROUTES.arguments(sites.EndIn)
@LINE_ROUTES.response(200, sites.LineOut)
def end_line(values: dict[str, Any], key: UUID) -> Answer:
    """End a line on a day, or earlier than was said before."""
    return _act(key, LineAct.END, ends_on=values["ends_on"])


@LINE_ROUTES.route("/roster-lines/<uuid:key>/consent", methods=["POST"])
@asks(LINE_ROUTES, Permission.ROSTER_APPROVE)
@versioned(LINE_ROUTES)
@LINE_ROUTES.arguments(sites.ConsentIn)
@LINE_ROUTES.response(200, sites.LineOut)
def set_consent(values: dict[str, Any], key: UUID) -> Answer:
    """Record on which day the client consented to other projects, or that he withdrew it."""
    row = roster.set_consent(key, values["concurrent_consent_on"], seen_version(), actor=actor(), deps=deps())
    return row, 200, etag(row.version)


@LINE_ROUTES.route("/roster-lines/<uuid:key>/match")
@asks(LINE_ROUTES, Permission.ROSTER_READ)
@LINE_ROUTES.response(200, sites.StandingOut)
def read_match(key: UUID) -> Any:
    """Read how a line stands now against the list that binds its post."""
    return roster_match.read_standing(key, actor=actor(), deps=deps())


@LINE_ROUTES.route("/roster-lines/<uuid:key>/scans")
class Scans(MethodView):
    """The scans behind a line."""

    @asks(LINE_ROUTES, Permission.ROSTER_READ)
    @LINE_ROUTES.response(200, sites.ScanOut(many=True))
    def get(self, key: UUID) -> Any:
        """List a line's scans, the oldest first."""
        return roster_scans.list_scans(key, actor=actor(), deps=deps())

    @asks(LINE_ROUTES, Permission.ROSTER_PROPOSE)
    @multipart(LINE_ROUTES, Parts("scan", sites.ScanIn, file_bytes=roster_scans.MOST_BYTES))
    @LINE_ROUTES.response(201, sites.ScanOut)
    def post(self, data: bytes, form: dict[str, Any], key: UUID) -> Answer:
        """Add a scan to a line: one JPEG, PNG or PDF."""
        row = roster_scans.add_scan(key, form["kind"], data, actor=actor(), deps=deps())
        return row, 201, {"Location": f"/api/v1/roster-lines/{key}/scans/{row.id}"}


@LINE_ROUTES.route("/roster-lines/<uuid:key>/scans/<uuid:scan_id>")
@asks(LINE_ROUTES, Permission.ROSTER_READ)
@LINE_ROUTES.response(200, content_type="application/octet-stream")
def read_scan(key: UUID, scan_id: UUID) -> Response:
    """Fetch a scan of a line as a file; it is recorded who did."""
    return attachment(*roster_scans.read_scan(key, scan_id, actor=actor(), deps=deps()), f"scan-{scan_id}")
