"""Challenges and frames over HTTP: what is drawn, which parts are taken, and what the person is told of a failure."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from demo.photos import landscape
from service.api.context import EXTENSION
from service.deps import Deps
from service.domain.actors import Actor, Role, Scope
from service.domain.policies import Subject
from service.store.models import Challenge, CheckInFrame, Policy
from tests.api.support import NOTHING, Caller, Part, Puncher, file, fresh_shot, kept, member, multipart, said, text
from tests.factories import STARTED, World

FRAME_BYTES = 1_000_000


def drawn(puncher: Puncher) -> dict[str, Any]:
    response = puncher.caller.post("/challenges", {"project_id": str(puncher.site.project_id)})
    assert response.status_code == 201, response.text
    return response.json


def parts(puncher: Puncher, *more: Part, **changes: Any) -> list[Part]:
    return [text("claim", puncher.claim(**changes)), file("photo", fresh_shot()), *more]


def ask(puncher: Puncher, *sent: Part) -> Any:
    return puncher.caller.ask("POST", "/check-ins", **multipart(*sent))


def frames(number: int) -> list[Part]:
    """Different bytes that are photos, small and of nobody."""
    return [file("frame", landscape() + bytes(at)) for at in range(1, number + 1)]


@pytest.fixture
def asked(enrolled: Puncher, deps: Deps) -> Puncher:
    """Somebody at a project that asks for head turns."""
    with deps.database.begin() as work:
        city = work.session.query(Policy).filter_by(subject=Subject.CHECK_IN, scope="city")
        body = city.order_by(Policy.effective_from.desc()).first().body
        work.add(
            Policy(
                subject=Subject.CHECK_IN,
                policy_version=f"check_in-{uuid4()}",
                effective_from=STARTED,
                scope="project",
                scope_id=enrolled.site.project_id,
                body=body | {"liveness": body["liveness"] | {"challenge": True}},
            )
        )
    return enrolled


def test_a_challenge_tells_turns_texts_and_its_end(puncher: Puncher) -> None:
    told = drawn(puncher)
    assert set(told) == {"id", "turns", "texts", "expires_at", "needed"}
    assert (told["expires_at"], told["needed"]) == ("2026-03-02T02:01:00Z", False)
    assert {"left", "right"} <= set(told["turns"]) <= {"left", "right", "front"}
    said_of = dict(zip(told["turns"], told["texts"], strict=True))
    assert said_of["left"] == {
        "zh": "请向您的左侧转头约30度",
        "en": "Turn your head about 30 degrees to your left",
    }
    assert said_of["right"]["zh"] == "请向您的右侧转头约30度"


def test_a_project_that_asks_for_it_says_so(asked: Puncher) -> None:
    assert drawn(asked)["needed"] is True


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({}, [("missing", "project_id")]),
        ({"project_id": "here"}, [("invalid", "project_id")]),
        ({"project_id": str(UUID(int=7))}, [("unknown_reference", "project_id")]),
        ({"project_id": str(UUID(int=7)), "turns": ["front"]}, [("unknown_field", "turns")]),
    ],
)
def test_a_bad_request_draws_nothing(puncher: Puncher, body: dict[str, Any], problems: list[Any]) -> None:
    assert said(puncher.caller.post("/challenges", body)) == (422, problems)


def test_only_who_may_check_in_draws(puncher: Puncher, world: World, speaking_for: Callable[[Actor], Caller]) -> None:
    officer = speaking_for(member(world, Role.OFFICER, Scope.BODY, puncher.site.body))
    assert said(officer.post("/challenges", {"project_id": str(puncher.site.project_id)})) == (
        403,
        [("forbidden", None)],
    )


def test_twelve_frames_are_taken_and_kept_in_their_order(puncher: Puncher, deps: Deps) -> None:
    response = ask(puncher, *parts(puncher, *frames(12)))
    assert response.status_code == 202
    assert (kept(deps).check_ins, kept(deps).photos, kept(deps).files) == (1, 13, 13)
    with deps.database.begin() as work:
        rows = work.session.query(CheckInFrame).order_by(CheckInFrame.position).all()
    assert [deps.photos.get(row.photo_id) for row in rows] == [content for _, _, content in frames(12)]


def test_a_repeat_with_its_frames_is_the_same_check_in_and_without_them_another_content(
    puncher: Puncher, deps: Deps
) -> None:
    sent = parts(puncher, *frames(3), challenge_id=drawn(puncher)["id"])
    first, again = ask(puncher, *sent), ask(puncher, *sent)
    assert (first.status_code, again.status_code, again.json["id"]) == (202, 200, first.json["id"])
    assert said(ask(puncher, *sent[:-1])) == (422, [("client_ref_reused", "claim.client_ref")])
    assert (kept(deps).check_ins, kept(deps).files) == (1, 4)


@pytest.mark.parametrize(
    ("more", "status", "problems"),
    [
        (lambda: frames(13), 422, [("part_repeated", "frame")]),
        (lambda: [file("photo", landscape())], 422, [("part_repeated", "photo")]),
        (lambda: [file("frame", b"no photo at all")], 422, [("not_an_image", "frame")]),
        (lambda: [*frames(2), file("frame", b"")], 422, [("photo_empty", "frame.3")]),
        (lambda: [text("frame", "no file")], 422, [("not_an_image", "frame")]),
        (lambda: [*frames(1), file("frames", landscape())], 422, [("part_unknown", "frames")]),
        (
            lambda: [*frames(1), file("frame", landscape() + bytes(FRAME_BYTES))],
            413,
            [("photo_too_large", "frame.2")],
        ),
        (lambda: [file("frame", png(2600, 2000))], 422, [("photo_too_many_pixels", "frame")]),
        (
            lambda: [file("frame", b"x"), file("frame", landscape()[:400]), *frames(10)],
            422,
            [("not_an_image", "frame.1"), ("photo_damaged", "frame.2")],
        ),
    ],
    ids=["13", "two photos", "a text file", "empty", "a field", "misnamed", "large", "pixels", "several"],
)
def test_frames_that_are_none_are_refused_by_their_place_and_nothing_is_kept(
    puncher: Puncher, deps: Deps, more: Callable[[], list[Part]], status: int, problems: list[tuple[str, str]]
) -> None:
    assert said(ask(puncher, *parts(puncher, *more()))) == (status, problems)
    assert kept(deps) == NOTHING


def png(width: int, height: int) -> bytes:
    Image.new("1", (width, height)).save(out := io.BytesIO(), "PNG")
    return out.getvalue()


@pytest.mark.parametrize(("value", "code"), [("here", "invalid"), (None, "null_not_allowed"), (7, "invalid")])
def test_a_challenge_that_is_no_id_is_refused(puncher: Puncher, value: object, code: str) -> None:
    assert said(puncher.send(landscape(), challenge_id=value)) == (422, [(code, "claim.challenge_id")])


def test_an_enrolment_takes_no_frames(city: Caller, world: World) -> None:
    form = {"client_ref": "enrol-frames", "consents": ["face"], "notice_version": "2026-01"}
    body = multipart(text("form", form), file("photo", landscape()), file("frame", landscape()))
    response = city.ask("POST", f"/people/{world.person().id}/enrolments", **body)
    assert said(response) == (422, [("part_unknown", "frame")])


def test_a_person_is_told_that_turns_are_missing(asked: Puncher) -> None:
    row = asked.judged()
    assert row["state"] == "refused"
    (reason,) = row["reasons"]
    assert (reason["code"], reason["effect"], reason["data"]) == ("challenge_needed", "refuse", {})


def test_a_person_whose_turns_fail_learns_no_number_and_the_body_does(
    asked: Puncher, world: World, deps: Deps, speaking_for: Callable[[Actor], Caller]
) -> None:
    challenge = drawn(asked)["id"]
    sent = [file("frame", fresh_shot()) for _ in range(4)]
    row = ask(asked, *parts(asked, *sent, challenge_id=challenge)).json
    deps.queue.work_off(deps)
    (told,) = asked.caller.get(f"/check-ins/{row['id']}").json["reasons"]
    assert (told["code"], told["data"]) == ("challenge_failed", {})
    officer = speaking_for(member(world, Role.OFFICER, Scope.BODY, asked.site.body))
    whole = officer.get(f"/check-ins/{row['id']}").json
    assert whole["reasons"][0]["data"] != {}
    face = whole["records"][0]["record"]["face"]
    assert (len(face["frames"]), whole["claim"]["challenge_id"]) == (4, challenge)


def test_a_used_challenge_is_told_as_such(asked: Puncher, deps: Deps) -> None:
    challenge = drawn(asked)["id"]
    ask(asked, *parts(asked, challenge_id=challenge))
    row = asked.judged(challenge_id=challenge)
    assert [reason["code"] for reason in row["reasons"]] == ["challenge_invalid"]
    with deps.database.begin() as work:
        assert work.session.query(Challenge).one().used_at == deps.clock.now()


def test_the_document_shows_frames_and_what_a_challenge_asks(client: FlaskClient) -> None:
    document = client.get("/api/openapi.json").json
    schemas = document["components"]["schemas"]
    content = document["paths"]["/api/v1/check-ins"]["post"]["requestBody"]["content"]["multipart/form-data"]
    frame = content["schema"]["properties"]["frame"]
    assert (frame["type"], frame["maxItems"], frame["items"]["format"]) == ("array", 12, "binary")
    assert "frame" not in content["schema"]["required"]
    claim = schemas[content["schema"]["properties"]["claim"]["$ref"].rsplit("/", 1)[1]]
    assert claim["properties"]["challenge_id"]["format"] == "uuid"
    answer = document["paths"]["/api/v1/challenges"]["post"]["responses"]["201"]["content"]["application/json"]
    turns = schemas[answer["schema"]["$ref"].rsplit("/", 1)[1]]["properties"]["turns"]
    assert set(turns["items"]["enum"]) == {"left", "right", "front"}


def test_a_photo_store_that_is_down_takes_no_frames_and_leaves_the_challenge(
    app: Flask, puncher: Puncher, deps: Deps
) -> None:
    challenge = drawn(puncher)["id"]
    deps.settings.photo_dir.mkdir(parents=True, exist_ok=True)
    (blocked := deps.settings.photo_dir.parent / "blocked").write_text("a file where the folder should be")
    app.extensions[EXTENSION] = replace(deps, photos=type(deps.photos)(blocked, deps.vault))
    sent = parts(puncher, *frames(2), challenge_id=challenge)
    assert said(ask(puncher, *sent)) == (503, [("photo_store_down", None)])
    app.extensions[EXTENSION] = deps
    assert kept(deps) == NOTHING
    assert ask(puncher, *sent).status_code == 202
    with deps.database.begin() as work:
        assert work.session.get_one(Challenge, UUID(challenge)).used_at is not None
