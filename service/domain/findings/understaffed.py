"""配备人员不足: fewer people hold a post than the staffing table or the list that binds it asks for."""

from collections.abc import Iterator
from typing import Any

from service.domain.calendar import month_of
from service.domain.findings.base import Found, Rule
from service.domain.findings.facts import Facts, Seat
from service.domain.findings.telling import line_told, size_told
from service.domain.post_rules import PostRule

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """The posts of teams the project has; a required post that nobody holds is told as vacant."""
    for code, rule in sorted(facts.posts.items()):
        if facts.team_kinds[code] not in facts.teams:
            continue
        seats = [seat for seat in facts.chairs if seat.post_code == code]
        evidence = _evidence(facts, rule, seats)
        if len(seats) < evidence["needed"] and (seats or code not in facts.required_posts):
            yield Found(
                rule=Rule.UNDERSTAFFED,
                rule_version=RULE_VERSION,
                key=code,
                team_kind=facts.team_kinds[code],
                month=month_of(facts.day),
                evidence=evidence,
                category=rule.category,
                post_code=code,
                cites=_cites(evidence),
            )


def _evidence(facts: Facts, rule: PostRule, seats: list[Seat]) -> dict[str, Any]:
    entries = {each.person_id: each for each in facts.binding_on(rule.post_code)}
    count, cites = rule.least(facts.site.size) or (0, None)
    return {
        "post_rule": rule.version,
        "needed": max(count, len(entries)),
        "present": len(seats),
        "roster_line_ids": sorted(filter(None, map(line_told, seats))),
        "table": {"count": count, "cites": cites, "size": size_told(facts.site.size)} if cites else None,
        "basis": str(rule.binding),
        "list_entry_ids": sorted(str(each.id) for each in entries.values()),
    }


def _cites(evidence: dict[str, Any]) -> tuple[str, ...]:
    """The table where it asks for as many; where the list asks for more, whatever makes a list bind."""
    table = evidence["table"]
    return (table["cites"],) if table and table["count"] == evidence["needed"] else ()
