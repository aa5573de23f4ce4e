"""A check-in judged by the real engine on a real database, with every part that can fail."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from demo.photos import landscape, portrait, side_by_side, variant
from face.engines.base import Reading
from face.errors import EngineFailed, EngineUnavailable, Refusal
from geofence.datum import from_wgs84
from geofence.position import Datum, Position
from service.deps import Deps
from service.domain.actors import Grant, Role, Scope
from service.domain.checkin import Precision
from service.domain.reasons import Verdict
from service.domain.sites import ProjectState
from service.errors import ServiceError
from service.store.models import Audit, CheckIn, CheckInFace, ConsentKind, DecisionRecord
from service.usecases import checkins, dispatch, people, projects, reviews, verification
from tests.factories import CENTRE, MORNING, STARTED, Site, World
from tests.fakes import HeldQueue, SetClock


@pytest.fixture
def site(world: World) -> Site:
    return world.site()


class Gate:
    """A site with one enrolled project manager who punches."""

    def __init__(self, world: World, site: Site, queue: HeldQueue) -> None:
        self.world, self.site, self.queue = world, site, queue
        self.person = world.person()
        self.actor = world.key_person(self.person.id)
        self.line = world.line(site.construction, self.person.id)

    def enrol(self, **choices: tuple[ConsentKind, ...]) -> None:
        self.world.enrol(self.person.id, **choices)
        self.queue.work_off(self.world.deps)

    def judged(self, photo: bytes | None = None, **changes: object) -> CheckIn:
        row = self.world.punch(self.site, self.actor, photo, **changes)
        self.queue.work_off(self.world.deps)
        return self.again(row)

    def again(self, row: CheckIn) -> CheckIn:
        with self.world.deps.database.begin() as work:
            return work.session.get_one(CheckIn, row.id)

    def records(self, row: CheckIn) -> list[DecisionRecord]:
        with self.world.deps.database.begin() as work:
            return list(work.session.scalars(select(DecisionRecord).where(DecisionRecord.check_in_id == row.id)))


@pytest.fixture
def gate(world: World, site: Site, queue: HeldQueue) -> Gate:
    gate = Gate(world, site, queue)
    gate.enrol()
    return gate


def codes(row: CheckIn) -> list[str]:
    return [reason["code"] for reason in row.reasons]


def counting_codes(row: CheckIn) -> list[str]:
    return [reason["code"] for reason in row.counting_reasons]


def test_an_enrolled_person_inside_the_fence_is_accepted_and_counts(gate: Gate) -> None:
    row = gate.judged()
    assert (row.state, row.counts, row.reasons, row.counting_reasons) == (Verdict.ACCEPTED, True, [], [])
    assert row.roster_line_id == gate.line.id


def test_another_photo_of_the_same_person_is_accepted(gate: Gate) -> None:
    assert gate.judged(portrait("obama2")).state is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("photo", "reasons"),
    [
        (lambda: variant(portrait("biden"), seed=5), ["face_mismatch"]),
        (lambda: side_by_side(portrait("obama"), portrait("biden")), ["many_faces"]),
        (landscape, ["no_face"]),
    ],
)
def test_a_wrong_face_is_refused_with_its_reason(gate: Gate, photo: Callable[[], bytes], reasons: list[str]) -> None:
    row = gate.judged(photo())
    assert (row.state, row.counts, codes(row)) == (Verdict.REFUSED, False, reasons)


def test_the_very_same_photo_again_is_refused_whoever_sends_it(gate: Gate) -> None:
    photo = variant(portrait("obama"), seed=77)
    assert gate.judged(photo).state is Verdict.ACCEPTED
    assert codes(gate.judged(photo)) == ["photo_reused"]


def test_an_enrolment_photo_is_no_check_in_photo(gate: Gate) -> None:
    assert codes(gate.judged(variant(portrait("obama"), seed=1000))) == ["photo_reused"]


def test_a_distance_between_the_thresholds_goes_to_review(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    # obama2 lies near 0.8 of this template; a policy with thresholds around that makes it uncertain.
    real = verification.check_in_policy

    def stricter(*args: object, **kwargs: object) -> object:
        policy = real(*args, **kwargs)
        face = policy.faces["fused"]
        narrow = replace(face, thresholds=replace(face.thresholds, accept=0.4))
        return replace(policy, faces={"fused": narrow})

    monkeypatch.setattr(verification, "check_in_policy", stricter)
    row = gate.judged(variant(portrait("obama2"), seed=3))
    assert (row.state, row.counts, codes(row), row.review_owner) == (
        Verdict.REVIEW,
        None,
        ["face_uncertain"],
        "supervision",
    )


def test_every_reason_is_told_not_only_the_first(gate: Gate, clock: SetClock) -> None:
    photo = landscape()
    gate.judged(photo)
    row = gate.judged(
        photo,
        position={
            "lat": CENTRE[0] + 0.01,
            "precision": Precision.FUZZY,
            "fixed_at": clock.now() - timedelta(seconds=121),
        },
    )
    assert codes(row) == ["location_fuzzy", "location_stale", "outside_fence", "photo_reused", "no_face"]


def test_the_wrong_datum_is_refused_at_the_distance_it_is_off(gate: Gate) -> None:
    lat, lon = from_wgs84(Position(*CENTRE), Datum.GCJ02)
    right = gate.judged(position={"lat": lat, "lon": lon, "datum": Datum.GCJ02})
    wrong = gate.judged(position={"lat": lat, "lon": lon})
    assert right.state is Verdict.ACCEPTED
    (reason,) = wrong.reasons
    assert reason["code"] == "outside_fence"
    assert 465 <= reason["data"]["centre_distance_m"] <= 491
    assert (reason["data"]["radius_m"], reason["data"]["accuracy_m"]) == (200, 15)


@pytest.mark.parametrize(
    ("age_s", "reasons"), [(0, []), (120, []), (121, ["location_stale"]), (-60, []), (86_400, ["location_stale"])]
)
def test_a_fix_older_than_two_minutes_is_stale(gate: Gate, clock: SetClock, age_s: int, reasons: list[str]) -> None:
    fixed_at = clock.now() - timedelta(seconds=age_s)
    assert codes(gate.judged(position={"fixed_at": fixed_at})) == reasons


def test_a_fix_as_old_as_its_photo_is_stale_when_both_come_late(gate: Gate, clock: SetClock) -> None:
    earlier = clock.now() - timedelta(minutes=10)
    assert codes(gate.judged(taken_at=earlier, position={"fixed_at": earlier})) == ["location_stale"]


def test_a_bad_accuracy_goes_to_review_near_the_fence_and_is_refused_far_away(gate: Gate) -> None:
    near = gate.judged(position={"accuracy_m": 61.0})
    far = gate.judged(position={"accuracy_m": 61.0, "lat": CENTRE[0] + 0.02})
    assert (codes(near), codes(far)) == (["location_uncertain"], ["outside_fence"])


def test_without_a_fence_in_force_nobody_passes(world: World, queue: HeldQueue) -> None:
    site = world.site(fenced=False)
    world.fence(site, approve=False)
    world.fence(site, starts_on=MORNING.date() + timedelta(days=1))
    gate = Gate(world, site, queue)
    gate.enrol()
    assert (gate.judged().state, codes(gate.judged())) == (Verdict.REFUSED, ["no_fence"])


def test_the_best_of_several_fences_wins(gate: Gate, world: World, site: Site) -> None:
    world.fence(site, radius_m=2000)
    assert gate.judged(position={"lat": CENTRE[0] + 0.01}).state is Verdict.ACCEPTED


def test_somebody_not_enrolled_is_told_so_and_no_face_is_looked_for(world: World, site: Site, queue: HeldQueue) -> None:
    gate = Gate(world, site, queue)
    row = gate.judged(landscape())
    assert codes(row) == ["no_consent", "not_enrolled"]
    assert gate.records(row)[0].record["face"]["outcome"] == "not_looked_at"


@pytest.mark.parametrize("kind", list(ConsentKind))
def test_a_withdrawn_consent_refuses_and_names_what_is_missing(gate: Gate, deps: Deps, kind: ConsentKind) -> None:
    people.withdraw_consent(gate.person.id, kind, actor=gate.actor, deps=deps)
    (reason,) = gate.judged().reasons
    assert (reason["code"], reason["data"]) == ("no_consent", {"missing": [kind]})


class Meanwhile:
    """The real engine; before its first look something happens."""

    def __init__(self, deps: Deps, act: Callable[[], object]) -> None:
        self._engine, self._acts = deps.engine(), [act]

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)

    def describe(self, data: bytes) -> Reading | Refusal:
        while self._acts:
            self._acts.pop()()
        return self._engine.describe(data)


@pytest.mark.parametrize("who", ["obama", "biden"])
def test_of_what_was_seen_when_a_consent_ended_nothing_is_kept(gate: Gate, deps: Deps, who: str) -> None:
    row = gate.world.punch(gate.site, gate.actor, variant(portrait(who), seed=91))
    end = partial(people.withdraw_consent, gate.person.id, ConsentKind.FACE, actor=gate.actor, deps=deps)
    engine = Meanwhile(deps, end)
    verification.verify(row.id, deps=replace(deps, engine=lambda: engine))
    done = gate.again(row)
    assert (done.state, codes(done), done.attempts) == (Verdict.REFUSED, ["no_consent"], 1)
    assert gate.records(row)[0].record["face"]["outcome"] == "not_looked_at"
    with deps.database.begin() as work:
        assert work.session.get(CheckInFace, row.id) is None


def test_the_decision_record_is_whole_and_cannot_be_edited(gate: Gate, deps: Deps) -> None:
    row = gate.judged()
    (record,) = gate.records(row)
    told = record.record
    assert told["verdict"] == "accepted"
    assert told["place"]["distance_m"] == pytest.approx(-200, abs=1)
    assert told["face"]["distance"] < told["face"]["accept"] < told["face"]["refuse"]
    assert told["engine"]["id"] == "fused"
    assert (told["policy_version"], told["counting"]["policy_version"]) == ("check_in-2", "attendance-1")
    assert told["counting"]["roster_line_id"] == str(gate.line.id)
    assert told["claim"]["position"]["datum"] == "wgs84"
    edit = update(DecisionRecord).where(DecisionRecord.id == record.id).values(verdict=Verdict.REFUSED)
    with pytest.raises(DBAPIError, match="added, never edited"), deps.database.begin() as work:
        work.session.execute(edit)


def test_a_verdict_is_given_once_however_often_the_job_comes(gate: Gate, queue: HeldQueue, deps: Deps) -> None:
    row = gate.world.punch(gate.site, gate.actor)
    queue.held *= 3
    queue.work_off(deps)
    with deps.database.begin() as work:
        decided = select(Audit).where(Audit.subject_id == str(row.id), Audit.action == "check_in:decide")
        assert len(work.session.scalars(decided).all()) == 1
    assert (len(gate.records(row)), gate.again(row).attempts) == (1, 1)


class Broken:
    """The real engine's name on an engine that fails as told."""

    def __init__(self, deps: Deps, error: Exception) -> None:
        engine = deps.engine()
        self.id, self.version, self.parts, self._error = engine.id, engine.version, engine.parts, error

    def describe(self, data: bytes) -> Reading | Refusal:  # noqa: ARG002 - the Protocol's
        raise self._error


def test_an_engine_that_cannot_start_leaves_the_check_in_received_and_uncounted(gate: Gate, deps: Deps) -> None:
    row = gate.world.punch(gate.site, gate.actor)

    def cannot() -> None:
        raise EngineUnavailable("weights missing")

    for _ in range(5):
        verification.verify(row.id, deps=replace(deps, engine=cannot))
    waiting = gate.again(row)
    assert (waiting.state, waiting.attempts, waiting.claimed_until, waiting.counts) == ("received", 0, None, None)


def test_it_is_judged_when_the_engine_is_back_with_its_time_unchanged(
    gate: Gate, deps: Deps, clock: SetClock, queue: HeldQueue
) -> None:
    row = gate.world.punch(gate.site, gate.actor)
    queue.held.clear()
    clock.pass_(hours=7)
    dispatch.dispatch(deps=deps)
    queue.work_off(deps)
    late = gate.again(row)
    assert (late.state, late.at, late.decided_at, late.counts) == (Verdict.ACCEPTED, MORNING, clock.now(), True)


def test_a_photo_that_cannot_be_read_waits_for_the_store(gate: Gate, deps: Deps) -> None:
    row = gate.world.punch(gate.site, gate.actor)
    elsewhere = type(deps.photos)(deps.settings.photo_dir / "elsewhere", deps.vault)
    verification.verify(row.id, deps=replace(deps, photos=elsewhere))
    assert (gate.again(row).state, gate.again(row).attempts) == ("received", 0)


def test_an_engine_that_fails_twice_on_a_photo_hands_it_to_a_person(gate: Gate, deps: Deps) -> None:
    row = gate.world.punch(gate.site, gate.actor)
    broken = Broken(deps, EngineFailed("it broke"))
    for expected in (1, 2):
        verification.verify(row.id, deps=replace(deps, engine=lambda: broken))
        assert (gate.again(row).state, gate.again(row).attempts) == ("received", expected)
    verification.verify(row.id, deps=replace(deps, engine=lambda: broken))
    assert (gate.again(row).state, codes(gate.again(row))) == (Verdict.REVIEW, ["engine_failed"])


def test_a_photo_on_which_two_workers_died_is_not_given_to_the_engine_again(
    gate: Gate, deps: Deps, clock: SetClock
) -> None:
    row = gate.world.punch(gate.site, gate.actor, position={"lat": CENTRE[0] + 0.02})
    dying = Broken(deps, KeyboardInterrupt())
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            verification.verify(row.id, deps=replace(deps, engine=lambda: dying))
        clock.pass_(seconds=deps.settings.lease_s)
    verification.verify(row.id, deps=deps)
    # The place was proved all the same.
    assert (gate.again(row).state, codes(gate.again(row))) == (Verdict.REFUSED, ["outside_fence", "engine_failed"])


def test_a_worker_that_lost_its_lease_changes_nothing(gate: Gate, deps: Deps, clock: SetClock) -> None:
    row = gate.world.punch(gate.site, gate.actor)
    engine = deps.engine()

    class Slow:
        """Looks so long that another worker takes over and finishes."""

        id, version, parts = engine.id, engine.version, engine.parts
        differ_limit, same_limit = engine.differ_limit, engine.same_limit

        def describe(self, data: bytes) -> Reading | Refusal:
            clock.pass_(seconds=deps.settings.lease_s)
            verification.verify(row.id, deps=deps)
            return engine.describe(data)

    verification.verify(row.id, deps=replace(deps, engine=Slow))
    done = gate.again(row)
    assert (done.state, done.attempts, len(gate.records(row))) == (Verdict.ACCEPTED, 2, 1)


def test_an_engine_without_calibrated_thresholds_judges_nobody(
    gate: Gate, deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = verification.check_in_policy
    monkeypatch.setattr(verification, "check_in_policy", lambda *args: replace(real(*args), faces={}))
    row = gate.world.punch(gate.site, gate.actor)
    verification.verify(row.id, deps=deps)
    assert gate.again(row).state == "received"


def test_no_photo_is_read_while_the_space_of_the_policy_is_missing(
    gate: Gate, deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = verification.check_in_policy

    def unlearned(*args: object) -> object:
        policy = real(*args)
        return replace(policy, faces={"fused": replace(policy.faces["fused"], adaptation="never learned")})

    monkeypatch.setattr(verification, "check_in_policy", unlearned)
    row, looks = gate.world.punch(gate.site, gate.actor), []
    engine = Meanwhile(deps, lambda: looks.append(row))
    verification.verify(row.id, deps=replace(deps, engine=lambda: engine))
    assert (gate.again(row).state, gate.again(row).attempts, looks) == (Verdict.RECEIVED, 0, [])


def test_a_person_on_no_roster_is_kept_and_does_not_count(world: World, site: Site, queue: HeldQueue) -> None:
    gate = Gate(world, site, queue)
    gate.enrol()
    other = world.site(site.body)
    row = world.punch(other, gate.actor)
    queue.work_off(world.deps)
    assert (gate.again(row).state, gate.again(row).counts) == (Verdict.ACCEPTED, False)
    assert counting_codes(gate.again(row)) == ["not_on_roster"]


def test_a_line_that_comes_into_force_makes_the_same_punch_count(world: World, site: Site, queue: HeldQueue) -> None:
    gate = Gate(world, site, queue)
    gate.enrol()
    other = world.site(site.body)
    row = world.punch(other, gate.actor)
    line = world.line(other.construction, gate.person.id, in_force=False)
    queue.work_off(world.deps)
    dispatch.dispatch(deps=world.deps)
    queue.work_off(world.deps)
    assert counting_codes(gate.again(row)) == ["roster_not_filed"]
    world.put_in_force(line)
    dispatch.dispatch(deps=world.deps)
    queue.work_off(world.deps)
    counted = gate.again(row)
    assert (counted.state, counted.counts, counted.counting_reasons) == (Verdict.ACCEPTED, True, [])
    assert (counted.team_id, counted.roster_line_id) == (other.construction, line.id)


def test_a_punch_outside_the_window_or_a_stopped_project_does_not_count(
    gate: Gate, clock: SetClock, site: Site, world: World, queue: HeldQueue
) -> None:
    clock.pass_(hours=12)
    late = gate.judged()
    projects.set_state(site.project_id, ProjectState.STOPPED, STARTED, actor=world.city, deps=world.deps)
    dispatch.dispatch(deps=world.deps)
    queue.work_off(world.deps)
    assert counting_codes(late) == ["outside_window"]
    assert counting_codes(gate.again(late)) == ["project_not_active", "outside_window"]
    assert gate.again(late).state is Verdict.ACCEPTED


def test_a_change_of_engine_version_refuses_nobody(gate: Gate, deps: Deps) -> None:
    newer = Broken(deps, EngineFailed("not on the photos of his enrolment"))
    newer.version = "of tomorrow"
    row = gate.world.punch(gate.site, gate.actor)
    verification.verify(row.id, deps=replace(deps, engine=lambda: newer))
    assert (gate.again(row).state, codes(gate.again(row))) == (Verdict.REVIEW, ["template_outdated"])
    # The reviewer compares with the enrolment he has.
    assert gate.records(row)[0].record["enrolment_id"] is not None


def test_an_unfiled_line_gives_neither_team_nor_reviewer(world: World, site: Site, queue: HeldQueue) -> None:
    gate = Gate(world, site, queue)
    gate.enrol()
    other = world.site(site.body)
    world.line(other.construction, gate.person.id, in_force=False)
    row = world.punch(other, gate.actor, position={"accuracy_m": 61.0})
    queue.work_off(world.deps)
    judged = gate.again(row)
    assert (judged.state, judged.review_owner, judged.team_id) == (Verdict.REVIEW, "body", None)
    assert counting_codes(judged) == ["roster_not_filed"]


def test_the_reviewer_follows_the_roster(world: World, site: Site, queue: HeldQueue) -> None:
    gate = Gate(world, site, queue)
    gate.enrol()
    other = world.site(site.body)
    row = world.punch(other, gate.actor, position={"accuracy_m": 61.0})
    queue.work_off(world.deps)
    assert gate.again(row).review_owner == "body"
    world.line(other.supervision, gate.person.id, "supervisor")
    dispatch.dispatch(deps=world.deps)
    queue.work_off(world.deps)
    assert gate.again(row).review_owner == "client"


def test_an_officer_learns_of_his_own_check_in_what_anybody_learns(gate: Gate, world: World, deps: Deps) -> None:
    row = gate.judged()
    both = (*gate.actor.grants, Grant(Role.OFFICER, Scope.BODY, gate.site.body))
    himself = replace(gate.actor, grants=both)
    colleague = world.actor(Role.OFFICER, Scope.BODY, gate.site.body)
    assert checkins.may_read_record(row.id, actor=colleague, deps=deps)
    assert not checkins.may_read_record(row.id, actor=himself, deps=deps)
    with pytest.raises(ServiceError, match="not_found"):
        checkins.read_record(row.id, actor=himself, deps=deps)
    with pytest.raises(ServiceError, match="not_found"):
        reviews.read_photo(row.id, actor=himself, deps=deps)
