"""证书缺失: somebody holds no certificate of a family his post asks for."""

from collections.abc import Iterator

from service.domain.certificates import Outcome
from service.domain.findings.base import Found
from service.domain.findings.facts import Facts
from service.domain.findings.needs import found_where

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """The chairs one of whose needs nothing held comes near to."""
    yield from found_where(facts, Outcome.MISSING, RULE_VERSION)
