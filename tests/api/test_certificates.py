"""Certificates: who may enter and see them, how a number is written, and what their change sets going."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from service.deps import Deps
from service.domain.actors import Actor, Grant, Role, Scope
from service.domain.certificates import CertificateStatus
from service.domain.roster import LineAct
from service.domain.sources import Source
from service.domain.topics import Topic
from service.store.models import Audit, Certificate, CertificateStatusRow, Outbox, Person
from service.usecases import employments, people, roster
from service.usecases.accounts import add_account, as_actor
from tests.api.support import Caller, member, said
from tests.factories import NUMBERS, STARTED, Site, World
from tests.fakes import SetClock

Speak = Callable[[Actor], Caller]


def values(person: Person, **changes: Any) -> dict[str, Any]:
    number = f"沪建安B(2024){next(NUMBERS):07d}"
    days = {"valid_from": "2024-03-18", "valid_until": "2027-03-17"}
    return {"person_id": str(person.id), "type_code": "safety_b", "number": number, **days, **changes}


@pytest.fixture
def person(world: World, site: Site) -> Person:
    """The project manager of the site."""
    person = world.person()
    world.line(site.construction, person.id)
    return person


@pytest.fixture
def office(world: World, site: Site, speaking_for: Speak) -> Caller:
    return speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))


def facts(deps: Deps) -> list[tuple[str, Any]]:
    """What the outbox says of certificates."""
    with deps.database.begin() as work:
        rows = work.session.scalars(select(Outbox).where(Outbox.topic == Topic.CERTIFICATE_CHANGED))
        return [(row.topic, row.subject_id) for row in rows]


def test_the_office_enters_and_renews_and_each_time_the_person_is_looked_at_again(
    office: Caller, person: Person, deps: Deps
) -> None:
    made = office.post("/certificates", values(person))
    assert made.status_code == 201, made.text
    assert (made.headers["ETag"], made.json["unit_id"]) == ('"1"', None)
    renewed = office.patch(f"/certificates/{made.json['id']}", {"valid_until": "2030-03-17"}, 1)
    assert (renewed.status_code, renewed.json["valid_until"], renewed.json["version"]) == (200, "2030-03-17", 2)
    assert facts(deps) == [(Topic.CERTIFICATE_CHANGED, person.id)] * 2
    with deps.database.begin() as work:
        rows = list(
            work.session.scalars(select(Audit).where(Audit.action.startswith("certificate:")).order_by(Audit.id))
        )
    assert [(row.action, row.data) for row in rows] == [
        ("certificate:create", {}),
        ("certificate:change", {"fields": ["valid_until"]}),
    ]
    assert {row.actor_id for row in rows} == {office.actor.account_id}


def test_what_is_refused_sets_nothing_going(office: Caller, person: Person, deps: Deps) -> None:
    assert said(office.post("/certificates", values(person, type_code="none")))[0] == 422
    assert facts(deps) == []


@pytest.mark.parametrize(
    "typed",
    [
        "沪建安B(2024)0000077",
        "沪建安Ｂ（２０２４）０００００７７",
        " 沪建安b (2024) 0000077 ",
        "沪建安B\u3000(2024)\u00a00000077",
    ],
)
def test_a_number_is_the_same_however_it_is_typed(city: Caller, person: Person, world: World, typed: str) -> None:
    made = city.post("/certificates", values(person, number=typed))
    assert (made.status_code, made.json["number"]) == (201, "沪建安B(2024)0000077")
    again = city.post("/certificates", values(world.person(), number="沪建安B(2024)0000077"))
    assert said(again) == (409, [("already_exists", "number")])
    assert city.post("/certificates", values(person, number=typed, type_code="safety_c3")).status_code == 201
    assert city.ids("/certificates", number=typed, type_code="safety_b") == [made.json["id"]]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"number": "  "}, ("bad_length", "number")),
        ({"number": "9" * 61}, ("bad_length", "number")),
        ({"number": "A\u0000B"}, ("invalid", "number")),
        ({"number": 77}, ("invalid", "number")),
        ({"valid_until": "2024-03-17"}, ("validity_in_order", "valid_until")),
        ({"valid_from": None}, ("null_not_allowed", "valid_from")),
        ({"valid_from": "2024-02-30"}, ("invalid", "valid_from")),
        ({"valid_until": "9999-12-31"}, ("out_of_range", "valid_until")),
        ({"person_id": "somebody"}, ("invalid", "person_id")),
        ({"type_code": "none"}, ("unknown_reference", "type_code")),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(
    city: Caller, person: Person, changes: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert said(city.post("/certificates", values(person, **changes))) == (422, [problem])
    assert city.ids("/certificates") == []


def test_a_certificate_of_one_day_is_in_order_and_a_change_out_of_order_is_not(city: Caller, person: Person) -> None:
    made = city.post("/certificates", values(person, valid_until="2024-03-18"))
    assert made.status_code == 201
    one = f"/certificates/{made.json['id']}"
    assert said(city.patch(one, {"valid_from": "2024-03-19"}, 1)) == (422, [("validity_in_order", "valid_until")])
    assert city.get(one).json == made.json


def test_a_certificate_stays_with_its_person(city: Caller, person: Person, world: World) -> None:
    made = city.post("/certificates", values(person)).json
    response = city.patch(f"/certificates/{made['id']}", {"person_id": str(world.person().id)}, 1)
    assert said(response) == (422, [("unknown_field", "person_id")])


def test_each_filter_finds_what_it_says(city: Caller, person: Person, world: World) -> None:
    other = world.person()
    made = {
        name: city.post("/certificates", values(whose, **changes)).json["id"]
        for name, whose, changes in (
            ("running", person, {}),
            ("expired", person, {"valid_until": "2026-03-01"}),
            ("ending", other, {"valid_until": "2026-03-31", "type_code": "safety_c2"}),
            ("endless", other, {"valid_until": None}),
            ("to_come", other, {"valid_from": "2026-03-03"}),
        )
    }
    for query, expected in (
        ({"person_id": str(person.id)}, {"running", "expired"}),
        ({"type_code": "safety_c2"}, {"ending"}),
        ({"valid_on": "2026-03-01"}, {"running", "expired", "ending", "endless"}),
        ({"valid_on": "2026-03-02"}, {"running", "ending", "endless"}),
        ({"valid_on": "2026-03-03"}, {"running", "ending", "endless", "to_come"}),
        ({"expiring_before": "2026-03-31"}, {"expired"}),
        ({"expiring_before": "2026-04-01"}, {"expired", "ending"}),
        ({"expiring_before": "2026-04-01", "valid_on": "2026-03-02"}, {"ending"}),
        ({"number": "none"}, set()),
    ):
        found = {name for name, key in made.items() if key in city.ids("/certificates", **query)}
        assert found == expected, query


def test_another_office_neither_sees_nor_enters(
    office: Caller, person: Person, world: World, speaking_for: Speak
) -> None:
    made = office.post("/certificates", values(person)).json
    elsewhere = world.site()
    stranger = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, elsewhere.construction))
    assert stranger.ids("/certificates") == []
    assert said(stranger.get(f"/certificates/{made['id']}")) == (404, [("not_found", None)])
    assert said(stranger.patch(f"/certificates/{made['id']}", {"valid_until": None}, 1)) == (404, [("not_found", None)])
    assert said(stranger.post("/certificates", values(person))) == (404, [("not_found", None)])


def test_a_draft_line_opens_nobody_s_papers(office: Caller, person: Person, world: World, speaking_for: Speak) -> None:
    made = office.post("/certificates", values(person)).json
    elsewhere = world.site()
    clerk = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, elsewhere.construction))
    draft = {"team_id": elsewhere.construction, "person_id": person.id, "post_code": "safety_officer"}
    roster.propose_line({**draft, "basis": "filing", "starts_on": STARTED}, actor=clerk.actor, deps=world.deps)
    assert clerk.ids("/certificates") == []
    one = f"/certificates/{made['id']}"
    assert said(clerk.get(one)) == (404, [("not_found", None)])
    assert said(clerk.patch(one, {"valid_until": None}, 1)) == (409, [("no_line_in_force", None)])
    assert said(clerk.post("/certificates", values(person))) == (409, [("no_line_in_force", None)])


def test_a_line_that_ended_gives_no_pen_any_more(
    office: Caller, person: Person, world: World, site: Site, clock: SetClock, speaking_for: Speak
) -> None:
    made = office.post("/certificates", values(person)).json
    line = world.line(site.construction, person.id, "safety_officer")
    for held in office.get(f"/roster-lines?person_id={person.id}").json["items"]:
        end = {"actor": world.city, "deps": world.deps, "ends_on": date(2026, 3, 2)}
        roster.act_on_line(held["id"], LineAct.END, held["version"], **end)
    assert line.person_id == person.id
    assert office.patch(f"/certificates/{made['id']}", {"valid_until": None}, 1).status_code == 200
    clock.pass_(days=1)
    office = speaking_for(office.actor)
    response = office.patch(f"/certificates/{made['id']}", {"valid_until": "2028-01-01"}, 2)
    assert said(response) == (409, [("no_line_in_force", None)])


def test_who_registered_a_person_may_enter_his_certificates_before_he_stands_anywhere(
    office: Caller, world: World, site: Site, speaking_for: Speak
) -> None:
    document = {"name": "周安全", "document_kind": "passport", "document_number": f"E{next(NUMBERS):08d}"}
    person = people.register_person(document, actor=office.actor, deps=world.deps)
    made = office.post("/certificates", values(person))
    assert made.status_code == 201
    assert office.ids("/certificates") == [made.json["id"]]
    officer = speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body))
    assert officer.ids("/certificates") == []


def test_a_key_person_sees_his_own_and_writes_none(
    office: Caller, person: Person, world: World, site: Site, speaking_for: Speak
) -> None:
    colleague = world.person("周安全")
    world.line(site.construction, colleague.id, "safety_officer")
    his, other = (office.post("/certificates", values(whose)).json for whose in (person, colleague))
    phone = speaking_for(world.key_person(person.id))
    assert phone.ids("/certificates") == [his["id"]]
    assert phone.get(f"/certificates/{his['id']}").json == his
    assert said(phone.get(f"/certificates/{other['id']}")) == (404, [("not_found", None)])
    assert said(phone.post("/certificates", values(person))) == (403, [("forbidden", None)])
    assert said(phone.patch(f"/certificates/{his['id']}", {"valid_until": None}, 1)) == (403, [("forbidden", None)])


Row = tuple[Role, Scope, str, bool, bool]
ROLES: list[Row] = [
    # Role, its scope, whose id, whether it sees a project manager's certificate, whether it may change it.
    (Role.OFFICER, Scope.BODY, "body", True, True),
    (Role.BODY_HEAD, Scope.BODY, "body", True, True),
    (Role.PROJECT_MANAGER, Scope.TEAM, "construction", True, True),
    (Role.PROJECT_OFFICE, Scope.TEAM, "supervision", False, False),
    (Role.CHIEF_ENGINEER, Scope.PROJECT, "project_id", True, False),
    (Role.CLIENT, Scope.PROJECT, "project_id", True, False),
    (Role.AUDITOR, Scope.BODY, "body", True, False),
]


@pytest.mark.parametrize("row", ROLES, ids=[f"{role}-{of}" for role, _, of, *_ in ROLES])
def test_who_sees_and_who_writes(
    city: Caller,
    person: Person,
    world: World,
    site: Site,
    speaking_for: Speak,
    row: tuple[Role, Scope, str, bool, bool],
) -> None:
    role, scope, of, sees, writes = row
    made = city.post("/certificates", values(person)).json
    caller = speaking_for(member(world, role, scope, getattr(site, of)))
    assert caller.ids("/certificates") == ([made["id"]] if sees else [])
    assert (caller.patch(f"/certificates/{made['id']}", {"valid_until": None}, 1).status_code == 200) is writes


def kept(deps: Deps, certificate_id: str) -> Certificate:
    with deps.database.begin() as work:
        return work.session.get_one(Certificate, UUID(certificate_id))


def test_a_certificate_shows_what_its_type_says_and_that_nobody_checked_it(office: Caller, person: Person) -> None:
    made = office.post("/certificates", values(person, type_code="constructor_2", number="浙2331234567890")).json
    assert (made["family"], made["level"], made["number_unusual"]) == ("constructor", 2, False)
    assert (made["status"], made["source"], made["checked_at"], made["specialty"]) == ("valid", "typed", None, None)
    odd = office.post("/certificates", values(person, number="沪建安X77", specialty="土建"))
    assert (odd.status_code, odd.json["number_unusual"], odd.json["specialty"]) == (201, True, "土建")
    assert office.get(f"/certificates/{odd.json['id']}").json == odd.json


def test_a_status_holds_from_its_day_on_by_itself(
    office: Caller, person: Person, clock: SetClock, speaking_for: Speak, deps: Deps
) -> None:
    one = f"/certificates/{office.post('/certificates', values(person)).json['id']}"
    for status, day in (("revoked", "2026-03-04"), ("suspended", "2026-03-03")):
        made = office.post(f"{one}/statuses", {"status": status, "from_on": day})
        assert (made.status_code, made.json["status"], made.json["source"]) == (201, status, "typed")
    told = [(row["status"], row["from_on"]) for row in office.get(f"{one}/statuses").json["items"]]
    assert told == [("suspended", "2026-03-03"), ("revoked", "2026-03-04"), ("valid", "2024-03-18")]
    seen = []
    for _ in range(3):
        caller = speaking_for(office.actor)
        status = caller.get(one).json["status"]
        assert caller.ids("/certificates", status=status) == [one.rpartition("/")[2]]
        seen.append(status)
        clock.pass_(days=1)
    assert seen == ["valid", "suspended", "revoked"]
    assert facts(deps) == [(Topic.CERTIFICATE_CHANGED, person.id)] * 3


def test_of_one_day_the_status_said_last_holds(office: Caller, person: Person) -> None:
    one = f"/certificates/{office.post('/certificates', values(person)).json['id']}"
    for status in ("suspended", "valid", "revoked"):
        office.post(f"{one}/statuses", {"status": status, "from_on": "2026-03-02"})
    assert office.get(one).json["status"] == "revoked"
    assert said(office.post(f"{one}/statuses", {"status": "lost"}))[0] == 422


@pytest.mark.parametrize("act", ["change", "status"])
def test_what_somebody_types_over_a_registry_nobody_confirmed(
    office: Caller, person: Person, deps: Deps, act: str
) -> None:
    made = office.post("/certificates", values(person)).json
    with deps.database.begin() as work:
        row = work.session.get_one(Certificate, UUID(made["id"]))
        row.source, row.checked_at = Source.CERTIFICATE_REGISTRY, deps.clock.now()
    one = f"/certificates/{made['id']}"
    assert office.get(one).json["checked_at"] == "2026-03-02T02:00:00Z"
    same = office.patch(one, {"valid_until": made["valid_until"]}, 2)
    assert (same.json["source"], same.json["checked_at"] is None) == ("certificate_registry", False)
    if act == "change":
        office.patch(one, {"valid_until": "2030-01-01"}, 2)
    else:
        office.post(f"{one}/statuses", {"status": "valid", "from_on": "2026-03-02"})
    after = office.get(one).json
    assert (after["source"], after["checked_at"]) == ("typed", None)
    assert kept(deps, made["id"]).source is Source.TYPED


def registry_says(deps: Deps, certificate_id: str, status: CertificateStatus, day: date) -> None:
    with deps.database.begin() as work:
        said = {"status": status, "from_on": day, "source": Source.CERTIFICATE_REGISTRY}
        work.add(CertificateStatusRow(certificate_id=UUID(certificate_id), **said))


def test_nobody_says_anything_of_his_own_certificate(
    person: Person, world: World, site: Site, speaking_for: Speak
) -> None:
    grant = Grant(Role.PROJECT_MANAGER, Scope.TEAM, site.construction)
    account, _ = add_account(f"pm-{next(NUMBERS)}", [grant], person.id, actor_id=None, deps=world.deps)
    manager, colleague = speaking_for(as_actor(account)), world.person()
    world.line(site.construction, colleague.id, "safety_officer")
    mine, his = (
        f"/certificates/{manager.post('/certificates', values(one)).json['id']}" for one in (person, colleague)
    )
    for status in ("valid", "suspended", "revoked"):
        body = {"status": status, "from_on": "2026-03-02"}
        assert said(manager.post(f"{mine}/statuses", body)) == (403, [("own_affair", None)])
        assert manager.post(f"{his}/statuses", body).status_code == 201
    assert [row["status"] for row in manager.get(f"{mine}/statuses").json["items"]] == ["valid"]


@pytest.mark.parametrize("day", [date(2026, 2, 1), date(2026, 4, 1)])
def test_what_the_registry_took_away_only_a_body_or_the_city_gives_back(
    office: Caller, person: Person, world: World, site: Site, speaking_for: Speak, deps: Deps, day: date
) -> None:
    key = office.post("/certificates", values(person)).json["id"]
    registry_says(deps, key, CertificateStatus.REVOKED, day)
    one = f"/certificates/{key}/statuses"
    back = {"status": "valid", "from_on": "2026-03-02"}
    told = office.post(one, back)
    assert said(told) == (403, [("registry_said_otherwise", "status")])
    assert "监督机构" in told.json["errors"][0]["text"]["zh"]
    # Nor by a word of one's own that comes after the registry's.
    assert office.post(one, {"status": "suspended", "from_on": "2026-03-02"}).status_code == 201
    assert said(office.post(one, back))[0] == 403
    officer = speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body))
    assert officer.post(one, back).status_code == 201


def test_the_city_lifts_and_after_the_registry_did_anybody_may_say_valid(
    city: Caller, office: Caller, person: Person, deps: Deps
) -> None:
    first, second = (office.post("/certificates", values(person)).json["id"] for _ in range(2))
    back = {"status": "valid", "from_on": "2026-03-02"}
    for key in (first, second):
        registry_says(deps, key, CertificateStatus.SUSPENDED, date(2026, 2, 1))
    assert city.post(f"/certificates/{first}/statuses", back).status_code == 201
    registry_says(deps, second, CertificateStatus.VALID, date(2026, 2, 20))
    assert office.post(f"/certificates/{second}/statuses", back).status_code == 201


def test_who_reaches_one_team_learns_by_the_project_nothing_of_another(
    office: Caller, person: Person, world: World, site: Site, city: Caller
) -> None:
    other = world.site()
    world.line(other.construction, person.id, "safety_officer")
    made = city.post("/certificates", values(person)).json["id"]
    assert office.ids("/certificates", project_id=str(other.project_id)) == []
    assert office.ids("/certificates", project_id=str(site.project_id)) == [made]
    assert city.ids("/certificates", project_id=str(other.project_id)) == [made]


@pytest.mark.parametrize(
    ("until", "months", "told"),
    [
        ("2027-03-17", 36, False),
        ("2027-03-18", 36, False),
        ("2027-03-19", 36, True),
        (None, 36, True),
        (None, None, False),
        ("2090-01-01", None, False),
    ],
)
def test_a_validity_longer_than_its_type_s_is_told_and_taken(
    city: Caller, person: Person, until: str | None, months: int | None, *, told: bool
) -> None:
    kind = "/certificate-types/safety_b"
    assert city.patch(kind, {"validity_months": months}, city.get(kind).json["version"]).status_code == 200
    made = city.post("/certificates", values(person, valid_until=until))
    assert (made.status_code, made.json["validity_unusual"]) == (201, told)
    assert city.get(f"/certificates/{made.json['id']}").json["validity_unusual"] is told


def test_who_may_not_write_a_certificate_may_not_say_its_status(
    office: Caller, person: Person, world: World, site: Site, speaking_for: Speak
) -> None:
    one = f"/certificates/{office.post('/certificates', values(person)).json['id']}/statuses"
    status = {"status": "revoked", "from_on": "2026-03-02"}
    client = speaking_for(member(world, Role.CLIENT, Scope.PROJECT, site.project_id))
    assert len(client.get(one).json["items"]) == 1
    assert said(client.post(one, status)) == (403, [("forbidden", None)])
    stranger = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, world.site().construction))
    assert said(stranger.get(one)) == (404, [("not_found", None)])
    assert said(stranger.post(one, status)) == (404, [("not_found", None)])


def test_certificates_are_found_by_unit_project_and_how_soon_they_end(
    city: Caller, person: Person, site: Site, world: World
) -> None:
    unit, other = world.unit(), world.person()
    employment = {"unit_id": unit, "starts_on": STARTED}
    employments.add_employment(person.id, employment, actor=world.city, deps=world.deps)
    made = {
        name: city.post("/certificates", values(whose, **changes)).json["id"]
        for name, whose, changes in (
            ("gone", person, {"valid_until": "2026-03-01"}),
            ("today", person, {"valid_until": "2026-03-02"}),
            ("thirty", person, {"valid_until": "2026-04-01"}),
            ("sixty", other, {"valid_until": "2026-05-01"}),
            ("ninety", other, {"valid_until": "2026-05-31", "unit_id": str(unit)}),
            ("later", other, {"valid_until": "2026-06-01"}),
        )
    }
    for query, expected in (
        ({"expiring_within": 30}, {"today", "thirty"}),
        ({"expiring_within": 60}, {"today", "thirty", "sixty"}),
        ({"expiring_within": 90}, {"today", "thirty", "sixty", "ninety"}),
        ({"project_id": str(site.project_id)}, {"gone", "today", "thirty"}),
        ({"unit_id": str(unit)}, {"gone", "today", "thirty", "ninety"}),
        ({"unit_id": str(unit), "expiring_within": 30}, {"today", "thirty"}),
    ):
        assert {name for name, key in made.items() if key in city.ids("/certificates", **query)} == expected, query
