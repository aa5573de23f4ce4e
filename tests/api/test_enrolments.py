"""Enrolment over HTTP: with consent or not at all, once, and with every photo's problem by its number."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from demo.photos import landscape, portrait, side_by_side
from service.deps import Deps
from service.domain.actors import Actor, Role, Scope
from service.domain.calendar import business_day
from service.domain.policies import Subject
from service.store.models import Audit, Consent, Enrolment, Policy, TemplateRow
from tests.api.support import NOTHING, Caller, Puncher, file, kept, member, multipart, said, shot, text
from tests.factories import Site, World

SpeakingFor = Callable[[Actor], Caller]
OTHER = "biden"


def form(**changes: Any) -> dict[str, Any]:
    values = {"client_ref": f"enrol-{uuid4()}", "consents": ["face", "location"], "notice_version": "2026-01"}
    return {**values, **changes}


def send(caller: Caller, person_id: object, content: object, *photos: bytes) -> TestResponse:
    parts = [text("form", content), *(file("photo", photo) for photo in photos)]
    return caller.ask("POST", f"/people/{person_id}/enrolments", **multipart(*parts))


def judged(caller: Caller, deps: Deps, person_id: object, *photos: bytes) -> dict[str, Any]:
    response = send(caller, person_id, form(), *photos)
    assert response.status_code == 202, response.text
    deps.queue.work_off(deps)
    return caller.get(f"/enrolments/{response.json['id']}").json


@pytest.fixture
def officer(world: World, site: Site, puncher: Puncher, speaking_for: SpeakingFor) -> Caller:
    """An officer of the body on whose site the person stands."""
    world.line(site.construction, puncher.person_id)
    return speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body))


def test_photos_with_consent_become_a_template(officer: Caller, puncher: Puncher, deps: Deps) -> None:
    response = send(officer, puncher.person_id, form(), shot(1), shot(2))
    row = response.json
    assert (response.status_code, row["state"], row["photos"], row["problems"]) == (202, "received", 2, [])
    assert response.headers["Location"] == f"/api/v1/enrolments/{row['id']}"
    deps.queue.work_off(deps)
    done = officer.get(f"/enrolments/{row['id']}").json
    assert (done["state"], done["problems"], done["decided_at"]) == ("provisional", [], "2026-03-02T02:00:00Z")
    assert officer.ids(f"/people/{puncher.person_id}/enrolments") == [row["id"]]
    me = puncher.caller.get("/me").json
    assert (me["enrolled"], me["consents"]) == (True, ["face", "location"])


@pytest.mark.parametrize(
    ("photos", "problems"),
    [
        (lambda: [shot(1), landscape(), shot(2)], [("no_face", 2)]),
        (lambda: [landscape(), side_by_side(portrait("obama"), portrait(OTHER))], [("no_face", 1), ("many_faces", 2)]),
        (lambda: [shot(1), shot(2), shot(3, OTHER)], [("photos_differ", 3)]),
    ],
)
def test_a_refused_enrolment_names_each_photo_by_its_number(
    officer: Caller, puncher: Puncher, deps: Deps, photos: Callable[[], list[bytes]], problems: list[tuple[str, int]]
) -> None:
    row = judged(officer, deps, puncher.person_id, *photos())
    assert row["state"] == "refused"
    assert [(item["code"], item["photo"]) for item in row["problems"]] == problems
    for item in row["problems"]:
        assert item["text"]["zh"] != item["text"]["en"] != item["code"]
        assert "-" not in item["text"]["zh"]
        # Which photo, and never how far it is from the others.
        assert not {"distance", "limit"} & set(item["data"])
    assert puncher.caller.get("/me").json["enrolled"] is False


def test_a_new_enrolment_takes_the_place_of_the_one_before(officer: Caller, puncher: Puncher, deps: Deps) -> None:
    first = judged(officer, deps, puncher.person_id, shot(1))["id"]
    second = judged(officer, deps, puncher.person_id, shot(2))["id"]
    page = officer.get(f"/people/{puncher.person_id}/enrolments").json["items"]
    assert [(row["id"], row["state"]) for row in page] == [(second, "provisional"), (first, "superseded")]
    with deps.database.begin() as work:
        templates = work.session.scalars(select(TemplateRow).order_by(TemplateRow.id)).all()
    assert [template.retired_at is None for template in templates] == [False, True]


def test_the_same_reference_with_the_same_content_is_the_same_enrolment(
    officer: Caller, puncher: Puncher, deps: Deps
) -> None:
    content = form()
    first = send(officer, puncher.person_id, content, shot(1))
    again = send(officer, puncher.person_id, content, shot(1))
    assert (first.status_code, again.status_code, again.json["id"]) == (202, 200, first.json["id"])
    other = send(officer, puncher.person_id, content, shot(2))
    assert said(other) == (422, [("client_ref_reused", "form.client_ref")])
    assert (kept(deps).photos, kept(deps).files, kept(deps).queued) == (1, 1, 1)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"consents": ["location"]}, ("consent_needed", "form.consents")),
        ({"consents": []}, ("bad_length", "form.consents")),
        ({"consents": ["voice"]}, ("not_a_choice", "form.consents.0")),
        ({"consents": "face"}, ("invalid", "form.consents")),
        ({"consents": None}, ("null_not_allowed", "form.consents")),
        ({"notice_version": ""}, ("bad_length", "form.notice_version")),
        ({"client_ref": "short"}, ("bad_length", "form.client_ref")),
        ({"client_ref": "with\0nothing"}, ("invalid", "form.client_ref")),
        ({"person_id": str(UUID(int=7))}, ("unknown_field", "form.person_id")),
    ],
)
def test_an_enrolment_without_consent_or_sense_keeps_nothing(
    officer: Caller, puncher: Puncher, deps: Deps, changes: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert said(send(officer, puncher.person_id, form(**changes), shot(1))) == (422, [problem])
    assert kept(deps) == NOTHING
    with deps.database.begin() as work:
        assert work.session.scalars(select(Consent)).all() == []
        assert work.session.scalars(select(Enrolment)).all() == []


@pytest.mark.parametrize(
    ("photos", "problems"),
    [
        ([], [("part_missing", "photo")]),
        ([landscape] * 6, [("part_repeated", "photo")]),
        ([landscape, bytes, lambda: b"a text" * 50], [("photo_empty", "photo.2"), ("not_an_image", "photo.3")]),
        ([bytes], [("photo_empty", "photo")]),
    ],
)
def test_bad_photos_are_all_told_by_their_number(
    officer: Caller,
    puncher: Puncher,
    deps: Deps,
    photos: list[Callable[[], bytes]],
    problems: list[tuple[str, str]],
) -> None:
    assert said(send(officer, puncher.person_id, form(), *(photo() for photo in photos))) == (422, problems)
    assert kept(deps) == NOTHING


def few_are_too_few(deps: Deps, needed: object) -> None:
    """A policy of the city that asks for so many photos, from today."""
    with deps.database.begin() as work:
        last = work.session.scalars(select(Policy).where(Policy.subject == Subject.CHECK_IN)).all()[-1]
        changed = {"effective_from": business_day(deps.clock.now()), "body": {**last.body, "enrolment_photos": needed}}
        work.add(Policy(subject=last.subject, scope=last.scope, policy_version="more", **changed))


def test_fewer_photos_than_the_policy_asks_for_keep_nothing_and_enough_are_taken(
    officer: Caller, puncher: Puncher, deps: Deps
) -> None:
    before = form()
    assert send(officer, puncher.person_id, before, shot(1)).status_code == 202
    few_are_too_few(deps, 3)
    known = kept(deps)
    refused = send(officer, puncher.person_id, form(), shot(2), shot(3))
    assert said(refused) == (422, [("too_few_photos", "photo")])
    assert refused.json["errors"][0]["text"]["en"] == "2 photos are too few: 3 are needed to enrol."
    assert kept(deps) == known
    # What was taken before is known again.
    assert send(officer, puncher.person_id, before, shot(1)).status_code == 200
    assert send(officer, puncher.person_id, form(), shot(4), shot(5), shot(6)).status_code == 202


def test_a_policy_that_cannot_be_read_loses_no_enrolment(officer: Caller, puncher: Puncher, deps: Deps) -> None:
    few_are_too_few(deps, "three")
    assert send(officer, puncher.person_id, form(), shot(1)).status_code == 202


def test_an_enrolment_of_nobody_is_not_found_and_keeps_nothing(officer: Caller, world: World, deps: Deps) -> None:
    for person_id in (UUID(int=7), world.person().id):
        assert said(send(officer, person_id, form(), shot(1))) == (404, [("not_found", None)])
    assert kept(deps) == NOTHING


def test_only_who_may_look_sees_an_enrolment_and_its_photos_and_that_is_recorded(
    officer: Caller, puncher: Puncher, world: World, speaking_for: SpeakingFor, deps: Deps
) -> None:
    row = judged(officer, deps, puncher.person_id, shot(1))
    path = f"/enrolments/{row['id']}"
    photo = officer.get(f"{path}/photos/1")
    assert (photo.status_code, photo.data, photo.headers["Cache-Control"]) == (200, shot(1), "no-store")
    for position in ("0", "2", "999999999999", "9" * 30, "x", "-1"):
        assert said(officer.get(f"{path}/photos/{position}")) == (404, [("not_found", None)]), position
    stranger = speaking_for(member(world, Role.OFFICER, Scope.BODY, world.body()))
    assert said(stranger.get(path)) == (404, [("not_found", None)])
    assert said(stranger.get(f"{path}/photos/1")) == (404, [("not_found", None)])
    assert said(puncher.caller.get(path)) == (403, [("forbidden", None)])
    with deps.database.begin() as work:
        looked = work.session.scalars(select(Audit).where(Audit.action == "enrolment:look_at_photo")).all()
    assert [(entry.actor_id, entry.data) for entry in looked] == [(officer.actor.account_id, {"position": 1})]


def test_a_consent_withdrawn_and_given_again_lets_the_next_check_in_pass(
    officer: Caller, puncher: Puncher, deps: Deps
) -> None:
    judged(officer, deps, puncher.person_id, shot(1))
    assert officer.ask("DELETE", f"/people/{puncher.person_id}/consents/face").status_code == 204
    assert puncher.judged(shot(901))["state"] == "refused"
    judged(officer, deps, puncher.person_id, shot(2))
    assert puncher.judged(shot(902))["state"] == "accepted"
