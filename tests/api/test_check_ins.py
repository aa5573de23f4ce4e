"""Check-ins over HTTP: durable before they are answered, judged by a worker, repeated safely, listed and reviewed."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import create_engine, select

from demo.photos import landscape, portrait, side_by_side
from jobs.tasks import perform
from service.api.context import EXTENSION
from service.deps import Deps
from service.domain.actors import Actor, Role, Scope
from service.domain.topics import Topic
from service.store.models import Audit, CheckIn, Photo
from service.store.work import Database
from service.usecases import dispatch
from tests.api.conftest import Log
from tests.api.support import Caller, Puncher, enrol, fresh_shot, kept, member, said, shot
from tests.factories import CENTRE, Site, World
from tests.fakes import HeldQueue, SetClock

SpeakingFor = Callable[[Actor], Caller]


def test_a_check_in_is_kept_first_and_says_where_its_verdict_will_be(puncher: Puncher, deps: Deps) -> None:
    response = puncher.send(landscape())
    row = response.json
    assert (response.status_code, row["state"], row["counts"], row["reasons"]) == (202, "received", None, [])
    assert response.headers["Location"] == f"/api/v1/check-ins/{row['id']}"
    assert response.headers["ETag"] == '"1"'
    assert "Preference-Applied" not in response.headers
    assert (row["at"], row["decided_at"]) == ("2026-03-02T02:00:00Z", None)
    assert (kept(deps).check_ins, kept(deps).photos, kept(deps).files, kept(deps).queued) == (1, 1, 1, 1)
    read = puncher.caller.client.get(
        response.headers["Location"], headers={"Authorization": f"Bearer {puncher.caller.token}"}
    )
    assert (read.status_code, read.json, read.headers["ETag"]) == (200, row, '"1"')


def test_an_accepted_one_counts_for_the_project_of_its_roster(enrolled: Puncher) -> None:
    row = enrolled.judged()
    assert (row["state"], row["counts"], row["reasons"], row["counting_reasons"]) == ("accepted", True, [], [])
    assert row["decided_at"] == "2026-03-02T02:00:00Z"


@pytest.mark.parametrize(
    ("photo", "changes", "codes"),
    [
        (lambda: fresh_shot("biden"), {}, ["face_mismatch"]),
        (landscape, {}, ["no_face"]),
        (lambda: side_by_side(portrait("obama"), portrait("biden")), {}, ["many_faces"]),
        (lambda: shot(500_000), {}, ["photo_reused"]),
        (fresh_shot, {"position": {"lat": CENTRE[0] + 0.01}}, ["outside_fence"]),
        (fresh_shot, {"position": {"precision": "fuzzy"}}, ["location_fuzzy"]),
        (fresh_shot, {"position": {"fixed_at": "2026-03-02T01:57:59Z"}}, ["location_stale"]),
        (
            landscape,
            {"position": {"lat": CENTRE[0] + 0.01, "precision": "fuzzy"}},
            ["location_fuzzy", "outside_fence", "no_face"],
        ),
    ],
)
def test_a_refused_one_tells_every_reason_in_both_languages(
    enrolled: Puncher, photo: Callable[[], bytes], changes: dict[str, Any], codes: list[str]
) -> None:
    row = enrolled.judged(photo(), **changes)
    assert (row["state"], row["counts"]) == ("refused", False)
    assert [reason["code"] for reason in row["reasons"]] == codes
    for reason in row["reasons"]:
        assert set(reason) == {"code", "effect", "data", "text"}
        assert reason["effect"] == "refuse"
        assert set(reason["text"]) == {"zh", "en"}
        assert reason["code"] not in reason["text"].values()


def test_the_distance_and_the_radius_stand_in_the_sentence(enrolled: Puncher) -> None:
    (reason,) = enrolled.judged(position={"lat": CENTRE[0] + 0.01})["reasons"]
    distance = reason["data"]["centre_distance_m"]
    assert 1100 <= distance <= 1115
    assert reason["text"]["en"].startswith(
        f"Outside the site fence: distance {distance} m, fence 200 m, accuracy 15 m."
    )
    assert f"距围栏中心 {distance} 米" in reason["text"]["zh"]


def test_a_person_on_no_roster_is_judged_and_told_why_it_does_not_count(puncher: Puncher, world: World) -> None:
    enrol(world, puncher.person_id)
    row = puncher.judged()
    assert (row["state"], row["counts"]) == ("accepted", False)
    assert [(reason["code"], reason["effect"]) for reason in row["counting_reasons"]] == [("not_on_roster", "counting")]


def test_the_same_reference_with_the_same_content_is_the_same_check_in(puncher: Puncher, deps: Deps) -> None:
    claim, photo = puncher.claim(), landscape()
    first = puncher.caller.punch(claim, photo)
    again = puncher.caller.punch(claim, photo)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"]
    assert (kept(deps).check_ins, kept(deps).photos, kept(deps).files, kept(deps).queued) == (1, 1, 1, 1)


def test_a_repeat_after_the_verdict_is_answered_with_it(enrolled: Puncher, deps: Deps) -> None:
    claim, photo = enrolled.claim(), fresh_shot()
    enrolled.caller.punch(claim, photo)
    deps.queue.work_off(deps)
    again = enrolled.caller.punch(claim, photo, headers={"Prefer": "wait=5"})
    assert (again.status_code, again.json["state"]) == (200, "accepted")


@pytest.mark.parametrize(
    "change", [{"position": {"lat": 31.2305}}, {"taken_at": "2026-03-02T01:59:58Z"}, {"samples": []}, None]
)
def test_the_same_reference_with_other_content_is_refused_unless_it_means_the_same(
    puncher: Puncher, deps: Deps, change: dict[str, Any] | None
) -> None:
    claim = puncher.claim()
    puncher.caller.punch(claim, landscape())
    other = claim if change is None else {**puncher.claim(**change), "client_ref": claim["client_ref"]}
    again = puncher.caller.punch(other, fresh_shot() if change is None else landscape())
    if change == {"samples": []}:
        assert again.status_code == 200
    else:
        assert said(again) == (422, [("client_ref_reused", "claim.client_ref")])
    assert (kept(deps).check_ins, kept(deps).files) == (1, 1)


def test_the_same_reference_of_somebody_else_is_another_check_in(
    puncher: Puncher, world: World, speaking_for: SpeakingFor
) -> None:
    claim = puncher.claim()
    mine = puncher.caller.punch(claim, landscape())
    other = speaking_for(world.key_person(world.person().id)).punch(claim, landscape())
    assert (mine.status_code, other.status_code) == (202, 202)
    assert mine.json["id"] != other.json["id"]


def test_an_account_without_a_person_cannot_check_in(world: World, puncher: Puncher, speaking_for: SpeakingFor) -> None:
    nobody = speaking_for(member(world, Role.KEY_PERSON, Scope.SELF))
    assert said(nobody.punch(puncher.claim(), landscape())) == (403, [("no_person", None)])


def test_a_queue_that_is_down_costs_the_sender_nothing(puncher: Puncher, queue: HeldQueue, deps: Deps) -> None:
    queue.down = True
    assert puncher.send(landscape()).status_code == 202
    assert (kept(deps).check_ins, kept(deps).queued) == (1, 0)


def test_a_photo_store_that_is_down_says_when_to_come_back(puncher: Puncher, deps: Deps) -> None:
    deps.settings.photo_dir.parent.mkdir(parents=True, exist_ok=True)
    deps.settings.photo_dir.write_text("a file where the folder should be")
    response = puncher.send(landscape())
    assert said(response) == (503, [("photo_store_down", None)])
    assert response.headers["Retry-After"] == "2"
    deps.settings.photo_dir.unlink()
    assert (kept(deps).check_ins, kept(deps).seen) == (0, 0)


class PromptQueue(HeldQueue):
    """A worker stands by: what is sent is judged at once, in a thread of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[threading.Thread] = []
        self.deps: Deps | None = None

    def send(self, topic: Topic, subject_id: UUID) -> bool:
        worker = threading.Thread(target=perform, args=(topic, subject_id), kwargs={"deps": self.deps})
        worker.start()
        self.threads.append(worker)
        return True


@pytest.fixture
def worker_stands_by(app: Flask, deps: Deps, empty_database: str) -> Iterator[Deps]:
    """The application over a database of its own, with a worker that meets the request there."""
    engine = create_engine(empty_database)
    queue = PromptQueue()
    meeting = replace(deps, database=Database(engine, deps.clock), queue=queue)
    queue.deps = app.extensions[EXTENSION] = meeting
    yield meeting
    for worker in queue.threads:
        worker.join()
    engine.dispose()


def test_who_prefers_to_wait_gets_the_verdict(app: Flask, worker_stands_by: Deps) -> None:
    world = World(worker_stands_by)
    site, person = world.site(), world.person()
    world.line(site.construction, person.id)
    puncher = Puncher(world, site, person.id, Caller(app.test_client(), world.key_person(person.id), worker_stands_by))
    response = puncher.caller.punch(puncher.claim(), fresh_shot(), headers={"Prefer": "wait=5"})
    row = response.json
    assert (response.status_code, row["state"]) == (201, "refused")
    assert [reason["code"] for reason in row["reasons"]] == ["no_consent", "not_enrolled"]
    assert response.headers["Preference-Applied"] == "wait=5"
    assert response.headers["Location"] == f"/api/v1/check-ins/{row['id']}"
    assert int(response.headers["ETag"].strip('"')) > 1
    later = puncher.send(landscape())
    read = puncher.caller.get(f"/check-ins/{later.json['id']}", headers={"Prefer": "respond-async, wait=5"})
    assert read.json["state"] == "refused"


def test_who_waits_in_vain_is_told_where_to_look(puncher: Puncher) -> None:
    response = puncher.caller.punch(puncher.claim(), landscape(), headers={"Prefer": "wait=1"})
    assert (response.status_code, response.json["state"]) == (202, "received")
    assert response.headers["Preference-Applied"] == "wait=1"


@pytest.mark.parametrize(
    "prefer", ["", "wait", "wait=", "wait=0", "wait=-1", "wait=x", "wait=99999", "respond-async", "await=3"]
)
def test_a_preference_that_is_none_is_ignored(puncher: Puncher, prefer: str) -> None:
    response = puncher.caller.punch(puncher.claim(), landscape(), headers={"Prefer": prefer})
    assert response.status_code == 202
    assert "Preference-Applied" not in response.headers


def test_check_ins_are_listed_newest_first_and_found_by_every_filter(
    enrolled: Puncher, world: World, clock: SetClock, speaking_for: SpeakingFor, city: Caller
) -> None:
    other_site = world.site(enrolled.site.body)
    elsewhere = Puncher(world, other_site, enrolled.person_id, enrolled.caller)
    stranger = world.person()
    guest = Puncher(world, enrolled.site, stranger.id, speaking_for(world.key_person(stranger.id)))
    good = enrolled.judged()["id"]
    clock.pass_(minutes=10)
    doubtful = enrolled.in_review()["id"]
    uncounted = elsewhere.judged()["id"]
    clock.pass_(minutes=10)
    refused = guest.judged(landscape())["id"]
    waiting = guest.send(landscape()).json["id"]
    site, person = str(enrolled.site.project_id), str(enrolled.person_id)
    everything = [waiting, refused, uncounted, doubtful, good]
    for query, expected in (
        ({}, everything),
        ({"project_id": site}, [waiting, refused, doubtful, good]),
        ({"project_id": str(other_site.project_id)}, [uncounted]),
        ({"person_id": person}, [uncounted, doubtful, good]),
        ({"team_id": str(enrolled.site.construction)}, [doubtful, good]),
        ({"state": "received"}, [waiting]),
        ({"state": "review"}, [doubtful]),
        ({"state": "refused"}, [refused]),
        ({"counts": "true"}, [good]),
        ({"counts": "false"}, [refused, uncounted]),
        ({"since": "2026-03-02T02:10:00Z"}, [waiting, refused, uncounted, doubtful]),
        ({"until": "2026-03-02T02:10:00Z"}, [good]),
        ({"since": "2026-03-02T10:10:00+08:00", "until": "2026-03-02T10:20:00+08:00"}, [uncounted, doubtful]),
        ({"state": "accepted", "person_id": person, "counts": "false"}, [uncounted]),
    ):
        assert city.ids("/check-ins", **query) == expected, query
    seen, query = [], {"limit": 2}
    while query:
        page = city.get("/check-ins", query_string=query).json
        seen += [row["id"] for row in page["items"]]
        query = {"limit": 2, "cursor": page["next"]} if page["next"] else {}
    assert seen == everything


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("state=lost", ("not_a_choice", "state")),
        ("counts=perhaps", ("invalid", "counts")),
        ("since=2026-03-02", ("naive_time", "since")),
        ("until=2026-03-02T02:00:00", ("naive_time", "until")),
        ("project_id=x", ("invalid", "project_id")),
        ("face=x", ("unknown_field", "face")),
    ],
)
def test_a_filter_that_cannot_be_is_refused_by_name(city: Caller, query: str, problem: tuple[str, str]) -> None:
    assert said(city.get(f"/check-ins?{query}")) == (422, [problem])


@pytest.fixture
def officer(world: World, site: Site, speaking_for: SpeakingFor) -> Caller:
    return speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body))


@pytest.mark.parametrize(("verdict", "counts"), [("accepted", True), ("refused", False)])
def test_a_reviewer_decides_once_and_his_record_joins_the_machines(
    enrolled: Puncher, officer: Caller, deps: Deps, verdict: str, counts: bool
) -> None:
    row = enrolled.in_review()
    path = f"/check-ins/{row['id']}"
    version = officer.get(path).json["version"]
    decided = officer.post(f"{path}/decide", {"verdict": verdict, "note": "现场已核实"}, version=version)
    assert (decided.status_code, decided.json["state"], decided.json["counts"]) == (200, verdict, counts)
    assert decided.headers["ETag"] == f'"{decided.json["version"]}"' != f'"{version}"'
    whole = officer.get(path).json
    machine, person = whole["records"]
    assert (machine["position"], machine["verdict"], machine["decided_by"]) == (1, "review", None)
    assert (person["position"], person["verdict"]) == (2, verdict)
    assert person["decided_by"] == str(officer.actor.account_id)
    assert person["record"]["note"] == "现场已核实"
    told = ["location_uncertain"] + (["refused_by_reviewer"] if verdict == "refused" else [])
    assert [reason["code"] for reason in whole["reasons"]] == told
    assert officer.ids("/reviews") == []
    own = enrolled.caller.get(path).json
    assert (own["state"], "records" in own, "note" in str(own)) == (verdict, False, False)
    with deps.database.begin() as work:
        entries = work.session.scalars(select(Audit).where(Audit.action == "check_in:decide")).all()
    assert {entry.actor_id for entry in entries} == {None, officer.actor.account_id}


def test_a_review_is_decided_once_by_whom_comes_first(
    enrolled: Puncher, officer: Caller, world: World, site: Site, speaking_for: SpeakingFor
) -> None:
    path = f"/check-ins/{enrolled.in_review()['id']}"
    version = officer.get(path).json["version"]
    assert (
        officer.post(f"{path}/decide", {"verdict": "refused", "note": "不是本人"}, version=version).status_code == 200
    )
    engineer = speaking_for(member(world, Role.CHIEF_ENGINEER, Scope.PROJECT, site.project_id))
    for caller, seen in ((engineer, version), (officer, version), (officer, version + 1)):
        again = caller.post(f"{path}/decide", {"verdict": "accepted", "note": "是本人"}, version=seen)
        assert said(again) == (409, [("act_not_allowed", None)])
    assert officer.get(path).json["state"] == "refused"


def test_a_review_is_not_decided_on_what_one_did_not_see(enrolled: Puncher, officer: Caller) -> None:
    path = f"/check-ins/{enrolled.in_review()['id']}"
    decision = {"verdict": "accepted", "note": "看过了"}
    stale = officer.get(path).json["version"] - 1
    assert said(officer.post(f"{path}/decide", decision, version=stale)) == (412, [("version_conflict", None)])
    assert said(officer.post(f"{path}/decide", decision)) == (428, [("version_needed", "If-Match")])
    assert len(officer.get(path).json["records"]) == 1


@pytest.mark.parametrize(
    ("decision", "problems"),
    [
        ({}, {("missing", "verdict"), ("missing", "note")}),
        ({"verdict": "review", "note": "不确定"}, {("not_a_choice", "verdict")}),
        ({"verdict": "received", "note": "不确定"}, {("not_a_choice", "verdict")}),
        ({"verdict": "perhaps", "note": "不确定"}, {("not_a_choice", "verdict")}),
        ({"verdict": "accepted", "note": "x"}, {("bad_length", "note")}),
        ({"verdict": "accepted", "note": "x" * 501}, {("bad_length", "note")}),
        ({"verdict": "accepted", "note": "看\0过"}, {("invalid", "note")}),
        ({"verdict": "accepted", "note": "看\ud800过"}, {("invalid", "note")}),
        ({"verdict": "accepted", "note": "看过", "counts": True}, {("unknown_field", "counts")}),
    ],
)
def test_a_decision_is_yes_or_no_with_a_reason(
    puncher: Puncher, officer: Caller, decision: dict[str, Any], problems: set[tuple[str, str]]
) -> None:
    check_in = puncher.send(landscape()).json["id"]
    status, told = said(officer.post(f"/check-ins/{check_in}/decide", decision, version=1))
    assert (status, set(told)) == (422, problems)


@pytest.mark.parametrize("judged", [False, True])
def test_what_needs_no_review_cannot_be_decided(puncher: Puncher, officer: Caller, judged: bool, deps: Deps) -> None:
    check_in = puncher.send(landscape()).json["id"]
    if judged:
        deps.queue.work_off(deps)
    decision = {"verdict": "accepted", "note": "让他通过"}
    response = officer.post(f"/check-ins/{check_in}/decide", decision, version=1)
    assert said(response) == (404, [("not_found", None)])
    with deps.database.begin() as work:
        assert work.session.get_one(CheckIn, UUID(check_in)).state == ("refused" if judged else "received")


@pytest.mark.parametrize(
    ("role", "status", "code"),
    [
        (Role.PROJECT_MANAGER, 403, "forbidden"),
        (Role.PROJECT_OFFICE, 403, "forbidden"),
        (Role.KEY_PERSON, 403, "forbidden"),
    ],
)
def test_who_is_no_reviewer_decides_nothing(
    enrolled: Puncher, world: World, site: Site, speaking_for: SpeakingFor, role: Role, status: int, code: str
) -> None:
    path = f"/check-ins/{enrolled.in_review()['id']}"
    himself = role is Role.KEY_PERSON
    caller = enrolled.caller if himself else speaking_for(member(world, role, Scope.TEAM, site.construction))
    decision = {"verdict": "accepted", "note": "是本人"}
    assert said(caller.post(f"{path}/decide", decision, version=2)) == (status, [(code, None)])
    assert said(caller.get(f"{path}/photo")) == (status, [(code, None)])
    assert said(caller.get("/reviews")) == (status, [(code, None)])


def test_a_reviewer_sees_both_photos_as_they_were_sent_and_that_is_recorded(
    enrolled: Puncher, officer: Caller, deps: Deps
) -> None:
    photo = fresh_shot()
    row = enrolled.judged(photo, position={"accuracy_m": 61})
    for name, data in (("photo", photo), ("reference-photo", shot(500_000))):
        response = officer.get(f"/check-ins/{row['id']}/{name}")
        assert (response.status_code, response.content_type, response.data) == (200, "image/jpeg", data)
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "default-src 'none'"
    with deps.database.begin() as work:
        looked = select(Audit.action).where(Audit.actor_id == officer.actor.account_id, Audit.action.like("%look%"))
        assert sorted(work.session.scalars(looked)) == ["check_in:look_at_photo", "check_in:look_at_reference"]


def test_a_photo_that_retention_took_is_not_found(enrolled: Puncher, officer: Caller, deps: Deps) -> None:
    row = enrolled.in_review()
    with deps.database.begin() as work:
        photo_id = work.session.get_one(CheckIn, UUID(row["id"])).photo_id
        work.session.get_one(Photo, photo_id).deleted_at = deps.clock.now()
    assert said(officer.get(f"/check-ins/{row['id']}/photo")) == (404, [("not_found", None)])


def test_reading_a_decision_record_is_recorded(enrolled: Puncher, officer: Caller, deps: Deps) -> None:
    row = enrolled.judged()
    record = officer.get(f"/check-ins/{row['id']}").json
    assert (record["attempts"], record["claim"]["position"]["datum"]) == (1, "wgs84")
    with deps.database.begin() as work:
        read = select(Audit).where(Audit.action == "check_in:read_record", Audit.subject_id == row["id"])
        assert [entry.actor_id for entry in work.session.scalars(read)] == [officer.actor.account_id]


def test_reviews_are_filtered_by_project_and_paged(enrolled: Puncher, world: World, site: Site, city: Caller) -> None:
    elsewhere = Puncher(world, world.site(), enrolled.person_id, enrolled.caller)
    here = [enrolled.in_review()["id"] for _ in range(3)]
    there = elsewhere.in_review()["id"]
    assert city.ids("/reviews") == [there, *here[::-1]]
    assert city.ids("/reviews", project_id=str(site.project_id)) == here[::-1]
    first = city.get("/reviews?limit=3").json
    assert [row["id"] for row in first["items"]] == [there, here[2], here[1]]
    second = city.get("/reviews", query_string={"limit": 3, "cursor": first["next"]}).json
    assert ([row["id"] for row in second["items"]], second["next"]) == ([here[0]], None)
    assert all(row["state"] == "review" for row in first["items"])


def test_a_line_that_comes_into_force_later_makes_the_same_check_in_count(
    puncher: Puncher, world: World, site: Site, city: Caller, clock: SetClock
) -> None:
    enrol(world, puncher.person_id)
    row = puncher.judged()
    assert row["counts"] is False
    line = city.post(
        "/roster-lines",
        {
            "team_id": str(site.construction),
            "person_id": str(puncher.person_id),
            "post_code": "project_manager",
            "basis": "filing",
            "starts_on": "2026-03-01",
        },
    ).json
    for act in ("submit", "approve"):
        line = city.post(f"/roster-lines/{line['id']}/{act}", version=line["version"]).json
    clock.at += timedelta(seconds=1)
    dispatch.dispatch(deps=world.deps)
    world.deps.queue.work_off(world.deps)
    again = puncher.caller.get(f"/check-ins/{row['id']}").json
    assert (again["state"], again["counts"], again["counting_reasons"]) == ("accepted", True, [])
    assert again["at"] == row["at"]


def test_nothing_personal_is_logged_on_the_way_to_a_verdict(
    enrolled: Puncher, officer: Caller, world: World, log: Log
) -> None:
    row = enrolled.in_review()
    path = f"/check-ins/{row['id']}"
    decision = {"verdict": "accepted", "note": "在工地门口见到陈立项"}
    assert officer.post(f"{path}/decide", decision, version=officer.get(path).json["version"]).status_code == 200
    assert officer.get(f"{path}/photo").status_code == 200
    world.deps.photos.delete(UUID(officer.get(path).json["records"][0]["record"]["photo"]["id"]))
    assert said(officer.get(f"{path}/photo")) == (503, [("photo_store_down", None)])
    assert log.lines[-1]["code"] == "photo_store_down"
    told = json.dumps([{**line, "request_id": "", "timestamp": ""} for line in log.lines], ensure_ascii=False)
    for personal in ("陈立项", decision["note"], "31.23", "121.47", row["client_ref"], str(enrolled.person_id)):
        assert personal not in told
