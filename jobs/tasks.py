"""Who listens to which fact: one use case a topic, run once or twice with the same result."""

from typing import Protocol
from uuid import UUID

from structlog.contextvars import bound_contextvars

from jobs.runtime import process_deps
from service.deps import Deps
from service.domain.topics import Topic
from service.usecases.counting import recount_line, recount_project
from service.usecases.dispatch import mark_done, open_facts
from service.usecases.templates import enrol
from service.usecases.verification import verify


class Task(Protocol):
    """A use case that takes one id."""

    def __call__(self, subject_id: UUID, /, *, deps: Deps) -> None:
        """Do what the fact asks for; doing it again changes nothing."""


TASKS: dict[Topic, Task] = {
    Topic.CHECK_IN_RECEIVED: verify,
    Topic.ENROLMENT_RECEIVED: enrol,
    Topic.ROSTER_LINE_CHANGED: recount_line,
    Topic.PROJECT_STATE_CHANGED: recount_project,
}


def run(topic: str, subject_id: str) -> None:
    """What RQ calls, by name: the task of a topic for one id, with this process's dependencies."""
    perform(Topic(topic), UUID(subject_id), deps=process_deps())


def perform(topic: Topic, subject_id: UUID, *, deps: Deps) -> None:
    """Run the task, then mark the outbox rows that were open before it began."""
    with bound_contextvars(topic=str(topic), subject_id=str(subject_id)):
        facts = open_facts(topic, subject_id, deps=deps)
        TASKS[topic](subject_id, deps=deps)
        mark_done(facts, deps=deps)
