"""必配岗位空缺: nobody holds a post that the attendance policy requires."""

from collections.abc import Iterator

from service.domain.calendar import month_of
from service.domain.findings.base import Found, Rule
from service.domain.findings.facts import Facts

RULE_VERSION = "1"


def find(facts: Facts) -> Iterator[Found]:
    """The required posts without anybody, also those of a team the project does not even have."""
    held = {seat.post_code for seat in facts.chairs}
    for code in sorted(set(facts.required_posts) - held):
        rule = facts.posts.get(code)
        if rule is not None:
            yield Found(
                rule=Rule.POST_VACANT,
                rule_version=RULE_VERSION,
                key=code,
                team_kind=facts.team_kinds[code],
                month=month_of(facts.day),
                evidence={
                    "post_rule": rule.version,
                    "policy_version": facts.policy_version,
                    "basis": str(rule.binding),
                    "list_entry_ids": sorted(str(each.id) for each in facts.binding_on(code)),
                },
                category=rule.category,
                post_code=code,
            )
