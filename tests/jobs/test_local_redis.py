"""A Redis of our own, with real processes."""

import contextlib
import os
import signal
import stat
import time
from pathlib import Path

import pytest
import redis

from jobs.local.process import StartError
from jobs.local.redis import LocalRedis


def client(url: str) -> contextlib.closing:
    return contextlib.closing(redis.Redis.from_url(url))


def put(url: str, key: str, value: str) -> None:
    with client(url) as connection:
        connection.set(key, value)


def get(url: str, key: str) -> bytes | None:
    with client(url) as connection:
        return connection.get(key)


def append_only_file(folder: Path) -> Path:
    """The file of today's Redis, or the one it writes to among those of a newer one."""
    files = sorted(path for path in folder.glob("appendonly*/*.incr.aof")) or [folder / "appendonly.aof"]
    return files[-1]


def test_a_warm_start_has_the_same_address_and_the_data(tmp_path: Path) -> None:
    with LocalRedis(tmp_path) as server:
        first = server.url()
        put(first, "kept", "yes")
    with LocalRedis(tmp_path) as server:
        assert server.url() == first
        assert get(first, "kept") == b"yes"


def test_nobody_comes_in_without_the_password(tmp_path: Path) -> None:
    with LocalRedis(tmp_path) as server:
        without = f"redis://127.0.0.1:{server.port}/0"
        with client(without) as connection, pytest.raises(redis.AuthenticationError):
            connection.ping()
        assert stat.S_IMODE((tmp_path / "redis.conf").stat().st_mode) == 0o600


def test_it_never_throws_keys_away(tmp_path: Path) -> None:
    with LocalRedis(tmp_path) as server, client(server.url()) as connection:
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert connection.config_get("appendonly") == {"appendonly": "yes"}


def test_a_server_that_is_killed_starts_again_on_its_port_with_its_data(tmp_path: Path) -> None:
    with LocalRedis(tmp_path) as server:
        url = server.url()
        put(url, "kept", "yes")
        os.kill(server.pid, signal.SIGKILL)
        while server.alive():
            time.sleep(0.01)
        assert server.start() == url
        assert get(url, "kept") == b"yes"


def test_a_file_cut_off_at_its_end_loads_up_to_there(tmp_path: Path) -> None:
    with LocalRedis(tmp_path) as server:
        put(server.url(), "kept", "yes")
        put(server.url(), "lost", "x" * 100)
    file = append_only_file(tmp_path)
    os.truncate(file, file.stat().st_size - 50)
    with LocalRedis(tmp_path) as server:
        assert get(server.url(), "kept") == b"yes"
        assert get(server.url(), "lost") is None
        assert server.warnings() == []


def test_a_file_damaged_beyond_that_is_put_aside_and_said_once(tmp_path: Path) -> None:
    with LocalRedis(tmp_path) as server:
        put(server.url(), "gone", "yes")
    append_only_file(tmp_path).write_bytes(b"this is no append-only file\r\n" * 10)
    with LocalRedis(tmp_path) as server:
        assert get(server.url(), "gone") is None
        (line,) = server.warnings()
        assert "could not read its file" in line
        assert server.warnings() == []
    assert len(list(tmp_path.glob("appendonly*.damaged-*"))) == 1


def test_a_folder_with_quotes_and_spaces_in_its_name_is_no_obstacle(tmp_path: Path) -> None:
    with LocalRedis(tmp_path / 'a "b" \\ c') as server:
        put(server.url(), "kept", "yes")
    assert append_only_file(tmp_path / 'a "b" \\ c').exists()


def test_a_folder_that_is_held_is_one_clear_line(tmp_path: Path) -> None:
    with LocalRedis(tmp_path), pytest.raises(StartError, match=f"pid {os.getpid()}"):
        LocalRedis(tmp_path).start()
