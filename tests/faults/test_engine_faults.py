"""Photos that break the engine in C code: a person looks at them, the worker comes back, and nobody else waits."""

import time

import psutil
import pytest
from redis import Redis
from rq import Queue as RqQueue
from rq.serializers import JSONSerializer
from rq.worker import SimpleWorker

from demo.photos import portrait, variant
from service.connectors.queue import RqJobs
from service.deps import Deps
from service.domain.reasons import Verdict
from service.domain.topics import Queue
from service.store.models import CheckIn
from tests.faults.arithmetic import multiply
from tests.faults.conftest import Processes, Stage, eventually
from tests.faults.poisoned_worker import BREAKS, POISON_SEED

WORKERS = 2
# Within five seconds on a machine that does nothing else; here all tests share one.
BACK_S = 20.0
# What the heart, RQ's commands and the runtimes may do beside the one thread that computes.
BESIDE = 0.2


class PoisonedStage(Stage):
    """Two workers with an engine that breaks on one photo, and two enrolled people."""

    def __init__(self, live: Deps, processes: Processes, how: str) -> None:
        super().__init__(live, processes, "tests.faults.poisoned_worker", how, "--workers", str(WORKERS))
        self.other = self.enrolled("biden", seed=2000)
        eventually(lambda: len(self.ready()) == WORKERS, "all workers")

    def ready(self) -> set[int]:
        """The processes that wait for photos: their engine is loaded."""
        with Redis.from_url(self.deps.settings.redis_url) as redis:
            known = {worker.pid for worker in SimpleWorker.all(connection=redis, serializer=JSONSerializer)}
        return known & {worker.pid for worker in self.workers()}

    def punch_of_other(self, seed: int) -> CheckIn:
        return self.world.punch(self.site, self.other, variant(portrait("biden"), seed=seed))


@pytest.fixture(params=sorted(BREAKS))
def poisoned(
    live: Deps, processes: Processes, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> PoisonedStage:
    # Longer than a busy machine takes for a photo, and shorter than the lease.
    monkeypatch.setitem(processes._environment, "DAOGANG_HANG_S", "3")
    monkeypatch.setitem(processes._environment, "DAOGANG_LEASE_S", "5")
    return PoisonedStage(live, processes, request.param)


def test_a_photo_that_breaks_the_engine_goes_to_a_person_and_nobody_else_waits(poisoned: PoisonedStage) -> None:
    poison = poisoned.world.punch(poisoned.site, poisoned.actor, variant(portrait("obama"), seed=POISON_SEED))
    eventually(lambda: poisoned.row(poison).attempts == 1, "the first attempt")
    others = [poisoned.punch_of_other(seed) for seed in range(500, 506)]
    assert {poisoned.judged(each).state for each in others} == {Verdict.ACCEPTED}
    assert {poisoned.row(each).attempts for each in others} == {1}
    assert poisoned.row(poison).state is Verdict.RECEIVED
    row = poisoned.judged(poison)
    assert (row.state, [reason["code"] for reason in row.reasons]) == (Verdict.REVIEW, ["engine_failed"])
    # Two that broke, and the one that found them used up and looked no more.
    assert (row.attempts, poisoned.decisions(poison)) == (3, (1, 1))


def test_a_worker_that_broke_on_a_photo_is_soon_back(poisoned: PoisonedStage) -> None:
    before = poisoned.workers()
    poisoned.world.punch(poisoned.site, poisoned.actor, variant(portrait("obama"), seed=POISON_SEED))
    eventually(lambda: any(_gone(each) for each in before), "the end of a worker")
    died = time.monotonic()
    eventually(lambda: len(poisoned.ready()) == WORKERS, "another worker in its place")
    assert time.monotonic() - died < BACK_S


def test_a_worker_judges_in_one_process_with_one_thread_for_its_arithmetic(
    live: Deps, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(processes._environment, "OPENBLAS_NUM_THREADS", "8")
    stage = Stage(live, processes)
    (worker,) = stage.workers()
    assert isinstance(live.queue, RqJobs)
    RqQueue(Queue.VERIFY, connection=live.queue.redis, serializer=JSONSerializer).enqueue(multiply)
    check_in = stage.world.punch(stage.site, stage.actor)
    assert stage.judged(check_in).state is Verdict.ACCEPTED
    (same,) = stage.workers()
    assert (same.pid, same.children()) == (worker.pid, [])
    *others, busiest = sorted(thread.user_time for thread in worker.threads())
    assert sum(others) < BESIDE * busiest


def _gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
