"""A simulated city without any database: the same for the same seed, plausible, with mistakes as often as was said."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest
from stdnum.cn import ric

from service.domain.certificates import CertificateStatus
from service.domain.findings.base import Rule
from service.domain.identifiers import DocumentKind, credit_code_problem, document_problem, phone_problem
from service.domain.post_rule_versions import PostRuleVersion, rules_on
from service.domain.post_rules import PostRule
from service.domain.sites import BodyKind, ProjectState
from service.simulate.city import City, Plan
from service.simulate.drafts import Group, Site
from service.simulate.mistakes import RATES, Planted
from service.store.base import Base
from service.store.models import (
    Certificate,
    CertificateStatusRow,
    DayClose,
    Employment,
    ListEntry,
    Permit,
    Person,
    Project,
    RosterLine,
    SupervisingBody,
    Unit,
)
from service.store.vault import Vault

Row = TypeVar("Row", bound=Base)

TODAY = date(2026, 3, 17)
VAULT = Vault({1: bytes(32)})
SEALED = {"document_sealed", "phone_sealed"}
SEEDED = Path(__file__).parents[2] / "migrations" / "data" / "post_rules-1.json"


@cache
def rules() -> Mapping[str, PostRule]:
    """The rules of posts as every installation begins with them."""
    rows = [
        PostRuleVersion(
            row["post_code"],
            row["rule_version"],
            date.fromisoformat(row["effective_from"]),
            row["category"],
            row["body"],
        )
        for row in json.loads(SEEDED.read_text(encoding="utf-8"))
    ]
    return rules_on(rows, TODAY)


def made(projects: int, seed: int = 1, rates: Mapping[Rule, float] = RATES) -> tuple[list[Group], list[Planted]]:
    """A city of ten people a project, and its mistakes."""
    city = City(Plan(projects, projects * 10, seed, TODAY, rates), rules(), VAULT)
    return list(city.groups()), city.planted


@pytest.fixture(scope="module")
def clean() -> list[Group]:
    """A city of 400 projects without mistakes."""
    return made(400, rates={})[0]


def rows(groups: list[Group], kind: type[Row]) -> list[Row]:
    return [row for group in groups for row in group.rows() if isinstance(row, kind)]


def told(groups: list[Group]) -> list[tuple[object, ...]]:
    """Every row with all its values but those that chance seals anew each time."""
    return [
        (type(row).__name__, *(getattr(row, column.key) for column in type(row).__table__.columns))
        if not isinstance(row, Person)
        else (row.id, row.name, row.document_hash, row.phone_tail)
        for group in groups
        for row in group.rows()
    ]


def sites(groups: list[Group]) -> Iterator[Site]:
    for group in groups:
        yield from group.sites


def test_the_same_seed_makes_the_same_city_and_another_seed_another() -> None:
    first, planted = made(30)
    again, planted_again = made(30)
    assert told(first) == told(again)
    assert planted == planted_again
    assert not {row.document_hash for row in rows(first, Person)} & {
        row.document_hash for row in rows(made(30, seed=2)[0], Person)
    }


def test_without_its_mistakes_the_city_is_the_same() -> None:
    wrong, right = made(30, rates=dict.fromkeys(RATES, 0.5))[0], made(30, rates={})[0]
    for kind in (Person, Project, Unit, DayClose):
        assert told([Group(organisations=rows(wrong, kind))]) == told([Group(organisations=rows(right, kind))])
    assert told(wrong) != told(right)


def test_there_are_as_many_projects_and_people_as_were_asked_for(clean: list[Group]) -> None:
    assert len(rows(clean, Project)) == len(rows(clean, DayClose)) == 400
    assert len({row.document_hash for row in rows(clean, Person)}) == 4000


def test_every_number_checks_and_belongs_to_somebody_of_working_age(clean: list[Group]) -> None:
    people, areas = rows(clean, Person), Counter[str]()
    for row in people:
        number = VAULT.open(f"document:{row.document_hash.hex()}", row.document_sealed).decode()
        assert row.document_hash == VAULT.digest("document", number.encode())
        assert document_problem(row.document_kind, number) is None
        assert row.phone_sealed is not None
        assert phone_problem(VAULT.open(f"phone:{row.id}", row.phone_sealed).decode()) is None
        if row.document_kind is DocumentKind.RESIDENT_ID:
            areas[number[:2]] += 1
            born = ric.get_birth_date(number)
            assert 22 <= (TODAY - born).days / 365.25 < 63
    assert len(areas) > 10
    assert 0.2 < areas["31"] / len(people) < 0.4
    assert 0 < sum(row.document_kind is DocumentKind.PASSPORT for row in people) < 40
    assert [unit.credit_code for unit in rows(clean, Unit) if credit_code_problem(unit.credit_code)] == []
    permits = [permit.number for permit in rows(clean, Permit)]
    assert all(len(number) == 18 and number.isdigit() for number in permits)
    assert len(set(permits)) == len(permits)


def test_every_district_has_its_station_and_the_city_its_own(clean: list[Group]) -> None:
    kinds = Counter(body.kind for body in rows(clean, SupervisingBody))
    assert kinds[BodyKind.STATION] == len({project.district_code for project in rows(clean, Project)}) == 16
    assert kinds[BodyKind.CITY_STATION] == 1
    assert kinds[BodyKind.COMMITTEE] > 1


def test_there_is_much_that_only_looks_wrong(clean: list[Group]) -> None:
    states = Counter(site.state for site in sites(clean))
    assert states[ProjectState.ACTIVE] > 240
    assert min(states[state] for state in ProjectState) > 2
    over = {row.person_id for row in rows(clean, Certificate) if row.valid_until and row.valid_until < TODAY}
    valid = {row.person_id for row in rows(clean, Certificate) if row.valid_until and row.valid_until >= TODAY}
    assert over & valid
    assert any(
        row.status is CertificateStatus.SUSPENDED and row.from_on > TODAY for row in rows(clean, CertificateStatusRow)
    )
    assert any(row.ends_on and row.ends_on < TODAY for row in rows(clean, RosterLine))
    assert any(row.starts_on > TODAY for row in rows(clean, RosterLine))
    assert any(row.ends_on and row.ends_on < TODAY for row in rows(clean, Employment))
    assert any(not site.listed for site in sites(clean) if site.staffed)
    assert any(str(entry.basis) == "contract" for entry in rows(clean, ListEntry))


def test_people_share_sites_as_they_may(clean: list[Group]) -> None:
    holders: dict[tuple[str, object], list[Site]] = {}
    for site in sites(clean):
        for chair in site.chairs:
            holders.setdefault((chair.line.post_code, chair.human.id), []).append(site)
    shared = {key: on for key, on in holders.items() if len(on) > 1}
    assert {post for post, _ in shared} == {"project_manager", "safety_officer", "chief_engineer"}
    assert {len(on) for (post, _), on in shared.items() if post == "chief_engineer"} == {2, 3}
    managed = [on for (post, _), on in shared.items() if post == "project_manager"]
    assert any(on[0].filing.section_group == on[1].filing.section_group is not None for on in managed)
    stopped = [site for on in managed for site in on if site.state is ProjectState.STOPPED]
    assert stopped
    assert all((TODAY - site.states[-1].from_on).days > 120 for site in stopped)


def test_mistakes_are_planted_as_often_as_the_rates_say_and_nobody_gets_two() -> None:
    groups, planted = made(300, rates=dict.fromkeys(RATES, 0.2))
    staffed = sum(site.staffed for site in sites(groups))
    pairs = sum(group.alike for group in groups)
    counts = Counter(each.rule for each in planted)
    for rule in set(RATES) - {Rule.CERTIFICATE_WRONG_LEVEL, Rule.SEVERAL_PROJECTS}:
        assert abs(counts[rule] - 0.2 * staffed) < 4 * math.sqrt(staffed * 0.2 * 0.8), rule
    # Only large sites ask for the higher level, and of two sites each has the finding.
    assert 0 < counts[Rule.CERTIFICATE_WRONG_LEVEL] < 0.2 * staffed
    assert 0 < counts[Rule.SEVERAL_PROJECTS] <= 2 * pairs
    assert len(set(planted)) == len(planted)
    about = [each.key.split(":")[0] for each in planted if each.rule is not Rule.SEVERAL_PROJECTS and "-" in each.key]
    both = {each.key for each in planted if each.rule is Rule.SEVERAL_PROJECTS}
    assert len(set(about)) == len(about)
    assert not both & set(about)


def test_only_what_a_rate_names_is_planted() -> None:
    _, planted = made(60, rates={Rule.LEFT_UNIT: 0.5, Rule.POST_VACANT: 0.1})
    counts = Counter(each.rule for each in planted)
    assert set(counts) == {Rule.LEFT_UNIT, Rule.POST_VACANT}
    assert counts[Rule.LEFT_UNIT] > counts[Rule.POST_VACANT]


def test_some_that_are_understaffed_are_so_by_a_table_alone() -> None:
    groups, planted = made(300, rates={Rule.UNDERSTAFFED: 1.0})
    sites = {site.id: site for group in groups for site in group.sites}
    wrong = [(sites[each.project_id], each.key) for each in planted]
    by_table = [site for site, post in wrong if not any(entry_of(row, post) for row in site.idle)]
    assert 0 < len(by_table) < len(wrong)


def entry_of(row: Base, post: str) -> bool:
    """True for an entry that names somebody for a post he left."""
    return isinstance(row, ListEntry) and row.post_code == post
