"""Real processes to be killed: workers and a tick over a database and a Redis of their own."""

import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import psutil
import pytest
from redis import Redis
from sqlalchemy import func, select

from service.clock import SystemClock
from service.connectors.queue import RqJobs
from service.deps import Deps, build
from service.domain.actors import Actor
from service.domain.reasons import Verdict
from service.settings import Settings
from service.store.models import Audit, CheckIn, DecisionRecord, Enrolment, Heartbeat
from tests.factories import Site, World

ROOT = Path(__file__).parents[2]
PATIENCE_S = 40.0
REDIS_DATABASES = cycle(range(1, 16))


def eventually(holds: Callable[[], object], what: str, every_s: float = 0.02) -> None:
    """Wait until it holds; fail with what was waited for."""
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, f"never happened: {what}"
        time.sleep(every_s)


class Processes:
    """Starts our own programs, and ends with all of them gone."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str) -> psutil.Process:
        process = subprocess.Popen([sys.executable, "-m", *command], env=self._environment, cwd=ROOT)
        self._started.append(process)
        return psutil.Process(process.pid)

    def stop(self) -> None:
        for process in self._started:
            for child in (*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)):
                child.kill()
            process.wait()


class Stage:
    """An enrolled person at a gate, with a tick and, unless told otherwise, one worker running."""

    def __init__(self, live: Deps, processes: Processes, *pool: str) -> None:
        self.deps = live
        self.world = World(live)
        self.site: Site = self.world.site()
        self.tick = processes.start("jobs.tick")
        self.pool = processes.start(*(pool or ("jobs.worker", "--workers", "1")))
        self.actor = self.enrolled("obama")

    def enrolled(self, who: str, seed: int = 1000) -> Actor:
        """A person's account once his face is known."""
        person = self.world.person()
        enrolment_id = self.world.enrol(person.id, who, seed=seed)
        eventually(lambda: self._state(Enrolment, enrolment_id) == "provisional", "the enrolment")
        return self.world.key_person(person.id)

    def _state(self, model: type[CheckIn] | type[Enrolment], row_id: object) -> str:
        with self.deps.database.begin() as work:
            return str(work.session.get_one(model, row_id).state)

    def row(self, check_in: CheckIn) -> CheckIn:
        with self.deps.database.begin() as work:
            return work.session.get_one(CheckIn, check_in.id)

    def judged(self, check_in: CheckIn) -> CheckIn:
        eventually(lambda: self.row(check_in).state is not Verdict.RECEIVED, "a verdict")
        return self.row(check_in)

    def decisions(self, check_in: CheckIn) -> tuple[int, int]:
        """How many decision records and how many audit rows say that it was decided."""
        with self.deps.database.begin() as work:
            records = select(func.count()).where(DecisionRecord.check_in_id == check_in.id)
            audits = select(func.count()).where(Audit.subject_id == str(check_in.id), Audit.action == "check_in:decide")
            return work.session.scalars(records).one(), work.session.scalars(audits).one()

    def workers(self) -> list[psutil.Process]:
        return workers_of(self.pool, self.deps)


def workers_of(pool: psutil.Process, live: Deps) -> list[psutil.Process]:
    """Its children whose hearts beat: the one that tries the engine before there are workers has none."""
    with live.database.begin() as work:
        names = work.session.scalars(select(Heartbeat.name).where(Heartbeat.kind == "worker")).all()
    beating = {int(name.rpartition(":")[2]) for name in names}
    return [child for child in pool.children() if child.pid in beating and child.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def own_settings(settings: Settings, empty_database: str, redis_url: str) -> Iterator[Settings]:
    # A Redis database of its own: a worker whose pool was killed lives for two seconds more and takes what it finds.
    url = f"{redis_url.rpartition('/')[0]}/{next(REDIS_DATABASES)}"
    yield replace(settings, database_url=empty_database, redis_url=url, lease_s=2.0, requeue_s=1.0, hang_s=15.0)
    with Redis.from_url(url) as redis:
        redis.flushdb()


@pytest.fixture
def live(own_settings: Settings) -> Iterator[Deps]:
    """The real dependencies, with the machine's clock and real RQ."""
    deps = build(own_settings, SystemClock())
    yield deps
    deps.database.bind.dispose()
    deps.wechat.close()
    assert isinstance(deps.queue, RqJobs)
    deps.queue.redis.close()


@pytest.fixture
def processes(own_settings: Settings) -> Iterator[Processes]:
    environment = {
        **os.environ,
        "DAOGANG_ENV": own_settings.env,
        "DATABASE_URL": own_settings.database_url,
        "REDIS_URL": own_settings.redis_url,
        "DAOGANG_KEYS": f"1={b64encode(own_settings.keys[1]).decode()}",
        "DAOGANG_TOKEN_SECRET": own_settings.token_secret,
        "DAOGANG_PHOTO_DIR": str(own_settings.photo_dir),
        "WECHAT_BASE_URL": own_settings.wechat_url,
        "WECHAT_APP_ID": own_settings.wechat_app_id,
        "WECHAT_APP_SECRET": own_settings.wechat_app_secret,
        "DAOGANG_LEASE_S": str(own_settings.lease_s),
        "DAOGANG_REQUEUE_S": str(own_settings.requeue_s),
        "DAOGANG_HANG_S": str(own_settings.hang_s),
    }
    started = Processes(environment)
    yield started
    started.stop()
