"""证书失效: what would meet a need is in date, and its issuer suspended, revoked or cancelled it."""

from collections.abc import Iterator

from service.domain.certificates import Outcome
from service.domain.findings.base import Found
from service.domain.findings.facts import Facts
from service.domain.findings.needs import found_where

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """The chairs one of whose needs only a certificate would meet that its issuer does not let serve."""
    yield from found_where(facts, Outcome.SUSPENDED, RULE_VERSION)
