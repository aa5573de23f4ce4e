"""与备案不符: somebody holds a post for which the list that binds it names others, or nobody."""

from collections.abc import Iterator
from typing import Any

from service.domain.findings.base import Found, Rule
from service.domain.findings.facts import Facts, Seat
from service.domain.findings.telling import found_about

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """The chairs the list does not name; a project without entries of that list has nothing to be held against."""
    for seat in facts.chairs:
        if seat.post_code in facts.posts and _is_mismatch(facts, seat):
            yield found_about(facts, seat, (Rule.FILING_MISMATCH, RULE_VERSION), _evidence(facts, seat))


def _is_mismatch(facts: Facts, seat: Seat) -> bool:
    basis = facts.posts[seat.post_code].binding
    there_is_one = any(each.basis is basis for each in facts.listed)
    return there_is_one and all(each.person_id != seat.person_id for each in facts.binding_on(seat.post_code))


def _evidence(facts: Facts, seat: Seat) -> dict[str, Any]:
    basis = facts.posts[seat.post_code].binding
    others = facts.binding_on(seat.post_code)
    elsewhere = [each for each in facts.listed if each.basis is basis and each.person_id == seat.person_id]
    checked = [each.checked_at for each in facts.listed if each.basis is basis and each.checked_at]
    return {
        "basis": str(basis),
        "others": len(others),
        "listed_for": sorted({each.post_code for each in elsewhere}),
        "list_entry_ids": sorted(str(each.id) for each in (*others, *elsewhere)),
        "checked_at": max(checked).isoformat() if checked else None,
    }
