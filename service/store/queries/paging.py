"""Lists in pages: newest first, the cursor is the last id of the page before; or by rank, and then it has both."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select, tuple_
from sqlalchemy.orm import Session

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page, and the cursor of the next or None at the end."""

    items: Sequence[Row]
    next: str | None


@dataclass(frozen=True, slots=True)
class Window:
    """Which page is asked for; `after` is the key of the last row seen."""

    limit: int = 50
    after: Any = None


def page(session: Session, statement: Select[Row], key: Any, window: Window) -> Page[Row]:  # noqa: ANN401 - an ORM attribute
    """The page of a statement by its unique key, descending; one row more is read to know whether another follows."""
    ordered = statement.order_by(key.desc()).limit(window.limit + 1)
    if window.after is not None:
        ordered = ordered.where(key < window.after)
    rows = session.scalars(ordered).all()
    items = rows[: window.limit]
    more = len(rows) > window.limit
    return Page(items, str(getattr(items[-1], key.key)) if more else None)


def ranked_page(session: Session, statement: Select[Row], keys: tuple[Any, Any], window: Window) -> Page[Row]:
    """The page of a statement by a number and a unique id, both ascending: the first row is the most urgent.

    What comes in meanwhile before the cursor is not seen until the list is read again; nothing is seen twice.
    """
    rank, key = keys
    ordered = statement.order_by(rank, key).limit(window.limit + 1)
    if window.after is not None:
        ordered = ordered.where(tuple_(rank, key) > tuple_(*window.after))
    rows = session.scalars(ordered).all()
    items = rows[: window.limit]
    more = len(rows) > window.limit
    return Page(items, f"{getattr(items[-1], rank.key)!r}_{getattr(items[-1], key.key)}" if more else None)


def rank_key(cursor: str) -> tuple[float, UUID]:
    """What `ranked_page` gave as `next`; ValueError for anything else."""
    rank, _, key = cursor.partition("_")
    if not math.isfinite(number := float(rank)):
        raise ValueError(cursor)
    return number, UUID(key)
