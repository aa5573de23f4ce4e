"""The pure rules, case by case."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from face.errors import Refusal
from face.match import Match, MatchOutcome, Thresholds
from geofence.verdict import Judgement, Limits, Outcome
from service.domain.actors import Actor, Grant, Permission, Role, Scope
from service.domain.calendar import business_day
from service.domain.checkin import Evidence, Fix, Precision, Unread, decide
from service.domain.counting import Line, count
from service.domain.policies import CheckInPolicy, FacePolicy, PolicyRow, parse_check_in, pick, with_lent_faces
from service.domain.reasons import REASONS, Effect, Reason, Verdict, verdict_of
from service.domain.reviews import ReviewOwner, owner_for, owners_open_to
from service.domain.roster import STEPS, LineAct, LineState, after, allowed
from service.domain.sites import ProjectState, SiteDays, StateFrom, TeamKind, state_on
from service.domain.stop_works import Stop
from tests.attendance import ATTENDANCE

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DAY = date(2026, 3, 2)
POLICY = CheckInPolicy("p1", 50, 60, 120, {"dlib": Thresholds(0.4, 0.5)})
ACTIVE = [StateFrom(ProjectState.ACTIVE, date(2026, 1, 1))]


def place(outcome: Outcome) -> Judgement:
    return Judgement(outcome, "f1", 412.4, 15.0, Limits(), 612.4, 200.0)


def evidence(**changes: object) -> Evidence:
    values: dict[str, object] = {
        "fix": Fix(Precision.PRECISE, AT, AT),
        "received_at": AT,
        "judgement": place(Outcome.INSIDE),
        "missing_consents": (),
        "enrolled": True,
        "photo_reused": False,
        "face": Match(MatchOutcome.MATCH, 0.2),
    }
    return Evidence(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "verdict", "reasons"),
    [
        ({}, Verdict.ACCEPTED, []),
        ({"judgement": place(Outcome.OUTSIDE)}, Verdict.REFUSED, ["outside_fence"]),
        ({"judgement": place(Outcome.UNCERTAIN)}, Verdict.REVIEW, ["location_uncertain"]),
        ({"judgement": None}, Verdict.REFUSED, ["no_fence"]),
        ({"face": Match(MatchOutcome.UNCERTAIN, 0.45)}, Verdict.REVIEW, ["face_uncertain"]),
        ({"face": Match(MatchOutcome.MISMATCH, 0.6)}, Verdict.REFUSED, ["face_mismatch"]),
        ({"face": Refusal("no_face", {})}, Verdict.REFUSED, ["no_face"]),
        ({"face": Refusal("low_quality", {"reason": "too_dark"})}, Verdict.REFUSED, ["low_quality"]),
        ({"face": Unread.FAILED}, Verdict.REVIEW, ["engine_failed"]),
        ({"photo_reused": True}, Verdict.REFUSED, ["photo_reused"]),
        ({"enrolled": False, "face": Unread.NOT_LOOKED_AT}, Verdict.REFUSED, ["not_enrolled"]),
        ({"missing_consents": ("face",), "face": Unread.NOT_LOOKED_AT}, Verdict.REFUSED, ["no_consent"]),
        (
            {"judgement": place(Outcome.UNCERTAIN), "face": Match(MatchOutcome.MISMATCH, 0.6)},
            Verdict.REFUSED,
            ["location_uncertain", "face_mismatch"],
        ),
    ],
)
def test_what_a_check_in_proves(changes: dict[str, object], verdict: Verdict, reasons: list[str]) -> None:
    decision = decide(evidence(**changes), POLICY)
    assert (decision.verdict, [reason.code for reason in decision.reasons]) == (verdict, reasons)


def test_the_numbers_behind_a_refused_place_are_those_a_person_knows() -> None:
    (reason,) = decide(evidence(judgement=place(Outcome.OUTSIDE)), POLICY).reasons
    assert reason.data == {
        "distance_m": 412,
        "accuracy_m": 15,
        "margin_m": 50,
        "centre_distance_m": 612,
        "radius_m": 200,
    }


@given(st.sets(st.sampled_from(sorted(REASONS))))
def test_the_gravest_effect_wins_and_counting_never_touches_the_verdict(codes: set[str]) -> None:
    effects = {REASONS[code].effect for code in codes}
    expected = (
        Verdict.REFUSED
        if Effect.REFUSE in effects
        else Verdict.REVIEW
        if Effect.REVIEW in effects
        else Verdict.ACCEPTED
    )
    assert verdict_of(Reason(code) for code in codes) is expected


def test_a_reason_nobody_listed_is_a_programmer_s_mistake() -> None:
    with pytest.raises(KeyError, match="made_up"):
        Reason("made_up")


def line(**changes: object) -> Line:
    ids = {"id": uuid4(), "person_id": uuid4(), "team_id": uuid4()}
    values: dict[str, object] = {**ids, "post_code": "x", "filed": True}
    return Line(**({**values, "starts_on": DAY, "ends_on": None} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lines", "states", "at", "reasons"),
    [
        ([line()], ACTIVE, AT, []),
        ([line(ends_on=DAY)], ACTIVE, AT, []),
        ([], ACTIVE, AT, ["not_on_roster"]),
        ([line(starts_on=date(2026, 3, 3))], ACTIVE, AT, ["not_on_roster"]),
        ([line(starts_on=date(2026, 2, 1), ends_on=date(2026, 3, 1))], ACTIVE, AT, ["not_on_roster"]),
        ([line(filed=False)], ACTIVE, AT, ["roster_not_filed"]),
        ([line(filed=False), line()], ACTIVE, AT, []),
        ([line()], [], AT, ["project_not_active"]),
        ([line()], [*ACTIVE, StateFrom(ProjectState.STOPPED, DAY)], AT, ["project_not_active"]),
        ([line()], [*ACTIVE, StateFrom(ProjectState.STOPPED, date(2026, 3, 3))], AT, []),
        ([line()], ACTIVE, datetime(2026, 3, 1, 22, 0, tzinfo=UTC), []),
        ([line()], ACTIVE, datetime(2026, 3, 1, 21, 59, tzinfo=UTC), ["outside_window"]),
        ([line()], ACTIVE, datetime(2026, 3, 2, 12, 0, tzinfo=UTC), []),
        ([line()], ACTIVE, datetime(2026, 3, 2, 12, 1, tzinfo=UTC), ["outside_window"]),
        ([], [], datetime(2026, 3, 2, 15, 0, tzinfo=UTC), ["not_on_roster", "project_not_active", "outside_window"]),
    ],
)
def test_what_makes_a_punch_count(lines: list[Line], states: list[StateFrom], at: datetime, reasons: list[str]) -> None:
    counting = count(Verdict.ACCEPTED, at, lines, SiteDays(states), ATTENDANCE)
    assert ([reason.code for reason in counting.reasons], counting.counts) == (reasons, not reasons)


@pytest.mark.parametrize(
    ("verdict", "counts"),
    [(Verdict.RECEIVED, None), (Verdict.REVIEW, None), (Verdict.REFUSED, False), (Verdict.ACCEPTED, True)],
)
def test_nothing_counts_before_it_is_accepted_and_nothing_pending_is_an_absence(
    verdict: Verdict, counts: bool | None
) -> None:
    assert count(verdict, AT, [line()], SiteDays(ACTIVE), ATTENDANCE).counts is counts


def test_nothing_counts_on_a_day_of_stop_work() -> None:
    site = SiteDays(ACTIVE, [Stop(DAY, DAY)])
    counting = count(Verdict.ACCEPTED, AT, [line()], site, ATTENDANCE)
    assert ([reason.code for reason in counting.reasons], counting.counts) == (["stop_work"], False)
    assert count(Verdict.ACCEPTED, AT + timedelta(days=1), [line()], site, ATTENDANCE).counts


def test_days_begin_at_midnight_in_shanghai() -> None:
    assert business_day(datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC)) == date(2026, 3, 1)
    assert business_day(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)) == DAY


def test_of_two_states_on_one_day_the_last_entered_holds() -> None:
    states = [StateFrom(ProjectState.STOPPED, DAY), StateFrom(ProjectState.ACTIVE, DAY)]
    assert state_on(states, DAY) is ProjectState.ACTIVE
    assert state_on(states, DAY - timedelta(days=1)) is None


BODY, PROJECT = uuid4(), uuid4()


def policy_row(version: str, since: date, scope: str = "city", scope_id: UUID | None = None) -> PolicyRow:
    return PolicyRow(version, since, scope, scope_id, {})


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        ([], None),
        ([policy_row("a", date(2026, 3, 3))], None),
        ([policy_row("a", date(2026, 1, 1)), policy_row("b", DAY)], "b"),
        ([policy_row("a", DAY), policy_row("b", date(2020, 1, 1), "body", BODY)], "b"),
        ([policy_row("a", DAY, "body", BODY), policy_row("b", date(2020, 1, 1), "project", PROJECT)], "b"),
        ([policy_row("a", DAY), policy_row("b", DAY, "body", uuid4())], "a"),
    ],
)
def test_the_narrowest_policy_in_force_wins_then_the_latest(rows: list[PolicyRow], chosen: str | None) -> None:
    row = pick(rows, DAY, body_id=BODY, project_id=PROJECT)
    assert (row.version if row else None) == chosen


def test_a_policy_without_thresholds_for_an_engine_has_none() -> None:
    body = {
        "margin_m": 50,
        "accuracy_limit_m": 60,
        "fix_max_age_s": 120,
        "faces": {"dlib": {"accept": 0.4, "refuse": 0.5}},
    }
    policy = parse_check_in(PolicyRow("v", DAY, "city", None, body))
    assert policy.face("dlib") == FacePolicy(Thresholds(0.4, 0.5))
    assert policy.face("other") is None


def test_engines_a_policy_does_not_name_are_lent_by_the_first_row_that_can_be_read() -> None:
    def row(version: str, **faces: object) -> PolicyRow:
        places = {"margin_m": 50, "accuracy_limit_m": 60, "fix_max_age_s": 120}
        return PolicyRow(version, DAY, "city", None, places | {"faces": faces})

    mine, torn = row("a", dlib={"accept": 1, "refuse": 2}), row("b", fused={"accept": 1}, sface=None)
    full = row("c", dlib={"accept": 3, "refuse": 4}, fused={"accept": 5, "refuse": 6})
    last = row("d", fused={"accept": 7, "refuse": 8}, sface={"accept": 9, "refuse": 10})
    shapeless = PolicyRow("e", DAY, "city", None, {})
    assert with_lent_faces(parse_check_in(mine), [torn, shapeless, full, last]).faces == {
        "dlib": FacePolicy(Thresholds(1, 2)),
        "fused": FacePolicy(Thresholds(5, 6), version="c"),
        "sface": FacePolicy(Thresholds(9, 10), version="d"),
    }


@pytest.mark.parametrize(("state", "act"), list(product(LineState, LineAct)))
def test_every_act_on_a_roster_line_is_in_the_table_or_not_allowed(state: LineState, act: LineAct) -> None:
    assert after(state, act) == STEPS.get((state, act))
    assert (act in allowed(state)) == ((state, act) in STEPS)


def test_supervision_reviews_construction_the_client_supervision_and_the_body_the_rest() -> None:
    assert owner_for(TeamKind.CONSTRUCTION) is ReviewOwner.SUPERVISION
    assert owner_for(TeamKind.SUPERVISION) is ReviewOwner.CLIENT
    assert owner_for(None) is ReviewOwner.BODY
    assert owners_open_to([Role.CHIEF_ENGINEER]) == {ReviewOwner.SUPERVISION}
    assert owners_open_to([Role.CLIENT]) == {ReviewOwner.CLIENT}
    assert owners_open_to([Role.OFFICER]) == set(ReviewOwner)
    assert owners_open_to([Role.PROJECT_OFFICE, Role.KEY_PERSON]) == set()


def test_a_reach_is_the_union_of_the_grants_that_hold_the_permission() -> None:
    team, body = uuid4(), uuid4()
    grants = (
        Grant(Role.PROJECT_OFFICE, Scope.TEAM, team),
        Grant(Role.OFFICER, Scope.BODY, body),
        Grant(Role.KEY_PERSON, Scope.SELF, None),
    )
    person = uuid4()
    actor = Actor(uuid4(), person, grants)
    read = actor.reach(Permission.CHECK_IN_READ)
    assert (read.teams, read.bodies, read.person_id, read.city) == ({team}, {body}, person, False)
    record = actor.reach(Permission.CHECK_IN_RECORD)
    assert (record.teams, record.bodies, record.person_id) == (set(), {body}, None)
    assert not actor.may(Permission.ACCOUNT_WRITE)
