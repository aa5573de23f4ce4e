"""与备案不符: somebody holds a post for which the list that binds it names others, nobody, or him for another unit."""

from collections.abc import Iterator
from typing import Any

from service.domain.findings.base import Found, Rule
from service.domain.findings.facts import Facts, Lists, Seat
from service.domain.findings.telling import found_about, oldest
from service.domain.roster import Match

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """The chairs the list does not name; a project that never had that list has nothing to be held against."""
    for seat in facts.chairs:
        if seat.post_code in facts.posts and is_listed(facts, seat) is False:
            yield found_about(facts, seat, (Rule.FILING_MISMATCH, RULE_VERSION), _evidence(facts, seat))


def is_listed(facts: Facts, seat: Seat) -> bool | None:
    """Whether the list that binds the post names him for it and for no other unit; None where there is no list."""
    lists = Lists(facts.listed, facts.lists)
    match = lists.match(facts.posts[seat.post_code].binding, seat.person_id, seat.post_code, seat.unit_id)
    return None if match is Match.NO_LIST else match is Match.MATCHED


def _evidence(facts: Facts, seat: Seat) -> dict[str, Any]:
    entries = facts.binding(seat.post_code) or []
    others = [each for each in facts.binding_on(seat.post_code) if each.person_id != seat.person_id]
    his = [each for each in entries if each.person_id == seat.person_id]
    units = {str(each.unit_id) for each in his if each.post_code == seat.post_code}
    checked_at = oldest([each.checked_at for each in entries])
    return {
        "basis": str(facts.posts[seat.post_code].binding),
        "others": len(others),
        "listed_for": sorted({each.post_code for each in his}),
        "unit_id": str(seat.unit_id),
        "listed_unit_ids": sorted(units),
        "list_entry_ids": sorted(str(each.id) for each in (*others, *his)),
        "checked_at": checked_at.isoformat() if checked_at else None,
    }
