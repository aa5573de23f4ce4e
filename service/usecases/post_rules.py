"""Post rules: read as they are in force on a day, and added to by the city."""

from datetime import date

from sqlalchemy import select

from service.domain.post_rules import PostRule, PostRuleVersion, rules_on
from service.store.models import PostRuleRow
from service.store.work import Work


def post_rules_on(work: Work, day: date) -> dict[str, PostRule]:
    """Of each post the rule in force on a day."""
    rows = work.session.scalars(select(PostRuleRow))
    return rules_on(
        [PostRuleVersion(r.post_code, r.rule_version, r.effective_from, r.category, r.body) for r in rows], day
    )
