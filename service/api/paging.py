"""Lists: `?limit=` and `?cursor=` in, `{items, next}` out."""

from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields

from service.api.schemas.base import Out, Strict, Text, between
from service.errors import fault
from service.store.queries.paging import Window

MOST = 200


class PageIn(Strict):
    """The page asked for."""

    limit = fields.Integer(load_default=50, validate=between(1, MOST), metadata={"description": "rows a page"})
    cursor = Text(most=64, metadata={"description": "`next` of the page before"})


@cache
def page_of(item: type[Schema]) -> type[Schema]:
    """The schema of a page of items."""
    name = item.__name__.removesuffix("Out") + "PageOut"
    return type(name, (Out,), {"items": fields.List(fields.Nested(item)), "next": fields.String(allow_none=True)})


def split(query: dict[str, Any], key: Callable[[str], Any] = UUID) -> tuple[Window, dict[str, Any]]:
    """The window and the filters of a list's query; a cursor that is none of ours is refused."""
    filters = {name: value for name, value in query.items() if name not in {"limit", "cursor"}}
    cursor = query.get("cursor")
    try:
        return Window(query["limit"], key(cursor) if cursor else None), filters
    except ValueError:
        raise fault("invalid", "cursor") from None
