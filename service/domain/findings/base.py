"""What every rule's result looks like."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from service.domain.sites import TeamKind


class Rule(StrEnum):
    """The rules, by the name of their file."""

    ATTENDANCE_BELOW_THRESHOLD = "attendance_below_threshold"
    CERTIFICATE_FOR_POST = "certificate_for_post"
    IDENTITY_CONFIRMED = "identity_confirmed"


class FindingKind(StrEnum):
    """What a finding is about; findings of one kind, team and period go into one ticket."""

    ATTENDANCE = "attendance"
    CERTIFICATE = "certificate"
    IDENTITY = "identity"


KIND_OF = {
    Rule.ATTENDANCE_BELOW_THRESHOLD: FindingKind.ATTENDANCE,
    Rule.CERTIFICATE_FOR_POST: FindingKind.CERTIFICATE,
    Rule.IDENTITY_CONFIRMED: FindingKind.IDENTITY,
}

#: What tickets are made of. No scenario says yet how somebody puts right that another stood in for him: such a finding
#: stays on the body's desk.
TICKETED = frozenset({FindingKind.ATTENDANCE, FindingKind.CERTIFICATE})


@dataclass(frozen=True, slots=True)
class Found:
    """One thing a rule found: `key` tells it from the rule's other findings on the project."""

    rule: Rule
    rule_version: str
    key: str
    team_kind: TeamKind
    #: The first day of the month it is about: that of the shortfall, or that in which it was found.
    month: date
    evidence: Mapping[str, Any]
    category: int | None = None
    person_id: UUID | None = None
    post_code: str | None = None
