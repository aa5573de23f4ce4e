"""证书等级不足: somebody's certificate is of a lower level than his post asks for on a project of this size."""

from collections.abc import Iterator

from service.domain.certificates import Outcome
from service.domain.findings.base import Found
from service.domain.findings.facts import Facts
from service.domain.findings.needs import found_where

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """The chairs one of whose needs is answered by a lower level only."""
    yield from found_where(facts, Outcome.WRONG_LEVEL, RULE_VERSION)
