"""身兼多岗: one person holds several posts of one project, which no rule of these posts allows."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from uuid import UUID

from service.domain.findings.base import Found, Rule
from service.domain.findings.facts import Facts, Seat
from service.domain.findings.telling import found_about, line_told

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """One finding a person and team concerned, so that each team sees its own."""
    for person_id in dict.fromkeys(seat.person_id for seat in facts.chairs):
        seats = _seats(facts, person_id)
        concerned = _that_do_not_go_together(facts, seats)
        lines = [{"roster_line_id": line_told(seat), "post_code": seat.post_code} for seat in seats]
        for team_kind, seat in {seat.team_kind: seat for seat in reversed(concerned)}.items():
            rule, key = (Rule.SEVERAL_POSTS, RULE_VERSION), f"{person_id}:{team_kind}"
            yield found_about(facts, seat, rule, {"seats": lines}, key=key)


def _seats(facts: Facts, person_id: UUID) -> list[Seat]:
    """His seats here, one a post."""
    here = [seat for seat in facts.people[person_id].seats if seat.site.id == facts.site.id]
    return sorted({seat.post_code: seat for seat in reversed(here)}.values(), key=lambda seat: seat.post_code)


def _that_do_not_go_together(facts: Facts, seats: Sequence[Seat]) -> list[Seat]:
    """Two posts go together where the rule of either names the other."""
    pairs = [pair for pair in combinations(seats, 2) if not _go_together(facts, *(seat.post_code for seat in pair))]
    return [seat for seat in seats if any(seat in pair for pair in pairs)]


def _go_together(facts: Facts, one: str, other: str) -> bool:
    return any(
        code in facts.posts and beside in facts.posts[code].concurrency.with_posts
        for code, beside in ((one, other), (other, one))
    )
