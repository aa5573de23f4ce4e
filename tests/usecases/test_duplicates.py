"""Likely duplicates: at enrolment, at night, closed by themselves, and the night that comes once a day."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from face.errors import EngineUnavailable
from service.deps import Deps
from service.domain.actors import Actor, Role, Scope
from service.domain.topics import Topic
from service.errors import ServiceError
from service.store.models import (
    CaseState,
    ConsentKind,
    DuplicateCase,
    Enrolment,
    EnrolmentState,
    FaceNight,
    Outbox,
    TemplateRow,
)
from service.store.queries.paging import Window, rank_key
from service.usecases import dispatch, duplicate_cases, duplicates, face_night, people
from tests.factories import World
from tests.factories_identity import Crowd
from tests.fakes import HeldQueue, SetClock


@pytest.fixture
def crowd(world: World) -> Crowd:
    return Crowd(world)


def cases(deps: Deps) -> list[DuplicateCase]:
    with deps.database.begin() as work:
        return list(work.session.scalars(select(DuplicateCase).order_by(DuplicateCase.id)))


def found(deps: Deps) -> list[tuple[set[UUID], CaseState, float]]:
    return [({each.person_id, each.other_person_id}, each.state, each.distance) for each in cases(deps)]


def test_an_enrolment_near_to_another_opens_a_case_and_stays_provisional(crowd: Crowd) -> None:
    one, two = crowd.person(1, 0, 0), crowd.person(1.5, 0, 0)
    crowd.person(5, 0, 0)
    (case,) = cases(crowd.deps)
    assert found(crowd.deps) == [({one, two}, CaseState.OPEN, 0.5)]
    assert case.person_id < case.other_person_id
    assert (case.engine, case.engine_version, case.limit) == ("prepared", "1", 0.5)
    with crowd.deps.database.begin() as work:
        enrolment = work.session.get_one(Enrolment, case.enrolment_id)
        assert (enrolment.person_id, enrolment.state) == (two, EnrolmentState.PROVISIONAL)
        for person_id, template_id in (
            (case.person_id, case.template_id),
            (case.other_person_id, case.other_template_id),
        ):
            assert work.session.get_one(TemplateRow, template_id).person_id == person_id


@pytest.mark.parametrize(("second", "third"), [((1.51, 0, 0), (5, 0, 0)), ((2, 0, 0), (1.4, 0, 0))])
def test_no_case_beyond_the_limit_or_in_a_crowded_corner(
    crowd: Crowd, second: tuple[float, ...], third: tuple[float, ...]
) -> None:
    # In the second pair of cases the third lies 0.4 from the first and 0.6 from the second: not alone enough.
    for vector in ((1, 0, 0), second, third):
        crowd.person(*vector)
    assert found(crowd.deps) == []


def test_without_a_limit_nobody_is_looked_for(crowd: Crowd) -> None:
    crowd.face(duplicate=None)
    crowd.person(1, 0, 0)
    crowd.person(1, 0, 0.01)
    duplicates.look_at_everybody(deps=crowd.deps)
    assert found(crowd.deps) == []


def test_a_third_name_of_one_person_is_found_beside_the_two_that_are_known(crowd: Crowd) -> None:
    one, two, three = (crowd.person(1, 0, at / 10) for at in range(3))
    assert [pair for pair, _, _ in found(crowd.deps)] == [{one, two}, {two, three}]
    # The night adds the pair that is left.
    duplicates.look_at_everybody(deps=crowd.deps)
    assert [pair for pair, _, _ in found(crowd.deps)] == [{one, two}, {two, three}, {one, three}]


def test_three_names_that_were_never_looked_at_are_found_by_the_night(crowd: Crowd) -> None:
    crowd.face(duplicate=None)
    one, two, three = (crowd.person(at, 0, 0) for at in (1.0, 1.05, 1.12))
    crowd.face()
    for _ in range(2):
        duplicates.look_at_everybody(deps=crowd.deps)
    assert {frozenset(pair) for pair, _, _ in found(crowd.deps)} == {
        frozenset(pair) for pair in ((one, two), (two, three), (one, three))
    }


def test_a_name_is_found_at_enrolment_beside_two_that_nobody_looked_at(crowd: Crowd) -> None:
    crowd.face(duplicate=None)
    one, _ = crowd.person(1, 0, 0), crowd.person(1.2, 0, 0)
    crowd.face()
    three = crowd.person(0.9, 0, 0)
    crowd.person(5, 0, 0)
    assert [pair for pair, _, _ in found(crowd.deps)] == [{one, three}]


def test_pairs_are_found_again_as_soon_as_a_new_engine_version_has_everybody(crowd: Crowd) -> None:
    people = [crowd.person(at, 0, 0) for at in (1.0, 1.05, 1.12)]
    before = [pair for pair, _, _ in found(crowd.deps)]
    crowd.engine.version = "2"
    crowd.face(duplicate=None)
    for person_id, at in zip(people, (1.0, 1.05, 1.12), strict=True):
        crowd.enrol(person_id, at, 0, 0)
    duplicates.look_at_everybody(deps=crowd.deps)
    assert {state for _, state, _ in found(crowd.deps)} == {CaseState.GONE}
    crowd.face()
    duplicates.look_at_everybody(deps=crowd.deps)
    assert [pair for pair, state, _ in found(crowd.deps) if state is CaseState.OPEN] == before


def test_the_same_person_enrolled_anew_is_not_his_own_double(crowd: Crowd) -> None:
    one = crowd.person(1, 0, 0)
    crowd.enrol(one, 1, 0, 0.1)
    duplicates.look_at_everybody(deps=crowd.deps)
    assert found(crowd.deps) == []


def test_the_night_finds_what_a_higher_limit_shows_and_finds_it_once(crowd: Crowd) -> None:
    one, two = crowd.person(1, 0, 0), crowd.person(1.75, 0, 0)
    crowd.person(8, 0, 0)
    duplicates.look_at_everybody(deps=crowd.deps)
    assert found(crowd.deps) == []
    crowd.face(duplicate=0.75)
    for _ in range(2):
        duplicates.look_at_everybody(deps=crowd.deps)
    assert found(crowd.deps) == [({one, two}, CaseState.OPEN, 0.75)]
    assert (cases(crowd.deps)[0].enrolment_id, cases(crowd.deps)[0].version) == (None, 1)


def dismissed(crowd: Crowd) -> DuplicateCase:
    crowd.person(1, 0, 0)
    crowd.person(1.25, 0, 0)
    (case,) = cases(crowd.deps)
    return duplicate_cases.decide_case(
        case.id, CaseState.DISMISSED, "双胞胎", 1, actor=crowd.world.city, deps=crowd.deps
    )


def test_a_dismissed_pair_comes_back_only_with_another_template(crowd: Crowd) -> None:
    case = dismissed(crowd)
    duplicates.look_at_everybody(deps=crowd.deps)
    (still,) = cases(crowd.deps)
    assert (still.state, still.note, still.version) == (CaseState.DISMISSED, "双胞胎", 2)
    crowd.enrol(case.person_id, 1.2, 0, 0)
    (again,) = cases(crowd.deps)
    assert (again.id, again.state, again.note, again.decided_by, again.version) == (case.id, "open", None, None, 3)


def test_two_who_were_told_apart_are_no_crowd_to_a_third(crowd: Crowd) -> None:
    case = dismissed(crowd)
    # By this limit they would be strangers to each other.
    crowd.face(duplicate=0.2)
    third = crowd.person(1.1, 0, 0)
    assert [pair for pair, _, _ in found(crowd.deps)][1:] == [{case.person_id, third}]


def test_who_was_told_apart_hides_nobody_farther_away(crowd: Crowd) -> None:
    case = dismissed(crowd)
    crowd.face(duplicate=None)
    # Seen from this one it is a crowded corner: the stranger beside him is nearer.
    double, stranger = crowd.person(1, 0.45, 0), crowd.person(1, 0.75, 0)
    crowd.face()
    duplicates.look_at_everybody(deps=crowd.deps)
    pairs = [pair for pair, state, _ in found(crowd.deps) if state is CaseState.OPEN]
    assert sorted(pairs, key=len) == pairs
    assert {frozenset(pair) for pair in pairs} == {
        frozenset((case.person_id, double)), frozenset((double, stranger))
    }  # fmt: skip


def test_of_too_many_pairs_the_nearest_are_looked_at_and_the_log_says_so(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd.face(duplicate=None)
    pairs = [
        (crowd.person(9 * at, 0, 0), crowd.person(9 * at + apart, 0, 0)) for at, apart in enumerate((0.1, 0.4, 0.7))
    ]
    crowd.face()
    monkeypatch.setattr(duplicates, "MOST_PAIRS", 2)
    with capture_logs() as logs:
        duplicates.look_at_everybody(deps=crowd.deps)
    assert [pair for pair, _, _ in found(crowd.deps)] == [set(pairs[0])]
    (told,) = (log for log in logs if log["event"].startswith("too many pairs"))
    assert (told["pairs"], told["looked_at"]) == (2, pytest.approx(0.15, abs=1e-5))


def test_a_confirmed_pair_stays_confirmed(crowd: Crowd) -> None:
    crowd.person(1, 0, 0)
    two = crowd.person(1.25, 0, 0)
    (case,) = cases(crowd.deps)
    city = crowd.world.city
    duplicate_cases.decide_case(case.id, CaseState.CONFIRMED, "同一人", 1, actor=city, deps=crowd.deps)
    crowd.enrol(two, 1.2, 0, 0)
    duplicates.look_at_everybody(deps=crowd.deps)
    assert [state for _, state, _ in found(crowd.deps)] == [CaseState.CONFIRMED]
    with pytest.raises(ServiceError, match="act_not_allowed"):
        duplicate_cases.decide_case(case.id, CaseState.DISMISSED, "否", 2, actor=city, deps=crowd.deps)


def test_a_pair_of_which_a_template_is_gone_closes_and_opens_when_it_is_back(crowd: Crowd) -> None:
    one, two = crowd.person(1, 0, 0), crowd.person(1.25, 0, 0)
    people.withdraw_consent(two, ConsentKind.FACE, actor=crowd.world.city, deps=crowd.deps)
    duplicates.look_at_everybody(deps=crowd.deps)
    (gone,) = cases(crowd.deps)
    assert (gone.state, gone.decided_by, gone.version) == (CaseState.GONE, None, 2)
    crowd.enrol(two, 1.5, 0, 0)
    assert found(crowd.deps) == [({one, two}, CaseState.OPEN, 0.5)]
    crowd.enrol(two, 7, 0, 0)
    assert found(crowd.deps) == [({one, two}, CaseState.GONE, 0.5)]


def test_an_enrolment_stands_though_nobody_can_be_searched(crowd: Crowd) -> None:
    crowd.person(1, 0, 0)
    crowd.face(adaptation="never-learned")
    person_id = crowd.person(1.25, 0, 0)
    with crowd.deps.database.begin() as work:
        row = work.session.scalars(select(Enrolment).where(Enrolment.person_id == person_id)).one()
        assert (row.state, row.attempts) == (EnrolmentState.PROVISIONAL, 1)
    with pytest.raises(EngineUnavailable):
        duplicates.look_at_everybody(deps=crowd.deps)
    crowd.face()
    duplicates.look_at_everybody(deps=crowd.deps)
    assert len(cases(crowd.deps)) == 1


def test_the_worklist_is_ranked_and_stable_while_pairs_come_in(crowd: Crowd) -> None:
    for at in range(24):
        crowd.person(100 * at, 0, 0)
        crowd.person(100 * at + (at * 7 % 24 + 1) / 60, 0, 0)
    read: list[float] = []
    cursor = None
    for at in range(12):
        window = Window(2, rank_key(cursor) if cursor else None)
        page = duplicate_cases.list_cases({"state": "open"}, window, actor=crowd.world.city, deps=crowd.deps)
        read += [case.distance for case in page.items]
        cursor = page.next
        crowd.person(-100 * (at + 1), 0, 0)
        crowd.person(-100 * (at + 1), 0, 0.001)
    assert (len(read), read, cursor) == (24, sorted(read), None)
    assert len(cases(crowd.deps)) == 36


def test_pairs_at_one_distance_are_told_apart_by_id(crowd: Crowd) -> None:
    for at in range(3):
        crowd.person(100 * at, 0, 0)
        crowd.person(100 * at, 0, 0.25)
    first = duplicate_cases.list_cases({}, Window(2), actor=crowd.world.city, deps=crowd.deps)
    assert first.next is not None
    rest = duplicate_cases.list_cases({}, Window(2, rank_key(first.next)), actor=crowd.world.city, deps=crowd.deps)
    read = [case.id for case in (*first.items, *rest.items)]
    assert read == [case.id for case in cases(crowd.deps)]


@pytest.mark.parametrize("cursor", ["", "0.5", "0.5_", "nan_" + "0" * 32, "inf_" + "0" * 32, "x_" + "0" * 32])
def test_a_cursor_of_somebody_s_own_making_is_none(cursor: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        rank_key(cursor)


def reading(crowd: Crowd, actor: Actor) -> list[UUID]:
    return [case.id for case in duplicate_cases.list_cases({}, Window(), actor=actor, deps=crowd.deps).items]


def test_whoever_answers_for_one_of_both_sees_the_pair_and_nobody_else(crowd: Crowd) -> None:
    crowd.person(1, 0, 0)
    stranger = crowd.person(1.25, 0, 0, line=None)
    (case,) = cases(crowd.deps)
    mine = crowd.world.actor(Role.OFFICER, Scope.BODY, crowd.site.body)
    other_site = crowd.world.site()
    other = crowd.world.actor(Role.OFFICER, Scope.BODY, other_site.body)
    assert (reading(crowd, mine), reading(crowd, other)) == ([case.id], [])
    with pytest.raises(ServiceError, match="not_found"):
        duplicate_cases.read_case(case.id, actor=other, deps=crowd.deps)
    draft = crowd.world.line(other_site.construction, stranger, in_force=False)
    assert reading(crowd, other) == []
    crowd.world.put_in_force(draft)
    assert reading(crowd, other) == [case.id]
    for person_id in (case.person_id, case.other_person_id):
        assert reading(crowd, replace(crowd.world.city, person_id=person_id)) == []


def test_a_night_comes_once_a_day_whoever_says_so(
    crowd: Crowd, queue: HeldQueue, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    monkeypatch.setattr(face_night, "STEPS", [lambda *, deps: taken.append(1)])  # noqa: ARG005 - a step's

    def ticks() -> int:
        for _ in range(3):
            face_night.begin_night(deps=crowd.deps)
            dispatch.dispatch(deps=crowd.deps)
            queue.held = [(topic, subject) for topic, subject in queue.held if topic is Topic.FACES_NIGHT] * 2
            queue.work_off(crowd.deps)
        return len(taken)

    # Ten in the morning; the next day in Shanghai begins at four in the afternoon, UTC.
    assert ticks() == 1
    clock.pass_(hours=13)
    assert ticks() == 1
    clock.pass_(hours=1)
    assert ticks() == 2
    with crowd.deps.database.begin() as work:
        assert work.session.scalars(select(func.count()).select_from(FaceNight)).one() == 2
        nights = select(Outbox.done_at).where(Outbox.topic == Topic.FACES_NIGHT)
        assert None not in work.session.scalars(nights).all()


def test_a_step_that_breaks_keeps_no_other_and_the_next_night_takes_it_again(
    crowd: Crowd, queue: HeldQueue, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd.person(1, 0, 0)
    crowd.face(duplicate=0.75, adaptation="never-learned")
    crowd.person(1.75, 0, 0)
    done: list[bool] = []

    def last(*, deps: Deps) -> None:
        with deps.database.begin() as work:
            facts = work.session.scalars(select(Outbox.done_at).where(Outbox.topic == Topic.FACES_NIGHT)).all()
        # Already now: whatever ends the worker in the middle, the night is not begun again.
        done.append(None not in facts)

    monkeypatch.setattr(face_night, "STEPS", [duplicates.look_at_everybody, last])
    face_night.begin_night(deps=crowd.deps)
    for _ in range(3):
        dispatch.dispatch(deps=crowd.deps)
        with capture_logs() as logs:
            queue.work_off(crowd.deps)
        if len(done) == 1 and logs:
            assert [log["step"] for log in logs if log["event"] == "a step of the night broke"] == ["look_at_everybody"]
        clock.pass_(seconds=400)
    assert (done, cases(crowd.deps)) == ([True], [])
    crowd.face(duplicate=0.75)
    clock.pass_(days=1)
    face_night.begin_night(deps=crowd.deps)
    dispatch.dispatch(deps=crowd.deps)
    queue.work_off(crowd.deps)
    assert (done, len(cases(crowd.deps))) == ([True, True], 1)
