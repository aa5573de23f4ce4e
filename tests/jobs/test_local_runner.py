"""`python -m jobs.dev` as a person runs it, with small stand-ins for the service's own programs."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from jobs.local.lock import FolderLock
from jobs.local.port import free_port
from jobs.local.postgres import LocalPostgres

JOBS = Path(__file__).resolve().parents[2] / "jobs"
MOMENT = "2026-03-02T07:00:00+08:00"
IDLE = "import time\nwhile True:\n    time.sleep(60)\n"
STAND_INS = {
    "service/__init__.py": "",
    "service/connectors/__init__.py": "",
    "service/connectors/fakes/__init__.py": "",
    "service/connectors/fakes/wechat.py": IDLE,
    "service/connectors/fakes/filing.py": IDLE,
    "service/connectors/fakes/certificates.py": IDLE,
    "service/cli.py": (
        "import os, sys, psycopg\n"
        "url = os.environ['DATABASE_URL'].replace('+psycopg', '')\n"
        "with psycopg.connect(url) as connection:\n"
        "    if sys.argv[1] == 'migrate':\n"
        "        connection.execute('CREATE TABLE IF NOT EXISTS runs (what text)')\n"
        "    connection.execute('INSERT INTO runs VALUES (%s)', (sys.argv[1],))\n"
        "print('' if sys.argv[1] == 'migrate' else 'admin one-time-password')\n"
    ),
    "wsgi.py": (
        "import os\n"
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [])\n"
        "    return [os.environ['DATABASE_URL'].encode()]\n"
    ),
    "jobs/worker.py": IDLE,
    "jobs/tick.py": IDLE,
}


class Runner:
    """One run of the runner in a tree of its own."""

    def __init__(self, tree: Path, *arguments: str, **env: str) -> None:
        self.folder = tree / "var"
        command = [sys.executable, "-m", "jobs.dev", "--port", "0", "--workers", "1", *arguments]
        inherited = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        self.process = subprocess.Popen(
            command, cwd=tree, env={**inherited, **env}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.printed = ""

    def note(self) -> dict[str, object]:
        return FolderLock(self.folder / "dev.lock").read()

    def wait_ready(self) -> str:
        wait_for(lambda: self.process.poll() is not None or self.note().get("ready"))
        assert self.process.poll() is None, self.process.stdout.read()
        return str(self.note()["address"])

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.finish()

    def finish(self) -> int:
        self.printed, _ = self.process.communicate(timeout=40)
        return self.process.returncode


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copytree(JOBS, tmp_path / "jobs", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(JOBS.parent / "deploy", tmp_path / "deploy")
    for name, text in STAND_INS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@contextlib.contextmanager
def started(tree: Path, *arguments: str, **env: str) -> Iterator[Runner]:
    runner = Runner(tree, *arguments, **env)
    try:
        yield runner
    finally:
        if runner.process.poll() is None:
            runner.end(signal.SIGTERM)
        runner.process.stdout.close()


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def get(address: str) -> str:
    with urllib.request.urlopen(f"{address}/", timeout=5) as answer:
        return answer.read().decode()


def descendants(runner: Runner) -> list[psutil.Process]:
    return psutil.Process(runner.process.pid).children(recursive=True)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    def does_something(process: psutil.Process) -> bool:
        try:
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    return [process for process in processes if does_something(process)]


def runs(url: str) -> list[str]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return [row[0] for row in connection.execute("SELECT what FROM runs")]


def test_it_migrates_seeds_serves_says_where_and_stops_everything_at_ctrl_c(tree: Path) -> None:
    with started(tree) as runner:
        address = runner.wait_ready()
        assert runs(get(address)) == ["migrate", "seed"]
        family = descendants(runner)
        assert len(family) >= 9
        assert runner.end(signal.SIGINT) == 0
    assert alive(family) == []
    for words in ("admin one-time-password", address, f"{address}/api/docs", "fake WeChat", "stopped"):
        assert words in runner.printed


def test_one_time_passwords_are_printed_and_stand_in_no_log(tree: Path) -> None:
    with started(tree) as runner:
        runner.wait_ready()
        runner.end()
    logs = "".join(path.read_text(errors="replace") for path in (tree / "var").rglob("*.log"))
    assert "one-time-password" in runner.printed
    assert "one-time-password" not in logs


def test_after_the_runner_is_killed_everything_ends_and_it_starts_again_with_its_data(tree: Path) -> None:
    port = str(free_port())
    with started(tree, "--port", port) as runner:
        runner.wait_ready()
        family = descendants(runner)
        runner.end(signal.SIGKILL)
    with started(tree, "--port", port) as runner:
        wait_for(lambda: runner.note().get("pid") == runner.process.pid)
        assert runs(get(runner.wait_ready())) == ["migrate", "seed"] * 2
        assert alive(family) == []


def test_a_killed_database_comes_back_at_the_same_address(tree: Path) -> None:
    with started(tree) as runner:
        url = get(runner.wait_ready())
        database = int((tree / "var/postgresql/cluster/postmaster.pid").read_text().split()[0])
        os.kill(database, signal.SIGKILL)

        def is_back() -> bool:
            try:
                return runs(url) == ["migrate", "seed"]
            except psycopg.OperationalError:
                return False

        wait_for(is_back)
        assert runner.end() == 0
    assert "postgresql died, is restarted" in runner.printed


def test_a_second_runner_is_told_who_is_first(tree: Path) -> None:
    with started(tree) as first:
        address = first.wait_ready()
        with started(tree) as second:
            assert second.finish() == 1
        (line,) = second.printed.splitlines()
        assert address in line
        assert str(first.process.pid) in line


def test_a_runner_waits_for_one_that_is_stopping(tree: Path) -> None:
    with started(tree) as first:
        first.wait_ready()
        first.process.send_signal(signal.SIGTERM)
        wait_for(lambda: first.note().get("stopping"))
        with started(tree) as second:
            wait_for(lambda: second.note().get("pid") == second.process.pid)
            second.wait_ready()


def test_a_port_in_use_is_one_line_with_who_has_it_and_what_to_do(tree: Path) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with started(tree, "--port", str(port)) as runner:
            assert runner.finish() == 1
    (line,) = [line for line in runner.printed.splitlines() if line.startswith("daogang:")]
    assert f"port {port} is in use by" in line
    assert "make run PORT=" in line
    assert "Traceback" not in runner.printed


def test_a_given_database_is_migrated_and_never_filled(tree: Path, tmp_path: Path) -> None:
    with LocalPostgres(tmp_path / "given", durable=False) as given:
        with started(tree, DATABASE_URL=given.url()) as runner:
            assert get(runner.wait_ready()) == given.url()
            assert runs(given.url()) == ["migrate"]
            runner.end()
        assert not (tree / "var/postgresql").exists()


def test_a_clock_reaches_every_process(tree: Path) -> None:
    (tree / "wsgi.py").write_text(STAND_INS["wsgi.py"].replace("DATABASE_URL", "DAOGANG_CLOCK"))
    with started(tree, "--clock", MOMENT) as runner:
        assert get(runner.wait_ready()) == MOMENT


def test_a_clock_without_a_zone_is_refused(tree: Path) -> None:
    with started(tree, "--clock", "2026-03-02T07:00:00") as runner:
        assert runner.finish() == 2
    assert "2026-03-02T07:00:00 is not a time with its zone" in runner.printed


@pytest.mark.parametrize(("arguments", "named"), [(("--clock", MOMENT), {}), ((), {"DAOGANG_CLOCK": MOMENT})])
def test_a_movable_clock_never_runs_over_a_given_database(
    tree: Path, arguments: tuple[str, ...], named: dict[str, str]
) -> None:
    with started(tree, *arguments, DATABASE_URL="postgresql://me:s3cret@127.0.0.1/x", **named) as runner:
        assert runner.finish() == 1
    (line,) = runner.printed.splitlines()
    assert line.startswith("daogang: the movable clock needs a database of its own")


def test_a_given_database_that_refuses_is_one_line_without_its_password(tree: Path) -> None:
    url = f"postgresql://me:s3cret@127.0.0.1:{free_port()}/x"
    with started(tree, DATABASE_URL=url) as runner:
        assert runner.finish() == 1
    (line,) = [line for line in runner.printed.splitlines() if line.startswith("daogang:")]
    assert "refuses" in line
    assert "s3cret" not in runner.printed
    assert "Traceback" not in runner.printed


def test_a_migration_that_fails_is_one_line_and_leaves_nobody(tree: Path) -> None:
    (tree / "service/cli.py").write_text("raise SystemExit('no such revision')\n")
    with started(tree) as runner:
        assert runner.finish() == 1
    assert "daogang: migrations failed: no such revision" in runner.printed
    assert not (tree / "var/postgresql/cluster/postmaster.pid").exists()


def test_the_secrets_are_private_and_stay_the_same(tree: Path) -> None:
    secrets = tree / "var/secrets.env"
    with started(tree) as runner:
        runner.wait_ready()
        first = secrets.read_text()
        runner.end()
    with started(tree) as runner:
        runner.wait_ready()
        runner.end()
    assert secrets.read_text() == first
    assert secrets.stat().st_mode & 0o077 == 0


def test_a_command_beside_it_finds_its_database_until_it_stops(tree: Path) -> None:
    told = tree / "var" / "instance.sh"
    with started(tree) as runner:
        address = runner.wait_ready()
        assert told.stat().st_mode & 0o777 == 0o600
        shown = subprocess.run(
            ["/bin/sh", "-c", f'. {told}; echo "$DATABASE_URL"'], capture_output=True, text=True, check=True, env={}
        )
        assert shown.stdout.strip() == get(address)
    assert not told.exists()


def test_a_single_command_gets_empty_servers_that_are_gone_afterwards(tree: Path) -> None:
    code = (
        "import json, os, psycopg, redis\n"
        "psycopg.connect(os.environ['DATABASE_URL'].replace('+psycopg', '')).close()\n"
        "redis.Redis.from_url(os.environ['REDIS_URL']).ping()\n"
        "print(json.dumps(dict(os.environ)))\n"
        "raise SystemExit(7)\n"
    )
    with started(tree, "--exec", "--", sys.executable, "-W", "ignore", "-c", code, DATABASE_URL="not-this") as runner:
        assert runner.finish() == 7
    env = json.loads(runner.printed)
    assert env["DAOGANG_ENV"] == "development"
    assert {"DAOGANG_KEYS", "DAOGANG_TOKEN_SECRET", "DAOGANG_PHOTO_DIR", "WECHAT_APP_ID"} <= set(env)
    assert list((tree / "var").glob("exec-*")) == []


def test_what_a_killed_single_command_left_is_swept_by_the_next(tree: Path) -> None:
    with started(tree, "--exec", "--", sys.executable, "-c", IDLE) as runner:
        wait_for(lambda: list((tree / "var").glob("exec-*/redis/redis.pid")))
        runner.end(signal.SIGKILL)
    with started(tree, "--exec", "--", "true") as runner:
        assert runner.finish() == 0
    assert list((tree / "var").glob("exec-*")) == []
