"""人证不符: an officer confirmed that somebody else stood in front of the camera; his decision is the whole rule."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from service.domain.calendar import month_of
from service.domain.findings.base import Found, Rule
from service.domain.sites import TeamKind

RULE_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A confirmed identity case: whose check-in on which business day, of which team and post where he has one."""

    case_id: UUID
    check_in_id: UUID
    person_id: UUID
    day: date
    team_kind: TeamKind | None
    post_code: str | None


def find(cases: Iterable[Confirmed]) -> list[Found]:
    """One finding a case; nothing in the data puts it right, so it stays.

    Who the other was stands in the case and not in the evidence, which the site reads too. Where the person claimed
    was on no roster the construction team answers, which runs the gate.
    """
    return [
        Found(
            rule=Rule.IDENTITY_CONFIRMED,
            rule_version=RULE_VERSION,
            key=str(case.case_id),
            team_kind=case.team_kind or TeamKind.CONSTRUCTION,
            month=month_of(case.day),
            evidence={
                "identity_case_id": str(case.case_id),
                "check_in_id": str(case.check_in_id),
                "day": case.day.isoformat(),
            },
            person_id=case.person_id,
            post_code=case.post_code,
        )
        for case in cases
    ]
