"""Days, months and rates as pure rules."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.attendance import Day, Outcome, Punch, Tally, judge_day, tally
from service.domain.attendance_month import Group, Holder, Post, Roster, Row, month_rows, tallies, thresholds
from service.domain.calendar import days_between, month_before, next_month
from service.domain.findings.attendance_below_threshold import MonthFacts, find
from service.domain.policies import AttendancePolicy, NoPolicy, PolicyBook, PolicyRow, parse_attendance
from service.domain.reasons import Verdict
from service.domain.sites import ProjectState, SiteDays, StateFrom, TeamKind
from service.domain.stop_works import STEPS, Stop, StopWorkAct, StopWorkState, after, allowed, longest_month, run_of
from tests.attendance import ATTENDANCE, DAY, clock, punch

A, R, V = Verdict.ACCEPTED, Verdict.REFUSED, Verdict.REVIEW
VALID, SHORT, ABSENT, VACANT, PENDING, NOT_DUE = (
    Outcome.VALID,
    Outcome.SHORT,
    Outcome.ABSENT,
    Outcome.VACANT,
    Outcome.PENDING,
    Outcome.NOT_DUE,
)


@pytest.mark.parametrize(
    ("punches", "outcome", "codes"),
    [
        ([], ABSENT, ["no_punch_counts"]),
        ([punch("08:00")], SHORT, ["too_few_punches"]),
        ([punch("08:00"), punch("12:00")], VALID, []),
        ([punch("12:00"), punch("08:00")], VALID, []),
        ([punch("08:00"), punch("11:59")], SHORT, ["gap_too_short"]),
        ([punch("08:00:30"), punch("12:00:29")], SHORT, ["gap_too_short"]),
        ([punch("08:00"), punch("09:00"), punch("12:00")], VALID, []),
        ([punch("08:00"), punch("12:00", R)], SHORT, ["too_few_punches", "check_ins_refused"]),
        ([punch("08:00", R)], ABSENT, ["no_punch_counts", "check_ins_refused"]),
        ([punch("05:00", A, "outside_window")], ABSENT, ["no_punch_counts", "check_ins_not_counted"]),
        ([punch("08:00"), punch("12:00", V)], PENDING, ["check_in_undecided"]),
        ([punch("08:00", V)], PENDING, ["check_in_undecided"]),
        ([punch("08:00"), punch("12:00"), punch("13:00", V)], VALID, []),
        ([punch("05:00", V, "outside_window")], ABSENT, ["no_punch_counts"]),
    ],
)
def test_what_a_day_comes_to(punches: list[Punch], outcome: Outcome, codes: list[str]) -> None:
    day = judge_day(punches, ATTENDANCE)
    assert (day.outcome, [why.code for why in day.why], day.policy_version) == (outcome, codes, "attendance-1")


def test_a_day_tells_the_numbers_behind_it() -> None:
    day = judge_day([punch("08:00"), punch("11:00")], ATTENDANCE)
    assert dict(day.why[0].data) == {"minutes": 180, "needed": 240}
    assert (day.punches, day.first_at, day.last_at) == (2, clock("08:00"), clock("11:00"))


def test_a_policy_of_one_punch_asks_for_no_gap() -> None:
    one = AttendancePolicy(**{**{n: getattr(ATTENDANCE, n) for n in ATTENDANCE.__slots__}, "min_punches": 1})
    assert judge_day([punch("08:00")], one).outcome is VALID
    assert judge_day([punch("08:00"), punch("08:01")], one).outcome is VALID


@given(st.lists(st.tuples(st.integers(0, 1439), st.sampled_from([A, R, V]))))
def test_a_day_never_depends_on_the_order_of_its_punches(found: list[tuple[int, Verdict]]) -> None:
    punches = [punch(f"{minute // 60:02d}:{minute % 60:02d}", verdict) for minute, verdict in found]
    assert judge_day(punches, ATTENDANCE) == judge_day(reversed(punches), ATTENDANCE)


@given(st.lists(st.integers(0, 1439), max_size=6), st.integers(0, 1439))
def test_one_more_punch_never_makes_a_day_worse(minutes: list[int], more: int) -> None:
    rank = {ABSENT: 0, SHORT: 1, VALID: 2}
    made = [punch(f"{minute // 60:02d}:{minute % 60:02d}") for minute in (*minutes, more)]
    assert rank[judge_day(made, ATTENDANCE).outcome] >= rank[judge_day(made[:-1], ATTENDANCE).outcome]


MARCH = date(2026, 3, 1)
END = date(2026, 3, 31)
DAYS = list(days_between(MARCH, END))
PM = Post("project_manager", TeamKind.CONSTRUCTION, 1)
SAFETY = Post("safety_officer", TeamKind.CONSTRUCTION, 2)
CHIEF = Post("chief_engineer", TeamKind.SUPERVISION, 1)
EXTRA = Post("site_engineer", TeamKind.CONSTRUCTION, 2)
POSTS = {post.code: post for post in (PM, SAFETY, CHIEF, EXTRA)}
FIRST, SECOND = UUID(int=1), UUID(int=2)
ACTIVE = (StateFrom(ProjectState.ACTIVE, date(2026, 3, 2)),)


def rows(
    holders: list[Holder],
    *,
    site: SiteDays | None = None,
    through: date = END,
    kept: dict[tuple[UUID, date], Day] | None = None,
) -> dict[tuple[UUID | None, str], Row]:
    found = month_rows(
        DAYS, through, site or SiteDays(ACTIVE), Roster(POSTS, holders), lambda _: ATTENDANCE, kept or {}
    )
    return {(row.person_id, row.post.code): row for row in found}


def full(person_id: UUID, days: list[date]) -> dict[tuple[UUID, date], Day]:
    return {(person_id, day): judge_day([punch("08:00", day=day), punch("17:00", day=day)], ATTENDANCE) for day in days}


def sums(row: Row) -> Tally:
    return tally(row.days.values())


def test_an_empty_roster_is_nought_percent_and_not_nothing() -> None:
    found = rows([])
    assert set(found) == {(None, "project_manager"), (None, "safety_officer"), (None, "chief_engineer")}
    assert sums(found[None, "project_manager"]) == Tally(due=30, vacant=30)
    assert tallies(list(found.values()))[Group(TeamKind.CONSTRUCTION, 1)].rate == 0


def test_who_is_on_a_post_is_due_and_the_post_is_not_vacant_meanwhile() -> None:
    found = rows([Holder(FIRST, "project_manager", date(2026, 3, 10), date(2026, 3, 19))])
    assert sums(found[FIRST, "project_manager"]) == Tally(due=10)
    assert sums(found[None, "project_manager"]) == Tally(due=20, vacant=20)
    assert found[FIRST, "project_manager"].days[MARCH].why[0].code == "post_not_held"
    assert found[None, "project_manager"].days[date(2026, 3, 10)].why[0].code == "post_held"


def test_a_post_nobody_requires_is_due_only_for_who_holds_it() -> None:
    found = rows([Holder(FIRST, "site_engineer", MARCH, None)])
    assert sums(found[FIRST, "site_engineer"]) == Tally(due=30)
    assert (None, "site_engineer") not in found


def test_days_of_stop_work_and_days_not_over_are_not_due() -> None:
    site = SiteDays(ACTIVE, [Stop(date(2026, 3, 9), date(2026, 3, 12))])
    found = rows([Holder(FIRST, "project_manager", MARCH, None)], site=site, through=date(2026, 3, 20))
    row = found[FIRST, "project_manager"]
    assert sums(row) == Tally(due=19 - 4)
    whys = [row.days[date(2026, 3, day)].why[0].code for day in (1, 9, 12, 21)]
    assert whys == ["project_not_active", "stop_work", "stop_work", "day_not_over"]


def test_a_month_of_stop_work_is_not_applicable() -> None:
    found = rows([Holder(FIRST, "project_manager", MARCH, None)], site=SiteDays(ACTIVE, [Stop(MARCH, END)]))
    assert tallies(list(found.values()))[Group(TeamKind.CONSTRUCTION, 1)].rate is None


def test_a_pending_day_is_neither_due_nor_valid() -> None:
    kept = {(FIRST, DAY): judge_day([punch("08:00", V)], ATTENDANCE)}
    row = rows([Holder(FIRST, "project_manager", MARCH, None)], kept=kept)[FIRST, "project_manager"]
    assert sums(row) == Tally(due=29, pending=1)


def test_what_was_punched_on_a_day_that_is_not_due_is_shown() -> None:
    kept = full(FIRST, [DAY])
    site = SiteDays(ACTIVE, [Stop(DAY, DAY)])
    day = rows([Holder(FIRST, "project_manager", MARCH, None)], site=site, kept=kept)[FIRST, "project_manager"].days[
        DAY
    ]
    assert (day.outcome, day.punches, day.first_at) == (NOT_DUE, 2, clock("08:00"))


def test_two_lines_on_one_post_are_one_row_and_two_posts_are_two() -> None:
    spans = [
        Holder(FIRST, "project_manager", MARCH, date(2026, 3, 10)),
        Holder(FIRST, "project_manager", date(2026, 3, 10), None),
        Holder(FIRST, "safety_officer", MARCH, None),
    ]
    found = rows(spans, kept=full(FIRST, DAYS))
    assert sums(found[FIRST, "project_manager"]) == sums(found[FIRST, "safety_officer"]) == Tally(due=30, valid=30)


def facts(found: dict[tuple[UUID | None, str], Row]) -> MonthFacts:
    all_rows = list(found.values())
    return MonthFacts(MARCH, END, all_rows, tallies(all_rows), ATTENDANCE)


def holders() -> list[Holder]:
    return [
        Holder(FIRST, "project_manager", MARCH, None),
        Holder(SECOND, "chief_engineer", MARCH, None),
        Holder(uuid4(), "safety_officer", MARCH, None),
    ]


@pytest.mark.parametrize(("days", "opens"), [(24, False), (23, True)])
def test_a_shortfall_opens_below_the_threshold_and_not_at_it(days: int, opens: bool) -> None:
    # 24 of 30 days are exactly 80 %.
    found = find(facts(rows(holders(), kept=full(FIRST, DAYS[1 : 1 + days]))))
    assert any(item.team_kind is TeamKind.CONSTRUCTION and item.category == 1 for item in found) is opens


def test_the_chief_engineer_needs_half_of_the_days() -> None:
    for days, opens in ((15, False), (14, True)):
        found = find(facts(rows(holders(), kept=full(SECOND, DAYS[1 : 1 + days]))))
        assert any(item.team_kind is TeamKind.SUPERVISION for item in found) is opens


def test_a_shortfall_that_undecided_days_could_still_mend_is_not_found_yet() -> None:
    kept = full(FIRST, DAYS[1:24]) | {(FIRST, DAYS[25]): judge_day([punch("08:00", V)], ATTENDANCE)}
    found = find(facts(rows(holders(), kept=kept)))
    assert not any(item.category == 1 and item.team_kind is TeamKind.CONSTRUCTION for item in found)


def test_a_finding_carries_what_it_rests_on() -> None:
    (item,) = [f for f in find(facts(rows(holders()))) if f.team_kind is TeamKind.SUPERVISION]
    assert item.key == "supervision:1:2026-03"
    assert item.evidence["threshold"] == 50
    assert item.evidence["people"] == [{"person_id": str(SECOND), "post_code": "chief_engineer", "due": 30, "valid": 0}]


def test_a_group_of_several_posts_is_asked_for_the_kindest_percentage() -> None:
    absent = {DAY: judge_day([], ATTENDANCE)}
    other = Post("chief_engineer", TeamKind.CONSTRUCTION, 1)
    mixed = [Row(FIRST, PM, absent), Row(SECOND, other, absent)]
    assert thresholds(mixed, ATTENDANCE) == {Group(TeamKind.CONSTRUCTION, 1): 50}
    # A post on which nobody was due makes no rate easier.
    assert thresholds([mixed[0], Row(SECOND, other, {})], ATTENDANCE) == {Group(TeamKind.CONSTRUCTION, 1): 80}


def test_a_policy_that_asks_for_what_is_not_built_is_refused() -> None:
    body = {"due_days": "working_days"}
    with pytest.raises(ValueError, match="working_days"):
        parse_attendance(PolicyRow("a", DAY, "city", None, body))


def test_a_month_is_measured_by_the_policy_of_each_of_its_days() -> None:
    body, project = uuid4(), uuid4()
    policies = [PolicyRow("a", MARCH, "city", None, {}), PolicyRow("b", DAY, "project", project, {})]
    book = PolicyBook(policies, body, project, lambda row: row.version)
    assert [book.on(day) for day in (MARCH, DAY)] == ["a", "b"]
    with pytest.raises(NoPolicy):
        book.on(MARCH - timedelta(days=1))


def test_months_follow_each_other() -> None:
    assert next_month(date(2026, 12, 1)) == date(2027, 1, 1)
    assert next_month(date(2026, 1, 1)) == date(2026, 2, 1)
    assert month_before(date(2026, 1, 1), 1) == date(2025, 12, 1)
    assert month_before(date(2026, 3, 1), 0) == MARCH


@pytest.mark.parametrize("state", StopWorkState)
@pytest.mark.parametrize("act", StopWorkAct)
def test_every_act_on_a_stop_work_is_in_the_table_or_not_allowed(state: StopWorkState, act: StopWorkAct) -> None:
    assert after(state, act) == STEPS.get((state, act))
    assert (act in allowed(state)) == ((state, act) in STEPS)


def test_days_of_stop_work_are_added_up_in_the_months_they_touch() -> None:
    stop = Stop(date(2026, 3, 30), date(2026, 4, 3))
    assert longest_month(stop, []) == 3
    assert longest_month(stop, [Stop(MARCH, date(2026, 3, 2))]) == 4
    assert longest_month(stop, [Stop(date(2026, 1, 1), date(2026, 1, 31))]) == 3


def test_stop_works_that_adjoin_are_one_long_one() -> None:
    stop = Stop(date(2026, 3, 10), date(2026, 3, 12))
    assert run_of(stop, []) == 3
    assert run_of(stop, [Stop(date(2026, 3, 13), date(2026, 3, 14)), Stop(date(2026, 3, 8), date(2026, 3, 9))]) == 7
    assert run_of(stop, [Stop(date(2026, 3, 14), date(2026, 3, 20))]) == 3
