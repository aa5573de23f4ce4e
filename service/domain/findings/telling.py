"""How the cross-check rules tell of a chair: whose finding it is, and the evidence that all of them give."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from service.domain.calendar import month_of
from service.domain.findings.base import Found, Rule
from service.domain.findings.facts import Facts, Seat
from service.domain.post_rules import Size


def found_about(
    facts: Facts, seat: Seat, rule: tuple[Rule, str], evidence: Mapping[str, Any], *, key: str | None = None
) -> Found:
    """A finding about a person on a post; his own key where the post is no part of it."""
    post = facts.posts.get(seat.post_code)
    return Found(
        rule=rule[0],
        rule_version=rule[1],
        key=key or f"{seat.person_id}:{seat.post_code}",
        team_kind=seat.team_kind,
        month=month_of(facts.day),
        evidence={"roster_line_id": line_told(seat), "post_rule": post.version if post else None, **evidence},
        category=post.category if post else None,
        person_id=seat.person_id,
        post_code=seat.post_code,
    )


def line_told(seat: Seat) -> str | None:
    """The roster line as evidence, None for a seat that is only asked about."""
    return None if seat.line_id is None else str(seat.line_id)


def size_told(size: Size) -> dict[str, Any]:
    """What is known of a project's kind and size, as evidence."""
    kind = None if size.kind is None else str(size.kind)
    return {"kind": kind, "area_m2": size.area_m2, "price_yuan": size.price_yuan}


def oldest(moments: Sequence[datetime | None]) -> datetime | None:
    """When all of it was last asked about: the oldest moment, None where there is none or one is not known."""
    known = [moment for moment in moments if moment is not None]
    return min(known) if known and len(known) == len(moments) else None
