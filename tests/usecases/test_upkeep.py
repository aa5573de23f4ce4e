"""What the tick looks after: the outbox, photos past their day, files without a row, and who is alive."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from demo.photos import landscape
from jobs.tick import Chore, turn
from service.deps import Deps
from service.domain.roster import LineAct
from service.domain.topics import Topic
from service.errors import ServiceError
from service.store.base import new_id
from service.store.models import CheckIn, Outbox, Photo
from service.store.photos import PhotoFolder, PhotoStoreDown
from service.store.vault import Vault
from service.usecases import dispatch, health, retention, reviews, roster
from service.usecases.verification import verify
from tests.factories import Site, World
from tests.fakes import HeldQueue, SetClock


@pytest.fixture
def site(world: World) -> Site:
    return world.site()


def outbox(deps: Deps) -> list[Outbox]:
    with deps.database.begin() as work:
        return list(work.session.scalars(select(Outbox).order_by(Outbox.id)))


def test_a_fact_stays_in_the_outbox_until_its_task_has_run(
    world: World, site: Site, deps: Deps, queue: HeldQueue, clock: SetClock
) -> None:
    world.line(site.construction, world.person().id)
    assert {row.done_at for row in outbox(deps)} == {None}
    dispatch.dispatch(deps=deps)
    queue.held.clear()  # Redis lost them
    dispatch.dispatch(deps=deps)
    assert queue.held == []
    clock.pass_(seconds=deps.settings.requeue_s)
    dispatch.dispatch(deps=deps)
    queue.work_off(deps)
    assert {row.done_at for row in outbox(deps)} == {clock.now()}
    clock.pass_(seconds=deps.settings.requeue_s)
    assert dispatch.dispatch(deps=deps) == 0


def test_a_fact_written_while_its_task_runs_is_served_again(world: World, site: Site, deps: Deps) -> None:
    line = world.line(site.construction, world.person().id, in_force=False)
    before = dispatch.claim_facts(Topic.ROSTER_LINE_CHANGED, line.id, deps=deps)
    roster.act_on_line(line.id, LineAct.SUBMIT, line.version, actor=world.city, deps=deps)
    dispatch.mark_done(before, deps=deps)
    assert [row.done_at is None for row in outbox(deps)] == [False, True]


def test_a_check_in_the_api_could_not_queue_is_queued_by_the_tick(
    world: World, site: Site, deps: Deps, queue: HeldQueue, clock: SetClock
) -> None:
    queue.down = True
    row = world.punch(site, world.key_person(world.person().id))
    assert dispatch.dispatch(deps=deps) == 0
    queue.down = False
    clock.pass_(seconds=3)
    dispatch.dispatch(deps=deps)
    assert (Topic.CHECK_IN_RECEIVED, row.id) in queue.held


def test_a_check_in_on_its_way_is_not_queued_twice_while_the_queue_is_busy(
    world: World, site: Site, deps: Deps, queue: HeldQueue, clock: SetClock
) -> None:
    world.punch(site, world.key_person(world.person().id))
    clock.pass_(seconds=deps.settings.requeue_s - 1)
    dispatch.dispatch(deps=deps)
    assert len(queue.held) == 1


def test_expired_photos_are_deleted_and_their_check_ins_stay(
    world: World, site: Site, deps: Deps, clock: SetClock
) -> None:
    row = world.punch(site, world.key_person(world.person().id))
    undecided = world.punch(site, world.key_person(world.person().id))
    verify(row.id, deps=deps)
    clock.pass_(days=deps.settings.photo_days - 1)
    assert retention.delete_expired(deps=deps) == 0
    clock.pass_(days=1)
    assert (retention.delete_expired(deps=deps), retention.delete_expired(deps=deps)) == (1, 0)
    with pytest.raises(PhotoStoreDown):
        deps.photos.get(row.photo_id)
    assert deps.photos.get(undecided.photo_id)
    with deps.database.begin() as work:
        assert work.session.get_one(Photo, row.photo_id).deleted_at == clock.now()
        assert work.session.get(CheckIn, row.id) is not None
    with pytest.raises(ServiceError, match="not_found"):
        reviews.read_photo(row.id, actor=world.city, deps=deps)


def age(path: Path, deps: Deps) -> None:
    old = (deps.clock.real() - retention.ORPHAN_AGE - timedelta(minutes=1)).timestamp()
    os.utime(path, (old, old))


def test_files_without_a_row_are_swept_after_an_hour_and_strangers_left_alone(
    world: World, site: Site, deps: Deps
) -> None:
    row = world.punch(site, world.key_person(world.person().id))
    fresh, orphan, unfinished = new_id(), new_id(), new_id()
    for photo_id in (fresh, orphan):
        deps.photos.put(photo_id, landscape())
    folder = deps.settings.photo_dir
    stranger = folder / "abc" / ".nfs0001"
    half = folder / unfinished.hex[-3:] / f"{unfinished.hex}.part"
    for path in (stranger, half):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    for path in folder.glob("*/*"):
        if fresh.hex not in path.name:
            age(path, deps)
    # The time of files is the machine's, so the fresh one is made fresh by the test's clock.
    now = deps.clock.real().timestamp()
    os.utime(folder / fresh.hex[-3:] / f"{fresh.hex}.sealed", (now, now))
    assert retention.delete_orphans(deps=deps) == 2
    assert deps.photos.get(row.photo_id)
    assert deps.photos.get(fresh)
    assert stranger.exists()
    assert not half.exists()


def test_a_photo_sealed_under_a_key_that_is_missing_is_the_store_s_fault(deps: Deps) -> None:
    photo_id = new_id()
    deps.photos.put(photo_id, b"sealed")
    with pytest.raises(PhotoStoreDown):
        PhotoFolder(deps.settings.photo_dir, Vault({2: bytes(32)})).get(photo_id)


def test_served_facts_are_forgotten_after_a_week(world: World, site: Site, deps: Deps, clock: SetClock) -> None:
    world.line(site.construction, world.person().id, in_force=False)
    dispatch.mark_done([row.id for row in outbox(deps)], deps=deps)
    clock.pass_(days=6)
    retention.trim_outbox(deps=deps)
    assert len(outbox(deps)) == 1
    clock.pass_(days=2)
    retention.trim_outbox(deps=deps)
    assert outbox(deps) == []


def test_readiness_names_every_part_that_is_missing(deps: Deps, queue: HeldQueue, clock: SetClock) -> None:
    queue.down = True
    nowhere = deps.settings.photo_dir.parent / "file"
    nowhere.write_text("")
    broken = replace(deps, photos=PhotoFolder(nowhere / "photos", deps.vault))
    assert health.missing_parts(deps=broken) == ["tick", "worker", "redis", "photo_store"]
    queue.down = False
    for kind in health.WATCHED:
        health.beat(f"{kind}:1", kind, deps=deps)
    assert health.missing_parts(deps=deps) == []
    clock.pass_(seconds=11)
    assert health.missing_parts(deps=deps) == ["tick", "worker"]
    clock.pass_(days=2)
    health.forget_the_silent(deps=deps)
    health.beat("tick:2", "tick", deps=deps)
    assert health.missing_parts(deps=deps) == ["worker"]


def test_a_chore_whose_part_is_down_is_tried_again_and_holds_nobody_up(deps: Deps) -> None:
    done: list[str] = []

    def down(**_: object) -> None:
        done.append("down")
        raise PhotoStoreDown

    def other(**_: object) -> None:
        done.append("other")

    todo = [Chore(10, down), Chore(10, other)]
    for now in (0.0, 5.0, 10.0):
        turn(todo, now, deps)
    assert done == ["down", "other"] * 2


def test_a_fact_is_served_by_one_worker_at_a_time_and_by_none_when_done(
    world: World, site: Site, deps: Deps, queue: HeldQueue, clock: SetClock
) -> None:
    line = world.line(site.construction, world.person().id, in_force=False)
    claimed = dispatch.claim_facts(Topic.ROSTER_LINE_CHANGED, line.id, deps=deps)
    assert (len(claimed), dispatch.claim_facts(Topic.ROSTER_LINE_CHANGED, line.id, deps=deps)) == (1, [])
    clock.pass_(seconds=deps.settings.requeue_s)
    assert dispatch.dispatch(deps=deps) == 0
    # Its worker died: the claim lapses and another takes it.
    clock.pass_(seconds=dispatch.CLAIM.total_seconds())
    dispatch.dispatch(deps=deps)
    queue.work_off(deps)
    assert [row.done_at is not None for row in outbox(deps)] == [True]


def test_facts_about_one_subject_travel_together(world: World, site: Site, deps: Deps, queue: HeldQueue) -> None:
    world.line(site.construction, world.person().id)
    assert len(outbox(deps)) == 3
    dispatch.dispatch(deps=deps)
    assert len(queue.held) == 1
    queue.work_off(deps)
    assert all(row.done_at for row in outbox(deps))
