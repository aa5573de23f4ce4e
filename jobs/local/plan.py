"""The commands of an instance: the fake WeChat and registries, the API, the workers and the tick."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from jobs.local.command import Command
from jobs.local.port import in_url

MOST_WORKERS = 8
GUNICORN = Path(__file__).parents[2] / "deploy" / "gunicorn.conf.py"
RECORDS = Path(__file__).parents[2] / "service" / "connectors" / "fakes"
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn's own choice of file in it is private and unnamed


def fake_wechat(folder: Path, port: int, env: Mapping[str, str]) -> Command:
    """The server that speaks WeChat's protocol on this machine."""
    argv = [sys.executable, "-m", "service.connectors.fakes.wechat", "--port", str(port)]
    return Command("fake wechat", argv, log=folder / "log" / "fake-wechat.log", env=env)


def fake_filing(folder: Path, port: int, env: Mapping[str, str], *, demo_data: bool) -> Command:
    """The filing system on this machine, with the demo district's filings where there is one."""
    return _fake_source("filing", folder, port, env, demo_data=demo_data)


def fake_certificates(folder: Path, port: int, env: Mapping[str, str], *, demo_data: bool) -> Command:
    """The certificate registry on this machine, with the demo district's certificates where there is one."""
    return _fake_source("certificates", folder, port, env, demo_data=demo_data)


def _fake_source(name: str, folder: Path, port: int, env: Mapping[str, str], *, demo_data: bool) -> Command:
    argv = [sys.executable, "-m", f"service.connectors.fakes.{name}", "--port", str(port)]
    argv += ["--records", str(RECORDS / f"demo_{name}.json")] if demo_data else []
    return Command(f"fake {name}", argv, log=folder / "log" / f"fake-{name}.log", env=env)


def api(folder: Path, host: str, port: int, env: Mapping[str, str]) -> Command:
    """The API behind gunicorn, as in production."""
    logs = folder / "log"
    argv = [sys.executable, "-m", "gunicorn", "-c", str(GUNICORN), "wsgi:app"]
    argv += ["--bind", f"{in_url(host)}:{port}", "--worker-tmp-dir", heartbeat_folder()]
    argv += ["--access-logfile", str(logs / "access.log")]
    return Command("api", argv, log=logs / "api.log", env=env)


def workers(folder: Path, count: int, env: Mapping[str, str]) -> Command:
    """The pool that verifies check-ins."""
    argv = [sys.executable, "-m", "jobs.worker", "--workers", str(count)]
    return Command("workers", argv, log=folder / "log" / "workers.log", env=env)


def tick(folder: Path, env: Mapping[str, str]) -> Command:
    """The process that claims what is due, every second."""
    return Command("tick", [sys.executable, "-m", "jobs.tick"], log=folder / "log" / "tick.log", env=env)


def worker_count() -> int:
    """One worker a core, up to a number whose models still fit into a developer's memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_WORKERS)


def heartbeat_folder() -> str:
    """Memory where there is some: on a busy disk gunicorn's heartbeat file would stall its workers."""
    return str(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else tempfile.gettempdir()
