"""Too many refused faces in a row pause a person for a while; nothing else does."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from demo.photos import landscape
from service.api.errors import problem_response
from service.deps import Deps
from service.domain.actors import Actor
from service.domain.policies import Subject, TryPolicy
from service.domain.reasons import REASONS, Effect, Kind, Verdict
from service.errors import ServiceError
from service.store.base import new_id
from service.store.models import CheckIn, Photo, PhotoKind, Policy
from service.usecases import checkins
from service.usecases.pauses import paused_until, require_not_paused
from tests.factories import MORNING, STARTED, Site, World, sent
from tests.fakes import SetClock

NUMBERS = count(1)


class Gate:
    """A site and a person who failed there as often as a test says."""

    def __init__(self, world: World) -> None:
        self.world, self.deps, self.site = world, world.deps, world.site()
        self.person = world.person()
        self.actor: Actor = world.key_person(self.person.id)

    def fail(self, *codes: str, state: Verdict = Verdict.REFUSED) -> None:
        """A check-in that is decided now, with these reasons."""
        now = self.deps.clock.now()
        with self.deps.database.begin() as work:
            photo = Photo(
                id=new_id(), kind=PhotoKind.CHECK_IN, digest=uuid4().bytes, media_type="image/jpeg", size=1, width=1,
                height=1,
            )  # fmt: skip
            work.add(photo)
            work.add(
                CheckIn(
                    client_ref=f"failed-{next(NUMBERS)}",
                    fingerprint=b"",
                    person_id=self.person.id,
                    project_id=self.site.project_id,
                    photo_id=photo.id,
                    at=now,
                    taken_at=now,
                    claim={},
                    photo_reused=False,
                    state=state,
                    decided_at=now,
                    reasons=[{"code": code, "data": {}} for code in codes],
                )
            )

    def fail_times(self, times: int, *codes: str) -> None:
        for _ in range(times):
            self.fail(*codes)

    def policy(self, **changes: object) -> None:
        """The city's newest policy with changes, for the site alone."""
        with self.deps.database.begin() as work:
            city = select(Policy.body).where(Policy.subject == Subject.CHECK_IN, Policy.scope == "city")
            body = work.session.scalars(city.order_by(Policy.effective_from.desc())).first()
            assert body is not None
            work.add(
                Policy(
                    subject=Subject.CHECK_IN,
                    policy_version="check_in-test",
                    effective_from=STARTED,
                    scope="project",
                    scope_id=self.site.project_id,
                    body=body | changes,
                )
            )

    def pause(self, actor: Actor | None = None, site: Site | None = None) -> dict[str, Any] | None:
        """What the pause says; None when there is none."""
        who, where = (actor or self.actor).person_id, (site or self.site).project_id
        assert who is not None
        try:
            with self.deps.database.begin() as work:
                require_not_paused(work, who, where)
        except ServiceError as error:
            return {"code": error.code, **error.problems[0].data}
        return None


@pytest.fixture
def gate(world: World) -> Gate:
    return Gate(world)


def test_the_fifth_failure_pauses_for_three_minutes_from_then(gate: Gate, clock: SetClock) -> None:
    for _ in range(4):
        gate.fail("face_mismatch")
        clock.pass_(seconds=44)
    assert gate.pause() is None
    gate.fail("face_mismatch")
    until = clock.now() + timedelta(minutes=3)
    assert gate.pause() == {"code": "check_in_paused", "until": until.isoformat(), "minutes": 3, "retry_after_s": 180}
    clock.pass_(minutes=3, seconds=-1)
    assert gate.pause() == {"code": "check_in_paused", "until": until.isoformat(), "minutes": 1, "retry_after_s": 1}
    clock.pass_(seconds=1)
    assert gate.pause() is None


@pytest.mark.parametrize(("apart_s", "paused"), [(44.75, True), (45.0, False)])
def test_five_failures_must_lie_within_three_minutes(
    gate: Gate, clock: SetClock, apart_s: float, *, paused: bool
) -> None:
    for _ in range(5):
        clock.pass_(seconds=apart_s)
        gate.fail("face_mismatch")
    assert (gate.pause() is not None) == paused


def test_after_the_pause_one_more_failure_does_not_pause_again(gate: Gate, clock: SetClock) -> None:
    gate.fail_times(5, "face_mismatch")
    clock.pass_(minutes=3)
    gate.fail("face_mismatch")
    assert gate.pause() is None
    gate.fail_times(4, "face_mismatch")
    assert gate.pause() is not None


@pytest.mark.parametrize("code", [code for code, rule in REASONS.items() if rule.effect is Effect.REFUSE])
def test_failures_of_face_replay_and_liveness_pause_and_no_others(gate: Gate, code: str) -> None:
    gate.fail_times(5, code)
    counted = REASONS[code].kind in {Kind.FACE, Kind.REPLAY, Kind.LIVENESS}
    assert (gate.pause() is not None) == counted


def test_a_face_refused_at_a_wrong_place_is_a_failure_too(gate: Gate) -> None:
    gate.fail_times(5, "outside_fence", "face_mismatch")
    assert gate.pause() is not None


def test_what_a_reviewer_refused_or_still_has_to_decide_pauses_nobody(gate: Gate) -> None:
    gate.fail_times(5, "face_uncertain", "refused_by_reviewer")
    for _ in range(5):
        gate.fail("face_uncertain", state=Verdict.REVIEW)
    assert gate.pause() is None


def test_a_pause_is_the_person_s_and_holds_on_every_project(gate: Gate, world: World) -> None:
    gate.fail_times(5, "photo_reused")
    assert gate.pause(site=world.site()) is not None
    assert gate.pause(actor=world.key_person(world.person().id)) is None


def test_a_verdict_that_came_late_pauses_from_the_verdict_on(gate: Gate) -> None:
    gate.fail_times(5, "no_face")
    with gate.deps.database.begin() as work:
        for row in work.session.scalars(select(CheckIn).where(CheckIn.person_id == gate.person.id)):
            row.at = MORNING - timedelta(hours=7)
    assert gate.pause() is not None


@pytest.mark.parametrize(
    ("ages_s", "until_s"),
    [([], None), ([0, 1, 2, 3], None), ([0, 1, 2, 3, 179], 180), ([0, 1, 2, 3, 180], None), ([60] * 6, 120)],
)
def test_until_when_failures_pause(ages_s: list[int], until_s: int | None) -> None:
    failed = [MORNING - timedelta(seconds=age) for age in ages_s]
    expected = None if until_s is None else MORNING + timedelta(seconds=until_s)
    assert paused_until(failed, TryPolicy()) == expected


def test_the_numbers_are_the_policy_s() -> None:
    failed = [MORNING, MORNING - timedelta(minutes=9)]
    assert paused_until(failed, TryPolicy(failures=2, failures_minutes=10)) == MORNING + timedelta(minutes=10)


def rows_and_files(gate: Gate) -> tuple[int, int]:
    with gate.deps.database.begin() as work:
        rows = work.session.scalars(select(func.count()).select_from(Photo)).one()
    return rows, sum(path.is_file() for path in gate.deps.settings.photo_dir.rglob("*"))


def test_nothing_of_what_comes_during_a_pause_is_kept(gate: Gate) -> None:
    gate.fail_times(5, "face_mismatch")
    before = rows_and_files(gate)
    with pytest.raises(ServiceError, match="check_in_paused"):
        gate.world.punch(gate.site, gate.actor, landscape())
    assert rows_and_files(gate) == before


def test_a_repeat_of_a_known_reference_is_answered_during_a_pause(gate: Gate) -> None:
    photo = sent(landscape())
    claim = gate.world.claim(gate.site)
    first, _ = checkins.receive(claim, photo.data, photo.info, actor=gate.actor, deps=gate.deps)
    gate.fail_times(5, "face_mismatch")
    repeated, new = checkins.receive(claim, photo.data, photo.info, actor=gate.actor, deps=gate.deps)
    assert (repeated.id, new) == (first.id, False)


def test_of_many_sent_before_the_first_verdict_as_many_come_in_as_may_fail(gate: Gate, clock: SetClock) -> None:
    gate.fail_times(2, "face_mismatch")
    for _ in range(3):
        gate.world.punch(gate.site, gate.actor, landscape())
    before = rows_and_files(gate)
    with pytest.raises(ServiceError, match="check_ins_waiting") as refused:
        gate.world.punch(gate.site, gate.actor, landscape())
    response = problem_response(refused.value.problems)
    assert (response.status_code, response.headers["Retry-After"]) == (429, "5")
    assert rows_and_files(gate) == before
    gate.world.punch(gate.site, gate.world.key_person(gate.world.person().id), landscape())
    # Judged or not, what lies outside the window is no guess of now: an engine that is down keeps nobody out.
    clock.pass_(minutes=3)
    assert gate.pause() is None


def test_what_was_judged_and_not_refused_makes_room(gate: Gate) -> None:
    rows = [gate.world.punch(gate.site, gate.actor, landscape()) for _ in range(5)]
    assert gate.pause() == {"code": "check_ins_waiting", "retry_after_s": 5}
    with gate.deps.database.begin() as work:
        work.session.get_one(CheckIn, rows[0].id).state = Verdict.ACCEPTED
    assert gate.pause() is None


def test_of_nine_at_the_same_instant_five_come_in(meeting_deps: Deps) -> None:
    gate = Gate(World(meeting_deps))
    photo, together = landscape(), Barrier(9)

    def send(_: int) -> str:
        together.wait(30)
        try:
            return gate.world.punch(gate.site, gate.actor, photo).state
        except ServiceError as refused:
            return refused.code

    with ThreadPoolExecutor(9) as pool:
        answers = list(pool.map(send, range(9)))
    assert sorted(answers) == ["check_ins_waiting"] * 4 + ["received"] * 5


@pytest.mark.parametrize(
    "tries",
    [
        {"minutes": 10},
        {"failures": 0},
        {"failures": "5"},
        {"failures_minutes": 10**9},
        {"failures_minutes": "3"},
        [1],
        7,
    ],
)
def test_a_policy_that_does_not_say_when_to_pause_loses_no_check_in(gate: Gate, tries: object) -> None:
    gate.fail_times(5, "face_mismatch")
    gate.policy(tries=tries)
    with capture_logs() as told:
        assert gate.world.punch(gate.site, gate.actor, landscape()).state is Verdict.RECEIVED
    assert {line["policy_version"] for line in told if line["log_level"] == "error"} == {"check_in-test"}


def test_a_policy_wrong_elsewhere_pauses_all_the_same(gate: Gate) -> None:
    gate.fail_times(5, "face_mismatch")
    gate.policy(faces=[], margin_m=None)
    assert gate.pause() is not None


def test_without_a_policy_a_check_in_is_taken_in(gate: Gate, clock: SetClock) -> None:
    clock.at = datetime(2000, 1, 1, tzinfo=UTC)
    assert gate.world.punch(gate.site, gate.actor, landscape()).state is Verdict.RECEIVED


def test_the_answer_says_when_to_come_back_and_names_the_other_way(gate: Gate, clock: SetClock) -> None:
    gate.fail_times(5, "face_mismatch")
    clock.pass_(seconds=30)
    with pytest.raises(ServiceError) as refused:
        gate.world.punch(gate.site, gate.actor, landscape())
    response = problem_response(refused.value.problems)
    assert (response.status_code, response.headers["Retry-After"]) == (429, "150")
    assert "补卡" in json.loads(response.data)["text"]["zh"]
