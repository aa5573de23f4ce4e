"""Projects taken in bulk, by their filings: opened, joined, mended, with units, teams, permits and states."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from service.deps import Deps
from service.domain.actors import Role, Scope
from service.domain.calendar import business_day
from service.domain.findings.base import KIND_OF, Rule
from service.domain.records import Origin, ProjectRecord, Result
from service.domain.sites import ProjectKind, ProjectState, TeamKind, UnitRoleKind
from service.domain.sources import Source
from service.domain.topics import Topic
from service.store.models import (
    DayClose,
    Filing,
    Finding,
    Outbox,
    Permit,
    Project,
    ProjectStateRow,
    SupervisingBody,
    Team,
    Unit,
    UnitRole,
)
from tests.bulk import SHEET, refusals, results, statements, taken, unit_record
from tests.factories import NUMBERS, World


@pytest.fixture
def code(world: World) -> str:
    """The code of a body."""
    return body_code(world)


def body_code(world: World) -> str:
    with world.deps.database.begin() as work:
        return work.session.get_one(SupervisingBody, world.body()).code


def told(code: str, **fields: Any) -> ProjectRecord:
    at = next(NUMBERS)
    return replace(ProjectRecord(f"2026-F{at}", f"工程{at}", code, "310115"), **fields)


def row(deps: Deps, model: Any, **where: Any) -> Any:
    with deps.database.begin() as work:
        return work.session.scalars(select(model).filter_by(**where)).one()


def count(deps: Deps, model: Any) -> int:
    with deps.database.begin() as work:
        return work.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_new_project_has_all_its_parts(deps: Deps, code: str) -> None:
    today = business_day(deps.clock.now())
    roles = {name: unit_record() for name in ("client", "contractor", "supervision")}
    record = told(code, kind=ProjectKind.BUILDING, area_m2=31000.5, section="一标段", permit_number="P-1", **roles)
    [made] = taken(deps, [record])
    assert made.result is Result.CREATED
    project = row(deps, Project, id=made.id)
    assert (project.kind, project.area_m2, project.version) == (ProjectKind.BUILDING, 31000.5, 1)
    assert project.counting_from == today + timedelta(days=1)
    assert [(each.state, each.from_on) for each in project.states] == [(ProjectState.ACTIVE, today)]
    assert row(deps, DayClose, project_id=made.id).through == today
    filing = row(deps, Filing, number=record.filing_number)
    assert (filing.project_id, filing.section, filing.source) == (made.id, "一标段", Source.SPREADSHEET)
    assert row(deps, Permit, number="P-1").filing_id == filing.id
    for name, kind in (("contractor", TeamKind.CONSTRUCTION), ("supervision", TeamKind.SUPERVISION)):
        unit = row(deps, Unit, credit_code=roles[name].credit_code)
        team = row(deps, Team, project_id=made.id, kind=kind)
        assert (team.unit_id, row(deps, UnitRole, unit_id=unit.id).role) == (unit.id, UnitRoleKind(name))
    assert row(deps, Team, project_id=made.id, kind=TeamKind.SUPERVISION).name == "监理项目部"
    written = [count(deps, model) for model in (Permit, UnitRole, Team, ProjectStateRow)]
    assert results(taken(deps, [record, record])) == [Result.UNCHANGED] * 2
    assert [count(deps, model) for model in (Permit, UnitRole, Team, ProjectStateRow)] == written
    assert row(deps, Project, id=made.id).version == 1


def test_another_filing_joins_the_project_of_its_name_at_its_body(deps: Deps, world: World, code: str) -> None:
    first = told(code)
    second, third = told(code, name=first.name), told(code, name=first.name)
    elsewhere = told(body_code(world), name=first.name)
    one, two, other = taken(deps, [first, second, elsewhere])
    [three] = taken(deps, [third])
    assert one.id == two.id == three.id != other.id
    assert results([one, two, three, other]) == [Result.CREATED] * 4
    contradicting = replace(third, filing_number="x", area_m2=5.0)
    agreed, refused = taken(deps, [replace(first, area_m2=4.0), contradicting])
    assert agreed.result is Result.CHANGED
    assert [(p.code, p.field, p.data) for p in refused.problems] == [("repeated_otherwise", "area_m2", {"first": 0})]


def test_what_is_told_of_a_project_changes_and_the_rest_stays(deps: Deps, code: str) -> None:
    record = told(code, address="路1号", planned_from=date(2026, 5, 1), contractor=unit_record(), section="一")
    [made] = taken(deps, [record])
    news = replace(record, name="新名", address=None, price_yuan=1, contractor=unit_record(), section="二")
    confirmed = Origin(Source.FILING_SYSTEM, checked_at=deps.clock.now())
    assert results(taken(deps, [news], confirmed)) == [Result.CHANGED]
    assert results(taken(deps, [news], confirmed)) == [Result.UNCHANGED]
    project = row(deps, Project, id=made.id)
    assert (project.name, project.address, project.price_yuan, project.version) == ("新名", "路1号", 1, 2)
    filing = row(deps, Filing, number=record.filing_number)
    assert (filing.section, filing.source, filing.checked_at) == ("二", Source.FILING_SYSTEM, deps.clock.now())
    unit = row(deps, Unit, credit_code=news.contractor.credit_code if news.contractor else "")
    assert row(deps, Team, project_id=made.id).unit_id == unit.id
    # Against what is known already, not only by itself.
    over = replace(news, planned_until=date(2026, 4, 1))
    assert refusals(taken(deps, [over])) == [("dates_in_order", "planned_until")]


def test_another_state_is_added_from_its_day_and_told(deps: Deps, code: str) -> None:
    record = told(code, state_from_on=date(2026, 1, 1))
    [made] = taken(deps, [record])
    stopped = replace(record, state=ProjectState.STOPPED, state_from_on=date(2026, 2, 1))
    assert results(taken(deps, [stopped])) == [Result.CHANGED]
    assert results(taken(deps, [stopped, replace(record, filing_number="y", state_from_on=None)])) == [
        Result.UNCHANGED,
        Result.CREATED,
    ]
    states = [(each.state, each.from_on) for each in row(deps, Project, id=made.id).states]
    assert states == [(ProjectState.ACTIVE, date(2026, 1, 1)), (ProjectState.STOPPED, date(2026, 2, 1))]
    last = row(deps, ProjectStateRow, project_id=made.id, state=ProjectState.STOPPED)
    assert row(deps, Outbox, topic=Topic.PROJECT_STATE_CHANGED).subject_id == last.id


def test_what_is_wrong_is_told_row_by_row(deps: Deps, code: str) -> None:
    taken(deps, [told(code, permit_number="P-1")])
    batch = [
        told("no-such-body"),
        told(code, district_code="000000"),
        told(code, counting_from=date(2026, 3, 1)),
        told(code, planned_from=date(2026, 2, 1), planned_until=date(2026, 1, 1)),
        told(code, permit_number="P-1"),
        told(code, client=replace(unit_record(), name=None)),
        told(code, counting_from=date(2026, 3, 2)),
    ]
    answers = taken(deps, batch)
    assert refusals(answers) == [
        ("unknown_reference", "body_code"),
        ("unknown_reference", "district_code"),
        ("counting_in_the_past", "counting_from"),
        ("dates_in_order", "planned_until"),
        ("already_exists", "permit_number"),
        ("unknown_reference", "client.credit_code"),
    ]
    assert answers[-1].result is Result.CREATED
    assert count(deps, Project) == 2


def test_a_body_writes_only_its_own_projects(world: World, deps: Deps, code: str) -> None:
    record, own = told(code), body_code(world)
    taken(deps, [record])
    officer = world.actor(Role.OFFICER, Scope.BODY, row(deps, SupervisingBody, code=own).id)
    origin = Origin(Source.SPREADSHEET, officer)
    taken_over = replace(record, body_code=own)
    assert refusals(taken(deps, [told(code), taken_over], origin)) == [
        ("unknown_reference", "body_code"),
        ("unknown_reference", "filing_number"),
    ]
    assert results(taken(deps, [told(own)], origin)) == [Result.CREATED]


def test_two_callers_at_once_open_each_project_once(meeting_deps: Deps) -> None:
    code = body_code(World(meeting_deps))
    records = [told(code, name=f"同名{at % 10}", contractor=unit_record()) for at in range(10)]
    records += [replace(record, filing_number=f"{record.filing_number}-2") for record in records]
    ready = Barrier(2)

    def load(batch: list[ProjectRecord]) -> list[Result]:
        ready.wait(timeout=10)
        return results(taken(meeting_deps, batch))

    with ThreadPoolExecutor(2) as pool:
        forward, backward = pool.submit(load, records), pool.submit(load, records[::-1])
        pairs = zip(forward.result(timeout=60), backward.result(timeout=60)[::-1], strict=True)
    assert {frozenset(pair) for pair in pairs} == {frozenset({Result.CREATED, Result.UNCHANGED})}
    counts = [count(meeting_deps, model) for model in (Project, Filing, Team, DayClose)]
    assert counts == [10, 20, 10, 10]


def test_a_batch_takes_the_same_number_of_statements_whatever_its_size(meeting_deps: Deps) -> None:
    code, counts = body_code(World(meeting_deps)), []
    for size in (10, 500):
        records = [told(code, contractor=unit_record(), permit_number=f"P{next(NUMBERS)}") for _ in range(size)]
        with statements(meeting_deps) as first:
            taken(meeting_deps, records, SHEET)
        with statements(meeting_deps) as again:
            taken(meeting_deps, [replace(each, area_m2=1.0, section="一") for each in records])
        counts.append((len(first), len(again)))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": ProjectKind.MUNICIPAL},
        {"area_m2": 900.0},
        {"price_yuan": 7},
        {"section_group": "二"},
        {"contractor": unit_record()},
        {"name": "另一个名字"},
        {"section": "二标段"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_project_of_another_size_or_unit_is_looked_at_where_something_is_found(
    deps: Deps, code: str, change: dict[str, Any]
) -> None:
    values = {"kind": ProjectKind.BUILDING, "area_m2": 1.0, "price_yuan": 1, "section_group": "一"}
    records = [told(code, **values, contractor=unit_record()) for _ in range(2)]
    first, _ = taken(deps, records)
    with deps.database.begin() as work:
        values = {"rule": Rule.POST_VACANT, "rule_version": "1", "key": "project_manager", "evidence": {}}
        values |= {"month": date(2026, 3, 1), "kind": KIND_OF[Rule.POST_VACANT]}
        work.add(Finding(project_id=first.id, team_kind=TeamKind.CONSTRUCTION, **values))
    changed = [replace(each, **change) for each in records]
    assert results(taken(deps, changed)) == [Result.CHANGED] * 2
    assert results(taken(deps, changed)) == [Result.UNCHANGED] * 2
    with deps.database.begin() as work:
        published = work.session.scalars(select(Outbox.subject_id).where(Outbox.topic == Topic.LIST_CHANGED)).all()
    assert published == ([] if change.keys() & {"name", "section"} else [first.id])
