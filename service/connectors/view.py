"""The contract as views of a PostgreSQL database (docs/connectors/view.sql): read only, in the order of changes."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from psycopg.types.string import TextLoader
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import DataError, DBAPIError, ProgrammingError

from service.connectors.base import Permanent
from service.connectors.source import LIMIT, Page, SourceDown, sha256_of

TIMEOUT_S = 10
_SINCE = "WHERE (changed_at, key) > (:at, :key) ORDER BY changed_at, key LIMIT :limit"
_KEYS = "WHERE key = ANY(:keys) ORDER BY changed_at, key"
_BEGINNING = f"{datetime.min.replace(tzinfo=UTC).isoformat()}|"

Row = Mapping[str, Any]


class ViewSource(ABC):
    """A database that shows its records in a view; one connection, kept for no longer than a page."""

    view: ClassVar[str]

    def __init__(self, url: str) -> None:
        options = "-c default_transaction_read_only=on -c timezone=UTC -c datestyle=ISO"
        options += f" -c statement_timeout={TIMEOUT_S}s"
        self._engine = create_engine(
            # Whatever the address says: psycopg is the driver we have.
            "postgresql+psycopg://" + url.partition("://")[2],
            isolation_level="REPEATABLE READ",
            hide_parameters=True,
            pool_size=1,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5, "options": options},
        )
        event.listen(self._engine, "connect", _leave_times)

    def changes(self, after: str | None) -> Iterator[Page]:
        """Pages by keys (changed_at, key); a row that is changed moves to the end and is told again."""
        cursor = after or _BEGINNING
        while True:
            at, _, key = cursor.partition("|")
            rows, items = self._read(_SINCE, at=_instant(at), key=key, limit=LIMIT)
            if not rows:
                return
            placed = [row for row in rows if row["key"] is not None and _instant_in(row["changed_at"])]
            if placed:
                cursor = f"{_instant(placed[-1]['changed_at']).isoformat()}|{placed[-1]['key']}"
            yield Page(items, cursor, sha256_of(items))
            # Rows without a place in the order of changes stand at its end, and would be read for ever.
            if len(rows) < LIMIT or not placed:
                return

    def again(self, keys: Sequence[str]) -> Iterator[Page]:
        """The rows of these keys as they are now."""
        for at in range(0, len(keys), LIMIT):
            asked = keys[at : at + LIMIT]
            _, items = self._read(_KEYS, keys=list(asked))
            yield Page(items, None, sha256_of(items), asked)

    def of_person(self, number: str, name: str) -> Page:  # noqa: ARG002 - the view is asked by the number alone
        """The rows of one document, of a view that has such a column."""
        _, items = self._read("WHERE document_number = :number ORDER BY key", number=number)
        return Page(items, None, sha256_of(items))

    def close(self) -> None:
        """Let the connection go."""
        self._engine.dispose()

    @abstractmethod
    def items(self, connection: Connection, rows: Sequence[Row]) -> list[Any]:
        """Rows as records of the contract."""

    def _read(self, condition: str, **values: object) -> tuple[list[Row], list[Any]]:
        try:
            with self._engine.connect() as connection:
                rows = self._rows(connection, self.view, condition, **values)
                return rows, self.items(connection, rows)
        except (ProgrammingError, KeyError):
            # A view that is not there, or has other columns, will not be there the next minute.
            raise Permanent("source_other_contract") from None
        except DataError:
            raise SourceDown("source_unreadable") from None
        except DBAPIError:
            raise SourceDown("source_unavailable") from None

    @staticmethod
    def _rows(connection: Connection, view: str, condition: str, **values: object) -> list[Row]:
        # Both are ours: no value stands in them.
        statement = text(f"SELECT * FROM {view} {condition}")  # noqa: S608
        return [dict(row) for row in connection.execute(statement, values).mappings()]


class FilingView(ViewSource):
    """`daogang_filings` with `daogang_filing_personnel`."""

    view = "daogang_filings"

    def items(self, connection: Connection, rows: Sequence[Row]) -> list[Any]:
        """Filings with their people, of the same moment."""
        order = "WHERE filing_key = ANY(:keys) ORDER BY post, document_number"
        people = self._rows(connection, "daogang_filing_personnel", order, keys=[row["key"] for row in rows])
        by_filing: dict[str, list[Any]] = {row["key"]: [] for row in rows}
        for person in people:
            by_filing[person["filing_key"]].append(_person(person))
        return [_filing(row, by_filing[row["key"]]) for row in rows]


class CertificateView(ViewSource):
    """`daogang_certificates`."""

    view = "daogang_certificates"

    def items(self, connection: Connection, rows: Sequence[Row]) -> list[Any]:  # noqa: ARG002 - a row is a record
        """Certificates with their holders."""
        return [_certificate(row) for row in rows]


def _leave_times(connection: Any, _record: object) -> None:  # noqa: ANN401 - a connection of the driver
    """Let days and times come as they are written: one that Python has not, infinity, is its record's fault."""
    for name in ("date", "timestamp", "timestamptz"):
        connection.adapters.register_loader(name, TextLoader)


def _instant_in(told: str) -> datetime | None:
    try:
        return datetime.fromisoformat(told)
    except ValueError:
        return None


def _instant(told: str) -> datetime:
    at = _instant_in(told)
    if at is None:
        raise Permanent("source_other_contract")
    return at


def _plain(value: object) -> object:
    """A value of a column as JSON has it."""
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    # Whatever else a column may hold is no value of the contract, and the record says so.
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _picked(row: Row, *names: str, **renamed: str) -> dict[str, Any]:
    return {name: _plain(row[column]) for name, column in {**{n: n for n in names}, **renamed}.items()}


def _unit(row: Row, prefix: str) -> dict[str, Any] | None:
    code, name = row[f"{prefix}_code"], row[f"{prefix}_name"]
    return {"credit_code": code, "name": name} if code or name else None


def _document(row: Row, name: str) -> dict[str, Any]:
    return _picked(row, kind="document_kind", number="document_number", name=name)


def _filing(row: Row, personnel: list[Any]) -> dict[str, Any]:
    project = _picked(
        row, "district", "body", "address", "kind", "area_m2", "price_yuan", "planned_from", "planned_until",
        "state", "state_from", name="project_name",
    )  # fmt: skip
    roles = ("client", "contractor", "supervision")
    units = [{"role": role, **unit} for role in roles if (unit := _unit(row, role)) is not None]
    own = _picked(row, "key", "number", "filed_on", "section", "section_group", "permit_number", "changed_at")
    return {**own, "project": project, "units": units, "personnel": personnel}


def _person(row: Row) -> dict[str, Any]:
    document = _document(row, "person_name")
    named = _picked(row, "post", "basis", **{"from": "starts_on", "until": "ends_on"})
    return {**named, "document": document, "unit": row["unit_code"]}


def _certificate(row: Row) -> dict[str, Any]:
    own = _picked(
        row, "key", "type", "level", "number", "specialty", "valid_from", "valid_until", "status", "status_from",
        "changed_at",
    )  # fmt: skip
    return {**own, "holder": {"document": _document(row, "holder_name")}, "unit": _unit(row, "unit")}
