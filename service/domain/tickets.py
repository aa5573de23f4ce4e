"""Tickets: states, acts and who may do them, as the scenario frozen into each ticket says."""

from enum import StrEnum


class TicketState(StrEnum):
    """Where a ticket stands; passed, closed and withdrawn are the ends."""

    DISPATCHED = "dispatched"
    ACKNOWLEDGED = "acknowledged"
    RECTIFYING = "rectifying"
    SUBMITTED = "submitted"
    OBSERVING = "observing"
    CHECKING = "checking"
    SENT_BACK = "sent_back"
    TRANSFERRED = "transferred"
    PASSED = "passed"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Checker(StrEnum):
    """Who checks the rectification: the verifier of the scenario, or the body when he is silent or concerned."""

    VERIFIER = "verifier"
    BODY = "body"


class Label(StrEnum):
    """核查通过；核查不通过，重新整改；核查不通过，转派监督机构."""

    PASSED = "check_passed"
    REWORK = "check_failed_rework"
    TRANSFERRED = "check_failed_transferred"


class Loop(StrEnum):
    """小闭环: passed at first; 中闭环: after rework or transfer."""

    SMALL = "small"
    MEDIUM = "medium"
