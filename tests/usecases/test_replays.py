"""An earlier photo again is refused however it was saved, and what is kept to know it opens for nobody else."""

import threading
from dataclasses import replace
from io import BytesIO
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import event, func, select, update
from structlog.testing import capture_logs

from demo.photos import portrait, variant
from face.engines.base import Engine, Reading
from face.errors import Refusal
from face.photo import pixels
from face.template import to_bytes
from service.api.schemas.check_ins import CheckInOut
from service.deps import Deps
from service.domain.actors import Actor, Role, Scope
from service.domain.reasons import Verdict
from service.store.models import Audit, CheckIn, CheckInFace, DecisionRecord
from service.store.vault import SealBroken, Vault
from service.usecases import replays, retention, reviews, verification
from tests.factories import NUMBERS, Site, World
from tests.fakes import HeldQueue, SetClock

DOUBTFUL = {"accuracy_m": 61.0}


def again(photo: bytes, *, quality: int = 70, scale: float = 0.8, cut: float = 0.03) -> bytes:
    """The same photo, cropped on all sides, resized and compressed anew."""
    image = pixels(photo)
    width, height = image.size
    image = image.crop((round(cut * width), round(cut * height), round((1 - cut) * width), round((1 - cut) * height)))
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
    image.save(file := BytesIO(), "JPEG", quality=quality)
    return file.getvalue()


class Gate:
    """A site and one enrolled person who punches there."""

    def __init__(self, world: World, queue: HeldQueue, site: Site | None = None) -> None:
        self.world, self.deps, self.queue = world, world.deps, queue
        self.site = site or world.site()
        self.person = world.person()
        self.actor: Actor = world.key_person(self.person.id)
        world.line(self.site.construction, self.person.id)
        self.enrolled = 100_000 + 10 * next(NUMBERS)
        world.enrol(self.person.id, seed=self.enrolled)
        queue.work_off(self.deps)

    def judged(self, photo: bytes, **changes: object) -> CheckIn:
        row = self.world.punch(self.site, self.actor, photo, **changes)
        self.queue.work_off(self.deps)
        return self.row(row.id)

    def row(self, check_in_id: UUID) -> CheckIn:
        with self.deps.database.begin() as work:
            return work.session.get_one(CheckIn, check_in_id)

    def face(self, row: CheckIn) -> CheckInFace | None:
        with self.deps.database.begin() as work:
            return work.session.get(CheckInFace, row.id)

    def change_face(self, row: CheckIn, **values: object) -> None:
        with self.deps.database.begin() as work:
            work.session.execute(update(CheckInFace).where(CheckInFace.check_in_id == row.id).values(values))

    def told(self, row: CheckIn) -> dict[str, object]:
        """What the machine's record says of the photo, without its own id."""
        with self.deps.database.begin() as work:
            record = work.session.scalars(select(DecisionRecord).where(DecisionRecord.check_in_id == row.id)).one()
            return {name: value for name, value in record.record["photo"].items() if name != "id"}


@pytest.fixture
def gate(world: World, queue: HeldQueue) -> Gate:
    return Gate(world, queue)


@pytest.fixture
def photo() -> bytes:
    return variant(portrait("obama"), seed=8001)


def codes(row: CheckIn) -> list[str]:
    return [reason["code"] for reason in row.reasons]


def test_a_second_shot_is_another_photo(gate: Gate, photo: bytes) -> None:
    assert gate.judged(photo).state is Verdict.ACCEPTED
    for name, seed in (("obama", 8002), ("obama", 8003), ("obama2", 8004)):
        assert codes(gate.judged(variant(portrait(name), seed=seed))) == []


@pytest.mark.parametrize("how", [{"quality": 50}, {"scale": 0.5}, {"scale": 1.3}, {"cut": 0.06}, {"cut": 0}])
def test_an_accepted_photo_saved_anew_is_refused(gate: Gate, photo: bytes, how: dict[str, float]) -> None:
    first = gate.judged(photo)
    second = gate.judged(again(photo, **how))
    assert (second.state, codes(second)) == (Verdict.REFUSED, ["photo_reused"])
    told = gate.told(second)
    assert (told["reused"], told["way"], told["check_in_id"]) == (True, "mark", str(first.id))


def test_the_very_same_file_is_known_by_its_bytes_whatever_became_of_the_first(gate: Gate, photo: bytes) -> None:
    first = gate.judged(photo, position={"lat": 31.5})
    assert (first.state, gate.face(first)) == (Verdict.REFUSED, None)
    second = gate.judged(photo)
    assert codes(second) == ["photo_reused"]
    assert gate.told(second) == {"reused": True, "way": "bytes", "check_in_id": str(first.id), "apart": 0}


def test_an_enrolment_s_file_comes_from_no_check_in(gate: Gate) -> None:
    second = gate.judged(variant(portrait("obama"), seed=gate.enrolled))
    assert gate.told(second) == {"reused": True, "way": "bytes", "check_in_id": None, "apart": 0}


def test_who_checks_in_learns_neither_the_way_nor_the_earlier_check_in(gate: Gate, photo: bytes) -> None:
    first = gate.judged(photo)
    answer = str(CheckInOut().dump(gate.judged(again(photo))))
    assert "photo_reused" in answer
    assert all(secret not in answer for secret in (str(first.id), "'mark'", "apart"))


def test_without_its_descriptor_a_photo_is_known_by_its_mark(gate: Gate, photo: bytes) -> None:
    first = gate.judged(photo)
    gate.change_face(first, descriptor=None)
    assert gate.told(gate.judged(again(photo)))["way"] == "mark"


def test_without_its_mark_a_photo_is_known_by_its_descriptor(gate: Gate, photo: bytes) -> None:
    first = gate.judged(photo)
    gate.change_face(first, mark=None)
    assert codes(gate.judged(variant(portrait("obama"), seed=8002))) == []
    told = gate.told(gate.judged(again(photo, quality=85, scale=1, cut=0)))
    assert (told["way"], told["check_in_id"]) == ("descriptor", str(first.id))
    assert isinstance(apart := told["apart"], float)
    assert 0 < apart <= gate.deps.engine().same_limit


@pytest.mark.parametrize("change", [{"engine": "another"}, {"engine_version": "of yesterday"}])
def test_descriptors_of_another_engine_are_not_compared_and_marks_are(
    gate: Gate, photo: bytes, change: dict[str, str]
) -> None:
    first = gate.judged(photo)
    gate.change_face(first, **change)
    assert gate.told(gate.judged(again(photo)))["way"] == "mark"
    gate.change_face(first, mark=None)
    assert codes(gate.judged(again(photo, quality=85, scale=1, cut=0))) == []


@pytest.mark.parametrize("column", ["descriptor", "mark"])
@pytest.mark.parametrize("how", ["another key", "too short"])
def test_what_does_not_open_or_is_damaged_is_left_out_and_logged(
    gate: Gate, photo: bytes, column: str, how: str
) -> None:
    broken, whole = gate.judged(photo), gate.judged(second := variant(portrait("obama"), seed=8002))
    owner, other = {"descriptor": ("check_in_face", "mark"), "mark": ("check_in_mark", "descriptor")}[column]
    vault = gate.deps.vault if how == "too short" else Vault({9: bytes(32)})
    gate.change_face(broken, **{other: None, column: vault.seal(f"{owner}:{broken.id}", b"short")})
    with capture_logs() as logs:
        assert gate.judged(variant(portrait("obama"), seed=8003)).state is Verdict.ACCEPTED
    assert [line["check_in_id"] for line in logs if line["log_level"] == "error"] == [str(broken.id)]
    # The others are compared as ever.
    gate.change_face(whole, **{other: None})
    assert gate.told(gate.judged(again(second, quality=85, scale=1, cut=0)))["check_in_id"] == str(whole.id)


def test_a_photo_in_review_counts_and_goes_on_counting_once_accepted(gate: Gate, photo: bytes) -> None:
    first = gate.judged(photo, position=DOUBTFUL)
    assert first.state is Verdict.REVIEW
    assert gate.face(first) is not None
    assert codes(gate.judged(again(photo), position=DOUBTFUL)) == ["location_uncertain", "photo_reused"]
    officer = gate.world.actor(Role.OFFICER, Scope.BODY, gate.site.body)
    reviews.decide_review(first.id, Verdict.ACCEPTED, "seen", first.version, actor=officer, deps=gate.deps)
    third = gate.judged(again(photo, quality=60))
    assert (codes(third), gate.told(third)["check_in_id"]) == (["photo_reused"], str(first.id))


def test_a_photo_a_reviewer_refused_does_not_count(gate: Gate, photo: bytes) -> None:
    first = gate.judged(photo, position=DOUBTFUL)
    officer = gate.world.actor(Role.OFFICER, Scope.BODY, gate.site.body)
    reviews.decide_review(first.id, Verdict.REFUSED, "no", first.version, actor=officer, deps=gate.deps)
    assert gate.judged(again(photo)).state is Verdict.ACCEPTED


def test_only_the_person_s_own_photos_are_looked_through(gate: Gate, world: World, queue: HeldQueue) -> None:
    gate.judged(variant(portrait("obama"), seed=8001))
    gate.judged(variant(portrait("obama"), seed=8002))
    other = Gate(world, queue)
    row = world.punch(other.site, other.actor, variant(portrait("obama"), seed=8003))
    with world.deps.database.begin() as work:
        assert replays.earlier_than(work, row).kept == ()
        mine = world.punch(gate.site, gate.actor, variant(portrait("obama"), seed=8004))
        assert len(replays.earlier_than(work, mine).kept) == 2


def test_all_that_is_kept_comes_in_one_query(gate: Gate) -> None:
    for seed in range(8001, 8004):
        gate.judged(variant(portrait("obama"), seed=seed))
    row = gate.world.punch(gate.site, gate.actor, variant(portrait("obama"), seed=8010))
    asked: list[str] = []
    with gate.deps.database.begin() as work:
        connection = work.session.connection()
        event.listen(connection, "before_cursor_execute", lambda *a: asked.append(a[2]))
        assert len(replays.earlier_than(work, row).kept) == 3
        assert len(asked) == 1


def test_what_is_kept_is_sealed_for_its_check_in_and_for_its_purpose(gate: Gate, photo: bytes) -> None:
    row = gate.judged(photo)
    kept, vault = gate.face(row), gate.deps.vault
    reading = gate.deps.engine().describe(photo)
    assert kept is not None
    assert isinstance(reading, Reading)
    assert kept.descriptor is not None
    assert kept.mark is not None
    assert vault.open(f"check_in_face:{row.id}", kept.descriptor) == to_bytes(reading.descriptor)
    assert vault.open(f"check_in_mark:{row.id}", kept.mark) == reading.fingerprint
    for owner, sealed in (("check_in_face", kept.mark), ("check_in_mark", kept.descriptor)):
        with pytest.raises(SealBroken):
            vault.open(f"{owner}:{row.id}", sealed)


def test_keeping_twice_keeps_the_first(gate: Gate, photo: bytes) -> None:
    row = gate.judged(photo)
    before = gate.face(row)
    reading = gate.deps.engine().describe(variant(portrait("biden"), seed=8001))
    assert before is not None
    assert isinstance(reading, Reading)
    with gate.deps.database.begin() as work:
        replays.keep(work, row, reading, gate.deps.engine(), gate.deps)
    after = gate.face(row)
    assert after is not None
    assert (after.descriptor, after.mark) == (before.descriptor, before.mark)


class Meeting:
    """The real engine for two workers: each waits, with what it read, until the other has read too."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._turn, self._both = engine, threading.Lock(), threading.Barrier(2)
        self.read = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)

    def describe(self, data: bytes, **how: bool) -> Reading | Refusal:
        with self._turn:
            self.read += 1
            early, result = self.read <= 2, self._engine.describe(data, **how)
        if early:
            self._both.wait(60)
        return result


@pytest.mark.parametrize("second", ["the same", "another"])
def test_of_one_photo_twice_at_once_one_is_accepted(
    meeting_deps: Deps, queue: HeldQueue, photo: bytes, second: str
) -> None:
    gate = Gate(World(meeting_deps), queue)
    other = again(photo) if second == "the same" else variant(portrait("obama"), seed=8002)
    rows = [gate.world.punch(gate.site, gate.actor, each) for each in (photo, other)]
    engine = Meeting(meeting_deps.engine())
    deps = replace(meeting_deps, engine=lambda: engine)
    workers = [threading.Thread(target=verification.verify, args=[row.id], kwargs={"deps": deps}) for row in rows]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    judged = [gate.row(row.id) for row in rows]
    expected = [[], ["photo_reused"]] if second == "the same" else [[], []]
    assert sorted(codes(row) for row in judged) == expected
    # Whoever came second read its photo again, and that attempt cost it nothing.
    assert (engine.read, [row.attempts for row in judged]) == (3, [1, 1])


def test_one_photo_gone_and_another_come_is_another_set(gate: Gate, photo: bytes) -> None:
    first = gate.judged(photo, position=DOUBTFUL)
    row = gate.world.punch(gate.site, gate.actor, again(second := variant(portrait("obama"), seed=8002)))
    with gate.deps.database.begin() as work:
        earlier = replays.earlier_than(work, row)
        replays.require_all_compared(work, row, earlier)
    officer = gate.world.actor(Role.OFFICER, Scope.BODY, gate.site.body)
    reviews.decide_review(first.id, Verdict.REFUSED, "no", first.version, actor=officer, deps=gate.deps)
    other = gate.world.punch(gate.site, gate.actor, second)
    verification.verify(other.id, deps=gate.deps)
    with gate.deps.database.begin() as work, pytest.raises(replays.Overtaken):
        replays.require_all_compared(work, row, earlier)


def test_descriptors_go_after_their_days_and_marks_stay(gate: Gate, photo: bytes, clock: SetClock) -> None:
    old = gate.judged(photo)
    clock.pass_(days=gate.deps.settings.descriptor_days, seconds=-1)
    new = gate.judged(variant(portrait("obama"), seed=8002))
    assert retention.delete_descriptors(deps=gate.deps) == 0
    clock.pass_(seconds=1)
    assert [retention.delete_descriptors(deps=gate.deps) for _ in range(2)] == [1, 0]
    kept = [gate.face(row) for row in (old, new)]
    assert [(each.descriptor is None, each.mark is None) for each in kept if each] == [(True, False), (False, False)]
    with gate.deps.database.begin() as work:
        expired = select(func.count()).select_from(Audit).where(Audit.action == "check_in_face:expire")
        assert work.session.scalars(expired).one() == 1
    assert gate.told(gate.judged(again(photo)))["check_in_id"] == str(old.id)


def test_descriptors_go_in_batches_the_oldest_first(
    gate: Gate, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "DESCRIPTORS", 2)
    rows = []
    for seed in range(8001, 8004):
        rows.append(gate.judged(variant(portrait("obama"), seed=seed)))
        clock.pass_(minutes=1)
    clock.pass_(days=gate.deps.settings.descriptor_days)
    assert retention.delete_descriptors(deps=gate.deps) == 2
    kept = [gate.face(row) for row in rows]
    assert [each.descriptor is None for each in kept if each] == [True, True, False]
    assert retention.delete_descriptors(deps=gate.deps) == 1
