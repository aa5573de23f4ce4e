"""Processes killed for real: nothing sent is lost, nothing is judged twice."""

import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import psutil
import pytest
from PIL import Image
from redis import Redis
from rq import Queue as RqQueue
from rq.serializers import JSONSerializer
from sqlalchemy import func, select

from demo.photos import portrait, variant
from service.connectors.queue import RqJobs
from service.deps import Deps
from service.domain.reasons import Verdict
from service.domain.topics import Queue
from service.store.models import Audit, CheckIn, DecisionRecord, Enrolment, Heartbeat
from service.usecases import dispatch
from service.usecases.health import missing_parts
from tests.factories import Site, World
from tests.faults.conftest import Processes, eventually


class Stage:
    """An enrolled person at a gate, with a tick and one worker running."""

    def __init__(self, live: Deps, processes: Processes) -> None:
        self.deps = live
        self.world = World(live)
        self.site: Site = self.world.site()
        self.tick = processes.start("jobs.tick")
        self.pool = processes.start("jobs.worker", "--workers", "1")
        person = self.world.person()
        self.actor = self.world.key_person(person.id)
        enrolment_id = self.world.enrol(person.id)
        eventually(lambda: self._state(Enrolment, enrolment_id) == "provisional", "the enrolment")

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
        return workers_of(self.pool)


def workers_of(pool: psutil.Process) -> list[psutil.Process]:
    """Its children but the one that tries the engine before there are workers."""
    lines = ((child, child.as_dict(["cmdline"], ad_value=[])["cmdline"]) for child in pool.children())
    return [child for child, line in lines if not any("try_engine" in word for word in line)]


@pytest.fixture
def stage(live: Deps, processes: Processes) -> Stage:
    return Stage(live, processes)


def large(seed: int) -> bytes:
    """A photo of twelve megapixels, which keeps the engine busy long enough to be caught at it."""
    with Image.open(BytesIO(variant(portrait("obama"), seed=seed))) as photo:
        file = BytesIO()
        photo.resize((3000, 4000)).save(file, "JPEG", quality=95)
    return file.getvalue()


def caught_in_mid_photo(stage: Stage) -> CheckIn:
    """A check-in whose worker was killed while it held it; a worker that was faster is tried again."""
    for seed in range(400, 420):
        check_in = stage.world.punch(stage.site, stage.actor, large(seed))
        while (row := stage.row(check_in)).state is Verdict.RECEIVED:
            if row.attempts == 1:
                for worker in stage.workers():
                    worker.kill()
                break
        if stage.row(check_in).state is Verdict.RECEIVED:
            return check_in
    pytest.fail("no worker was caught in mid-photo")


def test_a_worker_killed_in_mid_photo_loses_nothing_and_is_replaced(stage: Stage) -> None:
    check_in = caught_in_mid_photo(stage)
    row = stage.judged(check_in)
    assert (row.state, row.attempts, stage.decisions(check_in)) == (Verdict.ACCEPTED, 2, (1, 1))
    assert row.at == check_in.at


def test_a_redis_that_lost_everything_delays_a_check_in_and_nothing_else(stage: Stage, live: Deps) -> None:
    (worker,) = stage.workers()
    worker.suspend()
    check_in = stage.world.punch(stage.site, stage.actor)
    assert isinstance(live.queue, RqJobs)
    live.queue.redis.flushdb()
    worker.resume()
    row = stage.judged(check_in)
    assert (row.state, row.attempts, stage.decisions(check_in)) == (Verdict.ACCEPTED, 1, (1, 1))


def test_a_worker_that_hangs_in_c_code_ends_itself_and_the_next_job_runs(
    live: Deps, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(processes._environment, "DAOGANG_HANG_S", "1")
    pool = processes.start("jobs.worker", "--workers", "1")
    eventually(lambda: workers_of(pool), "a worker")
    (first,) = workers_of(pool)
    assert isinstance(live.queue, RqJobs)
    queue = RqQueue(Queue.VERIFY, connection=live.queue.redis, serializer=JSONSerializer)
    queue.enqueue("time.sleep", 3600)
    eventually(lambda: not first.is_running() or first.status() == psutil.STATUS_ZOMBIE, "the hanging worker's end")
    stage = Stage(live, processes)
    check_in = stage.world.punch(stage.site, stage.actor)
    assert stage.judged(check_in).state is Verdict.ACCEPTED


def test_workers_end_when_their_pool_is_killed(live: Deps, processes: Processes) -> None:
    pool = processes.start("jobs.worker", "--workers", "2")
    eventually(lambda: len(workers_of(pool)) == 2, "two workers")
    workers = workers_of(pool)
    pool.kill()
    eventually(lambda: not any(worker.is_running() for worker in workers), "the workers' end")
    assert live.queue.ready()


@pytest.mark.usefixtures("stage")
def test_processes_that_live_are_known_by_their_heartbeats(live: Deps) -> None:
    eventually(lambda: missing_parts(deps=live) == [], "readiness")
    with live.database.begin() as work:
        kinds = sorted(work.session.scalars(select(Heartbeat.kind)))
    assert kinds == ["tick", "worker"]


def test_two_ticks_at_once_queue_each_check_in_once(live: Deps) -> None:
    world = World(live)
    site = world.site()
    actor = world.key_person(world.person().id)
    for seed in range(6):
        world.punch(site, actor, variant(portrait("biden"), seed=seed))
    assert isinstance(live.queue, RqJobs)
    live.queue.redis.flushdb()
    with live.database.begin() as work:
        for row in work.session.scalars(select(CheckIn)):
            row.enqueued_at = None
    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(lambda _: dispatch.dispatch(deps=live), range(4)))
    assert sum(sent) == 6
    with Redis.from_url(live.settings.redis_url) as redis:
        assert RqQueue(Queue.VERIFY, connection=redis, serializer=JSONSerializer).count == 6


def test_a_process_without_its_settings_names_the_first_that_is_missing(processes: Processes) -> None:
    bare = {"PATH": processes._environment["PATH"]}
    worker = psutil.Popen([sys.executable, "-m", "jobs.tick"], env=bare, stderr=-1)
    _, told = worker.communicate(timeout=30)
    assert told.decode().strip() == "daogang: DATABASE_URL is not set (docs/operations.md lists every setting)"
    assert worker.returncode == 1
