"""Versions of post rules: read as stored, the one in force on a day, and from which day a new one may begin."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from service.domain.policies import UNREADABLE
from service.domain.post_rules import Band, Case, Concurrency, Exemption, Measure, PostRule, Staffing
from service.domain.roster import Basis
from service.domain.sites import ProjectKind
from service.errors import Problem


class Standing(StrEnum):
    """Where a version of a rule stands today."""

    TO_COME = "to_come"
    IN_FORCE = "in_force"
    PAST = "past"
    #: A later version begins on the same day, so that this one never holds.
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class PostRuleVersion:
    """A rule as stored."""

    post_code: str
    rule_version: str
    effective_from: date
    category: int
    body: Mapping[str, Any]


def rules_on(rows: Iterable[PostRuleVersion], day: date) -> dict[str, PostRule]:
    """Of each post the rule in force on a day; before its first one a post is ruled by that first one.

    Rows come in the order in which they were made: of several that begin on one day the last one holds.
    """
    chosen: dict[str, PostRuleVersion] = {}
    for row in sorted(rows, key=lambda each: each.effective_from):
        first = chosen.get(row.post_code, row).effective_from
        if row.effective_from <= max(day, first):
            chosen[row.post_code] = row
    return {code: _read(row) for code, row in chosen.items()}


def _read(row: PostRuleVersion) -> PostRule:
    """A body nobody can read is a matter of its own post, and never of the others'."""
    try:
        return parse_post_rule(row)
    except UNREADABLE:
        return PostRule(row.post_code, row.rule_version, row.effective_from, row.category, readable=False)


def dated_problem(rows: Iterable[PostRuleVersion], day: date, category: int, tomorrow: date) -> Problem | None:
    """Why a post's rule cannot begin on a day, or None.

    What was found until today was found by the rules of then. A month is counted by the category of its first day, so
    that another category begins with a month: the new rule's, and that of the one that follows it. Rows come in the
    order in which they were made; the new one takes the place of any that was to begin on the same day.
    """
    if day < tomorrow:
        return Problem("effective_too_early", "effective_from", {"earliest": tomorrow.isoformat()})
    known = sorted({row.effective_from: row for row in rows}.values(), key=lambda each: each.effective_from)
    before = [each.category for each in known if each.effective_from < day][-1:]
    after = [each for each in known if each.effective_from > day][:1]
    begun_within = day.day != 1 and before != [category]
    ended_within = any(each.effective_from.day != 1 and each.category != category for each in after)
    return Problem("category_within_month", "effective_from") if begun_within or ended_within else None


def parse_post_rule(row: PostRuleVersion) -> PostRule:
    """The typed rule; one of policies.UNREADABLE when the body is incomplete or of another shape."""
    body = row.body
    return PostRule(
        post_code=row.post_code,
        version=row.rule_version,
        effective_from=row.effective_from,
        category=row.category,
        certificates=tuple(tuple(_case(case) for case in need) for need in body["certificates"]),
        concurrency=_concurrency(body["concurrency"]),
        staffing=tuple(_staffing(table) for table in body["staffing"]),
        binding=Basis(body["binding"]),
        warn_days=tuple(sorted((int(days) for days in body["warn_days"]), reverse=True)),
    )


def _case(case: Mapping[str, Any]) -> Case:
    return Case(
        one_of=tuple(case["one_of"]),
        specialties=tuple(case.get("specialties", ())),
        kinds=_kinds(case.get("kinds", ())),
        measure=Measure(case["measure"]) if case.get("measure") else None,
        at_least=float(case.get("at_least", 0)),
    )


def _concurrency(body: Mapping[str, Any]) -> Concurrency:
    return Concurrency(
        projects=body["projects"],
        consented=body.get("consented"),
        exemptions=frozenset(Exemption(each) for each in body.get("exemptions", ())),
        stopped_days=int(body.get("stopped_days", 120)),
        with_posts=frozenset(body.get("with_posts", ())),
    )


def _staffing(table: Mapping[str, Any]) -> Staffing:
    bands = tuple(Band(int(b["count"]), b.get("below"), b.get("each_further")) for b in table["bands"])
    return Staffing(Measure(table["measure"]), _kinds(table["kinds"]), bands, table["cites"], bool(table["enabled"]))


def _kinds(kinds: Sequence[str]) -> frozenset[ProjectKind]:
    return frozenset(ProjectKind(kind) for kind in kinds)
