"""证书过期: what would meet a need is past its last day, or its first is still to come."""

from collections.abc import Iterator

from service.domain.certificates import Outcome
from service.domain.findings.base import Found
from service.domain.findings.facts import Facts
from service.domain.findings.needs import found_where

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """The chairs one of whose needs only a certificate would meet that is not in date."""
    yield from found_where(facts, Outcome.EXPIRED, RULE_VERSION)
