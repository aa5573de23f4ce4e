"""A check-in judged by the real engine on a real database."""

from collections.abc import Callable

import pytest

from demo.photos import landscape, portrait, side_by_side, variant
from service.deps import Deps
from service.domain.reasons import Verdict
from service.store.models import CheckIn
from tests.factories import Site, World
from tests.fakes import HeldQueue


@pytest.fixture
def site(world: World) -> Site:
    return world.site()


def judged(world: World, queue: HeldQueue, row: CheckIn) -> CheckIn:
    queue.work_off(world.deps)
    with world.deps.database.begin() as work:
        return work.session.get_one(CheckIn, row.id)


def test_an_enrolled_person_inside_the_fence_is_accepted_and_counts(
    world: World, site: Site, queue: HeldQueue, deps: Deps
) -> None:
    person = world.person()
    world.line(site.construction, person.id)
    world.enrol(person.id)
    queue.work_off(deps)
    row = judged(world, queue, world.punch(site, world.key_person(person.id)))
    assert (row.state, row.counts, row.reasons) == (Verdict.ACCEPTED, True, [])


@pytest.mark.parametrize(
    ("photo", "reasons"),
    [
        (lambda: variant(portrait("biden"), seed=5), ["face_mismatch"]),
        (lambda: side_by_side(portrait("obama"), portrait("biden")), ["many_faces"]),
        (landscape, ["no_face"]),
    ],
)
def test_a_wrong_face_is_refused_with_its_reason(
    world: World, site: Site, queue: HeldQueue, deps: Deps, photo: Callable[[], bytes], reasons: list[str]
) -> None:
    person = world.person()
    world.enrol(person.id)
    queue.work_off(deps)
    row = judged(world, queue, world.punch(site, world.key_person(person.id), photo()))
    assert row.state is Verdict.REFUSED
    assert [reason["code"] for reason in row.reasons] == reasons
