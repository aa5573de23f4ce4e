"""Processes killed for real: nothing sent is lost, nothing is judged twice."""

import sys
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from redis import Redis
from rq import Queue as RqQueue
from rq.serializers import JSONSerializer
from sqlalchemy import select, text

from demo.photos import portrait, variant
from service.connectors.queue import RqJobs
from service.deps import Deps
from service.domain.reasons import Verdict
from service.domain.topics import Queue
from service.store.models import CheckIn, Heartbeat
from service.usecases import dispatch
from service.usecases.health import missing_parts
from tests.factories import World
from tests.faults.conftest import Processes, Stage, eventually, workers_of


@pytest.fixture
def stage(live: Deps, processes: Processes) -> Stage:
    return Stage(live, processes)


def killed_in_mid_judging(stage: Stage) -> CheckIn:
    """A check-in whose worker was killed while it held it, kept from going on by a lock on what it reads next."""
    with stage.deps.database.begin() as work:
        work.session.execute(text("LOCK TABLE template"))
        check_in = stage.world.punch(stage.site, stage.actor)
        eventually(lambda: stage.row(check_in).attempts == 1, "the claim")
        (worker,) = stage.workers()
        worker.kill()
        eventually(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, "the worker's end")
    return check_in


def test_a_worker_killed_in_mid_judging_loses_nothing_and_is_replaced(stage: Stage) -> None:
    check_in = killed_in_mid_judging(stage)
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
    monkeypatch.setitem(processes._environment, "DAOGANG_HANG_S", "3")
    pool = processes.start("jobs.worker", "--workers", "1")
    eventually(lambda: workers_of(pool, live), "a worker")
    (first,) = workers_of(pool, live)
    assert isinstance(live.queue, RqJobs)
    queue = RqQueue(Queue.VERIFY, connection=live.queue.redis, serializer=JSONSerializer)
    queue.enqueue("time.sleep", 3600)
    eventually(lambda: not first.is_running() or first.status() == psutil.STATUS_ZOMBIE, "the hanging worker's end")
    stage = Stage(live, processes)
    check_in = stage.world.punch(stage.site, stage.actor)
    assert stage.judged(check_in).state is Verdict.ACCEPTED


def test_workers_end_when_their_pool_is_killed(live: Deps, processes: Processes) -> None:
    pool = processes.start("jobs.worker", "--workers", "2")
    eventually(lambda: len(workers_of(pool, live)) == 2, "two workers")
    workers = workers_of(pool, live)
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
    for seed in range(5):
        world.punch(site, actor, variant(portrait("biden"), seed=seed))
    assert isinstance(live.queue, RqJobs)
    live.queue.redis.flushdb()
    with live.database.begin() as work:
        for row in work.session.scalars(select(CheckIn)):
            row.enqueued_at = None
    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(lambda _: dispatch.dispatch(deps=live), range(4)))
    assert sum(sent) == 5
    with Redis.from_url(live.settings.redis_url) as redis:
        assert RqQueue(Queue.VERIFY, connection=redis, serializer=JSONSerializer).count == 5


def test_a_process_without_its_settings_names_the_first_that_is_missing(processes: Processes) -> None:
    bare = {"PATH": processes._environment["PATH"]}
    worker = psutil.Popen([sys.executable, "-m", "jobs.tick"], env=bare, stderr=-1)
    _, told = worker.communicate(timeout=30)
    assert told.decode().strip() == "daogang: DATABASE_URL is not set (docs/operations.md lists every setting)"
    assert worker.returncode == 1
