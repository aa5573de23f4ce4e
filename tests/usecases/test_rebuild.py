"""Templates made anew after a change of engine, and seals renewed after a change of key."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Select, func, select, update

from demo.photos import portrait, variant
from face.engines.base import Reading
from face.errors import EngineFailed, Refusal
from service.deps import Deps, load_engine
from service.domain.reasons import Verdict
from service.store.models import Audit, CheckIn, CheckInFace, Consent, EnrolmentPhoto, Photo, TemplateRow
from service.store.photos import PhotoStoreDown
from service.store.vault import Vault
from service.usecases import rebuild, verification
from service.usecases.population import members_in_force
from service.usecases.rebuild import Rebuilt, outdated, remake
from service.usecases.resealing import Resealed, reseal_all
from tests.factories import World
from tests.factories_attendance import received
from tests.factories_faces import PaperEngine, enrol_with_photos, population
from tests.fakes import HeldQueue

OLD = PaperEngine()


@pytest.fixture
def new() -> PaperEngine:
    return PaperEngine(version="2")


def with_engine(deps: Deps, engine: PaperEngine) -> Deps:
    return replace(deps, engine=lambda: engine)


def versions(deps: Deps) -> dict[UUID, list[str]]:
    """The versions of the templates in force, by person."""
    statement = select(TemplateRow).where(TemplateRow.retired_at.is_(None)).order_by(TemplateRow.engine_version)
    found: dict[UUID, list[str]] = {}
    with deps.database.begin() as work:
        for row in work.session.scalars(statement):
            found.setdefault(row.person_id, []).append(row.engine_version)
    return found


def test_everybody_gets_a_template_of_the_new_version_and_the_others_are_retired(deps: Deps, new: PaperEngine) -> None:
    people = enrol_with_photos(deps, OLD, population(3))
    assert rebuild.rebuild(deps=with_engine(deps, new)) == Rebuilt(3, {}, 3)
    assert versions(deps) == {person: ["2"] for person in people}
    assert rebuild.rebuild(deps=with_engine(deps, new)) == Rebuilt(0, {}, 0)
    assert len(new.seen) == 12


def test_until_it_ends_both_versions_answer_and_what_is_done_is_not_done_again(deps: Deps, new: PaperEngine) -> None:
    people = sorted(enrol_with_photos(deps, OLD, population(4)))

    def killed(ids: Sequence[UUID]) -> Iterator[str | None]:
        for at, person_id in enumerate(ids):
            if at == 2:
                raise KeyboardInterrupt
            yield remake(person_id, deps=with_engine(deps, new))

    with pytest.raises(KeyboardInterrupt):
        rebuild.rebuild(deps=with_engine(deps, new), remakes=killed)
    assert versions(deps) == {person: ["1", "2"] for person in people[:2]} | {person: ["1"] for person in people[2:]}
    assert rebuild.rebuild(deps=with_engine(deps, new)) == Rebuilt(2, {}, 4)
    # Four photos each, all looked at once.
    assert len(new.seen) == len(set(new.seen)) == 16


def test_two_at_once_make_one_template_each(meeting_deps: Deps, new: PaperEngine) -> None:
    people = enrol_with_photos(meeting_deps, OLD, population(12))
    deps = with_engine(meeting_deps, new)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: rebuild.rebuild(deps=deps), range(2)))
    assert versions(deps) == {person: ["2"] for person in people}
    with deps.database.begin() as work:
        assert work.session.scalar(select(func.count()).where(Audit.action == "template:rebuild")) == 12


def test_others_may_be_left_in_force(deps: Deps, new: PaperEngine) -> None:
    (person,) = enrol_with_photos(deps, OLD, population(1))
    assert rebuild.rebuild(deps=with_engine(deps, new), keep_others=True) == Rebuilt(1, {}, 0)
    assert versions(deps) == {person: ["1", "2"]}


def test_whose_photos_give_no_template_is_named_with_the_reason_and_keeps_the_old_one(
    deps: Deps, new: PaperEngine
) -> None:
    blank, gone, lost, unwilling, fine = enrol_with_photos(deps, OLD, population(5), blank=[0])
    with deps.database.begin() as work:
        first = photos_of(gone).limit(1).scalar_subquery()
        work.session.execute(update(Photo).where(Photo.id == first).values(deleted_at=deps.clock.now()))
        now = deps.clock.now()
        work.session.execute(update(Consent).where(Consent.person_id == unwilling).values(withdrawn_at=now))
        deps.photos.delete(work.session.scalars(photos_of(lost)).first())
    done = rebuild.rebuild(deps=with_engine(deps, new))
    assert done.failed == {blank: "no_face", gone: "photos_gone", lost: "photos_gone", unwilling: "no_consent"}
    assert (done.made, done.retired) == (1, 1)
    assert versions(deps) == {person: ["1"] for person in done.failed} | {fine: ["2"]}


def photos_of(person_id: UUID) -> Select[tuple[UUID]]:
    enrolments = select(TemplateRow.enrolment_id).where(TemplateRow.person_id == person_id)
    return select(EnrolmentPhoto.photo_id).where(EnrolmentPhoto.enrolment_id.in_(enrolments))


def test_a_photo_the_engine_breaks_on_is_a_reason_too(deps: Deps) -> None:
    (person,) = enrol_with_photos(deps, OLD, population(1))

    class Broken(PaperEngine):
        def describe(self, data: bytes, *, turned: bool = False) -> Reading | Refusal:  # noqa: ARG002 - the Protocol's
            raise EngineFailed("it broke")

    assert remake(person, deps=with_engine(deps, Broken(version="2"))) == "engine_failed"


def test_a_photo_store_that_is_down_stops_the_rebuild(deps: Deps, new: PaperEngine) -> None:
    (person,) = enrol_with_photos(deps, OLD, population(1))
    deps.settings.photo_dir.rename(deps.settings.photo_dir.with_name("away"))
    deps.settings.photo_dir.touch()
    with pytest.raises(PhotoStoreDown):
        remake(person, deps=with_engine(deps, new))


def test_who_is_enrolled_anew_meanwhile_gets_the_template_of_the_new_photos(deps: Deps) -> None:
    first, second = population(2)
    (person,) = enrol_with_photos(deps, OLD, [first])
    (other,) = enrol_with_photos(deps, OLD, [second])

    class Slow(PaperEngine):
        """While it looks for the first time, an officer enrols the person anew."""

        def describe(self, data: bytes, *, turned: bool = False) -> Reading | Refusal:
            if not self.seen:
                with deps.database.begin() as work:
                    mine = update(TemplateRow).where(TemplateRow.person_id == person)
                    work.session.execute(mine.values(retired_at=deps.clock.now()))
                    work.session.execute(
                        update(TemplateRow).where(TemplateRow.person_id == other).values(person_id=person)
                    )
            return super().describe(data, turned=turned)

    slow = Slow(version="2")
    assert remake(person, deps=with_engine(deps, slow)) is None
    assert slow.seen == [descriptor.tobytes() for descriptor in (*first, *second)]
    assert versions(deps) == {person: ["1", "2"]}


def test_from_sface_to_fused_with_real_photos(world: World, queue: HeldQueue) -> None:
    deps = world.deps
    sface, fused = (load_engine(name, deps.settings.model_dir) for name in ("sface", "fused"))
    people = [world.person().id for _ in range(2)]
    for person, who in zip(people, ("obama", "biden"), strict=True):
        world.enrol(person, who)
    queue.work_off(replace(deps, engine=lambda: sface))
    assert rebuild.rebuild(deps=replace(deps, engine=lambda: fused)) == Rebuilt(2, {}, 2)
    assert versions(deps) == {person: [fused.version] for person in people}


class Gate:
    """Somebody enrolled with `sface` who checks in."""

    def __init__(self, world: World, queue: HeldQueue) -> None:
        self.world, self.queue, self.deps = world, queue, world.deps
        self.person = world.person().id
        self.site = world.site()
        world.enrol(self.person)
        sface = load_engine("sface", self.deps.settings.model_dir)
        queue.work_off(replace(self.deps, engine=lambda: sface))

    def judged(self) -> CheckIn:
        photo = variant(portrait("obama2"), seed=3)
        row = self.world.punch(self.site, self.world.key_person(self.person), photo)
        verification.verify(row.id, deps=self.deps)
        with self.deps.database.begin() as work:
            return work.session.get_one(CheckIn, row.id)


@pytest.fixture
def gate(world: World, queue: HeldQueue) -> Gate:
    return Gate(world, queue)


def test_who_checks_in_before_the_rebuild_reached_him_is_judged_at_once(gate: Gate) -> None:
    row = gate.judged()
    assert (row.state, row.reasons) == (Verdict.ACCEPTED, [])
    assert outdated(deps=gate.deps) == []


def test_whose_photos_are_gone_is_reviewed_and_waits_for_nobody(gate: Gate) -> None:
    with gate.deps.database.begin() as work:
        for photo_id in work.session.scalars(photos_of(gate.person)).all():
            gate.deps.photos.delete(photo_id)
    row = gate.judged()
    assert (row.state, [reason["code"] for reason in row.reasons]) == (Verdict.REVIEW, ["template_outdated"])


def test_seals_of_an_older_key_are_renewed_and_open_without_it(deps: Deps) -> None:
    (members,) = population(1)
    (person,) = enrol_with_photos(deps, OLD, [members])
    world = World(deps)
    check_in_id = received(world, world.site(), person, deps.clock.now())
    owners = {"descriptor": "check_in_face", "mark": "check_in_mark"}
    sealed = {column: deps.vault.seal(f"{owner}:{check_in_id}", b"kept") for column, owner in owners.items()}
    with deps.database.begin() as work:
        work.add(CheckInFace(check_in_id=check_in_id, person_id=person, engine="paper", engine_version="1", **sealed))
    both = {**deps.settings.keys, 2: bytes(32)}
    assert reseal_all(deps=replace(deps, vault=Vault(both))) == Resealed(4, 0)
    assert reseal_all(deps=replace(deps, vault=Vault(both))) == Resealed(0, 0)
    only = Vault({2: both[2]})
    assert np.array_equal(members_in_force(OLD, replace(deps, vault=only))[person], members)
    with deps.database.begin() as work:
        face = work.session.get_one(CheckInFace, check_in_id)
    for column, owner in owners.items():
        assert only.open(f"{owner}:{check_in_id}", getattr(face, column)) == b"kept"


def test_a_seal_whose_key_is_missing_is_counted_and_left_alone(deps: Deps) -> None:
    enrol_with_photos(deps, OLD, population(1))
    assert reseal_all(deps=replace(deps, vault=Vault({2: bytes(32)}))) == Resealed(0, 2)
