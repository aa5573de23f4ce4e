"""另有单位: somebody on the roster of a unit's team works for another unit."""

from collections.abc import Iterator

from service.domain.findings import left_unit
from service.domain.findings.base import Found, Rule
from service.domain.findings.facts import Facts
from service.domain.findings.telling import found_about

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """The chairs of people with an employment by another unit on the day; who left the team's is told as that."""
    for seat in facts.chairs:
        employments = facts.people[seat.person_id].employments
        others = [each for each in employments if each.covers(facts.day) and each.unit_id != seat.unit_id]
        if others and left_unit.left(facts, seat) is None:
            evidence = {
                "unit_id": str(seat.unit_id),
                "employment_ids": sorted(str(each.id) for each in others),
                "other_unit_ids": sorted({str(each.unit_id) for each in others}),
            }
            yield found_about(facts, seat, (Rule.EMPLOYED_ELSEWHERE, RULE_VERSION), evidence)
