"""身兼多岗: one person holds several posts of one project, which no rule of these posts allows."""

from collections.abc import Iterator
from itertools import combinations

from service.domain.findings.base import Found, Rule
from service.domain.findings.facts import Facts
from service.domain.findings.telling import found_about, line_told

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """One finding a person: two posts go together where the rule of either names the other."""
    for person_id in dict.fromkeys(seat.person_id for seat in facts.chairs):
        here = [seat for seat in facts.people[person_id].seats if seat.site.id == facts.site.id]
        seats = sorted({seat.post_code: seat for seat in reversed(here)}.values(), key=lambda seat: seat.post_code)
        if any(not _go_together(facts, a.post_code, b.post_code) for a, b in combinations(seats, 2)):
            lines = [{"roster_line_id": line_told(seat), "post_code": seat.post_code} for seat in seats]
            rule = (Rule.SEVERAL_POSTS, RULE_VERSION)
            yield found_about(facts, seats[0], rule, {"seats": lines}, key=str(person_id))


def _go_together(facts: Facts, one: str, other: str) -> bool:
    return any(
        code in facts.posts and beside in facts.posts[code].concurrency.with_posts
        for code, beside in ((one, other), (other, one))
    )
