"""到岗率不足: one category of one team was on duty on fewer person-days of a month than the policy asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.domain.attendance import Tally, tally
from service.domain.attendance_month import Group, Row, group_of, thresholds
from service.domain.findings.base import Found, Rule
from service.domain.policies import AttendancePolicy

RULE_VERSION = "1"


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """A month that is over, with everybody's days and the policy of its last day."""

    month: date
    through: date
    rows: Sequence[Row]
    tallies: Mapping[Group, Tally]
    policy: AttendancePolicy


def find(facts: MonthFacts) -> list[Found]:
    """The teams and categories that are below even if every undecided day were found valid."""
    asked = thresholds(facts.rows, facts.policy)
    sums = facts.tallies.items()
    below = [(group, each) for group, each in sorted(sums) if each.best is not None and each.best < asked[group]]
    return [_found(facts, group, each, asked[group]) for group, each in below]


def _found(facts: MonthFacts, group: Group, sums: Tally, threshold: float) -> Found:
    evidence = {
        "rate": None if sums.rate is None else round(sums.rate, 1),
        "threshold": threshold,
        "due": sums.due,
        "valid": sums.valid,
        "pending": sums.pending,
        "vacant": sums.vacant,
        "through": facts.through.isoformat(),
        "policy_version": facts.policy.version,
        "people": [_person(row) for row in facts.rows if group_of(row.post) == group],
    }
    return Found(
        rule=Rule.ATTENDANCE_BELOW_THRESHOLD,
        rule_version=RULE_VERSION,
        key=f"{group.team_kind}:{group.category}:{facts.month:%Y-%m}",
        team_kind=group.team_kind,
        month=facts.month,
        evidence=evidence,
        category=group.category,
    )


def _person(row: Row) -> dict[str, Any]:
    sums = tally(row.days.values())
    person_id = str(row.person_id) if row.person_id else None
    return {"person_id": person_id, "post_code": row.post.code, "due": sums.due, "valid": sums.valid}
