"""Puts ids on RQ's queues: an accelerator that may fail, because what must happen stands in PostgreSQL."""

from typing import Protocol
from uuid import UUID

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue as RqQueueBase
from rq.serializers import JSONSerializer

from service.domain.topics import QUEUE_OF, Queue, Topic

log = structlog.get_logger(__name__)

# RQ imports the function by name in the worker, so nothing here needs to know it.
TASK = "jobs.tasks.run"
#: Seconds RQ lets a job run; a worker that hangs in C code is ended by itself long before (jobs/worker.py).
JOB_TIMEOUT_S = 300
#: Answers are in PostgreSQL; RQ need not keep them, and failures only for a day.
FAILURE_TTL_S = 86_400


class JobQueue(Protocol):
    """Carries ids to workers, as soon as it can."""

    def send(self, topic: Topic, subject_id: UUID) -> bool:
        """True when the id is on its queue; False leaves it to the tick."""

    def waiting(self, queue: Queue) -> int | None:
        """How many ids wait on a queue, None when it cannot be asked."""

    def ready(self) -> bool:
        """True when ids can be carried now."""


class RqJobs:
    """RQ over one Redis; each call gives up within a second."""

    def __init__(self, url: str) -> None:
        self.redis = Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=1.0)
        self._queues = {
            name: RqQueueBase(name, connection=self.redis, serializer=JSONSerializer, default_timeout=JOB_TIMEOUT_S)
            for name in Queue
        }

    def send(self, topic: Topic, subject_id: UUID) -> bool:
        """Enqueue; a Redis that is down is logged and left to the tick."""
        try:
            self._queues[QUEUE_OF[topic]].enqueue(
                TASK, str(topic), str(subject_id), result_ttl=0, failure_ttl=FAILURE_TTL_S, description=str(topic)
            )
        except RedisError as error:
            log.warning(
                "queue does not answer", topic=str(topic), subject_id=str(subject_id), error=type(error).__name__
            )
            return False
        return True

    def waiting(self, queue: Queue) -> int | None:
        """The queue's length."""
        try:
            return self._queues[queue].count
        except RedisError:
            return None

    def ready(self) -> bool:
        """True when Redis answers."""
        try:
            return bool(self.redis.ping())
        except RedisError:
            return False
