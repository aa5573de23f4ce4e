"""Rows into the database by COPY, a batch at a time, so that a city of any size takes no more memory than a batch."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import text

from service.simulate.drafts import Group
from service.store.base import Base
from service.store.work import Work

#: Sites in one batch.
BATCH = 100


def load(work: Work, groups: Iterable[Group], watch: Callable[[int], object]) -> Counter[str]:
    """Copy everything into the database; how many rows each table got. `watch` is told how many sites are done."""
    counts: Counter[str] = Counter()
    for batch in _batches(groups):
        counts += copy_rows(work, (row for group in batch for row in group.rows()))
        watch(sum(len(group.sites) for group in batch))
    # Without statistics the first questions are answered as if every table were small.
    for table in counts:
        work.session.execute(text(f'ANALYZE "{table}"'))
    return counts


def _batches(groups: Iterable[Group]) -> Iterator[list[Group]]:
    batch: list[Group] = []
    sites = 0
    for group in groups:
        batch.append(group)
        sites += len(group.sites)
        if sites >= BATCH:
            yield batch
            batch, sites = [], 0
    if batch:
        yield batch


def copy_rows(work: Work, rows: Iterable[Base]) -> Counter[str]:
    """Copy rows that nobody has added, into each table after those it refers to; how many each got."""
    by_kind: dict[type[Base], list[Base]] = {}
    for row in rows:
        by_kind.setdefault(type(row), []).append(row)
    order = {table.name: at for at, table in enumerate(Base.metadata.sorted_tables)}
    kinds = sorted(by_kind.items(), key=lambda each: order[each[0].__tablename__])
    now = work.clock.now()
    # psycopg's own connection: COPY is no part of what SQLAlchemy knows.
    connection: Any = work.session.connection().connection
    with connection.cursor() as cursor:
        for kind, some in kinds:
            _copy(cursor, kind, some, now)
    return Counter({kind.__tablename__: len(some) for kind, some in kinds})


def _copy(cursor: Any, kind: type[Base], rows: list[Base], now: datetime) -> None:  # noqa: ANN401 - the pool's proxy
    columns = list(kind.__table__.columns)
    fallbacks = [_fallback(column, now) for column in columns]
    values_of = attrgetter(*(column.key for column in columns))
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(kind.__tablename__), names)
    with cursor.copy(statement) as copy:
        for row in rows:
            given = zip(values_of(row), fallbacks, strict=True)
            copy.write_row([fallback if value is None else _plain(value) for value, fallback in given])


def _fallback(column: Any, now: datetime) -> object:  # noqa: ANN401 - a column of any mapped class
    """What a column holds that nobody filled."""
    if column.name == "created_at":
        return now
    default: Any = column.default
    if default is None:
        return None
    return _plain(default.arg if default.is_scalar else default.arg(None))


def _plain(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    return Jsonb(value) if isinstance(value, list | dict) else value
