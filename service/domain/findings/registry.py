"""The rules of the cross-check: those about somebody's seat, and those that need a project's whole roster."""

from collections.abc import Callable, Iterable, Mapping

from service.domain.findings import (
    certificate_expired,
    certificate_expiring,
    certificate_missing,
    certificate_other_unit,
    certificate_suspended,
    certificate_wrong_level,
    certificate_wrong_type,
    employed_elsewhere,
    filing_mismatch,
    left_unit,
    post_vacant,
    several_posts,
    several_projects,
    understaffed,
)
from service.domain.findings.base import Found, Rule
from service.domain.findings.facts import Facts

Find = Callable[[Facts], Iterable[Found]]

#: Also before somebody sits there: whoever files asks before the list names him.
ASKED_RULES: Mapping[Rule, Find] = {
    Rule.CERTIFICATE_MISSING: certificate_missing.find,
    Rule.CERTIFICATE_WRONG_TYPE: certificate_wrong_type.find,
    Rule.CERTIFICATE_WRONG_LEVEL: certificate_wrong_level.find,
    Rule.CERTIFICATE_EXPIRED: certificate_expired.find,
    Rule.CERTIFICATE_SUSPENDED: certificate_suspended.find,
    Rule.CERTIFICATE_OTHER_UNIT: certificate_other_unit.find,
    Rule.CERTIFICATE_EXPIRING: certificate_expiring.find,
    Rule.SEVERAL_POSTS: several_posts.find,
    Rule.SEVERAL_PROJECTS: several_projects.find,
    Rule.EMPLOYED_ELSEWHERE: employed_elsewhere.find,
    Rule.LEFT_UNIT: left_unit.find,
}
PERSON_RULES: Mapping[Rule, Find] = {Rule.FILING_MISMATCH: filing_mismatch.find, **ASKED_RULES}
PROJECT_RULES: Mapping[Rule, Find] = {
    Rule.UNDERSTAFFED: understaffed.find,
    Rule.POST_VACANT: post_vacant.find,
}
RULES: Mapping[Rule, Find] = {**PERSON_RULES, **PROJECT_RULES}


def look(facts: Facts, rules: Mapping[Rule, Find]) -> list[Found]:
    """What the rules find on a site; before it begins and once it is accepted nobody has to serve it."""
    if not facts.site.staffed:
        return []
    return [each for find in rules.values() for each in find(facts)]
