"""The demo district of `make run`: two projects, a station, accounts of each role, in an empty database."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from stdnum.cn import ric, uscc

from geofence.position import Datum
from service.deps import Deps
from service.domain.actors import Actor, Grant, Role, Scope
from service.domain.identifiers import DocumentKind
from service.domain.roster import Basis, LineAct
from service.domain.sites import BodyKind, ProjectKind, ProjectState, TeamKind, UnitRoleKind
from service.store.models import Account, Project
from service.usecases import certificates, employments, fences, people, projects, registers, roster
from service.usecases.accounts import add_account, as_actor

STARTED = date(2026, 1, 5)
# Around a site in Pudong as a map of the GCJ-02 kind shows it, counter-clockwise.
POLYGON = {
    "kind": "polygon",
    "points": [
        {"lat": 31.2195, "lon": 121.5440},
        {"lat": 31.2195, "lon": 121.5466},
        {"lat": 31.2213, "lon": 121.5468},
        {"lat": 31.2215, "lon": 121.5442},
    ],
}
CIRCLE = {"kind": "circle", "centre": {"lat": 31.1956, "lon": 121.6022}, "radius_m": 200}
# What each post asks for (migrations/data/post_rules-1.json): type, number, specialty.
CERTIFICATES = {
    "project_manager": (
        ("constructor_1", "沪131{number:09d}", "建筑工程"),
        ("safety_b", "沪建安B(2026){number:07d}", None),
    ),
    "safety_officer": (("safety_c2", "沪建安C2(2026){number:07d}", None),),
    "chief_engineer": (("registered_supervision_engineer", "31{number:06d}", "房屋建筑工程"),),
}
# Codes without their check character.
UNITS = {
    "client": ("91310115MADEM00A1", "浦东示范建设发展有限公司"),
    "contractor": ("91310115MADEM00B2", "上海示范建工集团有限公司"),
    "supervision": ("91310115MADEM00C3", "上海示范工程监理有限公司"),
}


@dataclass(frozen=True, slots=True)
class Crew:
    """A demo team, and the unit it belongs to."""

    team_id: UUID
    unit_id: UUID


@dataclass(frozen=True, slots=True)
class Site:
    """A demo project and its parts."""

    project_id: UUID
    construction: Crew
    supervision: Crew


def fill(deps: Deps) -> Iterator[str]:
    """Fill the database if it holds no project, and tell the accounts; later runs tell them again from a file."""
    told = deps.settings.photo_dir.parent / "demo-accounts.txt"
    with deps.database.begin() as work:
        empty = work.session.scalars(select(Project.id).limit(1)).first() is None
    if empty:
        told.parent.mkdir(parents=True, exist_ok=True)
        # The file is written before the one commit: a district whose passwords nobody knows cannot come to be.
        with deps.database.whole() as database:
            lines = _fill(replace(deps, database=database))
            told.touch(0o600)
            told.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if told.exists():
        yield from told.read_text(encoding="utf-8").splitlines()


def _fill(deps: Deps) -> list[str]:
    lines = ["Accounts (each password works once: choose your own as new_password at the first sign-in)"]
    city = _account(deps, lines, "city", Grant(Role.CITY, Scope.CITY, None))
    units = {name: _unit(deps, city, *unit) for name, unit in UNITS.items()}
    body = registers.create(
        registers.BODIES,
        {
            "code": "pudong",
            "name": "浦东新区建设工程安全质量监督站",
            "kind": BodyKind.STATION,
            "district_code": "310115",
        },
        actor=city,
        deps=deps,
    ).id
    # Small enough for one safety officer (建质〔2008〕91号: below 10,000 m²).
    housing = {"name": "示范住宅项目一期", "area_m2": 9600.0, "price_yuan": 38_000_000}
    school = {"name": "示范学校新建项目", "area_m2": 7200.0, "price_yuan": 31_000_000}
    first = _site(deps, city, body, units, housing, POLYGON, Datum.GCJ02)
    second = _site(deps, city, body, units, school, CIRCLE, Datum.WGS84)
    for name, role, scope, scope_id in (
        ("officer", Role.OFFICER, Scope.BODY, body),
        ("body-head", Role.BODY_HEAD, Scope.BODY, body),
        ("auditor", Role.AUDITOR, Scope.BODY, body),
        ("client", Role.CLIENT, Scope.PROJECT, first.project_id),
        ("chief-engineer", Role.CHIEF_ENGINEER, Scope.PROJECT, first.project_id),
        ("project-manager", Role.PROJECT_MANAGER, Scope.TEAM, first.construction.team_id),
        ("office", Role.PROJECT_OFFICE, Scope.TEAM, first.construction.team_id),
        ("supervision-office", Role.PROJECT_OFFICE, Scope.TEAM, first.supervision.team_id),
        ("other-office", Role.PROJECT_OFFICE, Scope.TEAM, second.construction.team_id),
        ("enterprise", Role.ENTERPRISE, Scope.UNIT, units["contractor"]),
        ("supervision-enterprise", Role.ENTERPRISE, Scope.UNIT, units["supervision"]),
        ("operator", Role.OPERATOR, Scope.CITY, None),
        ("integration", Role.INTEGRATION, Scope.CITY, None),
    ):
        _account(deps, lines, name, Grant(role, scope, scope_id))
    return lines + _key_people(deps, city, first, second)


def _account(deps: Deps, lines: list[str], name: str, grant: Grant) -> Actor:
    account, password = add_account(name, [grant], None, actor_id=None, deps=deps)
    lines.append(f"  {name:<24}{password:<16}{grant.role}")
    with deps.database.begin() as work:
        return as_actor(work.session.get_one(Account, account.id))


def _unit(deps: Deps, city: Actor, stem: str, name: str) -> UUID:
    values = {"credit_code": stem + uscc.calc_check_digit(stem), "name": name}
    return registers.create(registers.UNITS, values, actor=city, deps=deps).id


def _site(
    deps: Deps,
    city: Actor,
    body: UUID,
    units: dict[str, UUID],
    about: dict[str, Any],
    geometry: dict[str, Any],
    datum: Datum,
) -> Site:
    begun = {"state": ProjectState.ACTIVE, "state_from_on": STARTED, "kind": ProjectKind.BUILDING}
    values = {**about, **begun, "body_id": body, "district_code": "310115"}
    project = projects.open_project(values, actor=city, deps=deps)
    filing = {"project_id": project.id, "number": f"DEMO-{geometry['kind']}", "filed_on": STARTED}
    registers.create(registers.FILINGS, filing, actor=city, deps=deps)
    for role in (UnitRoleKind.CLIENT, UnitRoleKind.CONTRACTOR, UnitRoleKind.SUPERVISION):
        values = {"project_id": project.id, "unit_id": units[role], "role": role}
        registers.create(registers.UNIT_ROLES, values, actor=city, deps=deps)
    fence = fences.propose(
        {"project_id": project.id, "name": "场地围栏", "datum": datum, "geometry": geometry, "starts_on": STARTED},
        actor=city,
        deps=deps,
    )
    fences.approve(fence.id, fence.version, actor=city, deps=deps)
    return Site(
        project.id,
        _team(deps, city, project.id, TeamKind.CONSTRUCTION, units["contractor"], "施工项目部"),
        _team(deps, city, project.id, TeamKind.SUPERVISION, units["supervision"], "监理项目部"),
    )


def _team(deps: Deps, city: Actor, project_id: UUID, kind: TeamKind, unit_id: UUID, name: str) -> Crew:
    values = {"project_id": project_id, "kind": kind, "unit_id": unit_id, "name": name}
    return Crew(registers.create(registers.TEAMS, values, actor=city, deps=deps).id, unit_id)


def _key_people(deps: Deps, city: Actor, first: Site, second: Site) -> list[str]:
    lines = ["Key people (bind WeChat with the activation code, valid seven days; the fake WeChat plays wx.login)"]
    for number, (name, crew, post) in enumerate(
        (
            ("陈立项", first.construction, "project_manager"),
            ("周安全", first.construction, "safety_officer"),
            ("吴总监", first.supervision, "chief_engineer"),
            ("郑经理", second.construction, "project_manager"),
        ),
        start=1,
    ):
        values = {
            "name": name,
            "document_kind": DocumentKind.RESIDENT_ID,
            "document_number": _resident_id(number),
        }
        person = people.register_person(values, actor=city, deps=deps)
        employment = {"unit_id": crew.unit_id, "starts_on": STARTED}
        employments.add_employment(person.id, employment, actor=city, deps=deps)
        _line(deps, city, crew.team_id, person.id, post)
        for type_code, pattern, specialty in CERTIFICATES[post]:
            named = {"type_code": type_code, "number": pattern.format(number=number), "specialty": specialty}
            _certificate(deps, city, person.id, {**named, "unit_id": crew.unit_id})
        code, _ = people.invite(person.id, actor=city, deps=deps)
        lines.append(f"  {name:<21}{code:<16}{post}")
    return lines


def _line(deps: Deps, city: Actor, team_id: UUID, person_id: UUID, post: str) -> None:
    values = {
        "team_id": team_id,
        "person_id": person_id,
        "post_code": post,
        "basis": Basis.FILING,
        "starts_on": STARTED,
    }
    line = roster.propose_line(values, actor=city, deps=deps)
    for act in (LineAct.SUBMIT, LineAct.APPROVE):
        line = roster.act_on_line(line.id, act, line.version, actor=city, deps=deps)


def _certificate(deps: Deps, city: Actor, person_id: UUID, named: dict[str, Any]) -> None:
    days = {"valid_from": STARTED, "valid_until": STARTED.replace(year=STARTED.year + 3)}
    certificates.create_certificate({"person_id": person_id, **named, **days}, actor=city, deps=deps)


def _resident_id(number: int) -> str:
    """A number that checks but belongs to nobody: born in 1900 at a place that is no district."""
    stem = f"31999919000101{number:03d}"
    return stem + str(ric.calc_check_digit(f"{stem}0"))
