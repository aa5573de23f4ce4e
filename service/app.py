"""The WSGI application: one function puts the rooms of the house together."""

import re
from io import BytesIO
from uuid import uuid4

from flask import Flask, Request, Response, request
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from service import logs
from service.api import (
    accounts,
    attendance,
    certificates,
    challenges,
    check_ins,
    clock,
    docs,
    eligibility,
    employments,
    findings,
    health,
    identity,
    inbox,
    integration,
    lists,
    loads,
    people,
    posts,
    sites,
    stop_works,
    tickets,
)
from service.api.blueprints import Api
from service.api.context import EXTENSION
from service.api.errors import register_errors
from service.api.registers import REGISTERS, resource
from service.api.strict_json import StrictJson
from service.deps import Deps, build
from service.settings import Settings

PREFIX = "/api/v1"
#: Bodies that are no photos; routes with photos set their own limit (api/parts.py).
BODY_LIMIT = 256 * 1024
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_BLUEPRINTS = (
    accounts.blueprint,
    attendance.blueprint,
    certificates.blueprint,
    challenges.blueprint,
    check_ins.blueprint,
    check_ins.review_blueprint,
    clock.blueprint,
    employments.blueprint,
    eligibility.blueprint,
    findings.blueprint,
    identity.blueprint,
    stop_works.blueprint,
    inbox.blueprint,
    integration.blueprint,
    integration.KEY_MAPPING_ROUTES,
    lists.ENTRY_ROUTES,
    loads.blueprint,
    people.blueprint,
    posts.blueprint,
    sites.PROJECT_ROUTES,
    sites.FENCE_ROUTES,
    sites.LINE_ROUTES,
    tickets.blueprint,
)


class InMemoryRequest(Request):
    """Keeps uploads in memory, which their limits allow: a photo never touches a disk unsealed."""

    def _get_file_stream(self, *_args: object, **_sizes: object) -> BytesIO:
        return BytesIO()


def create_app(settings: Settings, deps: Deps | None = None) -> Flask:
    """The application for some settings; tests hand in their own dependencies."""
    logs.configure()
    app = Flask("daogang", static_folder=None)
    app.request_class = InMemoryRequest
    app.json = StrictJson(app)
    app.config |= {
        "API_TITLE": "Daogang 到岗",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.0.3",
        "OPENAPI_URL_PREFIX": "/api",
        "OPENAPI_JSON_PATH": "openapi.json",
        "OPENAPI_SWAGGER_UI_PATH": "docs",
        "OPENAPI_SWAGGER_UI_URL": docs.ASSETS_PATH,
        "OPENAPI_SWAGGER_UI_CONFIG": {"persistAuthorization": True, "displayRequestDuration": True},
        "MAX_CONTENT_LENGTH": BODY_LIMIT,
        "API_SPEC_OPTIONS": _spec_options(),
    }
    app.extensions[EXTENSION] = deps or build(settings)
    _follow_requests(app)
    api = Api(app)
    for blueprint in (*_BLUEPRINTS, *(resource(shown) for shown in REGISTERS)):
        api.register_blueprint(blueprint, url_prefix=PREFIX)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(docs.blueprint)
    register_errors(app)
    return app


def _spec_options() -> dict[str, object]:
    return {
        "info": {
            "description": "On-duty attendance of key construction personnel. Sign in, then send the bearer token."
        },
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}},
        "servers": [{"url": "/"}],
    }


def _follow_requests(app: Flask) -> None:
    """Bind the request's id once, so that every log line and every refusal names it."""

    @app.before_request
    def bind() -> None:
        clear_contextvars()
        given = request.headers.get("X-Request-ID", "")
        bind_contextvars(request_id=given if _REQUEST_ID.fullmatch(given) else uuid4().hex)

    @app.after_request
    def tell(response: Response) -> Response:
        response.headers["X-Request-ID"] = get_contextvars().get("request_id", "")
        return response
