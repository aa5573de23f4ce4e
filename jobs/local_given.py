"""Servers the caller names: tried before anything starts, so that a refusal is one line and never a password."""

import psycopg
import redis
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from jobs.local_process import StartError
from jobs.local_redis import once

OLDEST = 15


def checked_database(text: str) -> str:
    """The address as SQLAlchemy needs it for our driver, if the server behind it takes us."""
    url = _database_url(text)
    where = f"{url.host or 'local socket'}:{url.port or 5432}"
    try:
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, connect_timeout=5) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        raise StartError(f"the database at {where} (DATABASE_URL) refuses: {_reason(error, url.password)}") from None
    if version < OLDEST:
        raise StartError(f"the database at {where} (DATABASE_URL) is PostgreSQL {version}; {OLDEST} or newer is needed")
    return url.render_as_string(hide_password=False)


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


def _database_url(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() not in {"postgresql", "postgres"}:
        raise StartError(
            "DATABASE_URL is not the address of a PostgreSQL: postgresql://user:password@host:5432/name is one"
        )
    return url.set(drivername="postgresql+psycopg")


def _reason(error: Exception, password: str | None) -> str:
    """The first sentence of somebody else's error, without the password if it should stand in there."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    reason = lines[0].removeprefix("connection failed: ")
    return reason.replace(password, "***") if password else reason
