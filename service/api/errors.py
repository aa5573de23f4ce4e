"""One error shape for the whole API: RFC 9457 problem details with every problem found, in both languages."""

from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from flask import Flask, Response, json, request
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog.contextvars import get_contextvars
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from service.errors import Problem, ServiceError
from service.texts import text

log = structlog.get_logger(__name__)

#: The HTTP status of a code; a problem with the content of a request is 422.
STATUS: dict[str, int] = {
    "bad_request": 400, "bad_json": 400, "json_too_deep": 400,
    "token_missing": 401, "token_invalid": 401, "wrong_credentials": 401, "wechat_code_invalid": 401,
    "forbidden": 403, "no_person": 403, "account_closed": 403, "own_affair": 403, "new_password_needed": 403,
    "own_proposal": 403, "registry_said_otherwise": 403, "activation_needed": 403, "wechat_user_blocked": 403,
    "act_of_others": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "already_exists": 409, "act_not_allowed": 409, "staff_account": 409, "no_line_in_force": 409,
    "wechat_bound_to_other": 409, "clock_not_movable": 409, "clock_backwards": 409,
    "appeal_open": 409, "findings_open": 409, "stop_work_overlaps": 409, "stop_work_needs_body": 403,
    "stop_work_of_body": 403,
    "name_conflict": 409, "not_employed": 409, "line_overlaps": 409, "consent_missing": 409,
    "qualification_lower": 409,
    "sync_running": 409, "source_not_connected": 409,
    "version_conflict": 412,
    "file_too_large": 413, "request_too_large": 413, "photo_too_large": 413,
    "not_multipart": 415, "not_json": 415,
    "version_needed": 428,
    "wechat_too_often": 429, "check_in_paused": 429, "check_ins_waiting": 429,
    "internal": 500, "no_policy": 500,
    "wechat_refused_us": 502, "about_another_person": 502,
    "wechat_unavailable": 503, "registry_unavailable": 503, "photo_store_down": 503, "unavailable": 503,
}  # fmt: skip
UNPROCESSABLE = 422
# Where werkzeug refuses before a view is reached.
_CODE_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "request_too_large", 415: "not_multipart"}
_RETRY_AFTER_S = "2"


def problem_response(problems: tuple[Problem, ...]) -> Response:
    """The answer to a refused request; its status is that of the first problem."""
    first = problems[0]
    status = STATUS.get(first.code, UNPROCESSABLE)
    told = text(first.code, first.data)
    body = {
        "type": f"urn:daogang:problem:{first.code}",
        "title": told["en"],
        "status": status,
        "code": first.code,
        "text": told,
        "errors": [_told(problem) for problem in problems],
        "request_id": get_contextvars().get("request_id"),
    }
    # A field's name is the caller's, and may hold half a surrogate pair, which no encoding takes.
    response = Response(json.dumps(body).encode(errors="replace"), status, content_type="application/problem+json")
    if status == STATUS["token_missing"]:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == STATUS["unavailable"] or "retry_after_s" in first.data:
        response.headers["Retry-After"] = str(first.data.get("retry_after_s", _RETRY_AFTER_S))
    return response


def _told(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "field": problem.field,
        "data": dict(problem.data),
        "text": text(problem.code, problem.data),
    }


def problems_in(messages: Mapping[Any, Any] | list[Any], at: str = "") -> Iterator[Problem]:
    """The problems in marshmallow's messages, whose texts are `code` or `code|name=value|...` (schemas/base.py)."""
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            inner = at if key == "_schema" else f"{at}.{key}".strip(".")
            yield from problems_in(value, inner)
        return
    for message in messages:
        if isinstance(message, str):
            code, *pairs = message.split("|")
            yield Problem(code, at or None, dict(pair.split("=", 1) for pair in pairs))
        else:
            yield from problems_in(message, at)


def register_errors(app: Flask) -> None:
    """Answer every error of the application in the one shape."""
    app.register_error_handler(ServiceError, _service_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(PoolTimeout, _database_error)
    app.register_error_handler(Exception, _unexpected)


def _service_error(error: ServiceError) -> Response:
    response = problem_response(error.problems)
    log.info("request refused", code=error.code, status=response.status_code, path=request.path)
    return response


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:  # noqa: PLR2004 - redirects are werkzeug's own answers
        return Response(status=status, headers=list(error.get_headers()))
    code = _CODE_OF_STATUS.get(status, "bad_request" if status < 500 else "internal")  # noqa: PLR2004
    response = problem_response((Problem(code),))
    if isinstance(error, MethodNotAllowed):
        response.allow.update(error.valid_methods or ())
    return response


def _database_error(error: Exception) -> Response:
    if isinstance(error, DataError):
        # A value no column can hold passed our schemas; the caller sent it, but it is a gap of ours.
        log.warning("the database refused a value", error=type(error).__name__, path=request.path)
        return problem_response((Problem("invalid"),))
    if isinstance(error, OperationalError | PoolTimeout):
        log.error("the database does not answer", error=type(error).__name__, path=request.path)
        return problem_response((Problem("unavailable"),))
    return _unexpected(error)


def _unexpected(error: Exception) -> Response:
    log.error("unexpected error", exc_info=error, path=request.path)
    return problem_response((Problem("internal"),))
