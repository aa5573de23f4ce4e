"""Permission first: what every use case asks before it loads anything."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select

from service.domain.actors import Actor, Permission, Reach
from service.errors import fault
from service.store.queries.reach import reaches_project
from service.store.work import Work

Row = TypeVar("Row")


def require(actor: Actor, permission: Permission) -> Reach:
    """How far the actor reaches with the permission; `forbidden` when no role of his holds it."""
    if not actor.may(permission):
        raise fault("forbidden", permission=str(permission))
    return actor.reach(permission)


def found(work: Work, statement: Select[Row], thing: str) -> Row:
    """The one row of a scoped statement; out of reach and not there are the same answer."""
    row = work.session.scalars(statement).one_or_none()
    if row is None:
        raise fault("not_found", thing=thing)
    return row


def require_project(work: Work, actor: Actor, permission: Permission, project_id: UUID) -> None:
    """`unknown_reference` unless the actor may act with this permission on this project."""
    require(actor, permission)
    if work.session.scalar(reaches_project(actor, permission, project_id)) is None:
        raise fault("unknown_reference", "project_id")


def require_version(row_version: int, given: int) -> None:
    """`version_conflict` unless the caller saw the row as it is now."""
    if row_version != given:
        raise fault("version_conflict", current=row_version)
