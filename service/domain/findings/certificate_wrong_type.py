"""证书类型不符: somebody holds another certificate of the family his post asks for."""

from collections.abc import Iterator

from service.domain.certificates import Outcome
from service.domain.findings.base import Found
from service.domain.findings.facts import Facts
from service.domain.findings.needs import found_where

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """The chairs one of whose needs is answered by another type or specialty."""
    yield from found_where(facts, Outcome.WRONG_TYPE, RULE_VERSION)
