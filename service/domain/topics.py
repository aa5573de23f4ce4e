"""What the outbox can say, and the queue on which each word travels; jobs/tasks.py says who listens."""

from enum import StrEnum


class Queue(StrEnum):
    """The queues workers watch, in the order in which they empty them."""

    VERIFY = "verify"
    UPKEEP = "upkeep"


class Topic(StrEnum):
    """Facts that somebody else must act on; the payload is one id."""

    CHECK_IN_RECEIVED = "check_in.received"
    ENROLMENT_RECEIVED = "enrolment.received"
    ROSTER_LINE_CHANGED = "roster_line.changed"
    PROJECT_STATE_CHANGED = "project.state_changed"
    STOP_WORK_CHANGED = "stop_work.changed"
    LATE_VERDICT = "check_in.late_verdict"
    DAY_ENDED = "project.day_ended"
    CERTIFICATE_CHANGED = "certificate.changed"
    FACES_NIGHT = "faces.night"
    CROSSCHECK_NIGHT = "crosscheck.night"
    LIST_CHANGED = "project.list_changed"
    SPREADSHEET_RECEIVED = "spreadsheet.received"
    SYNC_ASKED = "sync.asked"


QUEUE_OF: dict[Topic, Queue] = {
    Topic.CHECK_IN_RECEIVED: Queue.VERIFY,
    Topic.ENROLMENT_RECEIVED: Queue.VERIFY,
    Topic.ROSTER_LINE_CHANGED: Queue.UPKEEP,
    Topic.PROJECT_STATE_CHANGED: Queue.UPKEEP,
    Topic.STOP_WORK_CHANGED: Queue.UPKEEP,
    Topic.LATE_VERDICT: Queue.UPKEEP,
    Topic.DAY_ENDED: Queue.UPKEEP,
    Topic.CERTIFICATE_CHANGED: Queue.UPKEEP,
    Topic.FACES_NIGHT: Queue.UPKEEP,
    Topic.CROSSCHECK_NIGHT: Queue.UPKEEP,
    Topic.LIST_CHANGED: Queue.UPKEEP,
    Topic.SPREADSHEET_RECEIVED: Queue.UPKEEP,
    Topic.SYNC_ASKED: Queue.UPKEEP,
}
