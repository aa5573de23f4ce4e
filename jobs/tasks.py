"""Who listens to which fact: one use case a topic, run once or twice with the same result."""

from typing import Protocol
from uuid import UUID

import structlog
from structlog.contextvars import bound_contextvars

from jobs.runtime import process_deps
from service.deps import Deps
from service.domain.topics import Topic
from service.usecases import analysis, crosscheck_night, face_night, loads_run, sync
from service.usecases.dispatch import claim_facts, mark_done
from service.usecases.roster_match import lists_changed
from service.usecases.templates import enrol
from service.usecases.verification import verify

log = structlog.get_logger(__name__)


class Task(Protocol):
    """A use case that takes one id."""

    def __call__(self, subject_id: UUID, /, *, deps: Deps) -> None:
        """Do what the fact asks for; doing it again changes nothing."""


TASKS: dict[Topic, Task] = {
    Topic.CHECK_IN_RECEIVED: verify,
    Topic.ENROLMENT_RECEIVED: enrol,
    Topic.ROSTER_LINE_CHANGED: analysis.line_changed,
    Topic.PROJECT_STATE_CHANGED: analysis.state_changed,
    Topic.STOP_WORK_CHANGED: analysis.stop_work_changed,
    Topic.LATE_VERDICT: analysis.late_verdict,
    Topic.CERTIFICATE_CHANGED: analysis.recheck_person,
    Topic.DAY_ENDED: analysis.end_days,
    Topic.FACES_NIGHT: face_night.run,
    Topic.SPREADSHEET_RECEIVED: loads_run.run,
    Topic.CROSSCHECK_NIGHT: crosscheck_night.run,
    Topic.LIST_CHANGED: lists_changed,
    Topic.SYNC_ASKED: sync.run,
}


# Their own row says whether there is anything to do, and for whom.
CLAIMED_BY_ROW = frozenset(
    {Topic.CHECK_IN_RECEIVED, Topic.ENROLMENT_RECEIVED, Topic.DAY_ENDED, Topic.SPREADSHEET_RECEIVED}
)
#: Done as soon as it begins: a night that is ended for its length would else be begun, and its worker ended, for ever.
ONCE = frozenset({Topic.FACES_NIGHT})


class TaskBroke(Exception):  # noqa: N818 - it reads as what happened
    """A task ended with an error of this type; where, stands in the log."""


def run(topic: str, subject_id: str) -> None:
    """What RQ calls, by name: the task of a topic for one id, with this process's dependencies."""
    with bound_contextvars(topic=topic, subject_id=subject_id):
        try:
            perform(Topic(topic), UUID(subject_id), deps=process_deps())
        except Exception as error:
            # RQ keeps and logs what it catches, and a message may hold personal data: it gets the type alone.
            log.error("a task broke", exc_info=error)
            raise TaskBroke(type(error).__name__) from None


def perform(topic: Topic, subject_id: UUID, *, deps: Deps) -> None:
    """Run the task; a fact of the outbox only if it is still open, and mark it done: after it, or before (`ONCE`)."""
    if topic in CLAIMED_BY_ROW:
        TASKS[topic](subject_id, deps=deps)
        return
    facts = claim_facts(topic, subject_id, deps=deps)
    if topic in ONCE:
        mark_done(facts, deps=deps)
    if facts:
        TASKS[topic](subject_id, deps=deps)
    if topic not in ONCE:
        mark_done(facts, deps=deps)
