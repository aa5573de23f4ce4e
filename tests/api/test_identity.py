"""Identity cases and likely duplicates over HTTP: who reads them, who decides them, and who learns nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from service.domain.actors import Actor, Role, Scope
from service.store.models import Audit, CheckIn
from tests.api.support import Caller, member, problem, said
from tests.factories import World
from tests.factories_identity import Crowd

Speaking = Callable[[Actor], Caller]


@pytest.fixture
def crowd(world: World) -> Crowd:
    return Crowd(world)


@pytest.fixture
def officer(crowd: Crowd, speaking_for: Speaking) -> Caller:
    return speaking_for(member(crowd.world, Role.OFFICER, Scope.BODY, crowd.site.body))


@pytest.fixture
def auditor(crowd: Crowd, speaking_for: Speaking) -> Caller:
    return speaking_for(member(crowd.world, Role.AUDITOR, Scope.BODY, crowd.site.body))


@pytest.fixture
def elsewhere(crowd: Crowd, speaking_for: Speaking) -> Caller:
    return speaking_for(member(crowd.world, Role.OFFICER, Scope.BODY, crowd.world.site().body))


def suspected(crowd: Crowd) -> None:
    """Three photos of a colleague sent for somebody."""
    claimed, _ = crowd.person(0, 0, 0), crowd.person(9, 0, 0)
    for at in range(3):
        crowd.punch(claimed, 9, 0, 0.1 + at / 100)


def twins(crowd: Crowd, at: float = 0, apart: float = 0.25) -> None:
    crowd.person(at, 0, 0)
    crowd.person(at + apart, 0, 0)


def the_case(caller: Caller, path: str = "/identity-cases") -> dict[str, Any]:
    (item,) = caller.get(path).json["items"]
    return item


def acts(crowd: Crowd, case_id: str) -> list[str]:
    with crowd.deps.database.begin() as work:
        rows = select(Audit.action).where(Audit.subject_id == case_id).order_by(Audit.id)
        return list(work.session.scalars(rows))


def test_an_officer_reads_the_case_with_both_names_and_the_photos(crowd: Crowd, officer: Caller) -> None:
    suspected(crowd)
    item = the_case(officer)
    one = officer.get(f"/identity-cases/{item['id']}")
    assert (one.json, one.headers["ETag"]) == (item, '"1"')
    assert (item["person_name"], item["other_person_name"], item["state"]) == ("陈立项", "陈立项", "open")
    assert item["record"]["among"] == "roster"
    photos = [
        officer.get(f"/identity-cases/{item['id']}{path}")
        for path in ("/photo", "/reference-photo?of=claimed", "/reference-photo?of=other")
    ]
    vectors = [crowd.engine.seen[response.data].tolist()[0] for response in photos]
    assert (vectors, {response.headers["Cache-Control"] for response in photos}) == ([9, 0, 9], {"no-store"})
    assert acts(crowd, item["id"]) == [
        "identity_case:open", "identity_case:read", "identity_case:look_at_photo",
        "identity_case:look_at_reference", "identity_case:look_at_reference",
    ]  # fmt: skip
    wrong = officer.get(f"/identity-cases/{item['id']}/reference-photo?of=both")
    assert said(wrong) == (422, [("not_a_choice", "of")])


def test_lists_are_filtered_by_state_project_and_person(crowd: Crowd, officer: Caller) -> None:
    suspected(crowd)
    item = the_case(officer)
    for name in ("state", "project_id", "person_id"):
        assert officer.ids("/identity-cases", **{name: item[name]}) == [item["id"]]
    assert officer.ids("/identity-cases", state="dismissed") == []
    assert officer.ids("/identity-cases", person_id=item["other_person_id"]) == []


@pytest.mark.parametrize(("act", "state", "findings"), [("confirm", "confirmed", 1), ("dismiss", "dismissed", 0)])
def test_a_decision_needs_the_version_and_is_made_once(
    crowd: Crowd, officer: Caller, act: str, state: str, findings: int
) -> None:
    suspected(crowd)
    path, note = f"/identity-cases/{the_case(officer)['id']}", {"note": "现场核实"}
    assert said(officer.post(f"{path}/{act}", note)) == (428, [("version_needed", "If-Match")])
    assert officer.post(f"{path}/{act}", note, version=7).status_code == 412
    assert said(officer.post(f"{path}/{act}", {}, version=1)) == (422, [("missing", "note")])
    done = officer.post(f"{path}/{act}", note, version=1)
    assert (done.status_code, done.json["state"], done.headers["ETag"]) == (200, state, '"2"')
    assert (done.json["note"], done.json["decided_by"]) == ("现场核实", str(officer.actor.account_id))
    assert problem(officer.post(f"{path}/dismiss", note, version=2))["code"] == "act_not_allowed"
    listed = officer.get("/findings", query_string={"kind": "identity"}).json["items"]
    assert [item["rule"] for item in listed] == ["identity_confirmed"] * findings


def test_an_auditor_reads_and_neither_decides_nor_looks_at_faces(crowd: Crowd, auditor: Caller) -> None:
    suspected(crowd)
    twins(crowd, at=50)
    for kind in ("identity-cases", "duplicate-cases"):
        path = f"/{kind}/{the_case(auditor, f'/{kind}')['id']}"
        assert auditor.get(path).status_code == 200
        assert auditor.get(f"{path}/photo").status_code == 403
        for act in ("confirm", "dismiss"):
            assert auditor.post(f"{path}/{act}", {"note": "xx"}, version=1).status_code == 403


def test_an_officer_of_another_body_finds_nothing(crowd: Crowd, officer: Caller, elsewhere: Caller) -> None:
    suspected(crowd)
    twins(crowd, at=50)
    for kind in ("identity-cases", "duplicate-cases"):
        path = f"/{kind}/{the_case(officer, f'/{kind}')['id']}"
        assert elsewhere.ids(f"/{kind}") == []
        asked = [elsewhere.get(path), elsewhere.get(f"{path}/photo", query_string={"of": "other"})]
        if kind == "identity-cases":
            asked = [elsewhere.get(path), elsewhere.get(f"{path}/photo")]
        asked += [elsewhere.post(f"{path}/{act}", {"note": "xx"}, version=1) for act in ("confirm", "dismiss")]
        assert {response.status_code for response in asked} == {404}


@pytest.mark.parametrize("role", [Role.PROJECT_OFFICE, Role.CHIEF_ENGINEER, Role.CLIENT, Role.ENTERPRISE])
def test_the_site_does_not_reach_the_desk(crowd: Crowd, speaking_for: Speaking, role: Role) -> None:
    scopes = {Role.PROJECT_OFFICE: (Scope.TEAM, crowd.site.construction), Role.ENTERPRISE: (Scope.UNIT, None)}
    caller = speaking_for(member(crowd.world, role, *scopes.get(role, (Scope.PROJECT, crowd.site.project_id))))
    for path in ("/identity-cases", "/duplicate-cases", "/identity-cases/rate?from=2026-03-02&to=2026-03-02"):
        assert caller.get(path).status_code == 403


def test_the_person_learns_nothing_of_the_case(crowd: Crowd, officer: Caller, speaking_for: Speaking) -> None:
    suspected(crowd)
    item = the_case(officer)
    phone = speaking_for(crowd.phone(next(iter(crowd.phones))))
    seen = phone.get(f"/check-ins/{item['check_in_id']}")
    assert [(reason["code"], reason["data"]) for reason in seen.json["reasons"]] == [("face_mismatch", {})]
    everything = seen.text + phone.get("/check-ins").text + phone.get("/inbox").text
    for secret in (item["id"], item["other_person_id"], "rival", "another"):
        assert secret not in everything
    assert phone.get(f"/identity-cases/{item['id']}").status_code == 403


def test_who_he_looked_like_is_for_the_body_alone(crowd: Crowd, officer: Caller, speaking_for: Speaking) -> None:
    claimed, colleague = crowd.person(0, 0, 0), crowd.person(0.9, 0, 0)
    path = f"/check-ins/{crowd.punch(claimed, 0.8, 0, 0).id}"
    phone = speaking_for(crowd.phone(claimed))
    office = speaking_for(member(crowd.world, Role.PROJECT_OFFICE, Scope.TEAM, crowd.site.construction))
    reviewer = speaking_for(member(crowd.world, Role.CHIEF_ENGINEER, Scope.PROJECT, crowd.site.project_id))
    for caller in (phone, office, reviewer):
        answer = caller.get(path)
        assert [reason["code"] for reason in answer.json["reasons"]] == ["face_uncertain"]
        assert "another" not in answer.text
        assert str(colleague) not in answer.text
    (waiting,) = reviewer.get("/reviews").json["items"]
    assert "another" not in json.dumps(waiting)
    whole = officer.get(path).json
    assert [reason["code"] for reason in whole["reasons"]] == ["looks_like_another"]
    assert whole["records"][0]["record"]["face"]["rival"]["person_id"] == str(colleague)
    with crowd.deps.database.begin() as work:
        kept = work.session.scalars(select(CheckIn.reasons)).one()
    assert [reason["code"] for reason in kept] == ["looks_like_another"]


def test_the_rate_of_false_suspicions_is_shown_over_days(crowd: Crowd, officer: Caller) -> None:
    suspected(crowd)
    officer.post(f"/identity-cases/{the_case(officer)['id']}/dismiss", {"note": "本人"}, version=1)
    shown = officer.get("/identity-cases/rate", query_string={"from": "2026-03-01", "to": "2026-03-31"})
    assert shown.json == {"opened": 1, "confirmed": 0, "dismissed": 1, "person_days": 1, "false_per_thousand": 1000.0}
    assert said(officer.get("/identity-cases/rate?from=2026-03-01")) == (422, [("missing", "to")])
    backwards = officer.get("/identity-cases/rate?from=2026-03-02&to=2026-03-01")
    assert said(backwards) == (422, [("dates_in_order", "to")])


def test_a_likely_duplicate_is_looked_at_and_decided(crowd: Crowd, officer: Caller) -> None:
    twins(crowd)
    item = the_case(officer, "/duplicate-cases")
    path = f"/duplicate-cases/{item['id']}"
    assert (item["distance"], item["limit"], item["person_name"]) == (0.25, 0.5, "陈立项")
    photos = [officer.get(f"{path}/photo?of={which}") for which in ("first", "other")]
    assert [crowd.engine.seen[response.data].tolist()[0] for response in photos] == [0, 0.25]
    assert officer.get(path).headers["ETag"] == '"1"'
    done = officer.post(f"{path}/confirm", {"note": "同一人"}, version=1)
    assert (done.json["state"], done.json["decided_by"]) == ("confirmed", str(officer.actor.account_id))
    assert acts(crowd, item["id"]) == [
        "duplicate_case:open", "duplicate_case:look_at_photo", "duplicate_case:look_at_photo",
        "duplicate_case:read", "duplicate_case:confirm",
    ]  # fmt: skip


def test_twelve_pages_of_the_worklist_stay_as_they_are_while_pairs_come_in(crowd: Crowd, officer: Caller) -> None:
    for at in range(24):
        twins(crowd, 100 * at, (at * 7 % 24 + 1) / 60)
    read: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 2, "state": "open"}
    pages = 0
    while True:
        page = officer.get("/duplicate-cases", query_string=query).json
        read, pages = read + page["items"], pages + 1
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
        twins(crowd, -100 * pages, 0.001)
    distances = [item["distance"] for item in read]
    assert (pages, len({item["id"] for item in read}), distances) == (12, 24, sorted(distances))


@pytest.mark.parametrize("cursor", ["0.5", "nan_01a1fdc3-7dab-709e-ba0e-d38c72ce0995", "01a1fdc3", "x" * 81])
def test_a_cursor_that_is_none_of_ours_is_refused(officer: Caller, cursor: str) -> None:
    response = officer.get("/duplicate-cases", query_string={"cursor": cursor})
    assert (response.status_code, problem(response)["errors"][0]["field"]) == (422, "cursor")
