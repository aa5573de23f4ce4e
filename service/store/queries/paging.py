"""Lists in pages: newest first, the cursor is the last id of the page before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select
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
