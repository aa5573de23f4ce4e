"""离职未退场: somebody left the unit of the team on whose roster he still is."""

from collections.abc import Iterator

from service.domain.findings.base import Found, Rule
from service.domain.findings.facts import Employed, Facts, Seat
from service.domain.findings.telling import found_about

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """The chairs of people whose employment by the team's unit ended before the day, and none has begun again."""
    for seat in facts.chairs:
        last = left(facts, seat)
        if last is not None and last.ends_on is not None:
            evidence = {
                "unit_id": str(seat.unit_id),
                "employment_ids": [str(last.id)],
                "ended_on": last.ends_on.isoformat(),
            }
            yield found_about(facts, seat, (Rule.LEFT_UNIT, RULE_VERSION), evidence)


def left(facts: Facts, seat: Seat) -> Employed | None:
    """The last employment by the team's unit, where it is over on the day."""
    ours = [each for each in facts.people[seat.person_id].employments if each.unit_id == seat.unit_id]
    if any(each.covers(facts.day) for each in ours):
        return None
    over = [each for each in ours if each.ends_on is not None and each.ends_on < facts.day]
    return max(over, key=lambda each: (each.ends_on or facts.day, str(each.id)), default=None)
