"""People: one human by document number, masked in every answer, with consents that end as easily as they began."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from stdnum.cn import ric

from service.deps import Deps
from service.domain.actors import Actor, Role, Scope
from service.store.models import Audit, Person
from tests.api.conftest import Log
from tests.api.support import Caller, Puncher, member, said
from tests.factories import NUMBERS, Site, World

SpeakingFor = Callable[[Actor], Caller]
PHONE = "13812345678"


def resident_id(birth: str = "19800229") -> str:
    """A number that checks; the place 319999 is no district, so it is nobody's."""
    stem = f"319999{birth}{next(NUMBERS) % 1000:03d}"
    return stem + str(ric.calc_check_digit(f"{stem}0"))


def values(**changes: Any) -> dict[str, Any]:
    return {"name": "周安全", "document_kind": "resident_id", "document_number": resident_id(), **changes}


def test_a_person_is_shown_by_the_end_of_his_numbers_only(city: Caller) -> None:
    given = values(phone=PHONE)
    made = city.post("/people", given)
    assert made.status_code == 201
    assert made.json["document_number"] == "****" + given["document_number"][-4:]
    assert made.json["phone"] == "****5678"
    path = f"/people/{made.json['id']}"
    found = city.post("/people/find", {"document_number": given["document_number"]})
    for answer in (made, city.get(path), city.get("/people"), city.patch(path, {"name": "周全"}, 1), found):
        assert answer.status_code in {200, 201}
        assert given["document_number"] not in answer.text
        assert given["document_number"][:-4] not in answer.text
        assert PHONE not in answer.text
        assert PHONE[:-4] not in answer.text


def test_neither_number_stands_readable_in_the_database_or_the_log(city: Caller, deps: Deps, log: Log) -> None:
    given = values(phone=PHONE)
    made = city.post("/people", given).json
    assert city.post("/people", given).status_code == 409
    assert said(city.post("/people", values(document_number="110101199001011234", phone="+86 138")))[0] == 422
    with deps.database.begin() as work:
        row = work.session.get_one(Person, UUID(made["id"]))
        audits = [entry.data for entry in work.session.scalars(select(Audit).where(Audit.action.like("person:%")))]
    assert len(audits) == 2
    for secret in (given["document_number"], PHONE, "110101199001011234", "138"):
        assert secret.encode() not in row.document_sealed + row.phone_sealed + row.document_hash
        assert secret not in json.dumps(audits)
        assert secret not in json.dumps([{**line, "request_id": "", "timestamp": ""} for line in log.lines])
    assert "周安全" not in log.text


def test_the_same_person_is_not_registered_twice(city: Caller) -> None:
    given = values()
    assert city.post("/people", given).status_code == 201
    assert said(city.post("/people", given)) == (409, [("already_exists", "document_number")])


def test_a_resident_s_number_is_no_passport(city: Caller) -> None:
    for number in (resident_id(), wrong_check(resident_id()), "319999800229001"):
        for kind in ("passport", "permit"):
            response = city.post("/people", values(document_kind=kind, document_number=number))
            assert said(response) == (422, [("resident_number", "document_number")])


def test_the_same_name_spelt_another_way_is_no_conflict(city: Caller) -> None:
    given = values(name="阿卜杜拉·买买提")
    assert city.post("/people", given).status_code == 201
    for name in ("阿卜杜拉•买买提", "阿卜杜拉 买买提"):
        assert said(city.post("/people", {**given, "name": name})) == (409, [("already_exists", "document_number")])


def test_a_number_with_another_name_is_a_conflict_that_tells_nothing_and_leaves_a_trace(
    city: Caller, world: World, site: Site, speaking_for: SpeakingFor, deps: Deps, log: Log
) -> None:
    given = values(phone=PHONE)
    made = city.post("/people", given).json
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    again = office.post("/people", {**given, "name": "另一个名字", "phone": "13900001111"})
    assert said(again) == (409, [("name_conflict", "name")])
    assert given["name"] not in again.text + log.text
    assert again.json["errors"][0]["data"] == {}
    assert city.get(f"/people/{made['id']}").json == made
    assert city.get("/people?q=另一个").json["items"] == []
    with deps.database.begin() as work:
        (entry,) = work.session.scalars(select(Audit).where(Audit.action == "person:register_again"))
    assert (entry.actor_id, entry.subject_id) == (office.actor.account_id, made["id"])
    assert entry.data == {"same_name": False}


def test_who_may_not_register_people_learns_nothing_of_a_name(
    city: Caller, world: World, site: Site, speaking_for: SpeakingFor
) -> None:
    given = values()
    city.post("/people", given)
    client = speaking_for(member(world, Role.CLIENT, Scope.PROJECT, site.project_id))
    assert said(client.post("/people", {**given, "name": "另一个名字"})) == (403, [("forbidden", None)])


@pytest.mark.parametrize(
    "typed",
    [
        lambda number: number.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)}),
        lambda number: f" {number[:6]} {number[6:14]} {number[14:]} ",
        lambda number: number.lower(),
        lambda number: number.replace("X", "Ｘ"),
    ],
)
def test_a_number_typed_another_way_is_the_same_number(city: Caller, typed: Callable[[str], str]) -> None:
    number = next(number for number in iter(resident_id, "") if number.endswith("X"))
    made = city.post("/people", values(document_number=typed(number)))
    assert made.status_code == 201
    assert made.json["document_number"] == "****" + number[-4:]
    found = city.post("/people/find", {"document_number": number})
    assert found.json["id"] == made.json["id"]
    assert said(city.post("/people", values(document_number=number)))[0] == 409


def wrong_check(number: str) -> str:
    return number[:-1] + ("1" if number[-1] != "1" else "2")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (lambda: wrong_check(resident_id()), "bad_check_character"),
        (lambda: resident_id("19800231"), "bad_birth_date"),
        (lambda: resident_id("19800000"), "bad_birth_date"),
        (lambda: resident_id("20260303"), "birth_to_come"),
        (lambda: "319999800229001", "old_document_number"),
        (lambda: "３１９９９９８００２２９００１", "old_document_number"),
        (lambda: resident_id() + "1", "bad_document_number"),
        (lambda: "31999919800229001Y", "bad_document_number"),
        (lambda: "x" * 18, "bad_document_number"),
        (lambda: "*" * 18, "bad_document_number"),
    ],
)
def test_a_resident_number_that_cannot_be_says_why(city: Caller, number: Callable[[], str], code: str) -> None:
    response = city.post("/people", values(document_number=number()))
    assert said(response) == (422, [(code, "document_number")])


def test_a_wrong_check_character_says_which_would_be_right(city: Caller) -> None:
    number = resident_id()
    response = city.post("/people", values(document_number=wrong_check(number)))
    assert response.json["errors"][0]["data"] == {"expected": number[-1]}
    assert f" {number[-1]}." in response.json["text"]["en"]


@pytest.mark.parametrize(
    ("number", "status"), [("E12345678", 201), ("e1234 5678", 201), ("E12", 422), ("护照1234567", 422)]
)
def test_a_passport_has_five_to_twenty_letters_and_digits(city: Caller, number: str, status: int) -> None:
    response = city.post("/people", values(document_kind="passport", document_number=number))
    assert response.status_code == status
    if status == 422:
        assert said(response) == (422, [("bad_document_number", "document_number")])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"phone": "12345678901"}, ("bad_phone", "phone")),
        ({"phone": "1381234567"}, ("bad_phone", "phone")),
        ({"phone": "+8513812345678"}, ("bad_phone", "phone")),
        ({"phone": "138123456780"}, ("bad_phone", "phone")),
        ({"phone": "1381\0345678"}, ("invalid", "phone")),
        ({"phone": 13_812_345_678}, ("invalid", "phone")),
        ({"name": ""}, ("bad_length", "name")),
        ({"name": "   "}, ("bad_length", "name")),
        ({"name": "周\0全"}, ("invalid", "name")),
        ({"name": "周\ud800"}, ("invalid", "name")),
        ({"name": "周\u200b全"}, ("invalid", "name")),
        ({"name": "\u202e全周"}, ("invalid", "name")),
        ({"name": "x" * 61}, ("bad_length", "name")),
        ({"name": None}, ("null_not_allowed", "name")),
        ({"document_kind": "library_card"}, ("not_a_choice", "document_kind")),
        ({"document_number": "1" * 41}, ("bad_length", "document_number")),
        ({"document_number": None}, ("null_not_allowed", "document_number")),
        ({"registered_by": str(UUID(int=7))}, ("unknown_field", "registered_by")),
    ],
)
def test_a_person_that_cannot_be_is_refused_by_field(
    city: Caller, changes: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert said(city.post("/people", values(**changes))) == (422, [problem])


@pytest.mark.parametrize(("phone", "shown"), [("13900001111", "****1111"), (None, None)])
def test_a_phone_is_changed_and_taken_away(city: Caller, deps: Deps, phone: str | None, shown: str | None) -> None:
    made = city.post("/people", values(phone=PHONE)).json
    changed = city.patch(f"/people/{made['id']}", {"phone": phone}, 1)
    assert (changed.status_code, changed.json["phone"], changed.json["version"]) == (200, shown, 2)
    assert changed.headers["ETag"] == '"2"'
    with deps.database.begin() as work:
        row = work.session.get_one(Person, UUID(made["id"]))
        (entry,) = work.session.scalars(select(Audit).where(Audit.action == "person:change"))
    assert (row.phone_sealed is None) is (phone is None)
    assert entry.data == {"fields": ["phone"]}


def test_a_change_needs_the_version_and_never_touches_the_number(city: Caller) -> None:
    path = f"/people/{city.post('/people', values()).json['id']}"
    assert said(city.patch(path, {"name": "周"})) == (428, [("version_needed", "If-Match")])
    assert said(city.patch(path, {"name": "周"}, 2)) == (412, [("version_conflict", None)])
    number = {"document_number": resident_id()}
    assert said(city.patch(path, number, 1)) == (422, [("unknown_field", "document_number")])


@pytest.mark.parametrize(("q", "found"), [("陈", {"陈一", "陈二"}), ("陈二", {"陈二"}), ("一", set()), ("%", set())])
def test_people_are_found_by_the_beginning_of_their_name(city: Caller, q: str, found: set[str]) -> None:
    for name in ("陈一", "陈二", "吴一"):
        city.post("/people", values(name=name))
    assert {row["name"] for row in city.get("/people", query_string={"q": q}).json["items"]} == found


def test_an_office_finds_anybody_by_his_whole_number_and_that_is_recorded(
    city: Caller, world: World, site: Site, speaking_for: SpeakingFor, deps: Deps
) -> None:
    given = values()
    person = city.post("/people", given).json["id"]
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    assert said(office.get(f"/people/{person}"))[0] == 404
    found = office.post("/people/find", {"document_number": given["document_number"]})
    assert (found.status_code, found.json["id"]) == (200, person)
    assert said(office.post("/people/find", {"document_number": resident_id()})) == (404, [("not_found", None)])
    with deps.database.begin() as work:
        looked = select(Audit).where(Audit.action == "person:find").order_by(Audit.id)
        entries = work.session.scalars(looked).all()
    assert {entry.actor_id for entry in entries} == {office.actor.account_id}
    assert [entry.data for entry in entries] == [{"found": True}, {"found": False}]


def test_people_within_reach_are_found_by_their_whole_phone_and_that_is_recorded(
    city: Caller, world: World, site: Site, speaking_for: SpeakingFor, deps: Deps, log: Log
) -> None:
    mine, far = (city.post("/people", values(phone=PHONE)).json["id"] for _ in range(2))
    city.post("/people", values(phone="13900001111"))
    world.line(site.construction, UUID(mine))
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    path = "/people/find-by-phone"
    found = office.post(path, {"phone": "+86 138-1234-5678"})
    assert (found.status_code, [row["id"] for row in found.json]) == (200, [mine])
    assert found.json[0]["phone"] == "****5678"
    assert [row["id"] for row in city.post(path, {"phone": PHONE}).json] == [mine, far]
    assert city.patch(f"/people/{mine}", {"phone": None}, 1).status_code == 200
    assert office.post(path, {"phone": PHONE}).json == []
    with deps.database.begin() as work:
        looked = select(Audit).where(Audit.action == "person:find_by_phone").order_by(Audit.id)
        entries = work.session.scalars(looked).all()
    assert [entry.data for entry in entries] == [{"found": 1}, {"found": 2}, {"found": 0}]
    assert {entry.subject_id for entry in entries} == {deps.vault.digest("phone", PHONE.encode()).hex()}
    assert PHONE not in found.text + log.text


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, ("missing", "phone")),
        ({"phone": "5678"}, ("bad_phone", "phone")),
        ({"phone": PHONE, "document_number": "E12345678"}, ("unknown_field", "document_number")),
    ],
)
def test_a_phone_is_looked_for_whole_and_alone(city: Caller, body: dict[str, str], problem: tuple[str, str]) -> None:
    assert said(city.post("/people/find-by-phone", body)) == (422, [problem])


def test_no_more_than_twenty_share_a_phone(city: Caller) -> None:
    for _ in range(21):
        city.post("/people", values(phone=PHONE))
    assert len(city.post("/people/find-by-phone", {"phone": PHONE}).json) == 20


def test_who_may_not_register_people_finds_nobody_by_phone(world: World, site: Site, speaking_for: SpeakingFor) -> None:
    client = speaking_for(member(world, Role.CLIENT, Scope.PROJECT, site.project_id))
    assert said(client.post("/people/find-by-phone", {"phone": PHONE})) == (403, [("forbidden", None)])


def test_who_registered_somebody_sees_him_before_he_stands_on_any_roster(
    world: World, site: Site, speaking_for: SpeakingFor
) -> None:
    office, other = (
        speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, team))
        for team in (site.construction, site.supervision)
    )
    person = office.post("/people", values()).json["id"]
    assert (office.ids("/people"), other.ids("/people")) == ([person], [])
    proposal = {"team_id": str(site.supervision), "person_id": person, "post_code": "supervisor", "basis": "filing"}
    assert other.post("/roster-lines", {**proposal, "starts_on": "2026-03-02"}).status_code == 201
    assert other.ids("/people") == [person]


def test_a_draft_gives_no_power_over_a_person(world: World, site: Site, speaking_for: SpeakingFor) -> None:
    person = world.person()
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    line = world.line(site.construction, person.id, in_force=False)
    assert office.get(f"/people/{person.id}").status_code == 200
    assert said(office.patch(f"/people/{person.id}", {"name": "别人"}, 1)) == (409, [("no_line_in_force", None)])
    world.put_in_force(line)
    assert office.patch(f"/people/{person.id}", {"name": "本人"}, 1).status_code == 200


def test_consents_are_listed_and_withdrawn_by_the_person_himself(enrolled: Puncher, deps: Deps) -> None:
    path = f"/people/{enrolled.person_id}/consents"
    assert {row["kind"] for row in enrolled.caller.get(path).json} == {"face", "location"}
    assert enrolled.caller.ask("DELETE", f"{path}/face").status_code == 204
    assert enrolled.caller.ask("DELETE", f"{path}/face").status_code == 204
    shown = {row["kind"]: row["withdrawn_at"] for row in enrolled.caller.get(path).json}
    assert shown == {"face": "2026-03-02T02:00:00Z", "location": None}
    with deps.database.begin() as work:
        entries = work.session.scalars(select(Audit).where(Audit.action == "consent:withdraw")).all()
    assert [entry.data for entry in entries] == [{"kind": "face"}] * 2


@pytest.mark.parametrize(
    ("kinds", "missing"),
    [(["face"], ["face"]), (["location"], ["location"]), (["face", "location"], ["face", "location"])],
)
def test_a_check_in_without_consent_says_which_is_missing(
    enrolled: Puncher, kinds: list[str], missing: list[str]
) -> None:
    for kind in kinds:
        enrolled.caller.ask("DELETE", f"/people/{enrolled.person_id}/consents/{kind}")
    row = enrolled.judged()
    (reason,) = row["reasons"]
    assert (row["state"], reason["code"], reason["effect"]) == ("refused", "no_consent", "refuse")
    assert reason["data"] == {"missing": missing}
    assert ", ".join(missing) in reason["text"]["en"]
    assert enrolled.caller.get("/me").json["consents"] == sorted({"face", "location"} - set(kinds))


def test_nobody_withdraws_or_reads_the_consents_of_a_stranger(puncher: Puncher, world: World) -> None:
    stranger = world.person().id
    assert said(puncher.caller.get(f"/people/{stranger}/consents")) == (404, [("not_found", None)])
    assert said(puncher.caller.ask("DELETE", f"/people/{stranger}/consents/face")) == (404, [("not_found", None)])


@pytest.mark.parametrize("kind", ["voice", "FACE", "%00"])
def test_a_consent_of_no_kind_is_not_found(puncher: Puncher, kind: str) -> None:
    response = puncher.caller.ask("DELETE", f"/people/{puncher.person_id}/consents/{kind}")
    assert said(response) == (404, [("not_found", None)])


def test_people_are_paged_like_everything_else(city: Caller) -> None:
    made = [city.post("/people", values()).json["id"] for _ in range(5)]
    seen, query = [], {"limit": 2}
    while query:
        page = city.get("/people", query_string=query).json
        seen += [row["id"] for row in page["items"]]
        query = {"limit": 2, "cursor": page["next"]} if page["next"] else {}
    assert seen == made[::-1]


@pytest.mark.parametrize(
    "typed",
    ["１３８１２３４５６７８", "138 1234 5678", "138-1234-5678", "+86 138 1234 5678", "\u202d13812345678\u202c"],
)
def test_a_phone_typed_another_way_is_the_same_phone(city: Caller, typed: str) -> None:
    made = city.post("/people", values(phone=typed)).json
    told = city.post(f"/people/{made['id']}/unmask", {"reason": "contact"}).json
    assert told["phone"] == PHONE


def test_numbers_are_unmasked_for_a_reason_that_is_recorded(
    city: Caller, world: World, site: Site, speaking_for: SpeakingFor, deps: Deps, log: Log
) -> None:
    given = values(phone=PHONE)
    person = UUID(city.post("/people", given).json["id"])
    world.line(site.construction, person)
    officer = speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body))
    told = officer.post(f"/people/{person}/unmask", {"reason": "enforcement"})
    assert (told.status_code, told.headers["Cache-Control"]) == (200, "no-store")
    assert told.json == {"document_number": given["document_number"], "phone": PHONE}
    with deps.database.begin() as work:
        (entry,) = work.session.scalars(select(Audit).where(Audit.action == "person:unmask"))
    assert (entry.actor_id, entry.subject_id) == (officer.actor.account_id, str(person))
    assert entry.data == {"reason": "enforcement"}
    assert PHONE not in log.text
    assert given["document_number"] not in log.text


@pytest.mark.parametrize(
    ("body", "problem"),
    [({}, ("missing", "reason")), ({"reason": "curiosity"}, ("not_a_choice", "reason"))],
)
def test_without_a_reason_nothing_is_unmasked(
    city: Caller, world: World, body: dict[str, str], problem: tuple[str, str]
) -> None:
    assert said(city.post(f"/people/{world.person().id}/unmask", body)) == (422, [problem])


def test_only_who_may_act_on_a_person_unmasks_him(world: World, site: Site, speaking_for: SpeakingFor) -> None:
    person = world.person().id
    world.line(site.construction, person)
    path, why = f"/people/{person}/unmask", {"reason": "contact"}
    for role, scope, scope_id in (
        (Role.PROJECT_OFFICE, Scope.TEAM, site.construction),
        (Role.CLIENT, Scope.PROJECT, site.project_id),
        (Role.AUDITOR, Scope.CITY, None),
    ):
        assert said(speaking_for(member(world, role, scope, scope_id)).post(path, why)) == (403, [("forbidden", None)])
    elsewhere = world.site()
    stranger = speaking_for(member(world, Role.OFFICER, Scope.BODY, elsewhere.body))
    assert said(stranger.post(path, why)) == (404, [("not_found", None)])
    world.line(elsewhere.construction, person, "safety_officer", in_force=False)
    assert said(stranger.post(path, why)) == (409, [("no_line_in_force", None)])


def test_people_are_filtered_by_document_project_and_unit(
    city: Caller, world: World, site: Site, speaking_for: SpeakingFor
) -> None:
    foreign = city.post("/people", values(document_kind="passport", document_number="E12345678")).json["id"]
    manager, engineer, former = (world.person().id for _ in range(3))
    world.line(site.construction, manager)
    world.line(site.supervision, engineer, "chief_engineer")
    unit = world.unit()
    for person, ends_on in ((manager, None), (former, "2026-03-01")):
        employment = {"unit_id": str(unit), "starts_on": "2026-01-01", "ends_on": ends_on}
        assert city.post(f"/people/{person}/employments", employment).status_code == 201
    assert city.ids("/people", document_kind="passport") == [foreign]
    assert city.ids("/people", project_id=str(site.project_id)) == [str(engineer), str(manager)]
    assert city.ids("/people", unit_id=str(unit)) == [str(manager)]
    # Whoever reaches one team learns by the filter nothing of the other's.
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    assert office.ids("/people", project_id=str(site.project_id)) == [str(manager)]
