"""Enrolment: photos and consents in, a sealed template out, once."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from demo.photos import landscape, portrait, side_by_side, variant
from service.deps import Deps
from service.domain.actors import Role, Scope
from service.errors import ServiceError
from service.store.models import Consent, ConsentKind, Enrolment, EnrolmentState, Photo, TemplateRow
from service.usecases import enrolment, people
from service.usecases.enrolment import EnrolmentForm
from tests.factories import World, sent
from tests.fakes import HeldQueue

BOTH = (ConsentKind.FACE, ConsentKind.LOCATION)


def form(**changes: object) -> EnrolmentForm:
    values = {"client_ref": f"enrol-{uuid4()}", "consents": BOTH, "notice_version": "2026-01"}
    return EnrolmentForm(**(values | changes))  # type: ignore[arg-type]


def row(deps: Deps, enrolment_id: object) -> Enrolment:
    with deps.database.begin() as work:
        return work.session.get_one(Enrolment, enrolment_id)


def templates(deps: Deps) -> list[TemplateRow]:
    with deps.database.begin() as work:
        return list(work.session.scalars(select(TemplateRow).order_by(TemplateRow.id)))


def test_three_photos_give_one_sealed_template(world: World, deps: Deps, queue: HeldQueue) -> None:
    enrolment_id = world.enrol(world.person().id)
    queue.work_off(deps)
    (template,) = templates(deps)
    assert row(deps, enrolment_id).state is EnrolmentState.PROVISIONAL
    assert (template.engine, template.photos, len(template.sealed)) == ("fused", 3, 1 + 12 + 1024 + 16)


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (landscape, ("no_face", 2)),
        (lambda: side_by_side(portrait("obama"), portrait("biden")), ("many_faces", 2)),
        (lambda: variant(portrait("biden"), seed=1), ("photos_differ", 2)),
    ],
)
def test_a_photo_that_does_not_do_is_named_and_gives_no_template(
    world: World, deps: Deps, queue: HeldQueue, bad: Callable[[], bytes], problem: tuple[str, int]
) -> None:
    photos = [sent(variant(portrait("obama"), seed=1)), sent(bad()), sent(variant(portrait("obama"), seed=3))]
    held, _ = enrolment.receive_enrolment(world.person().id, form(), photos, actor=world.city, deps=deps)
    queue.work_off(deps)
    refused = row(deps, held.id)
    assert refused.state is EnrolmentState.REFUSED
    assert [(item["code"], item["photo"]) for item in refused.problems] == [problem]
    assert templates(deps) == []


def test_a_new_enrolment_takes_the_place_of_the_old(world: World, deps: Deps, queue: HeldQueue) -> None:
    person = world.person()
    first = world.enrol(person.id)
    queue.work_off(deps)
    second = world.enrol(person.id, seed=2000)
    queue.work_off(deps)
    assert (row(deps, first).state, row(deps, second).state) == ("superseded", "provisional")
    assert [template.retired_at is None for template in templates(deps)] == [False, True]


def test_a_refused_enrolment_leaves_the_old_one_in_force(world: World, deps: Deps, queue: HeldQueue) -> None:
    person = world.person()
    first = world.enrol(person.id)
    queue.work_off(deps)
    enrolment.receive_enrolment(person.id, form(), [sent(landscape())], actor=world.city, deps=deps)
    queue.work_off(deps)
    assert row(deps, first).state is EnrolmentState.PROVISIONAL
    assert [template.retired_at for template in templates(deps)] == [None]


def test_without_consent_to_the_face_nothing_is_kept(world: World, deps: Deps) -> None:
    with pytest.raises(ServiceError, match="consent_needed"):
        world.enrol(world.person().id, consents=(ConsentKind.LOCATION,))
    with deps.database.begin() as work:
        assert work.session.scalars(select(func.count()).select_from(Photo)).one() == 0


def test_the_same_reference_is_the_same_enrolment_and_other_content_is_refused(world: World, deps: Deps) -> None:
    person, one = world.person(), form()
    photos = [sent(variant(portrait("obama"), seed=1))]
    first, new = enrolment.receive_enrolment(person.id, one, photos, actor=world.city, deps=deps)
    again, again_new = enrolment.receive_enrolment(person.id, one, photos, actor=world.city, deps=deps)
    assert (first.id, new, again_new) == (again.id, True, False)
    with pytest.raises(ServiceError, match="client_ref_reused"):
        enrolment.receive_enrolment(person.id, one, [sent(landscape())], actor=world.city, deps=deps)


def test_a_consent_to_another_notice_ends_the_earlier_one(world: World, deps: Deps) -> None:
    person = world.person()
    for notice, photo in (("2026-01", 1), ("2026-01", 2), ("2026-02", 3)):
        photos = [sent(variant(portrait("obama"), seed=photo))]
        enrolment.receive_enrolment(person.id, form(notice_version=notice), photos, actor=world.city, deps=deps)
    with deps.database.begin() as work:
        consents = work.session.scalars(select(Consent).where(Consent.kind == ConsentKind.FACE).order_by(Consent.id))
        assert [(c.notice_version, c.withdrawn_at is None) for c in consents] == [("2026-01", False), ("2026-02", True)]


def test_an_officer_enrols_people_of_his_body_and_nobody_else_s(world: World, deps: Deps) -> None:
    site, elsewhere = world.site(), world.site()
    person = world.person()
    world.line(site.construction, person.id)
    for body, allowed in ((site.body, True), (elsewhere.body, False)):
        officer = world.actor(Role.OFFICER, Scope.BODY, body)
        photos = [sent(variant(portrait("obama"), seed=int(allowed)))]
        if allowed:
            enrolment.receive_enrolment(person.id, form(), photos, actor=officer, deps=deps)
        else:
            with pytest.raises(ServiceError, match="not_found"):
                enrolment.receive_enrolment(person.id, form(), photos, actor=officer, deps=deps)


def test_a_consent_withdrawn_while_the_photos_wait_stops_the_enrolment(
    world: World, deps: Deps, queue: HeldQueue
) -> None:
    person = world.person()
    enrolment_id = world.enrol(person.id)
    people.withdraw_consent(person.id, ConsentKind.FACE, actor=world.city, deps=deps)
    queue.work_off(deps)
    stopped = row(deps, enrolment_id)
    assert (stopped.state, [item["code"] for item in stopped.problems]) == ("refused", ["no_consent"])
    assert templates(deps) == []


def test_an_older_enrolment_judged_later_does_not_overrule_a_newer_one(
    world: World, deps: Deps, queue: HeldQueue
) -> None:
    person = world.person()
    older = world.enrol(person.id)
    newer = world.enrol(person.id, seed=2000)
    queue.held.reverse()
    queue.work_off(deps)
    assert (row(deps, older).state, row(deps, newer).state) == ("superseded", "provisional")
    assert [template.enrolment_id for template in templates(deps)] == [newer]
