"""Locks on what is no row yet: held until the transaction ends, waited for like a row's."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b

from sqlalchemy import Connection, text

from service.store.work import Database, Work


def hold(work: Work, *names: object) -> None:
    """Keep everybody else who holds or shares this name waiting until the transaction ends."""
    work.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _key(names)})


def hold_all(work: Work, name: object, ids: Iterable[object]) -> None:
    """Hold a name for each of many ids, in one order, so that two who hold some of the same never block each other."""
    keys = sorted({_key((name, each)) for each in ids})
    statement = text("SELECT count(pg_advisory_xact_lock(key)) FROM unnest(CAST(:keys AS bigint[])) AS key")
    work.session.execute(statement, {"keys": keys})


def share(work: Work, *names: object) -> None:
    """Keep whoever wants to hold this name waiting; many may share it."""
    work.session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _key(names)})


def share_all(work: Work, name: object, ids: Iterable[object]) -> None:
    """Share a name for each of many ids, in one order."""
    keys = sorted({_key((name, each)) for each in ids})
    statement = text("SELECT count(pg_advisory_xact_lock_shared(key)) FROM unnest(CAST(:keys AS bigint[])) AS key")
    work.session.execute(statement, {"keys": keys})


def free(work: Work, *names: object) -> bool:
    """True when nobody else holds this name; it is held until the transaction ends."""
    return bool(work.session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _key(names)}))


@contextmanager
def alone(database: Database, *names: object) -> Iterator[bool]:
    """Whether nobody else holds this name, over many transactions: until the block ends, or the process dies."""
    key = {"key": _key(names)}
    with _session(database) as connection:
        held = bool(connection.execute(text("SELECT pg_try_advisory_lock(:key)"), key).scalar())
        try:
            yield held
        finally:
            if held:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)


@contextmanager
def _session(database: Database) -> Iterator[Connection]:
    if isinstance(database.bind, Connection):
        yield database.bind
        return
    # Without a transaction of its own, which would stay open for as long as the lock is held.
    with database.bind.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


def _key(names: tuple[object, ...]) -> int:
    digest = blake2b("/".join(map(str, names)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
