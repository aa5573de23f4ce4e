"""The documentation page's assets, served by ourselves: government networks reach no CDN."""

from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Response, redirect, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

blueprint = Blueprint("api-assets", __name__)
ASSETS_PATH = "/api/docs/assets/"


def _assets() -> Path:
    spec = find_spec("flask_swagger_ui")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package flask-swagger-ui, which carries the page's assets, is not installed")
    return Path(spec.origin).parent / "dist"


@blueprint.get(f"{ASSETS_PATH}<path:name>")
def asset(name: str) -> Response:
    """One file of Swagger UI."""
    return send_from_directory(_assets(), name, max_age=86_400)


@blueprint.get("/")
def front() -> AnyResponse:
    """The front door leads to the documentation."""
    return redirect("/api/docs")
