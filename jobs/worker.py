"""Verification workers: `python -m jobs.worker --workers N`; each loads the face engine once and does not fork."""

import argparse
import faulthandler
import logging
import os
import subprocess
import sys
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import Any

import structlog
from redis import Redis
from rq import Queue as RqQueue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import SimpleWorker
from rq.worker_pool import WorkerPool

import jobs.one_thread  # noqa: F401 - it sets the environment, and numpy comes with the next lines
from face.errors import EngineUnavailable
from jobs.runtime import process_deps, settings_or_exit, start_heart
from service.connectors.queue import JOB_TIMEOUT_S
from service.deps import Deps
from service.domain.topics import Queue
from service.usecases.gallery import warm

log = structlog.get_logger(__name__)

#: What a worker watches, in the order in which it empties them.
QUEUES = tuple(Queue)


class Worker(SimpleWorker):
    """Runs jobs in its own process; one that hangs, even in C code, ends itself and is replaced by the pool."""

    def perform_job(self, job: Job, queue: RqQueue) -> bool:
        """The job, under a watch that needs neither the GIL nor a signal handler."""
        hang_s = process_deps().settings.hang_s if queue.name == Queue.VERIFY else JOB_TIMEOUT_S
        faulthandler.dump_traceback_later(hang_s, exit=True)
        try:
            return bool(super().perform_job(job, queue))
        finally:
            faulthandler.cancel_dump_traceback_later()

    def run_maintenance_tasks(self) -> None:
        """What RQ does at the start and every ten minutes; and between jobs, under no watch, all templates are loaded.

        A new day's policy may name another adaptation, for which a city's load takes longer than a check-in may.
        """
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]
        _warm(process_deps())


class Pool(WorkerPool):
    """RQ's pool with our workers, and without the scheduler it would start beside each of them."""

    def get_worker_process(self, name: str, burst: bool, _sleep: float = 0, logging_level: str = "INFO") -> BaseProcess:  # noqa: ARG002, FBT001 - the signature is RQ's
        """A process that runs one worker."""
        return get_context("fork").Process(target=run_worker, args=(name, os.getpid()), name=name)


def run_worker(name: str, parent: int) -> None:
    """One worker, from its first breath to the stop signal."""
    deps = process_deps()
    start_heart("worker", deps, parent)
    try:
        deps.engine()
    except EngineUnavailable as error:
        # It goes on: each check-in it takes is given back uncounted, and readiness is not its to decide.
        log.error("the face engine cannot start", why=str(error))
    connection = Redis.from_url(deps.settings.redis_url)
    queues = [RqQueue(queue, connection=connection, serializer=JSONSerializer) for queue in QUEUES]
    worker = Worker(queues, name=name, connection=connection, serializer=JSONSerializer, log_job_description=False)
    worker.work(with_scheduler=False, logging_level="WARNING")


def engine_or_exit() -> None:
    """End here unless the engine can be loaded; the networks it converts are there when the workers begin.

    A process of its own tries it: what this one loads, threads included, would not survive the forks of the pool.
    """
    trial = subprocess.run([sys.executable, "-m", "jobs.try_engine"], check=False)
    if trial.returncode:
        sys.exit(trial.returncode)


def _warm(deps: Deps) -> None:
    try:
        warm(deps=deps)
    except Exception as error:
        # The first check-in that needs it loads it; what is wrong with it stops no worker.
        log.error("the gallery is not loaded yet", exc_info=error)


def main() -> None:
    """Run a pool of workers until it is told to stop."""
    parser = argparse.ArgumentParser(description="Run the verification workers.")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="how many; one a core by default")
    count: int = parser.parse_args().workers
    settings = settings_or_exit()
    engine_or_exit()
    quiet: dict[str, Any] = {"logging_level": logging.getLevelName(logging.WARNING)}
    pool = Pool(
        list(QUEUES), connection=Redis.from_url(settings.redis_url), num_workers=count, serializer=JSONSerializer
    )
    pool.start(**quiet)


if __name__ == "__main__":
    main()
