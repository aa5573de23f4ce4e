"""证书单位不符: what meets a need names another unit than the team's."""

from collections.abc import Iterator

from service.domain.certificates import Outcome
from service.domain.findings.base import Found
from service.domain.findings.facts import Facts
from service.domain.findings.needs import found_where

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """The chairs one of whose needs is met for another unit only."""
    yield from found_where(facts, Outcome.OTHER_UNIT, RULE_VERSION)
