"""Attendance: from check-ins to days, from days to a project's month and its rates."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What one day of one person on one post came to."""

    VALID = "valid"
    SHORT = "short"
    ABSENT = "absent"
    VACANT = "vacant"
    PENDING = "pending"
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True)
class Progress:
    """Person-days of a team since a day: those over so far, and how many a day asks for now.

    `days` counts the days on which something was due; `pending` person-days are neither due nor valid yet.
    """

    days: int
    due: int
    valid: int
    pending: int
    per_day: int
