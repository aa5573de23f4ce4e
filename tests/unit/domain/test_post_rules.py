"""Post rules: which one holds on a day, what it asks of a project of a size, and when a new one may begin."""

from datetime import date
from typing import Any

import pytest

from service.domain.post_rule_versions import PostRuleVersion, dated_problem, parse_post_rule, rules_on
from service.domain.post_rules import Case, Exemption, Measure, Reference, Size, references
from service.domain.roster import Basis
from service.domain.sites import ProjectKind
from service.errors import Problem

BODY: dict[str, Any] = {
    "certificates": [
        [
            {"one_of": ["first"], "kinds": ["building"], "measure": "area_m2", "at_least": 30000},
            {"one_of": ["first"], "kinds": ["municipal"], "measure": "price_yuan", "at_least": 30000000},
            {"one_of": ["first", "second"]},
        ],
        [{"one_of": ["safety"], "kinds": ["building"], "specialties": ["土建"]}],
    ],
    "concurrency": {"projects": 1, "consented": 3, "exemptions": ["stopped"], "with_posts": ["other"]},
    "staffing": [
        {
            "measure": "area_m2",
            "kinds": ["building"],
            "bands": [{"count": 1, "below": 10000}, {"count": 2, "below": 50000}, {"count": 3, "each_further": 50000}],
            "cites": "table",
            "enabled": True,
        },
        {"measure": "area_m2", "kinds": ["building"], "bands": [{"count": 9}], "cites": "weak", "enabled": False},
        {
            "measure": "price_yuan",
            "kinds": ["municipal"],
            "bands": [{"count": 1, "below": 5e7}],
            "cites": "prices",
            "enabled": True,
        },
    ],
    "binding": "contract",
    "warn_days": [30, 90, 60],
}


def version(day: str, category: int = 1, number: int = 1, code: str = "post", **body: Any) -> PostRuleVersion:
    return PostRuleVersion(code, f"{code}-{number}", date.fromisoformat(day), category, BODY | body)


RULE = parse_post_rule(version("2026-01-01"))
BUILDING, MUNICIPAL, FIT_OUT = ProjectKind.BUILDING, ProjectKind.MUNICIPAL, ProjectKind.FIT_OUT


def test_a_rule_is_read_whole() -> None:
    assert RULE.concurrency.projects == 1
    assert RULE.concurrency.consented == 3
    assert RULE.concurrency.exemptions == {Exemption.STOPPED}
    assert RULE.concurrency.stopped_days == 120
    assert RULE.concurrency.with_posts == {"other"}
    assert (RULE.binding, RULE.warn_days) == (Basis.CONTRACT, (90, 60, 30))
    large = Case(("first",), (), frozenset({BUILDING}), Measure.AREA_M2, 30000)
    assert RULE.certificates[0][0] == large


@pytest.mark.parametrize(
    ("size", "asked"),
    [
        (Size(BUILDING, area_m2=29999.9), [("first", "second"), ("safety",)]),
        (Size(BUILDING, area_m2=30000), [("first",), ("safety",)]),
        # Nobody said how large it is: then it is not among the large ones.
        (Size(BUILDING), [("first", "second"), ("safety",)]),
        (Size(BUILDING, price_yuan=30_000_000), [("first", "second"), ("safety",)]),
        (Size(MUNICIPAL, price_yuan=30_000_000), [("first",)]),
        (Size(MUNICIPAL, area_m2=30000, price_yuan=29_999_999), [("first", "second")]),
        (Size(FIT_OUT, area_m2=1e6), [("first", "second")]),
        (Size(), [("first", "second")]),
    ],
)
def test_of_each_need_the_first_case_that_covers_the_project_holds(size: Size, asked: list[tuple[str, ...]]) -> None:
    assert [case.one_of for case in RULE.needs(size)] == asked


@pytest.mark.parametrize(
    ("size", "least"),
    [
        (Size(BUILDING, area_m2=0), (1, "table")),
        (Size(BUILDING, area_m2=9999.9), (1, "table")),
        (Size(BUILDING, area_m2=10000), (2, "table")),
        (Size(BUILDING, area_m2=50000), (3, "table")),
        (Size(BUILDING, area_m2=99999), (3, "table")),
        (Size(BUILDING, area_m2=100000), (4, "table")),
        (Size(BUILDING, area_m2=210000), (6, "table")),
        (Size(MUNICIPAL, price_yuan=1), (1, "prices")),
        (Size(MUNICIPAL, price_yuan=50_000_000), None),
        (Size(BUILDING), None),
        (Size(FIT_OUT, area_m2=10000), None),
        (Size(area_m2=10000), None),
    ],
)
def test_the_fewest_people_follow_the_enabled_tables(size: Size, least: tuple[int, str] | None) -> None:
    assert RULE.least(size) == least


def test_on_each_day_the_rule_that_began_last_holds_and_before_the_first_that_first() -> None:
    rows = [version("2026-03-01", 2, 2), version("2026-01-01"), version("2025-06-01", code="other")]
    held = {
        day: {code: rule.version for code, rule in rules_on(rows, date.fromisoformat(day)).items()}
        for day in ("2025-01-01", "2026-02-28", "2026-03-01", "2027-01-01")
    }
    assert held == {
        "2025-01-01": {"post": "post-1", "other": "other-1"},
        "2026-02-28": {"post": "post-1", "other": "other-1"},
        "2026-03-01": {"post": "post-2", "other": "other-1"},
        "2027-01-01": {"post": "post-2", "other": "other-1"},
    }


def test_of_two_from_one_day_the_one_made_last_holds_and_one_nobody_can_read_asks_for_nothing() -> None:
    rows = [version("2026-01-01"), version("2026-03-01", 1, 2), version("2026-03-01", 1, 3)]
    held = [rules_on(rows, date.fromisoformat(day))["post"].version for day in ("2026-02-28", "2026-03-01")]
    assert held == ["post-1", "post-3"]
    broken = PostRuleVersion("post", "post-4", date(2026, 4, 1), 2, {})
    rule = rules_on([*rows, broken], date(2026, 4, 1))["post"]
    assert (rule.version, rule.category, rule.certificates, rule.readable) == ("post-4", 2, (), False)


@pytest.mark.parametrize(
    ("day", "category", "code"),
    [
        ("2026-03-02", 1, "effective_too_early"),
        ("2026-03-03", 1, None),
        ("2026-03-03", 2, "category_within_month"),
        # A rule to come is of the second category from 1 April on, and one of 20 April goes on with it.
        ("2026-03-31", 2, "category_within_month"),
        ("2026-04-02", 1, "category_within_month"),
        ("2026-04-02", 2, None),
        ("2026-04-19", 1, "category_within_month"),
        ("2026-05-01", 1, None),
        ("2026-05-02", 1, "category_within_month"),
    ],
)
def test_another_category_begins_with_a_month(day: str, category: int, code: str | None) -> None:
    rows = [version("2026-04-20", 2, 3), version("2019-06-01", 1), version("2026-04-01", 2, 2)]
    problem = dated_problem(rows, date.fromisoformat(day), category, date(2026, 3, 3))
    assert (problem.code if problem else None) == code


def test_a_rule_put_between_two_does_not_leave_the_later_to_change_the_category_within_a_month() -> None:
    rows = [version("2019-06-01", 1), version("2026-05-15", 1, 2)]
    problem = dated_problem(rows, date(2026, 4, 1), 2, date(2026, 3, 3))
    assert problem == Problem("category_within_month", "effective_from")
    assert dated_problem(rows, date(2026, 4, 1), 1, date(2026, 3, 3)) is None


def test_whatever_a_rule_names_is_listed_with_its_path() -> None:
    assert list(references(BODY)) == [
        (Reference.CERTIFICATE_TYPE, "first", "certificates.0.0.one_of.0"),
        (Reference.CERTIFICATE_TYPE, "first", "certificates.0.1.one_of.0"),
        (Reference.CERTIFICATE_TYPE, "first", "certificates.0.2.one_of.0"),
        (Reference.CERTIFICATE_TYPE, "second", "certificates.0.2.one_of.1"),
        (Reference.CERTIFICATE_TYPE, "safety", "certificates.1.0.one_of.0"),
        (Reference.POST, "other", "concurrency.with_posts.0"),
        (Reference.REGULATION, "table", "staffing.0.cites"),
        (Reference.REGULATION, "weak", "staffing.1.cites"),
        (Reference.REGULATION, "prices", "staffing.2.cites"),
    ]
