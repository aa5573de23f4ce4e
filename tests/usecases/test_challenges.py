"""Head turns answered by frames, frames as further photos, and the passive model, from receipt to the verdict."""

import io
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from PIL import Image, ImageOps
from sqlalchemy import func, select

from demo.photos import landscape, portrait, side_by_side, variant
from face.engines.base import Part, Reading
from face.errors import EngineFailed, Refusal
from face.liveness import ORDERS, Turn
from face.photo import pixels
from service.deps import Deps
from service.domain.actors import Actor
from service.domain.policies import Subject
from service.domain.reasons import Verdict
from service.errors import ServiceError
from service.store.models import Challenge, CheckIn, CheckInFrame, DecisionRecord, Photo, Policy
from service.store.photos import PhotoStoreDown
from service.usecases import challenges, checkins, retention, verification
from tests.factories import STARTED, Site, World, sent
from tests.fakes import HeldQueue, SetClock

LEFT, RIGHT, FRONT = Turn.LEFT, Turn.RIGHT, Turn.FRONT
HEAD = np.array([[-32, 0, 0], [32, 0, 0], [0, 40, 30], [-25, 66, 7], [25, 66, 7]], float)
NECK = np.array([0, 30, -80], float)
DEGREES = {LEFT: 32.0, RIGHT: -32.0, FRONT: 2.0}
#: Different bytes are all that a photo must have here: the engine knows what each shows.
SHADES = count(1)


def landmarks(degrees: float, points: np.ndarray = HEAD) -> np.ndarray:
    """Five points of a head in millimetres, turned to its own left, as a camera 400 mm away sees them."""
    y = np.radians(degrees)
    turn = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    moved = (points - NECK) @ turn.T + NECK
    return (np.array([480, 640]) + 800 * moved[:, :2] / (400 - moved[:, 2:])).astype(np.float32)


def shows(x: float = 0.0, y: float = 0.0, degrees: float = 0.0, live: float | None = None) -> Reading:
    """A face at a place of its own: the template stands at the origin, and distances are those of the plane."""
    return Reading(np.array([x, y], np.float32), (0, 0, 200, 200), {}, 1, landmarks(degrees), None, live)


class Staged:
    """An engine that sees in each photo what the test put there, in others the owner from the front."""

    id, version, parts, differ_limit = "fused", "staged", (Part("plane", 2),), 1.6
    #: Faces stand where the test puts them, often twice at one place, and are no replays.
    same_limit = -1.0

    def __init__(self) -> None:
        self.seen: dict[bytes, Reading | Refusal | BaseException] = {}
        self.asked = 0

    def photo(self, what: Reading | Refusal | Exception) -> bytes:
        colour = next(SHADES)
        Image.new("RGB", (160, 160), (colour % 256, colour // 256, 7)).save(file := io.BytesIO(), "PNG")
        self.seen[file.getvalue()] = what
        return file.getvalue()

    def describe(self, data: bytes, *, turned: bool = False) -> Reading | Refusal:  # noqa: ARG002 - the Protocol's
        self.asked += 1
        what = self.seen.get(data, shows())
        if isinstance(what, BaseException):
            raise what
        return what


class Stage:
    """A site whose policy asks for head turns, and an enrolled person with a phone."""

    def __init__(self, world: World, engine: Staged | None = None) -> None:
        self.world, self.deps, self.engine = world, world.deps, engine
        self.site, self.person = world.site(), world.person()
        # A later policy begins on a later day.
        self.days = count()
        self.actor = world.key_person(self.person.id)
        world.line(self.site.construction, self.person.id)
        if engine:
            self.asks()
        world.enrol(self.person.id)
        self.work_off()

    def work_off(self) -> None:
        self.deps.queue.work_off(self.deps)

    def asks(self, **liveness: Any) -> None:
        """The project's policy, in force from now on, with distances that suit the plane."""
        with self.deps.database.begin() as work:
            city = select(Policy.body).where(Policy.subject == Subject.CHECK_IN, Policy.scope == "city")
            body = dict(work.session.scalars(city.order_by(Policy.effective_from.desc())).first() or {})
            faces = body["faces"] if self.engine is None else {"fused": {"accept": 1.0, "refuse": 1.25}}
            work.add(
                Policy(
                    subject=Subject.CHECK_IN,
                    policy_version=f"check_in-{uuid4()}",
                    effective_from=STARTED + timedelta(days=next(self.days)),
                    scope="project",
                    scope_id=self.site.project_id,
                    body=body | {"faces": faces, "liveness": body["liveness"] | liveness},
                )
            )

    def drawn(self, *turns: Turn, site: Site | None = None, actor: Actor | None = None) -> UUID:
        """A challenge of known turns."""
        row, _ = challenges.draw((site or self.site).project_id, actor=actor or self.actor, deps=self.deps)
        with self.deps.database.begin() as work:
            work.session.get_one(Challenge, row.id).turns = [str(turn) for turn in turns or (FRONT, LEFT, RIGHT)]
        return row.id

    def turns(self, *turns: Turn, apart: float = 0.3) -> list[bytes]:
        """Frames of the owner's head."""
        assert self.engine
        return [self.engine.photo(shows(y=apart, degrees=DEGREES[turn])) for turn in turns or (FRONT, LEFT, RIGHT)]

    def sends(self, frames: Sequence[bytes] = (), photo: bytes | None = None, **changes: Any) -> CheckIn:
        """A check-in received and not judged."""
        if photo is None:
            photo = self.engine.photo(shows()) if self.engine else variant(portrait("obama"), seed=next(SHADES))
        claim, one = self.world.claim(self.site, **changes), sent(photo)
        more = [sent(frame) for frame in frames]
        return checkins.receive(claim, one.data, one.info, more, actor=self.actor, deps=self.deps)[0]

    def judged(self, frames: Sequence[bytes] = (), photo: bytes | None = None, **changes: Any) -> CheckIn:
        row = self.sends(frames, photo, **changes)
        self.work_off()
        return self.again(row)

    def again(self, row: CheckIn) -> CheckIn:
        with self.deps.database.begin() as work:
            return work.session.get_one(CheckIn, row.id)

    def face(self, row: CheckIn) -> dict[str, Any]:
        """What the machine's record says of the face."""
        with self.deps.database.begin() as work:
            statement = select(DecisionRecord).where(DecisionRecord.check_in_id == row.id)
            return work.session.scalars(statement).one().record["face"]


@pytest.fixture
def engine() -> Staged:
    return Staged()


@pytest.fixture
def stage(deps: Deps, engine: Staged) -> Stage:
    return Stage(World(replace(deps, engine=lambda: engine)), engine)


@pytest.fixture
def asking(stage: Stage) -> Stage:
    stage.asks(challenge=True)
    return stage


def codes(row: CheckIn) -> list[str]:
    return [reason["code"] for reason in row.reasons]


# Drawing.


def test_a_challenge_is_an_order_for_a_minute_and_says_whether_it_is_needed(stage: Stage, clock: SetClock) -> None:
    row, needed = challenges.draw(stage.site.project_id, actor=stage.actor, deps=stage.deps)
    assert tuple(row.turns) in ORDERS
    assert (row.person_id, row.used_at, needed) == (stage.person.id, None, False)
    assert row.expires_at == clock.now() + timedelta(seconds=60)


def test_the_project_s_policy_says_how_long_and_whether(stage: Stage, clock: SetClock) -> None:
    stage.asks(challenge=True, challenge_s=20)
    row, needed = challenges.draw(stage.site.project_id, actor=stage.actor, deps=stage.deps)
    assert (needed, row.expires_at) == (True, clock.now() + timedelta(seconds=20))


@pytest.mark.parametrize(("after_s", "same"), [(0, True), (29, True), (30, False), (61, False)])
def test_nobody_draws_until_the_order_fits_his_film(stage: Stage, clock: SetClock, after_s: int, same: bool) -> None:
    first = stage.drawn()
    clock.pass_(seconds=after_s)
    assert (stage.drawn() == first) is same


def test_who_asks_twice_at_once_is_given_one(meeting_deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(meeting_deps)
    project_id, actor = world.site().project_id, world.key_person(world.person().id)
    draw, both = challenges.liveness.draw, threading.Barrier(2)

    def at_once(dice: Random) -> tuple[Turn, ...]:
        # Who is let in alone waits in vain for the other.
        with suppress(threading.BrokenBarrierError):
            both.wait(timeout=0.5)
        return draw(dice)

    monkeypatch.setattr(challenges.liveness, "draw", at_once)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(challenges.draw, project_id, actor=actor, deps=meeting_deps) for _ in range(2)]
    assert len({each.result()[0].id for each in asked}) == 1


def test_a_used_challenge_is_not_given_again(asking: Stage) -> None:
    first = asking.drawn()
    asking.sends(challenge_id=first)
    assert asking.drawn() != first


def test_every_person_draws_for_himself(stage: Stage) -> None:
    other = stage.world.key_person(stage.world.person().id)
    assert stage.drawn(actor=other) != stage.drawn()


def test_an_unknown_project_and_an_account_without_a_person_draw_nothing(stage: Stage) -> None:
    with pytest.raises(ServiceError, match="unknown_reference"):
        challenges.draw(UUID(int=7), actor=stage.actor, deps=stage.deps)
    with pytest.raises(ServiceError, match="no_person"):
        challenges.draw(stage.site.project_id, actor=replace(stage.actor, person_id=None), deps=stage.deps)
    with pytest.raises(ServiceError, match="forbidden"):
        challenges.draw(stage.site.project_id, actor=stage.world.city, deps=stage.deps)


def test_what_nobody_used_in_time_is_forgotten_and_what_was_used_stays(asking: Stage, clock: SetClock) -> None:
    used = asking.drawn()
    asking.sends(challenge_id=used)
    asking.drawn()
    clock.pass_(seconds=59)
    still = asking.drawn()
    clock.pass_(seconds=1)
    challenges.forget_expired(deps=asking.deps)
    with asking.deps.database.begin() as work:
        assert set(work.session.scalars(select(Challenge.id))) == {used, still}


# Answering.


def test_a_head_that_turns_as_asked_is_accepted_and_the_record_keeps_what_was_seen(asking: Stage) -> None:
    challenge = asking.drawn(LEFT, FRONT, RIGHT)
    row = asking.judged(asking.turns(LEFT, FRONT, RIGHT), challenge_id=challenge)
    assert (row.state, row.challenge_id, row.reasons) == (Verdict.ACCEPTED, challenge, [])
    face = asking.face(row)
    assert (face["turns"], face["distance"], "first_distance" in face) == (["left", "front", "right"], 0.0, False)
    assert [round(frame["yaw"], 1) for frame in face["frames"]] == [0.4, 0.0, -0.4]
    assert {frame["distance"] for frame in face["frames"]} == {0.3}
    assert face["depth"] > 0.2


def test_without_a_challenge_it_is_refused_whatever_its_frames_show(asking: Stage) -> None:
    assert codes(asking.judged()) == ["challenge_needed"]
    assert codes(asking.judged(asking.turns())) == ["challenge_needed"]


def test_who_is_not_enrolled_is_told_of_the_challenge_too(asking: Stage) -> None:
    asking.actor = asking.world.key_person(asking.world.person().id)
    assert codes(asking.judged()) == ["no_consent", "not_enrolled", "challenge_needed"]


@pytest.mark.parametrize("whose", ["nobody's", "another's", "another project's", "expired", "used"])
def test_a_challenge_that_does_not_hold_is_refused(asking: Stage, clock: SetClock, whose: str) -> None:
    match whose:
        case "nobody's":
            challenge = uuid4()
        case "another's":
            challenge = asking.drawn(actor=asking.world.key_person(asking.world.person().id))
        case "another project's":
            challenge = asking.drawn(site=asking.world.site())
        case "expired":
            challenge = asking.drawn()
            clock.pass_(seconds=60)
        case _:
            challenge = asking.drawn()
            asking.sends(asking.turns(), challenge_id=challenge)
    row = asking.judged(asking.turns(), challenge_id=challenge)
    assert (codes(row), row.challenge_id) == (["challenge_invalid"], None)


def test_a_challenge_holds_until_its_last_second_and_while_it_waits_for_a_worker(
    asking: Stage, clock: SetClock
) -> None:
    challenge = asking.drawn()
    clock.pass_(seconds=59)
    row = asking.sends(asking.turns(), challenge_id=challenge)
    clock.pass_(hours=1)
    challenges.forget_expired(deps=asking.deps)
    asking.work_off()
    assert asking.again(row).state is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("spoiled", "told"),
    [
        (lambda stage: stage.turns(FRONT, RIGHT, LEFT), ("challenge_failed", {"at": 1})),
        (lambda stage: stage.turns(FRONT, LEFT), ("challenge_failed", {"at": 0, "frames": 2})),
        (lambda _: [], ("challenge_failed", {"at": 0, "frames": 0})),
        (lambda stage: stage.turns(FRONT, LEFT, RIGHT, apart=1.3), ("challenge_failed", {"frame": 1, "distance": 1.3})),
        (
            lambda stage: [*stage.turns(), stage.engine.photo(Refusal("no_face", {"faces": 0}))],
            ("challenge_failed", {"frame": 4, "found": "no_face"}),
        ),
        (
            lambda stage: [stage.engine.photo(Refusal("many_faces", {"faces": 2})), *stage.turns()],
            ("challenge_failed", {"frame": 1, "found": "many_faces"}),
        ),
    ],
    ids=["order", "too few", "none", "stranger", "nobody", "two people"],
)
def test_frames_that_do_not_answer_are_refused(
    asking: Stage, spoiled: Callable[[Stage], list[bytes]], told: tuple[str, dict[str, Any]]
) -> None:
    (reason,) = asking.judged(spoiled(asking), challenge_id=asking.drawn()).reasons
    assert (reason["code"], {name: reason["data"][name] for name in told[1]}) == told


def test_a_flat_picture_that_is_skewed_is_refused(asking: Stage, engine: Staged) -> None:
    front = landmarks(0, HEAD * [1, 1, 0] + [0, 30, 0] * (np.arange(5) == 2)[:, None])
    skewed = [front @ np.array([[1, 0], [skew, 1]], np.float32) for skew in (0, 1, -1)]
    frames = [engine.photo(replace(shows(), landmarks=marks)) for marks in skewed]
    assert codes(asking.judged(frames, challenge_id=asking.drawn())) == ["flat_face"]


def test_one_frame_of_somebody_else_among_many_is_enough(asking: Stage, engine: Staged) -> None:
    frames = [*asking.turns(FRONT, LEFT, LEFT), engine.photo(shows(x=1.26, degrees=-32)), *asking.turns(RIGHT)]
    (reason,) = asking.judged(frames, challenge_id=asking.drawn()).reasons
    assert (reason["code"], reason["data"]["frame"]) == ("challenge_failed", 4)


def test_a_turned_head_may_lie_as_far_from_the_photo_as_the_refuse_threshold(asking: Stage) -> None:
    assert codes(asking.judged(asking.turns(apart=1.24), challenge_id=asking.drawn())) == []


def test_a_blurred_frame_counts_as_not_sent(asking: Stage, engine: Staged) -> None:
    def blurred() -> bytes:
        return engine.photo(Refusal("low_quality", {"reason": "too_blurred"}))

    front, *sides = asking.turns()
    row = asking.judged([front, blurred(), *sides], challenge_id=asking.drawn())
    assert (codes(row), asking.face(row)["frames"][1]) == ([], {"outcome": "low_quality"})
    row = asking.judged([blurred(), *asking.turns(LEFT, RIGHT)], challenge_id=asking.drawn())
    assert codes(row) == ["challenge_failed"]


def test_the_owner_s_turns_do_not_accept_a_stranger_s_photo(asking: Stage, engine: Staged) -> None:
    row = asking.judged(asking.turns(apart=0.9), engine.photo(shows(x=1.4, y=0.9)), challenge_id=asking.drawn())
    assert codes(row) == ["challenge_failed", "face_mismatch"]


def test_two_check_ins_at_once_use_one_challenge_once(meeting_deps: Deps, engine: Staged) -> None:
    stage = Stage(World(replace(meeting_deps, engine=lambda: engine)), engine)
    stage.asks(challenge=True)
    challenge = stage.drawn()
    bursts = [(stage.turns(), engine.photo(shows())) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda burst: stage.sends(*burst, challenge_id=challenge), bursts))
    stage.work_off()
    judged = [stage.again(row) for row in rows]
    assert sorted(map(codes, judged)) == [[], *[["challenge_invalid"]] * 3]
    assert [row.challenge_id for row in judged if not row.reasons] == [challenge]


def test_a_repeat_uses_no_second_challenge_and_other_frames_are_other_content(asking: Stage) -> None:
    claim, photo, frames = asking.world.claim(asking.site, challenge_id=asking.drawn()), landscape(), asking.turns()

    def send(frames: Sequence[bytes]) -> tuple[CheckIn, bool]:
        one, more = sent(photo), [sent(frame) for frame in frames]
        return checkins.receive(claim, one.data, one.info, more, actor=asking.actor, deps=asking.deps)

    (row, new), (again, again_new) = send(frames), send(frames)
    assert (again.id, new, again_new, again.challenge_id) == (row.id, True, False, claim.challenge_id)
    for other in (frames[:2], frames[::-1], []):
        with pytest.raises(ServiceError, match="client_ref_reused"):
            send(other)


def test_a_worker_that_died_or_came_twice_changes_nothing(asking: Stage, clock: SetClock, engine: Staged) -> None:
    front, left, right = asking.turns()
    row = asking.sends([front, left, right], challenge_id=asking.drawn())
    shown, engine.seen[right] = engine.seen[right], KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        verification.verify(row.id, deps=asking.deps)
    engine.seen[right] = shown
    clock.pass_(seconds=asking.deps.settings.lease_s)
    for _ in range(2):
        verification.verify(row.id, deps=asking.deps)
    done = asking.again(row)
    assert (done.state, done.attempts, asking.face(row)["turns"]) == (Verdict.ACCEPTED, 2, ["front", "left", "right"])


def test_a_frame_on_which_the_engine_breaks_hands_it_to_a_person(asking: Stage, engine: Staged) -> None:
    row = asking.sends([*asking.turns(), engine.photo(EngineFailed("it broke"))], challenge_id=asking.drawn())
    for _ in range(3):
        verification.verify(row.id, deps=asking.deps)
    assert (asking.again(row).state, codes(asking.again(row))) == (Verdict.REVIEW, ["engine_failed"])


def test_an_engine_without_landmarks_judges_no_challenge(asking: Stage, engine: Staged) -> None:
    blind = engine.photo(replace(shows(), landmarks=None))
    row = asking.judged(asking.turns(), blind, challenge_id=asking.drawn())
    assert (row.state, row.attempts) == (Verdict.RECEIVED, 0)


def test_where_none_is_asked_for_an_answer_is_used_up_and_not_judged(stage: Stage) -> None:
    challenge = stage.drawn()
    row = stage.judged(stage.turns(RIGHT), challenge_id=challenge)
    assert (row.state, row.challenge_id, "turns" in stage.face(row)) == (Verdict.ACCEPTED, challenge, False)
    assert codes(stage.judged(challenge_id=challenge)) == []


# Further photos.


def near(stage: Stage, *places: tuple[float, float]) -> list[bytes]:
    assert stage.engine
    return [stage.engine.photo(shows(*place)) for place in places]


def test_frames_lift_an_unclear_photo_to_a_match(stage: Stage, engine: Staged) -> None:
    row = stage.judged(near(stage, (0.7, 0), (0.6, 0), (0.8, 0), (0.9, 0)), engine.photo(shows(x=1.2)))
    assert (row.state, row.reasons) == (Verdict.ACCEPTED, [])
    face = stage.face(row)
    assert (face["outcome"], face["first_distance"], face["distance"], face["photos"]) == ("match", 1.2, 0.84, 5)


def test_frames_lift_an_unclear_photo_to_a_mismatch(stage: Stage, engine: Staged) -> None:
    row = stage.judged(near(stage, (1.8, 0), (1.8, 0)), engine.photo(shows(x=1.2)))
    assert (codes(row), stage.face(row)["distance"]) == (["face_mismatch"], 1.6)


def test_frames_may_leave_it_unclear(stage: Stage, engine: Staged) -> None:
    row = stage.judged(near(stage, (1.25, 0)), engine.photo(shows(x=1.2)))
    assert (row.state, codes(row), stage.face(row)["distance"]) == (Verdict.REVIEW, ["face_uncertain"], 1.225)


def test_no_frame_turns_a_mismatch_into_a_match(stage: Stage, engine: Staged) -> None:
    row = stage.judged(near(stage, *[(0.5, 0)] * 4), engine.photo(shows(x=1.26)))
    assert (codes(row), "frames" in stage.face(row)) == (["face_mismatch"], False)


def test_frames_that_do_not_match_the_photo_do_not_count(stage: Stage, engine: Staged) -> None:
    frames = [*near(stage, (0.1, 0), (0, 0)), engine.photo(Refusal("no_face", {"faces": 0}))]
    row = stage.judged(frames, engine.photo(shows(x=1.2)))
    face = stage.face(row)
    assert (codes(row), face["distance"], "first_distance" in face) == (["face_uncertain"], 1.2, False)
    assert [frame["outcome"] for frame in face["frames"]] == ["uncertain", "uncertain", "no_face"]


def test_frames_are_read_only_where_they_can_decide_and_four_at_most(stage: Stage, engine: Staged) -> None:
    for first, asked in ((0.5, 1), (1.2, 5), (1.4, 1)):
        frames, photo, engine.asked = near(stage, *[(0.9, 0)] * 12), engine.photo(shows(x=first)), 0
        stage.judged(frames, photo)
        assert engine.asked == asked


def test_the_frames_of_a_challenge_serve_as_further_photos(asking: Stage, engine: Staged) -> None:
    frames = [engine.photo(shows(x=0.7, degrees=DEGREES[turn])) for turn in (FRONT, LEFT, RIGHT)]
    row = asking.judged(frames, engine.photo(shows(x=1.2)), challenge_id=asking.drawn())
    assert (row.state, asking.face(row)["photos"], asking.face(row)["distance"]) == (Verdict.ACCEPTED, 4, 0.825)


# The passive model.


@pytest.mark.parametrize(("live", "reasons"), [(0.49, ["not_live"]), (0.5, []), (1.0, [])])
def test_the_policy_s_limit_decides_what_the_passive_model_means(
    stage: Stage, engine: Staged, live: float, reasons: list[str]
) -> None:
    stage.asks(passive=0.5)
    row = stage.judged(photo=engine.photo(shows(live=live)))
    assert (codes(row), stage.face(row)["live"]) == (reasons, live)


def test_a_limit_without_a_model_judges_nobody(stage: Stage) -> None:
    stage.asks(passive=0.5)
    row = stage.judged()
    assert (row.state, row.attempts) == (Verdict.RECEIVED, 0)


def test_without_a_limit_the_model_only_tells(stage: Stage, engine: Staged) -> None:
    assert codes(stage.judged(photo=engine.photo(shows(live=0.01)))) == []


# Keeping.


def kept(deps: Deps) -> tuple[int, int, int]:
    """Rows of photos, rows of frames, and files."""
    files = sum(path.is_file() for path in deps.settings.photo_dir.rglob("*"))
    with deps.database.begin() as work:
        rows = [work.session.scalars(select(func.count()).select_from(model)).one() for model in (Photo, CheckInFrame)]
    return rows[0], rows[1], files


def test_frames_are_kept_in_their_order_like_the_photo(stage: Stage) -> None:
    before, frames = kept(stage.deps), stage.turns(RIGHT, LEFT, FRONT)
    row = stage.sends(frames)
    assert kept(stage.deps) == (before[0] + 4, 3, before[2] + 4)
    with stage.deps.database.begin() as work:
        statement = select(CheckInFrame.photo_id).where(CheckInFrame.check_in_id == row.id)
        ids = list(work.session.scalars(statement.order_by(CheckInFrame.position)))
        expire = {work.session.get_one(Photo, photo_id).expires_at for photo_id in (row.photo_id, *ids)}
    assert [stage.deps.photos.get(photo_id) for photo_id in ids] == frames
    assert expire == {stage.deps.clock.now() + timedelta(days=stage.deps.settings.photo_days)}


def test_frames_go_with_the_photo_and_not_before_somebody_decided(stage: Stage, clock: SetClock) -> None:
    row = stage.sends(stage.turns())
    before = kept(stage.deps)
    clock.pass_(days=stage.deps.settings.photo_days)
    retention.delete_expired(deps=stage.deps)
    assert kept(stage.deps) == before
    verification.verify(row.id, deps=stage.deps)
    retention.delete_expired(deps=stage.deps)
    assert kept(stage.deps)[2] == before[2] - 4


def test_bytes_sent_before_are_reused_whether_as_photo_or_frame(stage: Stage, engine: Staged) -> None:
    frames, photo = stage.turns(), engine.photo(shows())
    assert codes(stage.judged(frames, photo)) == []
    assert codes(stage.judged(photo=frames[1])) == ["photo_reused"]
    assert codes(stage.judged([photo])) == ["photo_reused"]
    assert codes(stage.judged([*stage.turns(), frames[0]])) == ["photo_reused"]


def test_within_one_check_in_the_same_bytes_may_come_twice(stage: Stage, engine: Staged) -> None:
    (frame,), photo = stage.turns(FRONT), engine.photo(shows())
    assert codes(stage.judged([frame, frame])) == []
    assert codes(stage.judged([photo], photo)) == []
    assert codes(stage.judged([engine.photo(shows()), frame])) == ["photo_reused"]


def test_a_store_that_breaks_at_a_frame_keeps_nothing_and_leaves_the_challenge(asking: Stage) -> None:
    challenge, before = asking.drawn(), kept(asking.deps)
    store = asking.deps.photos

    class Filling(type(store)):
        """Has room for two more photos."""

        room = 2

        def put(self, photo_id: UUID, data: bytes) -> None:
            if not self.room:
                raise PhotoStoreDown
            self.room -= 1
            super().put(photo_id, data)

    full = replace(asking.deps, photos=Filling(asking.deps.settings.photo_dir, asking.deps.vault))
    asking.deps = full
    with pytest.raises(ServiceError, match="photo_store_down"):
        asking.sends(asking.turns(), challenge_id=challenge)
    assert kept(full) == before
    asking.deps = replace(full, photos=store)
    assert codes(asking.judged(asking.turns(), challenge_id=challenge)) == []


# The real engine.


@pytest.fixture
def real(world: World) -> Stage:
    return Stage(world)


def mirrored(photo: bytes) -> bytes:
    ImageOps.mirror(pixels(photo)).save(file := io.BytesIO(), "JPEG", quality=92)
    return file.getvalue()


@pytest.mark.parametrize(
    ("order", "reasons"), [((FRONT, LEFT, RIGHT), []), ((FRONT, RIGHT, LEFT), ["challenge_failed"])]
)
def test_portraits_of_one_person_from_three_sides_answer_one(
    real: Stage, order: tuple[Turn, ...], reasons: list[str]
) -> None:
    # His second portrait is turned by about 25 degrees to his right; in a mirror it is to his left.
    real.asks(challenge=True)
    frames = [portrait("obama"), mirrored(portrait("obama2")), portrait("obama2")]
    row = real.judged(frames, challenge_id=real.drawn(*order))
    assert (codes(row), len(real.face(row)["frames"])) == (reasons, 3)


def test_one_portrait_many_times_answers_no_challenge(real: Stage, queue: HeldQueue) -> None:
    real.asks(challenge=True)
    frames = [variant(portrait("obama"), seed=60 + at) for at in range(4)]
    (reason,) = real.judged(frames, challenge_id=real.drawn(FRONT, LEFT, RIGHT)).reasons
    assert (reason["code"], reason["data"], queue.held) == ("challenge_failed", {"at": 1}, [])


def test_frames_of_another_person_answer_no_challenge(real: Stage) -> None:
    real.asks(challenge=True)
    frames = [variant(portrait("biden"), seed=70 + at) for at in range(3)]
    (reason,) = real.judged(frames, challenge_id=real.drawn()).reasons
    assert (reason["code"], reason["data"]["frame"]) == ("challenge_failed", 1)


def test_frames_with_nobody_or_two_people_answer_no_challenge(real: Stage) -> None:
    real.asks(challenge=True)
    for frame, found in ((landscape(), "no_face"), (side_by_side(portrait("obama"), portrait("biden")), "many_faces")):
        (reason,) = real.judged([frame] * 1, challenge_id=real.drawn()).reasons
        assert (reason["code"], reason["data"]) == ("challenge_failed", {"frame": 1, "found": found})
