"""Post rules: read as they are in force on a day, and added to by the city."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import structlog
from sqlalchemy import ScalarSelect, Select, exists, func, select
from sqlalchemy.orm import aliased

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.calendar import business_day
from service.domain.post_rule_versions import PostRuleVersion, Standing, dated_problem, rules_on
from service.domain.post_rules import PostRule, Reference, references
from service.errors import Problem, ServiceError
from service.store.models import CertificateType, Post, PostRuleRow, Regulation
from service.store.queries.paging import Page, Window, page
from service.store.work import Work
from service.usecases.access import found, require

log = structlog.get_logger(__name__)

BODY = ("certificates", "concurrency", "staffing", "binding", "warn_days")


@dataclass(frozen=True, slots=True)
class StandingRule:
    """A version of a rule, and where it stands today."""

    row: PostRuleRow
    standing: Standing


def post_rules_on(work: Work, day: date) -> dict[str, PostRule]:
    """Of each post the rule in force on a day; one that nobody can read asks for nothing."""
    rules = rules_on(_versions(work.session.scalars(select(PostRuleRow).order_by(PostRuleRow.id))), day)
    for unreadable in (rule.version for rule in rules.values() if not rule.readable):
        log.error("a post rule could not be read", rule_version=unreadable)
    return rules


def id_in_force(day: date) -> ScalarSelect[Any]:
    """The id of the rule in force on a day of a selected `Post`: the last that began, or else the first to come."""
    begun = PostRuleRow.effective_from <= day
    return (
        select(PostRuleRow.id)
        .where(PostRuleRow.post_code == Post.code)
        .order_by(begun.desc(), func.abs(PostRuleRow.effective_from - day), PostRuleRow.id.desc())
        .limit(1)
        .correlate(Post)
        .scalar_subquery()
    )


def list_rules(post_code: str, window: Window, *, actor: Actor, deps: Deps) -> Page[StandingRule]:
    """A page of a post's rules, the one made last first."""
    require(actor, Permission.REFERENCE_READ)
    today = business_day(deps.clock.now())
    with deps.database.begin() as work:
        mine = select(id_in_force(today)).select_from(Post).where(Post.code == post_code)
        in_force = found(work, mine, "post")
        statement = select(PostRuleRow).where(PostRuleRow.post_code == post_code)
        rows = page(work.session, statement, PostRuleRow.id, window)
        replaced = set(work.session.scalars(_replaced(post_code)))
    return Page([StandingRule(row, _standing(row, in_force, replaced, today)) for row in rows.items], rows.next)


def _replaced(post_code: str) -> Select[Any]:
    """The ids of a post's versions in whose place a later one begins."""
    later = aliased(PostRuleRow)
    same_day = (later.post_code == post_code, later.effective_from == PostRuleRow.effective_from)
    again = exists().where(*same_day, later.id > PostRuleRow.id)
    return select(PostRuleRow.id).where(PostRuleRow.post_code == post_code, again)


def add_rule(post_code: str, values: Mapping[str, Any], *, actor: Actor, deps: Deps) -> StandingRule:
    """A new version of a post's rule from a day to come on; those before it stay as they are.

    Of several from the same day the last one made will hold. `effective_too_early`, `category_within_month`, and
    `unknown_reference` with the path to each name that nobody knows.
    """
    require(actor, Permission.REFERENCE_WRITE)
    today = business_day(deps.clock.now())
    with deps.database.begin(actor.account_id) as work:
        # One at a time: the next version's number and its neighbours follow from the versions there are.
        mine = select(Post).where(Post.code == post_code).with_for_update(key_share=True)
        post = found(work, mine, "post")
        known = select(PostRuleRow).where(PostRuleRow.post_code == post_code).order_by(PostRuleRow.id)
        rows = work.session.scalars(known).all()
        day, tomorrow = values["effective_from"], today + timedelta(days=1)
        problem = dated_problem(_versions(rows), day, values["category"], tomorrow)
        if problem:
            raise ServiceError([problem])
        row = keep_rule(work, post, len(rows) + 1, day, values)
        return StandingRule(row, Standing.TO_COME)


def keep_rule(work: Work, post: Post, number: int, day: date, values: Mapping[str, Any], at: str = "") -> PostRuleRow:
    """A version of a rule kept under its number; `at` is where its values stand in the request."""
    body = {name: values[name] for name in BODY}
    problems = [Problem("unknown_reference", f"{at}{path}") for path in _unknown(work, post, body)]
    if problems:
        raise ServiceError(problems)
    row = PostRuleRow(
        post_code=post.code,
        rule_version=f"{post.code}-{number}",
        effective_from=day,
        category=values["category"],
        body=body,
    )
    work.add(row)
    work.audit("post_rule:create", row.rule_version, post_code=post.code, effective_from=day.isoformat())
    return row


def _unknown(work: Work, post: Post, body: Mapping[str, Any]) -> list[str]:
    """The paths to what nobody knows; beside a post only posts of its own team are held."""
    named = list(references(body))
    tables = {
        Reference.CERTIFICATE_TYPE: select(CertificateType.code),
        Reference.REGULATION: select(Regulation.code),
        Reference.POST: select(Post.code).where(Post.team_kind == post.team_kind, Post.code != post.code),
    }
    known = {(thing, code) for thing, codes in tables.items() for code in work.session.scalars(codes)}
    return [path for thing, code, path in named if (thing, code) not in known]


def _versions(rows: Iterable[PostRuleRow]) -> list[PostRuleVersion]:
    return [PostRuleVersion(r.post_code, r.rule_version, r.effective_from, r.category, r.body) for r in rows]


def _standing(row: PostRuleRow, in_force: object, replaced: Collection[object], today: date) -> Standing:
    if row.id == in_force:
        return Standing.IN_FORCE
    if row.id in replaced:
        return Standing.REPLACED
    return Standing.TO_COME if row.effective_from > today else Standing.PAST
