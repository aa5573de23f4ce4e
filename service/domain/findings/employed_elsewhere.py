"""另有单位: somebody on the roster of a unit's team works for another unit."""

from collections.abc import Iterator

from service.domain.findings import left_unit
from service.domain.findings.base import Found, Rule
from service.domain.findings.facts import Employed, Facts, Seat
from service.domain.findings.telling import found_about

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """The chairs of people with an employment by another unit on the day; who left the team's is told as that."""
    for seat in facts.chairs:
        others = _others(facts, seat)
        if others and left_unit.left(facts, seat) is None:
            evidence = {
                "unit_id": str(seat.unit_id),
                "employment_ids": sorted(str(each.id) for each in others),
                "other_unit_ids": sorted({str(each.unit_id) for each in others}),
            }
            yield found_about(facts, seat, (Rule.EMPLOYED_ELSEWHERE, RULE_VERSION), evidence)


def _others(facts: Facts, seat: Seat) -> list[Employed]:
    """His employments by other units; who moves from one unit to another on this day works for one after the other."""
    today = [each for each in facts.people[seat.person_id].employments if each.covers(facts.day)]
    ours = [each for each in today if each.unit_id == seat.unit_id]
    return [
        each
        for each in today
        if each.unit_id != seat.unit_id
        and not any(one.ends_on == other.starts_on for mine in ours for one, other in ((mine, each), (each, mine)))
    ]
