"""Eligibility and findings over HTTP: who may ask, what is answered, and what is never told."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from service.deps import Deps
from service.domain.actors import Actor, Role, Scope
from service.domain.sites import ProjectState
from service.store.models import Audit, Certificate, Filing, Finding, ListEntry, Person
from service.usecases import crosscheck_night, people
from tests.api.conftest import Log
from tests.api.support import Caller, member, said
from tests.factories import NUMBERS, Site, World
from tests.factories_crosscheck import (
    certified,
    employed,
    in_state,
    listed,
    manager_of,
    standing,
    unit_of,
)

Speak = Callable[[Actor], Caller]
TODAY = date(2026, 3, 2)


@pytest.fixture
def filing_system(world: World, speaking_for: Speak) -> Caller:
    return speaking_for(member(world, Role.INTEGRATION, Scope.CITY))


@pytest.fixture
def fit(world: World, site: Site) -> UUID:
    """Somebody with all a manager needs, on no roster."""
    person_id = world.person().id
    unit_id = unit_of(world, site.construction)
    for code in ("constructor_1", "safety_b"):
        certified(world, person_id, code, unit_id=unit_id)
    employed(world, person_id, unit_id)
    return person_id


def question(site: Site, person_id: UUID | None = None, **changes: Any) -> dict[str, Any]:
    asked = {"project_id": str(site.project_id), "post_code": "project_manager"}
    return {**asked, **({"person_id": str(person_id)} if person_id else {}), **changes}


def answer(caller: Caller, asked: dict[str, Any], **headers: str) -> dict[str, Any]:
    response = caller.get("/integration/eligibility", query_string=asked, headers=headers)
    assert response.status_code == 200, response.text
    content: dict[str, Any] = response.json
    return content


def rules(content: dict[str, Any]) -> list[str]:
    return sorted(reason["rule"] for reason in content["reasons"])


def test_who_has_everything_may(filing_system: Caller, site: Site, fit: UUID) -> None:
    assert answer(filing_system, question(site, fit)) == {
        "eligible": True,
        "project_id": str(site.project_id),
        "person_id": str(fit),
        "post_code": "project_manager",
        "on": "2026-03-02",
        "reasons": [],
        "checked": {"certificates": {"checked_at": None}, "filing": {"listed": None, "checked_at": None}},
    }


def test_each_reason_names_its_rule_its_rows_and_what_it_cites(
    filing_system: Caller, world: World, site: Site, deps: Deps
) -> None:
    person = world.person()
    content = answer(filing_system, question(site, person.id))
    assert (content["eligible"], rules(content)) == (False, ["certificate_missing"])
    (reason,) = content["reasons"]
    assert (reason["kind"], reason["evidence"]["roster_line_id"]) == ("certificate", None)
    assert "constructor_registration" in reason["cites"]
    assert reason["text"]["zh"] == "无该岗位要求的证书。"
    with deps.database.begin() as work:
        assert work.session.scalars(select(Finding)).all() == []


def test_it_weighs_every_seat_he_has(filing_system: Caller, world: World, site: Site, fit: UUID) -> None:
    world.line(site.construction, fit, "quality_officer")
    assert rules(answer(filing_system, question(site, fit))) == ["several_posts"]
    elsewhere = world.site(fenced=False)
    world.line(elsewhere.construction, fit, "project_manager")
    assert rules(answer(filing_system, question(site, fit))) == ["several_posts", "several_projects"]
    # What his other post here lacks is no matter of this one.
    assert rules(answer(filing_system, question(site, fit, post_code="technical_lead"))) == ["several_posts"]


def test_the_post_he_holds_already_is_asked_about_as_it_is(filing_system: Caller, world: World, site: Site) -> None:
    person_id = manager_of(world, site)
    assert answer(filing_system, question(site, person_id))["eligible"] is True


def test_a_site_that_has_not_begun_is_asked_about_as_if_it_had(filing_system: Caller, world: World, site: Site) -> None:
    in_state(world, site, ProjectState.PLANNED, TODAY)
    assert rules(answer(filing_system, question(site, world.person().id))) == ["certificate_missing"]


def test_a_warning_stands_in_nobody_s_way(filing_system: Caller, site: Site, fit: UUID, deps: Deps) -> None:
    with deps.database.begin() as work:
        ending = update(Certificate).where(Certificate.person_id == fit)
        work.session.execute(ending.values(valid_until=date(2026, 4, 1)))
    content = answer(filing_system, question(site, fit))
    assert (content["eligible"], rules(content)) == (True, ["certificate_expiring"])
    later = answer(filing_system, question(site, fit, on="2026-04-02"))
    assert (later["eligible"], rules(later), later["on"]) == (False, ["certificate_expired"], "2026-04-02")


def test_the_list_that_binds_refuses_nobody_and_when_it_was_checked_is_told(
    filing_system: Caller, world: World, site: Site, fit: UUID, deps: Deps
) -> None:
    """Who files asks before he names somebody."""
    listed(world, site, world.person().id, "project_manager")
    content = answer(filing_system, question(site, fit))
    assert (content["eligible"], content["checked"]["filing"]["listed"]) == (True, False)
    named = world.person().id
    listed(world, site, named, "project_manager", ends_on=TODAY)
    assert answer(filing_system, question(site, named))["checked"]["filing"]["listed"] is True
    assert answer(filing_system, question(site, named, on="2026-03-03"))["checked"]["filing"]["listed"] is False
    at = [datetime(2026, 2, day, tzinfo=UTC) for day in (1, 2)]
    with deps.database.begin() as work:
        work.session.execute(update(ListEntry).values(checked_at=at[1]))
        work.session.execute(update(Certificate).where(Certificate.type_code == "safety_b").values(checked_at=at[0]))
    checked = answer(filing_system, question(site, fit))["checked"]
    # One of his certificates was never confirmed.
    assert checked["certificates"]["checked_at"] is None
    assert checked["filing"]["checked_at"] == "2026-02-02T00:00:00Z"
    with deps.database.begin() as work:
        constructor = update(Certificate).where(Certificate.type_code == "constructor_1")
        work.session.execute(constructor.values(checked_at=at[1]))
    checked = answer(filing_system, question(site, fit))["checked"]
    assert checked["certificates"]["checked_at"] == "2026-02-01T00:00:00Z"


def test_a_project_that_is_over_takes_nobody(filing_system: Caller, world: World, site: Site, fit: UUID) -> None:
    in_state(world, site, ProjectState.COMPLETED, date(2026, 2, 1))
    content = answer(filing_system, question(site, fit))
    assert (content["eligible"], rules(content)) == (False, ["project_over"])
    assert content["reasons"][0]["text"]["en"].startswith("The project is accepted")
    assert answer(filing_system, question(site, fit, on="2026-01-31"))["eligible"] is True


def test_a_chief_is_asked_about_with_the_consent_there_will_be(filing_system: Caller, world: World, site: Site) -> None:
    chief, other = world.person().id, world.site(fenced=False)
    certified(world, chief, "registered_supervision_engineer")
    world.line(other.supervision, chief, "chief_engineer")
    asked = question(site, chief, post_code="chief_engineer")
    assert rules(answer(filing_system, asked)) == ["several_projects"]
    assert answer(filing_system, {**asked, "concurrent_consent_on": "2026-03-02"})["eligible"] is True
    assert answer(filing_system, {**asked, "concurrent_consent_on": "2026-03-03"})["eligible"] is False


def test_of_a_stranger_an_office_is_told_no_more_than_the_rules(world: World, site: Site, speaking_for: Speak) -> None:
    """Neither where he serves nor for whom he works, nor whose the number is."""
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, site.construction))
    person, number = registered(world)
    other, elsewhere = world.site(fenced=False), world.unit()
    world.line(other.construction, person.id)
    employed(world, person.id, elsewhere)
    content = answer(office, question(site), **{"X-Document-Number": number})
    assert (content["eligible"], content["person_id"]) == (False, None)
    assert rules(content) == ["certificate_missing", "employed_elsewhere", "several_projects"]
    assert [reason["evidence"] for reason in content["reasons"]] == [{}, {}, {}]
    (several,) = [reason for reason in content["reasons"] if reason["rule"] == "several_projects"]
    assert several["text"]["en"] == "several projects"
    # His own people it sees.
    world.line(site.construction, person.id, "safety_officer")
    content = answer(office, question(site), **{"X-Document-Number": number})
    assert content["person_id"] == str(person.id)
    assert {str(other.project_id), str(elsewhere)} <= set(str(content["reasons"]).split("'"))


def test_a_permit_of_eighteen_characters_is_found(filing_system: Caller, world: World, site: Site) -> None:
    for number in ("ABCDEF123456789012", "911201199001011230"):
        values = {"name": "周安全", "document_kind": "permit", "document_number": number}
        person = people.register_person(values, actor=world.city, deps=world.deps)
        content = answer(filing_system, question(site), **{"X-Document-Number": number})
        assert content["person_id"] == str(person.id)
    nobody = answer(filing_system, question(site), **{"X-Document-Number": "ABCDEF123456789013"})
    assert rules(nobody) == ["unknown_person"]


def registered(world: World) -> tuple[Person, str]:
    number = f"E{next(NUMBERS):08d}"
    values = {"name": "周安全", "document_kind": "passport", "document_number": number}
    return people.register_person(values, actor=world.city, deps=world.deps), number


def test_a_person_is_named_by_a_header_and_his_number_is_written_nowhere(
    filing_system: Caller, world: World, site: Site, deps: Deps, log: Log
) -> None:
    person, number = registered(world)
    spelled = f" {number[:3]} {number[3:]} "
    content = answer(filing_system, question(site), **{"X-Document-Number": spelled})
    assert (content["person_id"], content["eligible"]) == (str(person.id), False)
    with deps.database.begin() as work:
        (row,) = work.session.scalars(select(Audit).where(Audit.action == "eligibility:ask")).all()
        assert (row.subject_id, row.actor_id) == (str(site.project_id), filing_system.actor.account_id)
        assert row.data == {
            "person_id": str(person.id),
            "post_code": "project_manager",
            "eligible": False,
            "rules": ["certificate_missing"],
        }
    assert number not in log.text


def test_a_person_nobody_knows_is_an_answer(filing_system: Caller, site: Site) -> None:
    for content in (
        answer(filing_system, question(site, uuid4())),
        answer(filing_system, question(site), **{"X-Document-Number": "E99999999"}),
    ):
        assert (content["eligible"], content["person_id"], rules(content)) == (False, None, ["unknown_person"])
        assert content["reasons"][0]["text"]["en"].startswith("Nobody")


def test_a_filing_number_names_the_project(filing_system: Caller, site: Site, fit: UUID, deps: Deps) -> None:
    with deps.database.begin() as work:
        work.add(Filing(project_id=site.project_id, number="1802PD0001D01"))
    asked = {"filing_number": "1802PD0001D01", "post_code": "project_manager", "person_id": str(fit)}
    assert answer(filing_system, asked)["project_id"] == str(site.project_id)
    response = filing_system.get("/integration/eligibility", query_string={**asked, "filing_number": "none"})
    assert said(response) == (404, [("not_found", None)])


def test_bad_questions_are_told_what_is_wrong(filing_system: Caller, site: Site, fit: UUID) -> None:
    def refused(asked: dict[str, Any], **headers: str) -> Any:
        return said(filing_system.get("/integration/eligibility", query_string=asked, headers=headers))

    assert refused(question(site)) == (422, [("exactly_one_needed", "person_id")])
    both = {"X-Document-Number": "E99999999"}
    assert refused(question(site, fit), **both) == (422, [("exactly_one_needed", "person_id")])
    assert refused(question(site, fit, filing_number="1")) == (422, [("exactly_one_needed", "project_id")])
    assert refused({"project_id": str(site.project_id)}) == (422, [("missing", "post_code")])
    assert refused(question(site, fit, post_code="nobody")) == (422, [("unknown_reference", "post_code")])
    assert refused(question(site), **{"X-Document-Number": "?"}) == (
        422,
        [("bad_document_number", "X-Document-Number")],
    )
    wrong = {"X-Document-Number": "310115199001011234"}
    assert refused(question(site), **wrong)[1][0][0] == "bad_check_character"


def test_a_project_without_the_team_has_no_such_post(filing_system: Caller, world: World, fit: UUID) -> None:
    values = {"name": "空", "body_id": world.body(), "district_code": "310115", "state": "planned"}
    made = filing_system.post("/projects", {**values, "body_id": str(values["body_id"]), "state_from_on": "2026-03-02"})
    assert made.status_code == 201, made.text
    asked = {"project_id": made.json["id"], "post_code": "project_manager", "person_id": str(fit)}
    assert rules(answer(filing_system, asked)) == ["no_team"]


Row = tuple[Role, Scope, str | None, int]
ROLES: list[Row] = [
    (Role.INTEGRATION, Scope.CITY, None, 200),
    (Role.CITY, Scope.CITY, None, 200),
    (Role.OFFICER, Scope.BODY, "body", 200),
    (Role.PROJECT_OFFICE, Scope.TEAM, "construction", 200),
    (Role.PROJECT_MANAGER, Scope.TEAM, "construction", 403),
    (Role.CLIENT, Scope.PROJECT, "project_id", 403),
    (Role.AUDITOR, Scope.CITY, None, 403),
]


@pytest.mark.parametrize("row", ROLES, ids=[f"{row[0]}" for row in ROLES])
def test_who_may_ask_and_about_whose_projects(
    world: World, site: Site, fit: UUID, speaking_for: Speak, row: Row
) -> None:
    role, scope, of, status = row
    caller = speaking_for(member(world, role, scope, getattr(site, of) if of else None))
    response = caller.get("/integration/eligibility", query_string=question(site, fit))
    assert response.status_code == status
    if status == 200 and of:
        elsewhere = caller.get("/integration/eligibility", query_string=question(world.site(), fit))
        assert said(elsewhere) == (404, [("not_found", None)])


# --- findings -----------------------------------------------------------------------------------------------------


@pytest.fixture
def found(world: World, site: Site, deps: Deps) -> Site:
    """A site whose manager holds nothing, after a night, and another of another body."""
    for each in (site, world.site(fenced=False)):
        world.line(each.construction, world.person().id)
    crosscheck_night.run_all(deps=deps)
    return site


def test_a_finding_says_in_both_languages_what_it_is_and_what_it_cites(city: Caller, found: Site) -> None:
    query = {"project_id": str(found.project_id), "rule": "certificate_missing"}
    (item,) = city.get("/findings", query_string=query).json["items"]
    assert (item["name"]["zh"], item["text"]["zh"]) == ("证书缺失", "无该岗位要求的证书。")
    assert "shanghai_2012_46" in item["cites"]
    one = city.get(f"/findings/{item['id']}").json
    assert one == item


def test_findings_are_filtered_by_body_and_category(city: Caller, found: Site, world: World) -> None:
    body = {"body_id": str(found.body), "rule": "certificate_missing"}
    assert len(city.ids("/findings", **body)) == 1
    assert len(city.ids("/findings", **body, category=1)) == 1
    assert city.ids("/findings", **body, category=2) == []
    assert len(city.ids("/findings", rule="certificate_missing")) == 2
    assert city.ids("/findings", body_id=str(world.body())) == []


def test_findings_are_counted_by_rule_within_reach(
    city: Caller, found: Site, world: World, speaking_for: Speak
) -> None:
    def counts(caller: Caller, **query: Any) -> dict[str, int]:
        content = caller.get("/findings/summary", query_string=query).json
        assert content["open"] == sum(item["count"] for item in content["rules"])
        return {item["rule"]: item["count"] for item in content["rules"]}

    rows = [row for row in standing(world, found) if row.rule == "post_vacant"]
    assert counts(city) == {"certificate_missing": 2, "post_vacant": 2 * len(rows)}
    here = {"certificate_missing": 1, "post_vacant": len(rows)}
    assert counts(city, project_id=str(found.project_id)) == counts(city, body_id=str(found.body)) == here
    assert counts(city, body_id=str(world.body())) == {}
    officer = speaking_for(member(world, Role.OFFICER, Scope.BODY, found.body))
    assert counts(officer) == here
    office = speaking_for(member(world, Role.PROJECT_OFFICE, Scope.TEAM, found.supervision))
    assert set(counts(office)) == {"post_vacant"}
    nobody = speaking_for(member(world, Role.OPERATOR, Scope.CITY))
    assert nobody.get("/findings/summary").status_code == 403
    (told,) = [item for item in city.get("/findings/summary").json["rules"] if item["rule"] == "certificate_missing"]
    assert (told["kind"], told["name"]["en"]) == ("certificate", "certificate missing")
