"""A unit's lists over HTTP: whose certificates end soon, as pages and as a file, who is free, and who sees whose."""

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from service.domain.actors import Actor, Role, Scope
from service.domain.sites import ProjectState
from service.store.models import Team
from service.usecases import certificate_lists, certificates, employments, projects
from tests.api.support import Caller, member, said
from tests.factories import NUMBERS, STARTED, Site, World

Speak = Callable[[Actor], Caller]


@pytest.fixture
def unit(world: World, site: Site) -> UUID:
    """The unit of the site's construction team."""
    with world.deps.database.begin() as work:
        return work.session.get_one(Team, site.construction).unit_id


@pytest.fixture
def enterprise(world: World, unit: UUID, speaking_for: Speak) -> Caller:
    return speaking_for(member(world, Role.ENTERPRISE, Scope.UNIT, unit))


def worker(world: World, unit: UUID, name: str, until: str | None = "2030-01-01", **changes: Any) -> UUID:
    """Somebody of the unit with a certificate."""
    person = world.person(name)
    employment = {"unit_id": unit, "starts_on": STARTED}
    employments.add_employment(person.id, employment, actor=world.city, deps=world.deps)
    values = {"type_code": "safety_c2", "number": f"沪建安C2(2024){next(NUMBERS):07d}", "valid_from": date(2024, 1, 1)}
    ending = {"valid_until": date.fromisoformat(until) if until else None}
    certificates.create_certificate(
        {"person_id": person.id, **values, **ending, **changes}, actor=world.city, deps=world.deps
    )
    return person.id


def test_what_ends_soon_comes_first_with_its_bucket_and_what_its_holder_is_needed_for(
    enterprise: Caller, world: World, site: Site, unit: UUID
) -> None:
    days = {"甲": "2026-03-01", "乙": "2026-03-02", "丙": "2026-05-01", "丁": "2026-05-31", "戊": "2026-06-01"}
    people = {name: worker(world, unit, name, until) for name, until in days.items()}
    worker(world, unit, "己", None)
    worker(world, world.unit(), "庚", "2026-03-02")
    world.line(site.construction, people["乙"], "safety_officer")
    path = f"/units/{unit}/certificates/expiring"
    page = enterprise.get(path).json
    assert [(row["name"], row["days_left"], row["bucket"]) for row in page["items"]] == [
        ("甲", -1, "expired"),
        ("乙", 0, "30"),
        ("丙", 60, "60"),
        ("丁", 90, "90"),
    ]
    assert page["counts"] == {"expired": 1, "30": 1, "60": 1, "90": 1}
    held = [[(post["project_id"], post["post_code"]) for post in row["posts"]] for row in page["items"]]
    assert held == [[], [(str(site.project_id), "safety_officer")], [], []]
    seen, cursor = [], None
    while True:
        part = enterprise.get(path, query_string={"limit": 3} | ({"cursor": cursor} if cursor else {})).json
        assert part["counts"] == page["counts"]
        seen += part["items"]
        cursor = part["next"]
        if cursor is None:
            break
    assert seen == page["items"]
    assert said(enterprise.get(f"{path}?cursor=2026-03-02")) == (422, [("invalid", "cursor")])


def test_what_is_over_or_was_renewed_needs_no_renewal(
    enterprise: Caller, world: World, unit: UUID, city: Caller
) -> None:
    path = f"/units/{unit}/certificates/expiring"
    gone, renewed, ahead, gap, other = (worker(world, unit, name, "2026-03-20") for name in "甲乙丙丁戊")
    lifted = worker(world, unit, "己", "2026-03-20", type_code="constructor_1", specialty="建筑工程")
    (one,) = city.ids("/certificates", person_id=str(gone))
    city.post(f"/certificates/{one}/statuses", {"status": "cancelled", "from_on": "2026-03-02"})

    def holds(person: UUID, first: str, **changes: Any) -> str:
        values = {"person_id": str(person), "type_code": "safety_c2", "number": f"N{next(NUMBERS)}"}
        made = city.post("/certificates", {**values, "valid_from": first, "valid_until": "2029-01-01", **changes})
        assert made.status_code == 201
        return made.json["id"]

    holds(renewed, "2026-01-01")
    holds(ahead, "2026-03-21")
    holds(gap, "2026-03-22")
    revoked = holds(other, "2026-01-01")
    city.post(f"/certificates/{revoked}/statuses", {"status": "revoked", "from_on": "2026-03-02"})
    holds(lifted, "2026-01-01", type_code="constructor_1", specialty="机电工程")
    page = enterprise.get(path).json
    assert [row["name"] for row in page["items"]] == ["丁", "戊", "己"]
    assert page["counts"] == {"expired": 0, "30": 3, "60": 0, "90": 0}


def test_posts_out_of_reach_are_not_shown(
    enterprise: Caller, world: World, site: Site, unit: UUID, city: Caller, speaking_for: Speak
) -> None:
    person, other = worker(world, unit, "甲", "2026-03-20"), world.site()
    world.line(site.construction, person, "safety_officer")
    world.line(other.construction, person, "safety_officer")
    path = f"/units/{unit}/certificates/expiring"

    def projects_told(caller: Caller) -> set[str]:
        (row,) = caller.get(path).json["items"]
        return {post["project_id"] for post in row["posts"]}

    officer = speaking_for(member(world, Role.OFFICER, Scope.BODY, site.body))
    assert projects_told(enterprise) == projects_told(officer) == {str(site.project_id)}
    assert projects_told(city) == {str(site.project_id), str(other.project_id)}


def test_all_of_them_come_as_a_file_that_a_spreadsheet_opens(
    enterprise: Caller, world: World, site: Site, unit: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificate_lists, "BATCH", 2)
    people = [worker(world, unit, name, "2026-03-02") for name in ("甲", "乙,丙", "=1+1", "＝1+1", "＠丁")]
    world.line(site.construction, people[0], "safety_officer")
    response = enterprise.get(f"/units/{unit}/certificates/expiring?format=csv")
    assert (response.status_code, response.content_type) == (200, "text/csv; charset=utf-8")
    assert response.data.startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(response.data.decode("utf-8-sig")))
    assert header == ["姓名", "证书类型", "证书编号", "有效期至", "剩余天数", "到期情况", "现任岗位"]
    assert {row[0] for row in rows} == {"甲", "乙,丙", "'=1+1", "'＝1+1", "'＠丁"}
    assert len(rows) == 5
    first = next(row for row in rows if row[0] == "甲")
    assert first[1] == "安全生产考核合格证（C2）"
    assert first[3:6] == ["2026-03-02", "0", "30 天内"]
    assert first[6].endswith(" 专职安全员")


def test_who_is_free_has_a_certificate_that_serves_and_no_seat_that_keeps_him(
    enterprise: Caller, world: World, site: Site, unit: UUID
) -> None:
    free, kept, lead, far = (worker(world, unit, name) for name in ("闲", "忙", "技", "远"))
    worker(world, unit, "过", "2026-03-01")
    worker(world, unit, "别", unit_id=world.unit())
    worker(world, unit, "异", type_code="safety_b")
    worker(world, world.unit(), "外")
    world.line(site.construction, kept, "safety_officer")
    # A technical lead may serve any number of projects, and one that is accepted needs nobody.
    world.line(site.construction, lead, "technical_lead")
    done = world.site()
    world.line(done.construction, far, "safety_officer")
    ended = {"state": ProjectState.COMPLETED, "from_on": date(2026, 3, 2)}
    projects.set_state(done.project_id, **ended, actor=world.city, deps=world.deps)

    def found(**query: str) -> set[str]:
        response = enterprise.get(f"/units/{unit}/people/free", query_string={"type_code": "safety_c2", **query})
        assert response.status_code == 200, response.text
        return {row["person_id"] for row in response.json["items"]}

    assert found() == {str(free), str(lead), str(far)}
    assert found(on="2026-03-01") >= {str(free), str(lead)}
    assert str(far) not in found(on="2026-03-01")
    assert found(on="2031-01-01") == set()
    assert said(enterprise.get(f"/units/{unit}/people/free")) == (422, [("missing", "type_code")])


def test_a_status_takes_somebody_off_the_list_of_the_free_from_its_day(
    enterprise: Caller, world: World, unit: UUID, city: Caller
) -> None:
    person = worker(world, unit, "闲")
    (one,) = city.ids("/certificates", person_id=str(person))
    city.post(f"/certificates/{one}/statuses", {"status": "suspended", "from_on": "2026-03-05"})
    path = f"/units/{unit}/people/free"
    counts = [
        len(enterprise.get(path, query_string={"type_code": "safety_c2", "on": day}).json["items"])
        for day in ("2026-03-04", "2026-03-05")
    ]
    assert counts == [1, 0]


def test_a_unit_sees_its_own_a_body_those_on_its_projects_and_a_site_nobody(
    world: World, site: Site, unit: UUID, speaking_for: Speak
) -> None:
    paths = (f"/units/{unit}/certificates/expiring", f"/units/{unit}/people/free?type_code=safety_c2")
    for role, scope, key, sees in (
        (Role.ENTERPRISE, Scope.UNIT, unit, True),
        (Role.OFFICER, Scope.BODY, site.body, True),
        (Role.CITY, Scope.CITY, None, True),
        (Role.ENTERPRISE, Scope.UNIT, world.unit(), False),
        (Role.OFFICER, Scope.BODY, world.body(), False),
        (Role.CLIENT, Scope.PROJECT, site.project_id, False),
        (Role.PROJECT_OFFICE, Scope.TEAM, site.construction, False),
    ):
        caller = speaking_for(member(world, role, scope, key))
        for path in paths:
            assert caller.get(path).status_code == (200 if sees else 404), (role, path)
    file = speaking_for(world.key_person(world.person().id)).get(f"{paths[0]}?format=csv")
    assert said(file) == (404, [("not_found", None)])
