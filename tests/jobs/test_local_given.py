"""Servers that the environment names and that refuse."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.local.given import checked_database, checked_redis
from jobs.local.port import free_port
from jobs.local.postgres import LocalPostgres
from jobs.local.process import StartError
from jobs.local.redis import LocalRedis


def refusal(check: Callable[[str], str], url: str) -> str:
    with pytest.raises(StartError) as refused:
        check(url)
    line = str(refused.value)
    assert "\n" not in line
    assert "s3cret" not in line
    return line


def test_a_database_nobody_serves_is_one_line_with_its_place_and_the_reason() -> None:
    port = free_port()
    line = refusal(checked_database, f"postgresql://me:s3cret@127.0.0.1:{port}/x")
    assert f"127.0.0.1:{port}" in line
    assert "Connection refused" in line


def test_a_database_that_does_not_take_the_password_says_so(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path, durable=False) as server:
        line = refusal(checked_database, f"postgresql://daogang:s3cret@127.0.0.1:{server.port}/daogang")
    assert "password authentication failed" in line


def test_an_address_of_another_kind_of_database_is_refused_by_name() -> None:
    assert "cannot be read as the address of a PostgreSQL" in refusal(checked_database, "mysql://me:s3cret@127.0.0.1/x")
    assert "cannot be read as the address of a PostgreSQL" in refusal(checked_database, "s3cret")


def test_a_database_that_answers_is_named_with_our_driver(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path, durable=False) as server:
        assert checked_database(server.url().replace("+psycopg", "")) == server.url()


def test_a_redis_nobody_serves_is_one_line_with_its_place_and_the_reason() -> None:
    port = free_port()
    line = refusal(checked_redis, f"redis://:s3cret@127.0.0.1:{port}/0")
    assert f"127.0.0.1:{port}" in line
    assert "refused" in line


def test_a_redis_that_does_not_take_the_password_says_so(tmp_path: Path) -> None:
    with LocalRedis(tmp_path, durable=False) as server:
        line = refusal(checked_redis, f"redis://:s3cret@127.0.0.1:{server.port}/0")
        assert checked_redis(server.url()) == server.url()
    assert "invalid" in line or "WRONGPASS" in line


def test_something_else_than_a_redis_is_refused_in_one_line() -> None:
    assert "REDIS_URL" in refusal(checked_redis, "http://me:s3cret@127.0.0.1/")
