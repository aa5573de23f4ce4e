"""Receiving check-ins: durable first, once, and nothing half-kept."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from demo.photos import landscape, portrait, variant
from service.deps import Deps
from service.errors import ServiceError
from service.settings import Settings
from service.store.models import Audit, CheckIn, Photo, PhotoSeen
from service.store.photos import PhotoStoreDown
from service.usecases import checkins
from tests.factories import Site, World, sent
from tests.fakes import HeldQueue


def counts(deps: Deps) -> tuple[int, int, int]:
    with deps.database.begin() as work:
        return tuple(
            work.session.scalars(select(func.count()).select_from(m)).one() for m in (CheckIn, Photo, PhotoSeen)
        )


def files(settings: Settings) -> list[Path]:
    return [path for path in settings.photo_dir.rglob("*") if path.is_file()]


@pytest.fixture
def site(world: World) -> Site:
    return world.site()


def test_a_check_in_is_kept_with_its_photo_before_anybody_judges_it(
    world: World, site: Site, queue: HeldQueue, deps: Deps
) -> None:
    row = world.punch(site, world.key_person(world.person().id))
    assert (row.state, row.at, row.counts) == ("received", deps.clock.now(), None)
    assert [subject for _, subject in queue.held if subject == row.id] == [row.id]
    assert counts(deps) == (1, 1, 1)
    assert deps.photos.get(row.photo_id)


def test_a_photo_at_rest_shows_nothing_of_its_bytes(world: World, site: Site, settings: Settings) -> None:
    data = landscape()
    world.punch(site, world.key_person(world.person().id), data)
    (path,) = files(settings)
    assert data[:64] not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


def test_the_same_reference_with_the_same_content_is_the_same_check_in(world: World, site: Site, deps: Deps) -> None:
    actor = world.key_person(world.person().id)
    claim, photo = world.claim(site), sent(landscape())
    first, new = checkins.receive(claim, photo.data, photo.info, actor=actor, deps=deps)
    again, again_new = checkins.receive(claim, photo.data, photo.info, actor=actor, deps=deps)
    assert (again.id, new, again_new) == (first.id, True, False)
    assert counts(deps) == (1, 1, 1)


@pytest.mark.parametrize("change", ["photo", "claim"])
def test_the_same_reference_with_other_content_is_refused(world: World, site: Site, deps: Deps, change: str) -> None:
    actor = world.key_person(world.person().id)
    claim, photo = world.claim(site), sent(landscape())
    checkins.receive(claim, photo.data, photo.info, actor=actor, deps=deps)
    other_claim = replace(claim, taken_at=claim.taken_at - timedelta(seconds=1)) if change == "claim" else claim
    other = sent(variant(portrait("obama"), seed=1)) if change == "photo" else photo
    with pytest.raises(ServiceError) as refused:
        checkins.receive(other_claim, other.data, other.info, actor=actor, deps=deps)
    assert (refused.value.code, refused.value.problems[0].field) == ("client_ref_reused", "claim.client_ref")
    assert counts(deps) == (1, 1, 1)


def test_two_phones_may_use_the_same_reference(world: World, site: Site, deps: Deps) -> None:
    claim = world.claim(site)
    for who in ("obama", "biden"):
        photo = sent(variant(portrait(who), seed=2))
        actor = world.key_person(world.person().id)
        checkins.receive(claim, photo.data, photo.info, actor=actor, deps=deps)
    assert counts(deps)[0] == 2


def at_once(act: Callable[[int], object], times: int) -> list[object]:
    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(act, turn) for turn in range(times)]]


def test_the_same_reference_sent_eight_times_at_once_is_one_check_in(meeting_deps: Deps, settings: Settings) -> None:
    world = World(meeting_deps)
    actor, claim = world.key_person(world.person().id), world.claim(world.site())
    photo = sent(landscape())

    def send(_: int) -> tuple[UUID, bool]:
        row, new = checkins.receive(claim, photo.data, photo.info, actor=actor, deps=meeting_deps)
        return row.id, new

    answers = at_once(send, 8)
    assert len({row_id for row_id, _ in answers}) == 1
    assert sum(new for _, new in answers) == 1
    assert counts(meeting_deps) == (1, 1, 1)
    assert len(files(settings)) == 1


def test_one_photo_sent_by_four_people_at_once_is_new_for_exactly_one(meeting_deps: Deps) -> None:
    world = World(meeting_deps)
    site, photo = world.site(), landscape()
    actors = [world.key_person(world.person().id) for _ in range(4)]
    at_once(lambda turn: world.punch(site, actors[turn], photo), 4)
    with meeting_deps.database.begin() as work:
        reused = work.session.scalars(select(CheckIn.photo_reused)).all()
    assert sorted(reused) == [False, True, True, True]


def test_an_unknown_project_and_a_clock_ahead_are_told_together_and_leave_nothing(
    world: World, site: Site, deps: Deps, settings: Settings
) -> None:
    ahead = deps.clock.now() + timedelta(minutes=5, seconds=1)
    unknown = replace(site, project_id=UUID(int=7))
    with pytest.raises(ServiceError) as refused:
        world.punch(unknown, world.key_person(world.person().id), taken_at=ahead)
    assert [(p.code, p.field) for p in refused.value.problems] == [
        ("time_ahead", "claim.taken_at"),
        ("unknown_reference", "claim.project_id"),
    ]
    assert (counts(deps), files(settings)) == ((0, 0, 0), [])


def test_five_minutes_ahead_are_taken(world: World, site: Site, deps: Deps) -> None:
    row = world.punch(site, world.key_person(world.person().id), taken_at=deps.clock.now() + timedelta(minutes=5))
    assert row.at == deps.clock.now()


def test_a_photo_store_that_is_down_keeps_nothing_and_says_so(world: World, site: Site, deps: Deps) -> None:
    deps.settings.photo_dir.mkdir(parents=True)
    blocked = deps.settings.photo_dir / "blocked"
    blocked.write_text("a file where the folder should be")
    broken = replace(deps, photos=type(deps.photos)(blocked, deps.vault))
    with pytest.raises(ServiceError) as refused:
        World(broken).punch(site, world.key_person(world.person().id))
    assert refused.value.code == "photo_store_down"
    assert counts(deps) == (0, 0, 0)


def test_a_queue_that_is_down_loses_nothing(world: World, site: Site, queue: HeldQueue, deps: Deps) -> None:
    queue.down = True
    row = world.punch(site, world.key_person(world.person().id))
    assert (row.state, queue.held) == ("received", [])
    assert counts(deps) == (1, 1, 1)


def test_receiving_is_audited_without_personal_data(world: World, site: Site, deps: Deps) -> None:
    actor = world.key_person(world.person().id)
    row = world.punch(site, actor)
    with deps.database.begin() as work:
        (entry,) = work.session.scalars(select(Audit).where(Audit.subject_id == str(row.id)))
    assert (entry.action, entry.actor_id, entry.data) == ("check_in:receive", actor.account_id, {})


def test_an_account_without_a_person_cannot_check_in(world: World, site: Site) -> None:
    actor = replace(world.key_person(world.person().id), person_id=None)
    with pytest.raises(ServiceError, match="no_person"):
        world.punch(site, actor)


def test_a_missing_photo_is_told_as_the_store_being_down(deps: Deps) -> None:
    with pytest.raises(PhotoStoreDown):
        deps.photos.get(UUID(int=3))
