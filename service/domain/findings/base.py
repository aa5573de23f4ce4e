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
    IDENTITY_CONFIRMED = "identity_confirmed"
    FILING_MISMATCH = "filing_mismatch"
    CERTIFICATE_MISSING = "certificate_missing"
    CERTIFICATE_WRONG_TYPE = "certificate_wrong_type"
    CERTIFICATE_WRONG_LEVEL = "certificate_wrong_level"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_SUSPENDED = "certificate_suspended"
    CERTIFICATE_OTHER_UNIT = "certificate_other_unit"
    CERTIFICATE_EXPIRING = "certificate_expiring"
    SEVERAL_POSTS = "several_posts"
    SEVERAL_PROJECTS = "several_projects"
    UNDERSTAFFED = "understaffed"
    POST_VACANT = "post_vacant"
    EMPLOYED_ELSEWHERE = "employed_elsewhere"
    LEFT_UNIT = "left_unit"


class FindingKind(StrEnum):
    """What a finding is about; findings of one kind, team and period go into one ticket."""

    ATTENDANCE = "attendance"
    CERTIFICATE = "certificate"
    IDENTITY = "identity"
    FILING = "filing"
    CONCURRENT = "concurrent"
    STAFFING = "staffing"
    EMPLOYMENT = "employment"
    #: Nothing is wrong yet.
    WARNING = "warning"


KIND_OF = {
    Rule.ATTENDANCE_BELOW_THRESHOLD: FindingKind.ATTENDANCE,
    Rule.IDENTITY_CONFIRMED: FindingKind.IDENTITY,
    Rule.FILING_MISMATCH: FindingKind.FILING,
    Rule.CERTIFICATE_MISSING: FindingKind.CERTIFICATE,
    Rule.CERTIFICATE_WRONG_TYPE: FindingKind.CERTIFICATE,
    Rule.CERTIFICATE_WRONG_LEVEL: FindingKind.CERTIFICATE,
    Rule.CERTIFICATE_EXPIRED: FindingKind.CERTIFICATE,
    Rule.CERTIFICATE_SUSPENDED: FindingKind.CERTIFICATE,
    Rule.CERTIFICATE_OTHER_UNIT: FindingKind.CERTIFICATE,
    Rule.CERTIFICATE_EXPIRING: FindingKind.WARNING,
    Rule.SEVERAL_POSTS: FindingKind.CONCURRENT,
    Rule.SEVERAL_PROJECTS: FindingKind.CONCURRENT,
    Rule.UNDERSTAFFED: FindingKind.STAFFING,
    Rule.POST_VACANT: FindingKind.STAFFING,
    Rule.EMPLOYED_ELSEWHERE: FindingKind.EMPLOYMENT,
    Rule.LEFT_UNIT: FindingKind.EMPLOYMENT,
}

#: What tickets are made of. No scenario says yet how the other kinds are put right and by when: their findings stand on
#: the lists of the team and of the body.
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
    #: The regulations it rests on, where the rule itself knows; without any those that name the rule and the post.
    cites: tuple[str, ...] = ()


def steady(evidence: Any) -> Any:  # noqa: ANN401 - any JSON
    """Evidence as two states of a finding are compared: when a source was last asked changes every night."""
    if isinstance(evidence, Mapping):
        return {name: steady(value) for name, value in evidence.items() if name != "checked_at"}
    return [steady(each) for each in evidence] if isinstance(evidence, list | tuple) else evidence
