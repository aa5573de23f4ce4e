"""Rows of a batch into their table: one statement for all of them, who was there first decided by the database."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy import column as sql_column
from sqlalchemy.dialects.postgresql import ARRAY, insert

from service.domain.sources import Source
from service.domain.topics import Topic
from service.store.base import Base
from service.store.models import Finding
from service.store.work import Work

Values = Mapping[str, Any]


def insert_new(work: Work, model: type[Base], rows: Iterable[Values]) -> frozenset[UUID]:
    """The ids of the rows that nobody made before us; each row brings its `id`, all have the same columns.

    Rows come sorted by their unique key: two callers with the same rows then wait for one another in one order.
    """
    news = [{"created_at": work.clock.now(), **row} for row in rows]
    if not news:
        return frozenset()
    table = cast("Table", model.__table__)
    columns = [table.c[name] for name in news[0]]
    # A parameter a column, not one a cell: the driver takes each of them apart.
    arrays = [
        bindparam(f"all_{column.name}", [row[column.name] for row in news], ARRAY(column.type, dimensions=1))
        for column in columns
    ]
    cells = func.unnest(*arrays).table_valued(*(sql_column(c.name, c.type) for c in columns), name="told")
    told = cells.render_derived()
    statement = insert(table).from_select([*news[0]], select(*told.c)).on_conflict_do_nothing().returning(table.c.id)
    return frozenset(work.session.connection().execute(statement).scalars())


def change_rows(work: Work, model: type[Base], rows: Sequence[Values]) -> None:
    """Write these columns of rows that are locked, found by `id`, and count their versions up."""
    if not rows:
        return
    table = cast("Table", model.__table__)
    # The column's own name would be taken for a value to set.
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in rows[0] if name != "id"}
    statement = update(table).where(table.c.id == bindparam("row_id"))
    news = [{"row_id": row["id"], **{f"new_{name}": row[name] for name in rows[0] if name != "id"}} for row in rows]
    work.session.connection().execute(statement.values(**values, version=table.c.version + 1), news)


def confirm(work: Work, model: type[Base], ids: Collection[UUID], source: Source, checked_at: datetime | None) -> None:
    """Say when their source confirmed rows that stay as they are; their versions stay too."""
    if not ids or checked_at is None:
        return
    table = cast("Table", model.__table__)
    statement = update(table).where(table.c.id.in_(ids)).values(checked_at=checked_at, source=source)
    work.session.connection().execute(statement)


def record(work: Work, act: str, ids: Iterable[UUID], source: Source) -> None:
    """Audit one act on many rows, naming where it came from."""
    record_fields(work, act, dict.fromkeys(ids, ()), source)


def record_fields(work: Work, act: str, fields: Mapping[UUID, Collection[str]], source: Source) -> None:
    """Audit one act on many rows with the fields it changed, never what stands in them."""
    told = [
        (row_id, {"source": str(source), **({"fields": sorted(names)} if names else {})})
        for row_id, names in fields.items()
    ]
    if told:
        work.audit_all(act, told)


def recheck_found(work: Work, project_ids: Collection[UUID]) -> None:
    """Have projects looked at on which something is found that a batch may have put right; the others are right."""
    if project_ids:
        of_projects = Finding.project_id.in_(set(project_ids)), Finding.closed_at.is_(None)
        found = select(Finding.project_id).where(*of_projects).distinct().order_by(Finding.project_id)
        work.publish_all(Topic.LIST_CHANGED, work.session.scalars(found).all())
