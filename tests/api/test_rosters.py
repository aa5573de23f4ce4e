"""Rosters, scans, lists and employments over HTTP: what is answered, to whom, and what is refused."""

import csv
import io
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from service.deps import Deps
from service.domain.actors import Actor, Role, Scope
from service.domain.sources import Source
from service.domain.topics import Topic
from service.store.models import Audit, ListEntry, Outbox, Photo, PhotoSeen, RosterLine
from service.usecases import retention
from tests.api.support import Caller, bomb, file, member, multipart, said, text
from tests.factories import Site, World

SpeakingFor = Callable[[Actor], Caller]
PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def picture(kind: str, size: tuple[int, int] = (600, 800)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, kind)
    return out.getvalue()


@pytest.fixture
def line(world: World, site: Site) -> RosterLine:
    return world.line(site.construction, world.person().id, in_force=False)


def proposal(site: Site, person_id: UUID, **changes: Any) -> dict[str, Any]:
    values = {"team_id": str(site.construction), "person_id": str(person_id), "post_code": "project_manager"}
    return {**values, "basis": "filing", "starts_on": "2026-03-01", **changes}


def send(caller: Caller, line: RosterLine, data: bytes, kind: str = "appointment") -> TestResponse:
    parts = multipart(text("scan", {"kind": kind}), file("file", data, "扫描件.bin"))
    return caller.ask("POST", f"/roster-lines/{line.id}/scans", **parts)


def test_a_line_shows_what_it_waits_for(city: Caller, world: World, site: Site, speaking_for: SpeakingFor) -> None:
    person = world.person().id
    world.listed(site.project_id, world.person().id)
    client = speaking_for(member(world, Role.CLIENT, Scope.PROJECT, site.project_id))
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    made = office.post("/roster-lines", proposal(site, person, concurrent_consent_on="2026-02-01")).json
    assert (made["concurrent_consent_on"], made["source"], made["match"]) == ("2026-02-01", "typed", None)
    path = f"/roster-lines/{made['id']}"
    office.post(f"{path}/submit", version=1)
    waiting = client.post(f"{path}/approve", version=2)
    assert (waiting.status_code, waiting.json["state"], waiting.json["match"]) == (200, "submitted", "mismatched")
    assert office.ids("/roster-lines", match="mismatched", state="submitted") == [made["id"]]
    assert office.ids("/roster-lines", match="no_list") == []
    told = {"binding": "filing", "match": "mismatched", "others": 1, "listed_for_other_post": False}
    assert office.get(f"{path}/match").json == told
    entry = {"project_id": str(site.project_id), "basis": "filing", "post_code": "project_manager"}
    entry |= {"person_id": str(person), "starts_on": "2026-01-01"}
    assert city.post("/list-entries", entry).status_code == 201
    world.deps.queue.send("project.list_changed", site.project_id)
    world.deps.queue.work_off(world.deps)
    assert office.get(path).json["state"] == "in_force"
    assert office.get(f"{path}/match").json == {**told, "match": "matched"}


def test_why_a_line_went_back_is_told_in_both_languages(city: Caller, line: RosterLine) -> None:
    path = f"/roster-lines/{line.id}"
    city.post(f"{path}/submit", version=1)
    sent_back = {"reasons": ["scan_missing", "other", "scan_missing"], "note": "请\n补件"}
    back = city.post(f"{path}/return", sent_back, version=2).json
    assert back["note"] == "请\n补件"
    assert back["return_reasons"] == [
        {"code": "scan_missing", "text": {"zh": "缺少附件", "en": "a scan is missing"}},
        {"code": "other", "text": {"zh": "其他原因", "en": "another reason"}},
    ]


def test_a_seat_that_is_taken_names_the_line_that_has_it(city: Caller, world: World, site: Site) -> None:
    person = world.person().id
    first = city.post("/roster-lines", proposal(site, person)).json
    again = city.post("/roster-lines", proposal(site, person, starts_on="2026-05-01"))
    assert said(again) == (409, [("line_overlaps", "starts_on")])
    assert again.json["errors"][0]["data"] == {"line": first["id"], "state": "draft"}
    assert first["id"] in again.json["text"]["zh"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"replaces_id": str(UUID(int=7))}, ("unknown_reference", "replaces_id")),
        ({"replaces_id": "x"}, ("invalid", "replaces_id")),
        ({"concurrent_consent_on": "soon"}, ("invalid", "concurrent_consent_on")),
        ({"ends_on": "2026-02-28"}, ("dates_in_order", "ends_on")),
        ({"match": "matched"}, ("unknown_field", "match")),
    ],
)
def test_a_line_is_refused_by_field(
    city: Caller, world: World, site: Site, changes: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert said(city.post("/roster-lines", proposal(site, world.person().id, **changes))) == (422, [problem])


@pytest.mark.parametrize(
    ("data", "media_type"),
    [(PDF, "application/pdf"), (picture("JPEG"), "image/jpeg"), (picture("PNG", (300, 1800)), "image/png")],
)
def test_a_scan_comes_back_as_it_was_sent_and_is_sealed_between(
    city: Caller, line: RosterLine, deps: Deps, data: bytes, media_type: str
) -> None:
    made = send(city, line, data)
    assert (made.status_code, made.json["kind"]) == (201, "appointment")
    got = city.client.get(made.headers["Location"], headers={"Authorization": f"Bearer {city.token}"})
    assert (got.status_code, got.data, got.content_type) == (200, data, media_type)
    extension = media_type.rpartition("/")[2]
    assert got.headers["Content-Disposition"] == f'attachment; filename="scan-{made.json["id"]}.{extension}"'
    assert (got.headers["Cache-Control"], got.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    (kept,) = (path for path in deps.settings.photo_dir.rglob("*") if path.is_file())
    assert data not in kept.read_bytes()
    with deps.database.begin() as work:
        (looked,) = work.session.scalars(select(Audit).where(Audit.action == "roster_scan:look"))
    assert (looked.actor_id, looked.subject_id) == (city.actor.account_id, made.json["id"])


def test_the_same_scan_may_come_twice_and_outlives_every_sweep(city: Caller, line: RosterLine, deps: Deps) -> None:
    first, second = send(city, line, PDF).json, send(city, line, PDF, "client_consent").json
    rows = city.get(f"/roster-lines/{line.id}/scans").json
    assert [(row["id"], row["kind"]) for row in rows] == [
        (first["id"], "appointment"),
        (second["id"], "client_consent"),
    ]
    deps.clock.pass_(days=4000)
    city.sign_in()
    assert (retention.delete_expired(deps=deps), retention.delete_orphans(deps=deps)) == (0, 0)
    assert city.get(f"/roster-lines/{line.id}/scans/{first['id']}").data == PDF
    with deps.database.begin() as work:
        assert work.session.scalars(select(PhotoSeen)).all() == []
        assert {photo.width for photo in work.session.scalars(select(Photo))} == {None}


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "photo_empty"),
        (b"PK\x03\x04 a workbook", 422, "not_a_scan"),
        (b"<html>", 422, "not_a_scan"),
        (b"%PDF-1.7\n cut off on its way", 422, "not_a_scan"),
        (b"x" + PDF, 422, "not_a_scan"),
        (picture("WEBP"), 422, "not_a_scan"),
        (picture("JPEG")[:2000], 422, "photo_damaged"),
        (PDF[:9] + bytes(10_000_000) + PDF[9:], 413, "file_too_large"),
    ],
    ids=["empty", "workbook", "html", "half a pdf", "late pdf", "webp", "half a jpeg", "too large"],
)
def test_what_is_no_scan_is_refused_and_nothing_is_kept(
    city: Caller, line: RosterLine, deps: Deps, data: bytes, status: int, code: str
) -> None:
    assert said(send(city, line, data)) == (status, [(code, "file")])
    assert city.get(f"/roster-lines/{line.id}/scans").json == []
    assert [path for path in deps.settings.photo_dir.rglob("*") if path.is_file()] == []


def test_a_picture_that_would_fill_the_memory_is_no_scan(city: Caller, line: RosterLine) -> None:
    status, ((_, field),) = said(send(city, line, bomb()))
    assert (status, field) == (422, "file")


@pytest.mark.parametrize(
    ("parts", "problems"),
    [
        ([text("scan", {"kind": "contract"})], [("part_missing", "file")]),
        ([file("file", PDF)], [("part_missing", "scan")]),
        ([text("scan", {"kind": "contract"}), file("file", PDF), file("file", PDF)], [("part_repeated", "file")]),
        ([text("scan", {"kind": "contract"}), file("file", PDF), file("photo", PDF)], [("part_unknown", "photo")]),
        ([text("scan", {"kind": "love_letter"}), file("file", PDF)], [("not_a_choice", "scan.kind")]),
        ([text("scan", "{"), file("file", PDF)], [("bad_json", "scan")]),
    ],
)
def test_a_scan_is_one_file_and_what_it_shows(
    city: Caller, line: RosterLine, parts: list[Any], problems: list[tuple[str, str]]
) -> None:
    response = city.ask("POST", f"/roster-lines/{line.id}/scans", **multipart(*parts))
    assert said(response)[1] == problems


def test_scans_are_for_whoever_reaches_the_line(
    world: World, site: Site, line: RosterLine, speaking_for: SpeakingFor, city: Caller
) -> None:
    made = send(city, line, PDF).json
    path = f"/roster-lines/{line.id}/scans"
    for role, scope, scope_id in (
        (Role.PROJECT_OFFICE, Scope.TEAM, site.supervision),
        (Role.ENTERPRISE, Scope.UNIT, world.unit()),
        (Role.OFFICER, Scope.BODY, world.body()),
        (Role.CLIENT, Scope.PROJECT, world.site().project_id),
    ):
        stranger = speaking_for(member(world, role, scope, scope_id))
        assert said(stranger.get(path)) == (404, [("not_found", None)])
        assert said(stranger.get(f"{path}/{made['id']}")) == (404, [("not_found", None)])
        assert said(stranger.get(f"/roster-lines/{line.id}/match")) == (404, [("not_found", None)])
    client = speaking_for(member(world, Role.CLIENT, Scope.PROJECT, site.project_id))
    assert client.get(f"{path}/{made['id']}").data == PDF
    assert said(send(client, line, PDF)) == (403, [("forbidden", None)])
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    assert send(office, line, PDF).status_code == 201
    other = world.line(site.construction, world.person().id, in_force=False)
    assert said(office.get(f"/roster-lines/{other.id}/scans/{made['id']}")) == (404, [("not_found", None)])


def entry(site: Site, who: UUID, **changes: Any) -> dict[str, Any]:
    values = {"project_id": str(site.project_id), "basis": "filing", "post_code": "project_manager"}
    return {**values, "person_id": str(who), "starts_on": "2026-01-01", **changes}


def test_an_entry_is_made_read_listed_and_changed(city: Caller, world: World, site: Site) -> None:
    person = world.person().id
    made = city.post("/list-entries", entry(site, person))
    assert (made.status_code, made.json["source"], made.headers["ETag"]) == (201, "typed", '"1"')
    path = f"/list-entries/{made.json['id']}"
    other = city.post("/list-entries", entry(site, person, basis="contract", post_code="safety_officer")).json
    changed = city.patch(path, {"ends_on": "2026-12-31"}, 1)
    assert (changed.status_code, changed.json["ends_on"], changed.json["version"]) == (200, "2026-12-31", 2)
    assert city.get(path).json == changed.json
    assert said(city.patch(path, {"ends_on": "2025-12-31"}, 2)) == (422, [("dates_in_order", "ends_on")])
    assert said(city.patch(path, {}, 1)) == (412, [("version_conflict", None)])
    assert said(city.post("/list-entries", entry(site, person))) == (409, [("already_exists", "person_id")])
    for query, expected in (
        ({"project_id": str(site.project_id)}, [other["id"], made.json["id"]]),
        ({"person_id": str(uuid4())}, []),
        ({"basis": "filing"}, [made.json["id"]]),
        ({"post_code": "safety_officer"}, [other["id"]]),
    ):
        assert city.ids("/list-entries", **query) == expected, query


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"project_id": str(UUID(int=7))}, ("unknown_reference", "project_id")),
        ({"person_id": str(UUID(int=7))}, ("unknown_reference", "person_id")),
        ({"unit_id": str(UUID(int=7))}, ("unknown_reference", "unit_id")),
        ({"filing_id": str(UUID(int=7))}, ("unknown_reference", "filing_id")),
        ({"post_code": "emperor"}, ("unknown_reference", "post_code")),
        ({"basis": "rumour"}, ("not_a_choice", "basis")),
        ({"ends_on": "2025-12-31"}, ("dates_in_order", "ends_on")),
        ({"source": "filing_system"}, ("unknown_field", "source")),
    ],
)
def test_an_entry_that_cannot_be_is_refused_by_field(
    city: Caller, world: World, site: Site, changes: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert said(city.post("/list-entries", entry(site, world.person().id, **changes))) == (422, [problem])
    assert city.ids("/list-entries") == []


def test_an_entry_rests_on_a_filing_of_its_own_project(city: Caller, world: World, site: Site) -> None:
    ids = [
        city.post("/filings", {"project_id": str(project), "number": number}).json["id"]
        for project, number in ((site.project_id, "26-001"), (world.site().project_id, "26-002"))
    ]
    person = world.person().id
    assert city.post("/list-entries", entry(site, person, filing_id=ids[0])).status_code == 201
    refused = city.post("/list-entries", entry(site, person, filing_id=ids[1], post_code="safety_officer"))
    assert said(refused) == (422, [("unknown_reference", "filing_id")])


def test_only_the_body_of_a_project_writes_its_lists(
    city: Caller, world: World, site: Site, speaking_for: SpeakingFor
) -> None:
    person = world.person().id
    for role, scope, scope_id in (
        (Role.PROJECT_OFFICE, Scope.TEAM, site.construction),
        (Role.CLIENT, Scope.PROJECT, site.project_id),
        (Role.ENTERPRISE, Scope.UNIT, world.unit()),
    ):
        caller = speaking_for(member(world, role, scope, scope_id))
        assert said(caller.post("/list-entries", entry(site, person))) == (403, [("forbidden", None)])
    stranger = speaking_for(member(world, Role.OFFICER, Scope.BODY, world.body()))
    refused = stranger.post("/list-entries", entry(site, person))
    assert said(refused) == (422, [("unknown_reference", "project_id")])
    officer = speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body))
    made = officer.post("/list-entries", entry(site, person)).json
    assert said(stranger.patch(f"/list-entries/{made['id']}", {}, 1)) == (404, [("not_found", None)])
    assert (stranger.ids("/list-entries"), city.ids("/list-entries")) == ([], [made["id"]])


def test_differences_come_in_pages_and_as_a_file(city: Caller, world: World, site: Site) -> None:
    listed = [world.person("=陈一").id for _ in range(5)]
    for person in listed:
        world.listed(site.project_id, person)
    agreed = world.person().id
    world.listed(site.project_id, agreed, "safety_officer")
    world.line(site.construction, agreed, "safety_officer")
    path, seen, query = f"/projects/{site.project_id}/list-differences", [], {"limit": 2}
    while query:
        page = city.get(path, query_string=query).json
        seen += page["items"]
        query = {"limit": 2, "cursor": page["next"]} if page["next"] else {}
    assert [row["person_id"] for row in seen] == sorted(map(str, listed))
    assert seen[0] == {
        "person_id": str(min(listed)),
        "name": "=陈一",
        "post_code": "project_manager",
        "filing": True,
        "contract": False,
        "appointment": False,
        "roster": None,
        "difference": "not_on_roster",
    }
    whole = city.get(path, query_string={"all": "true"}).json["items"]
    assert [row["difference"] for row in whole] == ["not_on_roster"] * 5 + ["same"]
    early = city.get(path, query_string={"day": "2026-01-04", "all": "true"}).json
    assert early == {"items": [], "next": None}
    sent = city.get(f"{path}.csv")
    assert (sent.status_code, sent.data[:3], sent.mimetype) == (200, b"\xef\xbb\xbf", "text/csv")
    rows = list(csv.reader(io.StringIO(sent.data.decode("utf-8-sig"))))
    assert rows[0][:3] == ["岗位", "姓名", "人员编号"]
    # A spreadsheet would take the name for a formula.
    expected = ["项目负责人", "'=陈一", str(min(listed)), "是", "否", "否", "", "名单人员未任职"]
    assert (len(rows), rows[1]) == (6, expected)
    agreeing = city.get(f"{path}.csv", query_string={"all": "true"}).data.decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(agreeing)))[-1][-2:] == ["生效", "一致"]
    with world.deps.database.begin() as work:
        taken = work.session.scalars(select(Audit).where(Audit.action == "project:export_differences")).all()
    assert [(each.actor_id, each.subject_id) for each in taken] == [(city.actor.account_id, str(site.project_id))] * 2


def test_an_entry_typed_over_a_system_s_word_is_not_confirmed(city: Caller, world: World, site: Site) -> None:
    row = world.listed(site.project_id, world.person().id)
    with world.deps.database.begin() as work:
        told = work.session.get_one(ListEntry, row.id)
        told.source, told.checked_at = Source.FILING_SYSTEM, world.deps.clock.now()
        work.save()
        version = told.version
    path = f"/list-entries/{row.id}"
    same = city.patch(path, {"ends_on": None}, version).json
    assert (same["source"], same["checked_at"] is None, same["version"]) == ("filing_system", False, version)
    changed = city.patch(path, {"ends_on": "2026-12-31"}, version).json
    assert (changed["source"], changed["checked_at"]) == ("typed", None)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"cursor": "x"}, ("invalid", "cursor")),
        ({"day": "soon"}, ("invalid", "day")),
        ({"all": "?"}, ("invalid", "all")),
    ],
)
def test_differences_are_not_asked_for_by_what_is_none(
    city: Caller, site: Site, query: dict[str, str], problem: tuple[str, str]
) -> None:
    response = city.get(f"/projects/{site.project_id}/list-differences", query_string=query)
    assert said(response) == (422, [problem])


def test_employments_are_recorded_put_right_and_left(
    city: Caller, world: World, site: Site, speaking_for: SpeakingFor
) -> None:
    person = world.person().id
    line = world.line(site.construction, person)
    unit = city.get(f"/teams/{site.construction}").json["unit_id"]
    firm = speaking_for(member(world, Role.ENTERPRISE, Scope.UNIT, UUID(unit)))
    path = f"/people/{person}/employments"
    made = firm.post(path, {"unit_id": unit, "starts_on": "2026-01-01"})
    assert (made.status_code, made.headers["ETag"], made.json["source"]) == (201, '"1"', "typed")
    one = f"/employments/{made.json['id']}"
    assert said(firm.patch(one, {"ends_on": None})) == (428, [("version_needed", "If-Match")])
    assert said(firm.patch(one, {"ends_on": "2025-12-31"}, 1)) == (422, [("dates_in_order", "ends_on")])
    assert said(firm.patch(one, {"unit_id": unit}, 1)) == (422, [("unknown_field", "unit_id")])
    assert firm.patch(one, {"starts_on": "2025-06-01"}, 1).json["version"] == 2
    assert said(firm.post(path, {"unit_id": unit})) == (422, [("missing", "starts_on")])
    left = firm.post(f"/people/{person}/leave", {"unit_id": unit, "left_on": "2026-03-01"})
    assert left.status_code == 200
    assert left.json == {"employments": [made.json["id"]], "lines": [str(line.id)], "returned": []}
    again = firm.post(f"/people/{person}/leave", {"unit_id": unit, "left_on": "2026-03-01"})
    assert again.json == {"employments": [], "lines": [], "returned": []}
    (row,) = city.get(path).json
    assert (row["starts_on"], row["ends_on"], row["version"]) == ("2025-06-01", "2026-03-01", 3)
    shown = city.get(f"/roster-lines/{line.id}").json
    # It was said today.
    assert (shown["state"], shown["ends_on"]) == ("ended", "2026-03-02")
    other = {"unit_id": str(world.unit()), "left_on": "2026-03-01"}
    assert said(city.post(f"/people/{person}/leave", other)) == (409, [("not_employed", "unit_id")])


def test_a_firm_opens_whom_it_employs_today(city: Caller, world: World, site: Site, speaking_for: SpeakingFor) -> None:
    unit, person, gone = (
        UUID(city.get(f"/teams/{site.construction}").json["unit_id"]),
        world.person().id,
        world.person(),
    )
    firm = speaking_for(member(world, Role.ENTERPRISE, Scope.UNIT, unit))
    certificate = {"type_code": "safety_c2", "valid_from": "2024-01-01"}
    made = [
        city.post("/certificates", {**certificate, "person_id": str(each), "number": f"C2-{at}"}).json["id"]
        for at, each in enumerate((person, gone.id))
    ]
    for each, ends_on in ((person, None), (gone.id, "2026-03-01")):
        values = {"unit_id": str(unit), "starts_on": "2026-01-01", "ends_on": ends_on}
        assert city.post(f"/people/{each}/employments", values).status_code == 201
    assert firm.ids("/people", unit_id=str(unit)) == [str(person)]
    assert firm.get(f"/people/{person}").json["name"] == "陈立项"
    assert firm.ids("/certificates", unit_id=str(unit)) == made[:1]
    assert firm.get(f"/certificates/{made[0]}").status_code == 200
    assert said(firm.get(f"/people/{gone.id}")) == (404, [("not_found", None)])
    assert said(firm.get(f"/certificates/{made[1]}")) == (404, [("not_found", None)])


def test_the_client_s_consent_to_other_projects_is_recorded_and_withdrawn(
    world: World, site: Site, speaking_for: SpeakingFor
) -> None:
    person = world.person().id
    row = world.line(site.construction, person)
    draft = world.line(site.construction, world.person().id, in_force=False)
    path = f"/roster-lines/{row.id}/consent"
    client = speaking_for(member(world, Role.CLIENT, Scope.PROJECT, site.project_id))
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    himself = speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body, person_id=person))
    consent = {"concurrent_consent_on": "2026-03-02"}
    assert said(client.post(path, consent)) == (428, [("version_needed", "If-Match")])
    assert said(client.post(path, consent, version=row.version - 1)) == (412, [("version_conflict", None)])
    assert said(office.post(path, consent, version=row.version)) == (403, [("forbidden", None)])
    assert said(himself.post(path, consent, version=row.version)) == (403, [("own_affair", None)])
    assert said(client.post(path, {}, version=row.version)) == (422, [("missing", "concurrent_consent_on")])
    tomorrow = {"concurrent_consent_on": "2026-03-03"}
    assert said(client.post(path, tomorrow, version=row.version)) == (422, [("in_future", "concurrent_consent_on")])
    for at, day in enumerate(("2026-03-02", None)):
        given = client.post(path, {"concurrent_consent_on": day}, version=row.version + at).json
        assert (given["concurrent_consent_on"], given["version"]) == (day, row.version + at + 1)
    refused = client.post(f"/roster-lines/{draft.id}/consent", consent, version=1)
    assert said(refused) == (409, [("act_not_allowed", None)])
    assert refused.json["errors"][0]["data"] == {"act": "consent", "state": "draft", "allowed": ["submit"]}
    with world.deps.database.begin() as work:
        told = select(Audit.data).where(Audit.action == "roster_line:consent").order_by(Audit.id)
        assert work.session.scalars(told).all() == [{"consent_on": "2026-03-02"}, {"consent_on": None}]
        facts = select(Outbox).where(Outbox.topic == Topic.ROSTER_LINE_CHANGED, Outbox.subject_id == row.id)
        # Proposed, submitted, approved; then the two here.
        assert len(work.session.scalars(facts).all()) == 5


def test_a_plan_that_ends_before_it_begins_is_refused(city: Caller, site: Site) -> None:
    path = f"/projects/{site.project_id}"
    plan = {"planned_from": "2026-05-01", "planned_until": "2026-04-30"}
    assert said(city.patch(path, plan, 1)) == (422, [("plan_in_order", "planned_until")])
    assert city.patch(path, {**plan, "planned_until": "2026-05-01"}, 1).status_code == 200
