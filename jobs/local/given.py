"""Servers the caller names: tried before anything starts, so that a refusal is one line and never a password."""

import re
from typing import NoReturn

import psycopg
import redis
from psycopg.conninfo import conninfo_to_dict

from jobs.local.process import StartError
from jobs.local.redis import once

OLDEST = 15
SCHEME = re.compile(r"^postgres(ql)?(\+\w+)?://")


def checked_database(text: str) -> str:
    """The address as SQLAlchemy needs it for our driver, if the server behind it takes us."""
    plain = SCHEME.sub("postgresql://", text)
    parts = _parts(plain)
    where = f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}"
    try:
        with psycopg.connect(plain, connect_timeout=5) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        reason = _reason(error, str(parts.get("password") or ""))
        raise StartError(f"the database at {where} (DATABASE_URL) refuses: {reason}") from None
    if version < OLDEST:
        raise StartError(f"the database at {where} (DATABASE_URL) is PostgreSQL {version}; {OLDEST} or newer is needed")
    return SCHEME.sub("postgresql+psycopg://", text)


def checked_redis(text: str) -> str:
    """The address, if the Redis behind it takes us."""
    try:
        client = redis.Redis.from_url(text, socket_connect_timeout=5, socket_timeout=5, retry=once())
    except ValueError:
        raise StartError("REDIS_URL is not the address of a Redis: redis://:password@host:6379/0 is one") from None
    arguments = client.connection_pool.connection_kwargs
    where = arguments.get("path") or f"{arguments.get('host', 'localhost')}:{arguments.get('port', 6379)}"
    with client:
        try:
            client.ping()
        except redis.RedisError as error:
            reason = _reason(error, arguments.get("password"))
            raise StartError(f"the Redis at {where} (REDIS_URL) refuses: {reason}") from None
    return text


def _parts(plain: str) -> dict[str, object]:
    try:
        return {**conninfo_to_dict(plain)} if SCHEME.match(plain) else _not_a_database()
    except psycopg.ProgrammingError:
        return _not_a_database()


def _not_a_database() -> NoReturn:
    """The reader of addresses quotes what it could not read, which may be a password: its words are not passed on."""
    raise StartError(
        "DATABASE_URL cannot be read as the address of a PostgreSQL: postgresql://user:password@host:5432/name is one"
    ) from None


def _reason(error: Exception, password: str | None) -> str:
    """The first sentence of somebody else's error, without the password if it should stand in there."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    reason = lines[0].removeprefix("connection failed: ")
    return re.sub(rf"(?<!\w){re.escape(password)}(?!\w)", "***", reason) if password else reason
