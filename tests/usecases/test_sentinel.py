"""The gallery that keeps up with the database, and the sentinel that searches a roster in it."""

from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
from redis import Redis
from rq import Queue
from sqlalchemy import select, update

from demo.photos import portrait, variant
from jobs import worker
from service.api.schemas.check_ins import told
from service.deps import Deps
from service.domain.identity import Nearby
from service.domain.reasons import Verdict
from service.store.models import ConsentKind, DecisionRecord, RosterLine, TemplateRow
from service.usecases import gallery, people
from service.usecases.gallery import gallery_for
from tests.factories import World
from tests.factories_identity import Crowd
from tests.fakes import HeldQueue


@pytest.fixture
def crowd(world: World) -> Crowd:
    return Crowd(world)


def seen(crowd: Crowd, people: set[UUID] | None = None, *vector: float) -> list[UUID]:
    """Whom the gallery finds from the nearest on."""
    found = near(crowd, people, *vector)
    return [each.person_id for each in found]


def near(crowd: Crowd, people: set[UUID] | None, *vector: float) -> list[Nearby]:
    held = gallery_for(crowd.engine, None, crowd.deps)
    return held.nearest(np.array(vector or (0, 0, 0), np.float32), 9, crowd.deps, people=people, beside=())


def test_the_gallery_finds_everybody_or_only_those_it_is_asked_about(crowd: Crowd) -> None:
    one, two, three = crowd.person(1, 0, 0), crowd.person(2, 0, 0), crowd.person(3, 0, 0)
    assert seen(crowd) == [one, two, three]
    assert seen(crowd, {two, three}) == [two, three]
    assert seen(crowd, set()) == []
    held = gallery_for(crowd.engine, None, crowd.deps)
    (found,) = held.nearest(np.zeros(3, np.float32), 1, crowd.deps, people=None, beside={one})
    assert (found.person_id, found.distance) == (two, 2.0)


def test_it_keeps_up_with_enrolments_and_retired_templates(crowd: Crowd) -> None:
    one, two = crowd.person(1, 0, 0), crowd.person(2, 0, 0)
    assert seen(crowd) == [one, two]
    crowd.enrol(one, 5, 0, 0)
    assert [(each.person_id, each.distance) for each in near(crowd, None)] == [(two, 2.0), (one, 5.0)]
    with crowd.deps.database.begin() as work:
        work.session.execute(
            update(TemplateRow).where(TemplateRow.person_id == two).values(retired_at=work.clock.now())
        )
    assert seen(crowd, {one, two}) == [one]
    assert seen(crowd) == [one]


def test_whoever_withdrew_his_consent_is_not_searched_until_he_gives_it_again(crowd: Crowd) -> None:
    one = crowd.person(1, 0, 0)
    assert seen(crowd, {one}) == [one]
    people.withdraw_consent(one, ConsentKind.FACE, actor=crowd.world.city, deps=crowd.deps)
    assert (seen(crowd, {one}), seen(crowd)) == ([], [])
    held = gallery_for(crowd.engine, None, crowd.deps)
    assert (len(held.index), held.owners, held.templates) == (0, {}, {})
    crowd.enrol(one, 1, 0, 0)
    assert seen(crowd, {one}) == [one]


def test_a_damaged_template_is_passed_over_and_nobody_else_s_check_in_with_it(crowd: Crowd) -> None:
    one, two = crowd.person(1, 0, 0), crowd.person(9, 0, 0)
    with crowd.deps.database.begin() as work:
        template = work.session.scalars(select(TemplateRow).where(TemplateRow.person_id == one)).one()
        # A new row, because what is once in memory needs no seal any more.
        template.retired_at = work.clock.now()
        work.save()
        values = {name: getattr(template, name) for name in ("enrolment_id", "engine", "engine_version", "photos")}
        damaged = work.add(TemplateRow(person_id=one, sealed=b"\1damaged", **values))
    assert seen(crowd) == [two]
    assert crowd.punch(two, 9, 0, 0.1).state is Verdict.ACCEPTED
    assert gallery_for(crowd.engine, None, crowd.deps).broken == {damaged.id}


def test_a_gallery_loads_in_batches_and_at_the_start_of_a_worker(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "BATCH", 2)
    ids = [crowd.person(at, 0, 0) for at in range(1, 6)]
    gallery._KEPT.clear()
    gallery.warm(deps=crowd.deps)
    (held,) = gallery._KEPT.values()
    assert set(held.templates) == set(ids)


def test_a_worker_loads_a_new_day_s_space_between_jobs(
    crowd: Crowd, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "process_deps", lambda: crowd.deps)
    one = crowd.person(1, 0, 0)
    gallery._KEPT.clear()
    with Redis.from_url(redis_url) as connection:
        mine = worker.Worker([Queue("upkeep", connection=connection)], connection=connection)
        assert mine.should_run_maintenance_tasks
        mine.run_maintenance_tasks()
        assert not mine.should_run_maintenance_tasks
    (held,) = gallery._KEPT.values()
    assert set(held.templates) == {one}


def test_of_many_spaces_the_ones_used_last_are_kept(crowd: Crowd) -> None:
    gallery._KEPT.clear()
    engines = [type("Other", (type(crowd.engine),), {"version": str(at)})() for at in range(gallery.MOST + 1)]
    for engine in (*engines[:-1], engines[0], engines[-1]):
        gallery_for(engine, None, crowd.deps)
    assert [version for _, version, _ in gallery._KEPT] == ["2", "0", "3"]


def rival(crowd: Crowd, check_in_id: UUID) -> dict[str, object] | None:
    with crowd.deps.database.begin() as work:
        record = work.session.scalars(select(DecisionRecord).where(DecisionRecord.check_in_id == check_in_id)).one()
        return record.record["face"].get("rival")  # type: ignore[no-any-return]


def test_a_match_clearly_nearer_to_a_colleague_goes_to_a_person(crowd: Crowd) -> None:
    claimed, colleague = crowd.person(0, 0, 0), crowd.person(0.9, 0, 0)
    row = crowd.punch(claimed, 0.8, 0, 0)
    assert (row.state, [reason["code"] for reason in row.reasons]) == (Verdict.REVIEW, ["looks_like_another"])
    assert rival(crowd, row.id) == {
        "person_id": str(colleague), "distance": 0.1, "clearly": True, "among": "roster",
    }  # fmt: skip


def test_the_nearest_colleague_is_recorded_though_he_is_not_clearly_nearer(crowd: Crowd) -> None:
    claimed, colleague = crowd.person(0, 0, 0), crowd.person(0.9, 0, 0)
    row = crowd.punch(claimed, 0.6, 0, 0)
    assert row.state is Verdict.ACCEPTED
    assert rival(crowd, row.id) == {
        "person_id": str(colleague), "distance": 0.3, "clearly": False, "among": "roster",
    }  # fmt: skip


def test_only_the_roster_of_that_day_is_searched(crowd: Crowd) -> None:
    claimed, ended, stranger = crowd.person(0, 0, 0), crowd.person(0.9, 0, 0), crowd.person(0.8, 0, 0, line=None)
    with crowd.deps.database.begin() as work:
        past = crowd.deps.clock.now().date().replace(day=1)
        work.session.execute(update(RosterLine).where(RosterLine.person_id == ended).values(ends_on=past))
    row = crowd.punch(claimed, 0.8, 0, 0)
    assert (row.state, rival(crowd, row.id)) == (Verdict.ACCEPTED, None)
    assert stranger in seen(crowd)


def test_all_but_the_body_read_another_code_with_the_same_words() -> None:
    item = {"code": "looks_like_another", "data": {}}
    (person,), (body,) = told([item], whole=False), told([item], whole=True)
    (uncertain,) = told([{"code": "face_uncertain", "data": {}}], whole=False)
    assert person == uncertain
    assert (body["code"], body["text"]) == ("looks_like_another", uncertain["text"])


def test_real_faces_are_told_apart_on_a_roster(world: World, deps: Deps, queue: HeldQueue) -> None:
    site = world.site()
    ids = {}
    for who in ("obama", "biden", "collins"):
        ids[who] = world.person().id
        world.line(site.construction, ids[who], "safety_officer")
        world.enrol(ids[who], who)
    queue.work_off(deps)
    engine = deps.engine()
    held = gallery_for(engine, None, deps)
    for who, person_id in ids.items():
        reading = engine.describe(variant(portrait(who), seed=7))
        first, second = held.nearest(reading.descriptor, 2, deps, people=set(ids.values()), beside=())  # type: ignore[union-attr]
        assert first.person_id == person_id
        assert (first.distance < 1.1, second.distance > 1.35) == (True, True)
    # Another process, which never saw these, finds the same.
    other = replace(held, index=type(held.index)(held.index.length), owners={}, templates={})
    assert other.nearest(reading.descriptor, 2, deps, people=None, beside=()) == [first, second]  # type: ignore[union-attr]
