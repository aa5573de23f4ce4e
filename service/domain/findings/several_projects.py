"""身兼多个项目: somebody serves more projects at once than his post allows, exempt ones not counted."""

from collections.abc import Iterator, Sequence
from typing import Any

from service.domain.findings.base import Found, Rule
from service.domain.findings.facts import Facts, Seat
from service.domain.findings.telling import found_about, line_told
from service.domain.post_rules import Exemption
from service.domain.sites import ProjectState

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """One finding a person on each of the projects that count; what is found here is found on the others by theirs."""
    for person_id in dict.fromkeys(seat.person_id for seat in facts.chairs):
        counted = _counted(facts, facts.people[person_id].seats)
        here = next((seat for seat in counted if seat.site.id == facts.site.id), None)
        groups = _groups(facts, counted)
        if here is not None and len(groups) > (limit := _limit(facts, groups)):
            evidence = {"limit": limit, "counted": len(groups), "projects": _told(groups)}
            yield found_about(facts, here, (Rule.SEVERAL_PROJECTS, RULE_VERSION), evidence, key=str(person_id))


def _counted(facts: Facts, seats: Sequence[Seat]) -> list[Seat]:
    """One seat a project: on a post whose projects are limited, on a site that has to be served."""
    counted = {
        seat.site.id: seat
        for seat in reversed(seats)
        if seat.post_code in facts.posts
        and facts.posts[seat.post_code].concurrency.projects is not None
        and seat.site.staffed
        and not _stopped_for_long(facts, seat)
    }
    return sorted(counted.values(), key=lambda seat: str(seat.site.id))


def _stopped_for_long(facts: Facts, seat: Seat) -> bool:
    asked, site = facts.posts[seat.post_code].concurrency, seat.site
    if Exemption.STOPPED not in asked.exemptions or site.state is not ProjectState.STOPPED or site.state_since is None:
        return False
    return seat.consented(facts.day) and (facts.day - site.state_since).days >= asked.stopped_days


def _groups(facts: Facts, seats: Sequence[Seat]) -> list[list[Seat]]:
    """The seats by what counts as one project: adjacent sections, where the rule of each post exempts them."""
    groups: list[list[Seat]] = []
    for seat in seats:
        near = [group for group in groups if any(_adjacent(facts, seat, other) for other in group)]
        groups = [group for group in groups if group not in near] + [
            [each for group in near for each in group] + [seat]
        ]
    return groups


def _adjacent(facts: Facts, one: Seat, other: Seat) -> bool:
    exempt = all(
        Exemption.ADJACENT_SECTIONS in facts.posts[seat.post_code].concurrency.exemptions for seat in (one, other)
    )
    return exempt and bool(one.site.section_groups & other.site.section_groups)


def _limit(facts: Facts, groups: Sequence[Sequence[Seat]]) -> int:
    """The least that the rules of his posts allow; more where the client of all but one project consented.

    Which project was the first needs no date: one of them he may serve without consent.
    """
    asked = [facts.posts[seat.post_code].concurrency for group in groups for seat in group]
    without = [group for group in groups if not any(seat.consented(facts.day) for seat in group)]
    limits = [each.projects if len(without) > 1 else max(each.consented or 0, each.projects or 0) for each in asked]
    return min(limit for limit in limits if limit is not None)


def _told(groups: Sequence[Sequence[Seat]]) -> list[list[dict[str, Any]]]:
    return [[_seat_told(seat) for seat in group] for group in groups]


def _seat_told(seat: Seat) -> dict[str, Any]:
    consent = seat.concurrent_consent_on
    return {
        "project_id": str(seat.site.id),
        "roster_line_id": line_told(seat),
        "post_code": seat.post_code,
        "concurrent_consent_on": consent.isoformat() if consent else None,
    }
