"""docs/attendance.md, in both languages, says what the rules compute and what the migration writes."""

import importlib.util
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any
from uuid import UUID

import pytest

from service.domain.attendance import Day, Outcome, Tally, judge_day
from service.domain.attendance_month import Group, Holder, Post, Roster, Row, month_rows, tallies
from service.domain.calendar import days_between
from service.domain.findings.attendance_below_threshold import MonthFacts, find
from service.domain.policies import AttendancePolicy, PolicyRow, parse_attendance
from service.domain.sites import ProjectState, SiteDays, StateFrom, TeamKind
from service.domain.stop_works import Stop
from tests.attendance import punch

ROOT = Path(__file__).parents[2]
ENGLISH, CHINESE = ROOT / "docs" / "attendance.md", ROOT / "docs" / "zh" / "attendance.md"
MIGRATION = ROOT / "migrations" / "versions" / "0004_attendance_reference.py"
both_languages = pytest.mark.parametrize("path", [ENGLISH, CHINESE], ids=["English", "Chinese"])

MARCH, END = date(2026, 3, 1), date(2026, 3, 31)
MANAGER, ENGINEER = UUID(int=1), UUID(int=2)
POSTS = {
    "project_manager": Post("project_manager", TeamKind.CONSTRUCTION, 1),
    "chief_engineer": Post("chief_engineer", TeamKind.SUPERVISION, 1),
}
STOP = Stop(date(2026, 3, 9), date(2026, 3, 12))


@cache
def policy_body() -> Mapping[str, Any]:
    spec = importlib.util.spec_from_file_location("attendance_reference", MIGRATION)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.ATTENDANCE_POLICY)


@cache
def policy() -> AttendancePolicy:
    return parse_attendance(PolicyRow("attendance-1", date(2019, 6, 1), "city", None, policy_body()))


def month(active_from: date, holders: list[Holder], stops: list[Stop]) -> list[Row]:
    """March of a project on which the project manager, if there is one, is on duty every day."""
    days = list(days_between(MARCH, END))
    kept: dict[tuple[UUID, date], Day] = {
        (MANAGER, day): judge_day([punch("08:00", day=day), punch("12:00", day=day)], policy()) for day in days
    }
    site = SiteDays([StateFrom(ProjectState.ACTIVE, active_from)], stops)
    return month_rows(days, END, site, Roster(POSTS, holders), lambda _: policy(), kept)


def project_a() -> list[Row]:
    holders = [Holder(MANAGER, "project_manager", MARCH, None), Holder(ENGINEER, "chief_engineer", MARCH, None)]
    return month(date(2026, 3, 2), holders, [STOP])


def project_b(*stops: Stop) -> list[Row]:
    return month(date(2026, 3, 30), [], list(stops))


def first_category(rows: list[Row]) -> Tally:
    """The person-days of both teams."""
    return sum(tallies(rows).values(), Tally())


def percent(number: float | None) -> str:
    return f"{number:.1f} %"


def rate(sums: Tally) -> str:
    return f"{sums.valid} / {sums.due} = {percent(sums.rate)}"


def findings(rows: list[Row]) -> set[str]:
    return {found.team_kind for found in find(MonthFacts(MARCH, END, rows, tallies(rows), policy()))}


def said(path: Path) -> str:
    return " ".join(path.read_text(encoding="utf-8").split())


@both_languages
def test_the_worked_example_is_what_the_rules_compute(path: Path) -> None:
    a, b = first_category(project_a()), first_category(project_b())
    told = [rate(sums) for rows in (project_a(), project_b()) for sums in tallies(rows).values()]
    told += [rate(a), rate(b)]
    told.append(f"({percent(a.rate)} + {percent(b.rate)}) / 2 = {percent(mean([a.rate or 0, b.rate or 0]))}")
    told.append(f"({a.valid} + {b.valid}) / ({a.due} + {b.due}) = {rate(a + b)}")
    assert [line for line in told if line not in said(path)] == []
    assert (rate(a), rate(b)) == ("26 / 52 = 50.0 %", "0 / 4 = 0.0 %")
    assert (percent(25.0) in told[-2], percent((a + b).rate)) == (True, "46.4 %")


def test_the_days_and_findings_of_the_example_are_as_told() -> None:
    a, b = project_a(), project_b()
    assert {row.person_id: sum(day.outcome is not Outcome.NOT_DUE for day in row.days.values()) for row in a} == {
        MANAGER: 26,
        ENGINEER: 26,
    }
    assert {row.person_id for row in b} == {None}
    assert (findings(a), findings(b)) == ({TeamKind.SUPERVISION}, {TeamKind.CONSTRUCTION, TeamKind.SUPERVISION})


def test_a_project_at_rest_has_no_rate_and_is_left_out() -> None:
    resting = project_b(Stop(date(2026, 3, 30), END))
    assert tallies(resting).get(Group(TeamKind.CONSTRUCTION, 1), Tally()).rate is None
    assert first_category(project_a()).rate == 50.0
    assert (first_category(project_a()) + first_category(resting)).rate == 50.0


@both_languages
def test_the_policy_numbers_are_the_ones_the_migration_writes(path: Path) -> None:
    body, text = policy_body(), path.read_text(encoding="utf-8")
    flat = {name: value for name, value in body.items() if isinstance(value, int)}
    flat |= {f"thresholds.{name}": value for name, value in body["thresholds"].items()}
    assert [name for name, value in flat.items() if f"| `{name}` | {value} |" not in text] == []
    assert f"| `due_days` | `{body['due_days']}` |" in text
    assert re.search(rf"`window_from`.*`window_to` \| {body['window_from']}.*{body['window_to']} \|", text)
    listed = text[text.index("`required_posts`") : text.index("\n## ")]
    assert re.findall(r"`([a-z_]+)`", listed)[1:] == body["required_posts"]


@both_languages
def test_every_outcome_of_a_day_is_explained(path: Path) -> None:
    row_of_five = r"^\| `(\w+)` \| [^|]+ \| [^|]+ \| [^|]+ \| [^|]+ \|$"
    assert re.findall(row_of_five, path.read_text(encoding="utf-8"), re.MULTILINE) == [*Outcome]
