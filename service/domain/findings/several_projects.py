"""身兼多个项目: somebody serves more projects at once than his post allows, exempt ones not counted."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from service.domain.findings.base import Found, Rule
from service.domain.findings.facts import Facts, Seat
from service.domain.findings.telling import found_about, line_told
from service.domain.post_rules import Exemption

RULE_VERSION = "1"
#: Somebody's seats on one site that count.
Served = Sequence[Seat]


def find(facts: Facts) -> Iterator[Found]:
    """One finding a person on each of the projects that count; what is found here is found on the others by theirs."""
    for person_id in dict.fromkeys(seat.person_id for seat in facts.chairs):
        counted = _counted(facts, facts.people[person_id].seats)
        here = [seat for served in counted for seat in served if seat.site.id == facts.site.id]
        groups = _groups(facts, counted)
        if here and len(groups) > (limit := _limit(facts, groups)):
            strictest = min(here, key=lambda seat: facts.posts[seat.post_code].concurrency.consented or 0)
            evidence = {"limit": limit, "counted": len(groups), "projects": _told(groups)}
            rule, key = (Rule.SEVERAL_PROJECTS, RULE_VERSION), str(person_id)
            yield found_about(facts, strictest, rule, evidence, key=key)


def _counted(facts: Facts, seats: Sequence[Seat]) -> list[Served]:
    """By site all his posts whose projects are limited, so that no strict one is hidden behind another.

    Only sites count that have to be served. Of several lines on one post it is the one that was consented to.
    """
    sites: defaultdict[str, dict[str, Seat]] = defaultdict(dict)
    for seat in sorted(seats, key=lambda seat: seat.concurrent_consent_on or date.max):
        rule = facts.posts.get(seat.post_code)
        limited = rule is not None and rule.concurrency.projects is not None
        if limited and seat.site.staffed and not _stopped_for_long(facts, seat):
            sites[str(seat.site.id)].setdefault(seat.post_code, seat)
    return [[posts[code] for code in sorted(posts)] for _, posts in sorted(sites.items())]


def _stopped_for_long(facts: Facts, seat: Seat) -> bool:
    asked, since = facts.posts[seat.post_code].concurrency, seat.site.stopped_since
    if Exemption.STOPPED not in asked.exemptions or since is None:
        return False
    return seat.consented(facts.day) and (facts.day - since).days >= asked.stopped_days


def _groups(facts: Facts, sites: Sequence[Served]) -> list[list[Served]]:
    """The sites by what counts as one project: adjacent sections, where the rule of each post exempts them."""
    groups: list[list[Served]] = []
    for site in sites:
        near = [group for group in groups if any(_adjacent(facts, site, other) for other in group)]
        groups = [group for group in groups if group not in near] + [
            [each for group in near for each in group] + [site]
        ]
    return groups


def _adjacent(facts: Facts, one: Served, other: Served) -> bool:
    exempt = all(
        Exemption.ADJACENT_SECTIONS in facts.posts[seat.post_code].concurrency.exemptions for seat in (*one, *other)
    )
    return exempt and bool(one[0].site.section_groups & other[0].site.section_groups)


def _limit(facts: Facts, groups: Sequence[Sequence[Served]]) -> int:
    """The least that the rules of his posts allow; more where the client of all but one project consented.

    Which project was the first needs no date: one of them he may serve without consent.
    """
    together = [[seat for site in group for seat in site] for group in groups]
    asked = [facts.posts[seat.post_code].concurrency for seats in together for seat in seats]
    without = [seats for seats in together if not any(seat.consented(facts.day) for seat in seats)]
    limits = [each.projects if len(without) > 1 else max(each.consented or 0, each.projects or 0) for each in asked]
    return min(limit for limit in limits if limit is not None)


def _told(groups: Sequence[Sequence[Served]]) -> list[list[dict[str, Any]]]:
    return [[_seat_told(seat) for site in group for seat in site] for group in groups]


def _seat_told(seat: Seat) -> dict[str, Any]:
    consent = seat.concurrent_consent_on
    return {
        "project_id": str(seat.site.id),
        "roster_line_id": line_told(seat),
        "post_code": seat.post_code,
        "concurrent_consent_on": consent.isoformat() if consent else None,
    }
