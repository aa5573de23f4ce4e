"""A PostgreSQL of our own, with real processes."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from jobs.local.cluster import programs
from jobs.local.port import free_port
from jobs.local.postgres import LocalPostgres
from jobs.local.process import StartError

HOLD = """
import sys, time
from pathlib import Path
from jobs.local.postgres import LocalPostgres
server = LocalPostgres(Path(sys.argv[1]))
print(server.start(), server.pid, flush=True)
time.sleep(60)
"""


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def remember(url: str) -> None:
    with connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS number")


def remembered(url: str) -> int:
    with connect(url) as connection:
        return connection.execute("SELECT number FROM kept").fetchone()[0]


@contextlib.contextmanager
def held_elsewhere(folder: Path) -> Iterator[tuple[subprocess.Popen, str, int]]:
    """Another process that runs the server in this folder."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True) as runner:
        try:
            url, pid = runner.stdout.readline().split()
            yield runner, url, int(pid)
        finally:
            runner.kill()


def wait_gone(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(10)


def test_the_first_start_makes_a_utf8_database_for_a_role_without_power(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path, durable=False) as server, connect(server.url()) as connection:
        row = connection.execute(
            "SELECT current_user, current_database(), rolsuper, current_setting('server_encoding'),"
            " current_setting('TimeZone') FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row == ("daogang", "daogang", False, "UTF8", "UTC")


def test_the_passwords_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path, durable=False):
        mode = (tmp_path / "connect.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert not (tmp_path / "initial-password").exists()


def test_a_warm_start_has_the_same_address_and_the_data(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path) as server:
        first = server.url()
        remember(first)
    with LocalPostgres(tmp_path) as server:
        assert server.url() == first
        assert remembered(first) == 42


def test_a_server_that_is_killed_starts_again_on_its_port_with_its_data(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path) as server:
        url = server.url()
        remember(url)
        with connect(url):
            os.kill(server.pid, signal.SIGKILL)
            while server.alive():
                time.sleep(0.01)
            assert server.start() == url
        assert remembered(url) == 42


def test_after_the_runner_is_killed_the_server_ends_and_the_next_start_has_the_data(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as (runner, url, pid):
        remember(url)
        runner.kill()
        runner.wait()
        with LocalPostgres(tmp_path) as server:
            assert server.url() == url
            assert remembered(url) == 42
            wait_gone(pid)
            assert server.pid != pid


def test_a_process_number_from_before_a_restart_of_the_machine_is_no_obstacle(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path, durable=False) as server:
        cluster = server.cluster
    # This process is alive, and of another kind.
    (cluster / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster}\n")
    with LocalPostgres(tmp_path, durable=False) as server:
        assert server.alive()


def test_an_interrupted_first_start_leaves_nothing_half(tmp_path: Path) -> None:
    (tmp_path / "cluster.new").mkdir(parents=True)
    (tmp_path / "cluster.new" / "PG_VERSION").write_text("18\n")
    with LocalPostgres(tmp_path, durable=False) as server:
        assert server.alive()


def test_a_folder_that_another_runner_holds_is_one_clear_line(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as (runner, _, _):
        with pytest.raises(StartError) as refused:
            LocalPostgres(tmp_path).start()
        assert f"(pid {runner.pid})" in str(refused.value)
        assert "\n" not in str(refused.value)


def test_a_port_that_was_asked_for_and_is_taken_is_one_clear_line(tmp_path: Path) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"^port {port} for postgresql is in use by .*{os.getpid()}"):
            LocalPostgres(tmp_path, port, durable=False).start()


def test_a_port_that_is_asked_for_is_used(tmp_path: Path) -> None:
    port = free_port()
    with LocalPostgres(tmp_path, port, durable=False) as server:
        assert f"@127.0.0.1:{port}/" in server.url()


def test_the_port_of_last_time_is_given_up_when_somebody_has_it(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path, durable=False) as server:
        port = server.port
    with (
        contextlib.closing(socket.create_server(("127.0.0.1", port))),
        LocalPostgres(tmp_path, durable=False) as server,
    ):
        assert server.port != port
        assert server.alive()


def test_it_runs_below_a_folder_that_only_its_owner_may_enter(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with LocalPostgres(closed / "deep", durable=False) as server, connect(server.url()) as connection:
        connection.execute("SELECT 1")
        assert psutil.Process(server.pid).uids().effective != 0
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_its_programs_may_lie_below_such_a_folder_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    installed = programs(tmp_path / "no-cluster").parent
    package, libraries = installed.parent, installed.parent.with_suffix(".libs")
    shutil.copytree(libraries, closed / libraries.name)
    shutil.copytree(installed, closed / package.name / installed.name, ignore=shutil.ignore_patterns("include"))
    monkeypatch.setattr("jobs.local.postgres.programs", lambda _: closed / package.name / installed.name / "bin")
    with LocalPostgres(closed / "data", durable=False) as server, connect(server.url()) as connection:
        connection.execute("SELECT 1")


def test_a_deep_folder_with_spaces_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path / ("a folder with spaces " * 4) / ("deeper " * 10)
    with LocalPostgres(deep, durable=False) as server, connect(server.url()) as connection:
        connection.execute("SELECT 1")


def test_a_cluster_of_a_version_we_do_not_have_is_one_clear_line(tmp_path: Path) -> None:
    cluster = tmp_path / "cluster"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("11\n")
    with pytest.raises(StartError, match="was made by PostgreSQL 11"):
        LocalPostgres(tmp_path).start()


def test_a_cluster_that_does_not_start_shows_the_last_line_of_its_log(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path, durable=False) as server:
        cluster = server.cluster
    (cluster / "global" / "pg_control").unlink()
    with pytest.raises(StartError, match=r"pg_control|could not find the database system|No such file"):
        LocalPostgres(tmp_path, durable=False).start()
