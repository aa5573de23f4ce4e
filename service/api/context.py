"""What a view needs of its surroundings: the dependencies, who is asking, and the version he saw."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import current_app, g, request
from flask_smorest import Blueprint

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.errors import fault
from service.usecases.sessions import actor_of

View = TypeVar("View", bound=Callable[..., Any])

EXTENSION = "daogang"
_VERSION = re.compile(r'"([0-9]{1,9})"')


def deps() -> Deps:
    """The application's dependencies."""
    return cast("Deps", current_app.extensions[EXTENSION])


def actor() -> Actor:
    """Who is asking; only behind `asks`."""
    return cast("Actor", g.actor)


def asks(blueprint: Blueprint, permission: Permission) -> Callable[[View], View]:
    """Let a view be reached only with a permission: who is asking is known before a byte of the body is read."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            g.actor = actor_of(_bearer(), deps=deps())
            if not g.actor.may(permission):
                raise fault("forbidden", permission=str(permission))
            return view(*args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        described = blueprint.doc(security=[{"bearer": []}], **{"x-permission": str(permission)})
        return cast("View", described(guarded))

    return decorate


def versioned(blueprint: Blueprint) -> Callable[[View], View]:
    """Describe the If-Match header of an act that changes a row; `seen_version` reads it."""
    header = {
        "in": "header",
        "name": "If-Match",
        "required": True,
        "schema": {"type": "string"},
        "description": 'The ETag of the row as you saw it, e.g. "3".',
    }
    return cast("Callable[[View], View]", blueprint.doc(parameters=[header]))


def seen_version() -> int:
    """The version in If-Match."""
    if "If-Match" not in request.headers:
        raise fault("version_needed", "If-Match")
    found = _VERSION.fullmatch(request.headers["If-Match"].strip())
    if found is None:
        raise fault("version_conflict", "If-Match")
    return int(found.group(1))


def etag(version: int) -> dict[str, str]:
    """The header that tells a row's version."""
    return {"ETag": f'"{version}"'}


def _bearer() -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise fault("token_missing")
    return token.strip()
