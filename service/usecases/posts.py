"""Posts: made with their first rule, shown with the one in force today; only their names change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.calendar import business_day
from service.domain.post_rule_versions import Standing
from service.store.models import Post, PostRuleRow
from service.store.queries.paging import Page, Window, page
from service.store.work import Work
from service.usecases.access import found, require, require_version
from service.usecases.post_rules import StandingRule, id_in_force, keep_rule


@dataclass(frozen=True, slots=True)
class RuledPost:
    """A post, and what is asked of it today."""

    post: Post
    rule: StandingRule


def list_posts(filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps) -> Page[RuledPost]:
    """A page of posts by code, also of one team or of one category as ruled today."""
    require(actor, Permission.REFERENCE_READ)
    today = business_day(deps.clock.now())
    statement = select(Post).join(PostRuleRow, PostRuleRow.id == id_in_force(today))
    for name, column in (("team_kind", Post.team_kind), ("category", PostRuleRow.category)):
        if name in filters:
            statement = statement.where(column == filters[name])
    with deps.database.begin() as work:
        rows = page(work.session, statement, Post.code, window)
        return Page(_ruled(work, rows.items, today), rows.next)


def read_post(code: str, *, actor: Actor, deps: Deps) -> RuledPost:
    """One post."""
    require(actor, Permission.REFERENCE_READ)
    with deps.database.begin() as work:
        post = found(work, select(Post).where(Post.code == code), "post")
        return _ruled(work, [post], business_day(deps.clock.now()))[0]


def create_post(values: Mapping[str, Any], *, actor: Actor, deps: Deps) -> RuledPost:
    """A new post with its first rule, which holds from today: nobody stood on the post before."""
    require(actor, Permission.REFERENCE_WRITE)
    with deps.database.begin(actor.account_id) as work:
        post = work.add(Post(**{name: value for name, value in values.items() if name != "rule"}))
        work.audit("post:create", post.code)
        row = keep_rule(work, post, 1, business_day(deps.clock.now()), values["rule"], "rule.")
        return RuledPost(post, StandingRule(row, Standing.IN_FORCE))


def change_post(code: str, values: Mapping[str, Any], version: int, *, actor: Actor, deps: Deps) -> RuledPost:
    """A post with other names; what is asked of it changes by a new rule."""
    require(actor, Permission.REFERENCE_WRITE)
    with deps.database.begin(actor.account_id) as work:
        post = found(work, select(Post).where(Post.code == code), "post")
        require_version(post.version, version)
        for name, value in values.items():
            setattr(post, name, value)
        work.save()
        work.audit("post:change", code, fields=sorted(values))
        return _ruled(work, [post], business_day(deps.clock.now()))[0]


def _ruled(work: Work, posts: Sequence[Post], today: date) -> list[RuledPost]:
    codes = [post.code for post in posts]
    statement = select(PostRuleRow).join(Post, PostRuleRow.id == id_in_force(today)).where(Post.code.in_(codes))
    rules = {row.post_code: StandingRule(row, Standing.IN_FORCE) for row in work.session.scalars(statement)}
    return [RuledPost(post, rules[post.code]) for post in posts]
