"""证书临期: what meets a need ends soon; nothing is wrong yet."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from service.domain.certificates import Judged, Outcome
from service.domain.findings.base import Found, Rule
from service.domain.findings.facts import Facts
from service.domain.findings.needs import about_needs, told

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """The chairs one of whose needs is met, renewals that follow without a gap included, up to a warning day only."""
    for seat, judged in facts.judged:
        warn_days = facts.posts[seat.post_code].warn_days
        needs = [need for each in judged for need in _soon(each, warn_days, facts.day)]
        if needs:
            yield about_needs(facts, seat, (Rule.CERTIFICATE_EXPIRING, RULE_VERSION), needs)


def _soon(judged: Judged, warn_days: Sequence[int], day: date) -> Iterator[dict[str, Any]]:
    if judged.outcome is not Outcome.MET or judged.certificate is None:
        return
    left = (judged.met_to - day).days
    inside = [days for days in warn_days if left <= days]
    if inside:
        yield {**told(judged), "within_days": min(inside)}
