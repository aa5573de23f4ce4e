"""Whether the process lives, and whether every part it needs is there."""

from flask import Blueprint, Response, jsonify

from service.api.context import deps
from service.usecases.health import missing_parts

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Every part is there, or the names of those that are not."""
    missing = missing_parts(deps=deps())
    return jsonify(status="missing" if missing else "ready", missing=missing), 503 if missing else 200
