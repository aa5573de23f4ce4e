"""The life of a roster line: a table of (state, act) -> state, and nothing that is not in it."""

from datetime import date
from enum import StrEnum


class LineState(StrEnum):
    """draft -> submitted -> returned | in_force -> ended."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    IN_FORCE = "in_force"
    ENDED = "ended"


class LineAct(StrEnum):
    """What somebody does with a roster line."""

    SUBMIT = "submit"
    RETURN = "return"
    APPROVE = "approve"
    END = "end"


class Basis(StrEnum):
    """Which list a line rests on."""

    FILING = "filing"
    CONTRACT = "contract"
    APPOINTMENT = "appointment"


class ScanKind(StrEnum):
    """What a scan behind a line shows."""

    APPOINTMENT = "appointment"
    CONTRACT = "contract"
    CLIENT_CONSENT = "client_consent"
    HANDOVER = "handover"
    OTHER = "other"


class ReturnReason(StrEnum):
    """Why a line goes back; the last is the program's own: he left the team's unit."""

    SCAN_MISSING = "scan_missing"
    SCAN_UNREADABLE = "scan_unreadable"
    NOT_AS_FILED = "not_as_filed"
    CERTIFICATE_MISSING = "certificate_missing"
    DATES_WRONG = "dates_wrong"
    CONSENT_MISSING = "consent_missing"
    OTHER = "other"
    LEFT_UNIT = "left_unit"


class Match(StrEnum):
    """How a line stands against the list that binds its post."""

    #: The list names him for the post.
    MATCHED = "matched"
    #: The list names others, or him for another post.
    MISMATCHED = "mismatched"
    #: There is no list of the project to hold it against.
    NO_LIST = "no_list"


STEPS: dict[tuple[LineState, LineAct], LineState] = {
    (LineState.DRAFT, LineAct.SUBMIT): LineState.SUBMITTED,
    (LineState.RETURNED, LineAct.SUBMIT): LineState.SUBMITTED,
    (LineState.SUBMITTED, LineAct.RETURN): LineState.RETURNED,
    (LineState.SUBMITTED, LineAct.APPROVE): LineState.IN_FORCE,
    (LineState.IN_FORCE, LineAct.END): LineState.ENDED,
    # To an earlier day only: who stays longer than was said has a line of his own from the day after.
    (LineState.ENDED, LineAct.END): LineState.ENDED,
}

# An ended line was filed until its last day, so the days before it keep counting.
FILED = frozenset({LineState.IN_FORCE, LineState.ENDED})

# Of two lines for one seat from one day on, one of these is the one that is meant.
OPEN = frozenset(LineState) - {LineState.ENDED}


def overlap(starts_on: date, ends_on: date | None, other_starts_on: date, other_ends_on: date | None) -> bool:
    """True when two spans of days, each to its last day or without end, share one."""
    return starts_on <= (other_ends_on or date.max) and other_starts_on <= (ends_on or date.max)


def after(state: LineState, act: LineAct) -> LineState | None:
    """The state after an act, or None where the act is not allowed now."""
    return STEPS.get((state, act))


def allowed(state: LineState) -> list[LineAct]:
    """The acts a line in this state allows, for the answer to one that it does not."""
    return [act for (from_state, act) in STEPS if from_state == state]
