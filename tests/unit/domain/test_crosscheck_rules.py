"""The cross-check's rules, each at its edges: found on this side, not on that."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from service.domain.certificates import CertificateKind, CertificateStatus, HeldCertificate
from service.domain.findings.base import KIND_OF, Found, Rule
from service.domain.findings.facts import Employed, Facts, Listed, PersonFacts, Seat, SiteFacts
from service.domain.findings.registry import PERSON_RULES, RULES, look
from service.domain.post_rules import Band, Case, Concurrency, Exemption, Measure, PostRule, Size, Staffing
from service.domain.roster import Basis
from service.domain.sites import ProjectKind, ProjectState, TeamKind
from service.texts import told_by_rule
from service.texts.findings import RULES as RULE_TEXTS

DAY = date(2026, 3, 16)
NUMBERS = count(1)
BUILDING = frozenset({ProjectKind.BUILDING})
SMALL = Size(ProjectKind.BUILDING, area_m2=29_999.0)
LARGE = Size(ProjectKind.BUILDING, area_m2=30_000.0)
KINDS = {
    kind.code: kind
    for kind in (
        CertificateKind("constructor_1", "constructor", 1),
        CertificateKind("constructor_2", "constructor", 2),
        CertificateKind("safety_b", "safety"),
        CertificateKind("safety_c1", "safety"),
        CertificateKind("supervision", "supervision_engineer"),
    )
}
BOTH_EXEMPTIONS = frozenset({Exemption.ADJACENT_SECTIONS, Exemption.STOPPED})
#: A manager needs a constructor's certificate, of level 1 on a large building, and safety B; he serves one project.
MANAGER = PostRule(
    "manager",
    "manager-7",
    date(2019, 6, 1),
    1,
    certificates=(
        (
            Case(("constructor_1",), kinds=BUILDING, measure=Measure.AREA_M2, at_least=30_000),
            Case(("constructor_1", "constructor_2")),
        ),
        (Case(("safety_b",)),),
    ),
    concurrency=Concurrency(projects=1, exemptions=BOTH_EXEMPTIONS),
)
#: A chief may serve three projects with consent.
CHIEF = PostRule("chief", "chief-1", date(2019, 6, 1), 1, concurrency=Concurrency(projects=1, consented=3))
#: Of officers a large building needs two, and an engineer may serve anywhere, also beside an officer's post.
OFFICER = PostRule(
    "officer",
    "officer-1",
    date(2019, 6, 1),
    2,
    staffing=(Staffing(Measure.AREA_M2, BUILDING, (Band(1, below=30_000), Band(2)), "cited", enabled=True),),
)
ENGINEER = PostRule("engineer", "engineer-1", date(2019, 6, 1), 2, binding=Basis.CONTRACT)
POSTS = {rule.post_code: rule for rule in (MANAGER, CHIEF, OFFICER, ENGINEER)}
TEAMS = {code: TeamKind.SUPERVISION if code == "chief" else TeamKind.CONSTRUCTION for code in POSTS}


def new() -> UUID:
    return UUID(int=next(NUMBERS))


PERSON, OTHER, UNIT, ELSEWHERE = new(), new(), new(), new()
SITE = SiteFacts(new(), SMALL)


def seat(post: str = "engineer", site: SiteFacts = SITE, who: UUID = PERSON, **changes: Any) -> Seat:
    values = {"team_kind": TEAMS.get(post, TeamKind.CONSTRUCTION), "unit_id": UNIT, "starts_on": date(2026, 1, 5)}
    return Seat(new(), who, post, site, **{**values, **changes})


def held(code: str, **changes: Any) -> HeldCertificate:
    values = {"number": f"沪2026{next(NUMBERS):06d}", "valid_from": date(2025, 1, 1), "unit_id": UNIT}
    return HeldCertificate(new(), KINDS[code], **{**values, **changes})


def facts(
    *seats: Seat,
    site: SiteFacts = SITE,
    certificates: Iterable[HeldCertificate] = (),
    employments: Iterable[Employed] = (),
    **changes: Any,
) -> Facts:
    """A site with these seats; whatever is held and whoever employs belongs to everybody on it."""
    known = tuple(certificates), tuple(employments)
    people = {
        who: PersonFacts(*known, tuple(each for each in seats if each.person_id == who))
        for who in {each.person_id for each in seats}
    }
    here = tuple(each for each in seats if each.site.id == site.id)
    return Facts(DAY, site, here, people, POSTS, TEAMS, KINDS, **changes)


def rules_of(found: Iterable[Found]) -> list[str]:
    return sorted(str(each.rule) for each in found)


def found(which: Rule, of: Facts) -> list[Found]:
    return [each for each in look(of, RULES) if each.rule is which]


def only(which: Rule, of: Facts) -> Found:
    (one,) = found(which, of)
    return one


GOOD = (held("constructor_1"), held("safety_b"))


def test_a_good_manager_is_not_found() -> None:
    assert look(facts(seat("manager"), certificates=GOOD), PERSON_RULES) == []


@pytest.mark.parametrize(
    ("certificates", "size", "told"),
    [
        ([], SMALL, ["certificate_missing"]),
        ([held("safety_b")], SMALL, ["certificate_missing"]),
        ([held("constructor_1")], SMALL, ["certificate_missing"]),
        ([held("supervision"), held("safety_b")], SMALL, ["certificate_missing"]),
        ([held("constructor_1"), held("safety_c1")], SMALL, ["certificate_wrong_type"]),
        ([held("constructor_2"), held("safety_b")], SMALL, []),
        ([held("constructor_2"), held("safety_b")], LARGE, ["certificate_wrong_level"]),
        ([held("constructor_2"), held("safety_b")], Size(), []),
        ([held("constructor_2"), held("safety_b")], replace(LARGE, kind=ProjectKind.MUNICIPAL), []),
        ([held("constructor_1"), held("constructor_2"), held("safety_b")], LARGE, []),
        ([held("constructor_1", valid_until=DAY - timedelta(1)), held("safety_b")], SMALL, ["certificate_expired"]),
        ([held("constructor_1", valid_from=DAY + timedelta(1)), held("safety_b")], SMALL, ["certificate_expired"]),
        ([held("constructor_1", valid_from=DAY), held("safety_b")], SMALL, []),
        ([held("constructor_1", unit_id=ELSEWHERE), held("safety_b")], SMALL, ["certificate_other_unit"]),
        ([held("constructor_1", unit_id=None), held("safety_b")], SMALL, []),
        (
            [held("constructor_1", status=CertificateStatus.SUSPENDED), held("safety_b")],
            SMALL,
            ["certificate_suspended"],
        ),
        ([held("constructor_1", status=CertificateStatus.REVOKED), held("safety_b")], SMALL, ["certificate_suspended"]),
        (
            [held("constructor_1", status=CertificateStatus.CANCELLED), held("constructor_2"), held("safety_b")],
            SMALL,
            [],
        ),
        (
            [held("constructor_1", unit_id=ELSEWHERE), held("safety_b", valid_until=DAY - timedelta(1))],
            SMALL,
            ["certificate_expired", "certificate_other_unit"],
        ),
    ],
)
def test_each_certificate_rule_finds_what_is_its_own(
    certificates: list[HeldCertificate], size: Size, told: list[str]
) -> None:
    site = replace(SITE, size=size)
    assert rules_of(look(facts(seat("manager", site), site=site, certificates=certificates), PERSON_RULES)) == told


def test_two_missing_certificates_are_one_finding_that_names_what_it_rests_on() -> None:
    line = seat("manager")
    one = only(Rule.CERTIFICATE_MISSING, facts(line))
    assert (one.key, one.person_id, one.post_code, one.category) == (f"{PERSON}:manager", PERSON, "manager", 1)
    assert (one.month, one.team_kind) == (date(2026, 3, 1), TeamKind.CONSTRUCTION)
    assert one.evidence == {
        "roster_line_id": str(line.line_id),
        "post_rule": "manager-7",
        "unit_id": str(UNIT),
        "needs": [
            {"asked": ["constructor_1", "constructor_2"], "certificate": None},
            {"asked": ["safety_b"], "certificate": None},
        ],
        "size": {"kind": "building", "area_m2": 29_999.0, "price_yuan": None},
    }


def test_a_certificate_is_told_by_the_tail_of_its_number_and_when_it_was_checked() -> None:
    checked = datetime(2026, 3, 1, tzinfo=UTC)
    bad = held("constructor_1", number="沪1312026202612345", unit_id=ELSEWHERE, checked_at=checked)
    one = only(Rule.CERTIFICATE_OTHER_UNIT, facts(seat("manager"), certificates=[bad, held("safety_b")]))
    (need,) = one.evidence["needs"]
    assert need["certificate"]["number_tail"] == "2345"
    assert "202612345" not in str(one.evidence)
    assert (need["certificate"]["unit_id"], need["certificate"]["id"]) == (str(ELSEWHERE), str(bad.id))
    assert need["certificate"]["checked_at"] == "2026-03-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("left", "within"), [(0, 30), (30, 30), (31, 60), (60, 60), (61, 90), (90, 90), (91, None), (None, None)]
)
def test_a_certificate_that_ends_soon_is_a_warning(left: int | None, within: int | None) -> None:
    until = None if left is None else DAY + timedelta(left)
    results = look(
        facts(seat("manager"), certificates=[held("constructor_1"), held("safety_b", valid_until=until)]), PERSON_RULES
    )
    assert [each.evidence["needs"][0]["within_days"] for each in results] == ([] if within is None else [within])
    assert {str(KIND_OF[each.rule]) for each in results} <= {"warning"}


def test_a_longer_one_of_the_same_need_keeps_the_warning_away() -> None:
    soon = held("constructor_2", valid_until=DAY + timedelta(3))
    assert look(facts(seat("manager"), certificates=[soon, *GOOD]), PERSON_RULES) == []


@pytest.mark.parametrize(
    ("follows", "told"),
    [
        ({"valid_from": DAY + timedelta(4)}, []),
        ({"valid_from": DAY + timedelta(5)}, ["certificate_expiring"]),
        ({"valid_from": DAY + timedelta(4), "valid_until": DAY + timedelta(80)}, ["certificate_expiring"]),
        ({"valid_from": DAY + timedelta(4), "unit_id": ELSEWHERE}, ["certificate_expiring"]),
        ({"valid_from": DAY + timedelta(4), "status": CertificateStatus.REVOKED}, ["certificate_expiring"]),
    ],
)
def test_a_renewal_without_a_gap_keeps_the_warning_away(follows: dict[str, Any], told: list[str]) -> None:
    certificates = [
        held("constructor_1"),
        held("safety_b", valid_until=DAY + timedelta(3)),
        held("safety_b", **follows),
    ]
    assert rules_of(look(facts(seat("manager"), certificates=certificates), PERSON_RULES)) == told


def test_a_warning_is_only_told_where_days_are_set() -> None:
    posts = {**POSTS, "manager": replace(MANAGER, warn_days=())}
    ending = [held("constructor_1", valid_until=DAY), held("safety_b")]
    of = replace(facts(seat("manager"), certificates=ending), posts=posts)
    assert look(of, PERSON_RULES) == []


def test_two_lines_on_one_chair_are_found_once() -> None:
    assert rules_of(look(facts(seat("manager"), seat("manager")), PERSON_RULES)) == ["certificate_missing"]


def test_a_post_without_a_rule_asks_for_nothing() -> None:
    of = facts(seat("new_post"), listed=(listed("engineer", OTHER),))
    assert look(replace(of, team_kinds={**TEAMS, "new_post": TeamKind.CONSTRUCTION}), PERSON_RULES) == []


@pytest.mark.parametrize("state", [None, ProjectState.PLANNED, ProjectState.COMPLETED])
def test_before_it_begins_and_once_it_is_accepted_nothing_is_asked(state: ProjectState | None) -> None:
    site = replace(SITE, state=state)
    assert look(facts(seat("manager", site), site=site, required_posts=("officer",)), RULES) == []


# --- lists --------------------------------------------------------------------------------------------------------


def listed(post: str, who: UUID = PERSON, basis: Basis = Basis.FILING, **changes: Any) -> Listed:
    return Listed(new(), basis, post, who, **changes)


@pytest.mark.parametrize(
    ("entries", "others", "elsewhere"),
    [
        ([("officer", OTHER)], 1, []),
        ([("officer", OTHER), ("manager", PERSON)], 1, ["manager"]),
        ([("manager", PERSON)], 0, ["manager"]),
        ([("manager", OTHER)], 0, []),
    ],
)
def test_who_is_not_named_for_his_post_is_found(
    entries: list[tuple[str, UUID]], others: int, elsewhere: list[str]
) -> None:
    rows = tuple(listed(post, who) for post, who in entries)
    one = only(Rule.FILING_MISMATCH, facts(seat("officer"), listed=rows))
    assert (one.evidence["others"], one.evidence["listed_for"], one.evidence["basis"]) == (others, elsewhere, "filing")


@pytest.mark.parametrize(
    ("post", "rows"),
    [
        ("officer", ()),
        ("officer", (listed("officer"),)),
        ("officer", (listed("officer"), listed("officer", OTHER))),
        # What binds an engineer is the contract, and there is none.
        ("engineer", (listed("engineer", OTHER),)),
        ("engineer", (listed("engineer", OTHER), listed("engineer", basis=Basis.CONTRACT))),
        ("officer", (listed("officer", unit_id=UNIT),)),
        ("officer", (listed("officer", unit_id=ELSEWHERE), listed("officer"))),
        # A contract binds no officer.
        ("officer", (listed("officer", OTHER, Basis.CONTRACT),)),
    ],
)
def test_who_is_named_or_stands_against_no_list_is_not(post: str, rows: tuple[Listed, ...]) -> None:
    assert found(Rule.FILING_MISMATCH, facts(seat(post), listed=rows)) == []


def test_a_list_was_checked_when_the_oldest_of_its_entries_was_and_never_while_one_was_not() -> None:
    early, late = (datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2))
    for moments, told in (((late, early), early.isoformat()), ((late, None), None), ((), None)):
        rows = tuple(listed("officer", OTHER, checked_at=moment) for moment in moments)
        one = only(Rule.FILING_MISMATCH, facts(seat("officer"), listed=rows, lists=frozenset({Basis.FILING})))
        assert one.evidence["checked_at"] == told
        assert one.evidence["list_entry_ids"] == sorted(str(row.id) for row in rows)


def test_a_list_that_names_nobody_any_more_still_binds() -> None:
    one = only(Rule.FILING_MISMATCH, facts(seat("officer"), lists=frozenset({Basis.FILING})))
    assert (one.evidence["others"], one.evidence["list_entry_ids"]) == (0, [])
    assert found(Rule.FILING_MISMATCH, facts(seat("officer"), lists=frozenset({Basis.CONTRACT}))) == []


def test_who_is_named_for_another_unit_is_found() -> None:
    one = only(Rule.FILING_MISMATCH, facts(seat("officer"), listed=(listed("officer", unit_id=ELSEWHERE),)))
    assert (one.evidence["listed_unit_ids"], one.evidence["unit_id"]) == ([str(ELSEWHERE)], str(UNIT))
    assert (one.evidence["others"], one.evidence["listed_for"]) == (0, ["officer"])


# --- several posts and projects -----------------------------------------------------------------------------------


def test_two_posts_of_one_project_are_one_finding() -> None:
    seats = [seat("officer"), seat("engineer"), seat("engineer")]
    one = only(Rule.SEVERAL_POSTS, facts(*seats))
    assert one.key == f"{PERSON}:construction"
    assert [each["post_code"] for each in one.evidence["seats"]] == ["engineer", "officer"]


def test_each_team_concerned_has_a_finding_of_its_own() -> None:
    both = found(Rule.SEVERAL_POSTS, facts(seat("officer"), seat("chief")))
    assert [(each.key, each.post_code, each.team_kind) for each in sorted(both, key=lambda each: each.key)] == [
        (f"{PERSON}:construction", "officer", TeamKind.CONSTRUCTION),
        (f"{PERSON}:supervision", "chief", TeamKind.SUPERVISION),
    ]
    assert both[0].evidence["seats"] == both[1].evidence["seats"]


def test_posts_that_go_together_are_not_found_and_a_third_is() -> None:
    together = {**POSTS, "officer": replace(OFFICER, concurrency=Concurrency(with_posts=frozenset({"engineer"})))}
    two = replace(facts(seat("officer"), seat("engineer")), posts=together)
    assert found(Rule.SEVERAL_POSTS, two) == []
    three = replace(facts(seat("officer"), seat("engineer"), seat("manager")), posts=together)
    assert len(found(Rule.SEVERAL_POSTS, three)) == 1


def test_two_people_and_two_projects_are_not_several_posts() -> None:
    assert found(Rule.SEVERAL_POSTS, facts(seat("officer"), seat("engineer", who=OTHER))) == []
    assert found(Rule.SEVERAL_POSTS, facts(seat("officer"), seat("engineer", replace(SITE, id=new())))) == []


def another(**changes: Any) -> SiteFacts:
    return replace(SITE, id=new(), **changes)


def projects(*seats: Seat) -> list[Found]:
    return found(Rule.SEVERAL_PROJECTS, facts(*seats))


def test_a_manager_of_two_projects_is_found_and_of_one_is_not() -> None:
    (one,) = projects(seat("manager"), seat("manager", another()))
    assert (one.key, one.evidence["counted"], one.evidence["limit"]) == (str(PERSON), 2, 1)
    assert len(one.evidence["projects"]) == 2
    assert projects(seat("manager"), seat("manager")) == []


def test_posts_without_a_limit_and_sites_that_are_over_are_not_counted() -> None:
    assert projects(seat("manager"), seat("engineer", another())) == []
    assert projects(seat("engineer"), seat("manager", another()), seat("manager", another())) == []
    assert projects(seat("manager"), seat("manager", another(state=ProjectState.COMPLETED))) == []
    assert projects(seat("manager"), seat("manager", another(state=ProjectState.PLANNED))) == []


@pytest.mark.parametrize(
    ("days", "consent", "exempt"),
    [(119, DAY, False), (120, DAY, True), (120, None, False), (120, DAY + timedelta(1), False)],
)
def test_a_project_stopped_for_long_is_exempt_with_consent(days: int, consent: date | None, exempt: bool) -> None:
    stopped = another(stopped_since=DAY - timedelta(days))
    rests = seat("manager", stopped, concurrent_consent_on=consent)
    assert bool(projects(seat("manager"), rests)) is not exempt
    # On the exempt one nothing is found either.
    assert bool(found(Rule.SEVERAL_PROJECTS, facts(seat("manager"), rests, site=stopped))) is not exempt


def test_a_chief_s_stopped_project_counts_because_his_post_does_not_exempt_it() -> None:
    stopped = another(stopped_since=date(2025, 1, 1))
    sites = [another(), another(), another(), stopped]
    seats = [seat("chief", site, concurrent_consent_on=DAY) for site in sites]
    of = facts(*seats, site=sites[0])
    assert only(Rule.SEVERAL_PROJECTS, of).evidence["counted"] == 4


def test_adjacent_sections_count_as_one_where_both_posts_are_exempt() -> None:
    near, far = frozenset({"north"}), frozenset({"south"})
    here = replace(SITE, section_groups=near)
    beside = another(section_groups=near | far)
    assert found(Rule.SEVERAL_PROJECTS, facts(seat("manager", here), seat("manager", beside), site=here)) == []
    # Of three in a row the first and the last share nothing, and still it is one stretch.
    last = another(section_groups=far)
    row = [seat("manager", site) for site in (here, last, beside)]
    assert found(Rule.SEVERAL_PROJECTS, facts(*row, site=here)) == []
    assert found(Rule.SEVERAL_PROJECTS, facts(seat("manager", here), seat("manager", last), site=here)) != []
    assert found(Rule.SEVERAL_PROJECTS, facts(seat("manager", here), seat("chief", beside), site=here)) != []


@pytest.mark.parametrize(
    ("consents", "limit"),
    [
        ([None], None),
        ([None, DAY], None),
        ([None, None], 1),
        ([None, DAY + timedelta(1)], 1),
        ([None, DAY, DAY], None),
        ([None, None, DAY], 1),
        ([None, DAY, DAY, DAY], 3),
        ([DAY, DAY, DAY, DAY], 3),
    ],
)
def test_a_chief_may_serve_three_with_consent_to_each_further_one(
    consents: list[date | None], limit: int | None
) -> None:
    sites = [SITE, *(another() for _ in consents[1:])]
    seats = [seat("chief", site, concurrent_consent_on=on) for site, on in zip(sites, consents, strict=True)]
    assert [each.evidence["limit"] for each in projects(*seats)] == ([] if limit is None else [limit])


def test_no_post_is_hidden_behind_another_of_the_same_site() -> None:
    sites = [SITE, another()]
    chiefs = [seat("chief", site, concurrent_consent_on=DAY) for site in sites]
    assert projects(*chiefs) == []
    (one,) = projects(*chiefs, *(seat("manager", site) for site in sites))
    assert (one.evidence["limit"], one.evidence["counted"], one.post_code) == (1, 2, "manager")
    # What adjoins for one of his posts does not for the other.
    near = frozenset({"north"})
    beside = [replace(SITE, section_groups=near), another(section_groups=near)]
    seats = [seat("manager", site) for site in beside]
    assert found(Rule.SEVERAL_PROJECTS, facts(*seats, site=beside[0])) == []
    assert found(Rule.SEVERAL_PROJECTS, facts(*seats, seat("chief", beside[1]), site=beside[0])) != []


def test_of_two_lines_on_one_post_that_with_consent_counts() -> None:
    other = another()
    lines = [seat("chief", other), seat("chief", other, concurrent_consent_on=DAY)]
    assert projects(seat("chief"), *lines) == []


def test_the_strictest_of_his_posts_holds() -> None:
    seats = [seat("manager"), seat("chief", another(), concurrent_consent_on=DAY)]
    assert [each.evidence["limit"] for each in projects(*seats)] == [1]


# --- staffing -----------------------------------------------------------------------------------------------------


def officers(number: int, size: Size, **changes: Any) -> list[Found]:
    site = replace(SITE, size=size)
    seats = [seat("officer", site, new()) for _ in range(number)]
    return [each for each in look(facts(*seats, site=site, **changes), RULES) if each.post_code == "officer"]


@pytest.mark.parametrize(
    ("number", "size", "needed"),
    [
        (1, SMALL, None),
        (1, LARGE, 2),
        (2, LARGE, None),
        (1, Size(ProjectKind.BUILDING), None),
        (1, Size(area_m2=30_000.0), None),
        (0, SMALL, 1),
        (0, Size(), None),
    ],
)
def test_a_post_is_understaffed_by_its_table(number: int, size: Size, needed: int | None) -> None:
    results = officers(number, size)
    assert [each.evidence["needed"] for each in results] == ([] if needed is None else [needed])
    assert rules_of(results) == ["understaffed"] * (needed is not None)


def test_the_list_may_ask_for_more_than_the_table() -> None:
    rows = tuple(listed("officer", who) for who in (OTHER, new(), new()))
    one = next(each for each in officers(2, LARGE, listed=rows) if each.rule is Rule.UNDERSTAFFED)
    assert (one.evidence["needed"], one.evidence["present"], one.key) == (3, 2, "officer")
    assert (one.evidence["table"]["cites"], one.cites) == ("cited", ())
    (by_table,) = (each for each in officers(1, LARGE) if each.rule is Rule.UNDERSTAFFED)
    assert by_table.cites == ("cited",)
    assert len(one.evidence["roster_line_ids"]) == 2
    twice = (listed("officer", OTHER), listed("officer", OTHER))
    assert Rule.UNDERSTAFFED not in {each.rule for each in officers(1, SMALL, listed=twice)}


def test_a_table_that_is_not_enabled_asks_for_nobody() -> None:
    (table,) = OFFICER.staffing
    posts = {**POSTS, "officer": replace(OFFICER, staffing=(replace(table, enabled=False),))}
    assert look(replace(facts(site=replace(SITE, size=LARGE)), posts=posts), RULES) == []


def test_a_required_post_without_anybody_is_vacant_and_not_understaffed() -> None:
    (one,) = officers(0, LARGE, required_posts=("officer",), policy_version="attendance-1")
    assert (one.rule, one.key, one.evidence["policy_version"]) == (Rule.POST_VACANT, "officer", "attendance-1")
    (one,) = officers(1, LARGE, required_posts=("officer",))
    assert one.rule is Rule.UNDERSTAFFED


def test_a_required_post_is_vacant_also_without_its_team_which_no_table_asks_for() -> None:
    large = replace(SITE, size=LARGE)
    of = facts(site=large, required_posts=("chief",), teams=frozenset())
    assert [(each.rule, each.key, each.team_kind) for each in look(of, RULES)] == [
        (Rule.POST_VACANT, "chief", TeamKind.SUPERVISION)
    ]


# --- employment ---------------------------------------------------------------------------------------------------


def works(unit_id: UUID, until: date | None = None, since: date = date(2024, 1, 1)) -> Employed:
    return Employed(new(), unit_id, since, until)


YESTERDAY, TOMORROW = DAY - timedelta(1), DAY + timedelta(1)


@pytest.mark.parametrize(
    ("employments", "told"),
    [
        ([], []),
        ([works(UNIT)], []),
        ([works(UNIT, until=DAY)], []),
        ([works(UNIT, until=YESTERDAY)], ["left_unit"]),
        ([works(UNIT, until=YESTERDAY), works(UNIT, since=DAY)], []),
        ([works(UNIT, until=YESTERDAY), works(UNIT, since=TOMORROW)], ["left_unit"]),
        ([works(UNIT, since=TOMORROW)], []),
        ([works(ELSEWHERE)], ["employed_elsewhere"]),
        ([works(ELSEWHERE, since=DAY)], ["employed_elsewhere"]),
        ([works(ELSEWHERE, since=TOMORROW)], []),
        ([works(ELSEWHERE, until=DAY)], ["employed_elsewhere"]),
        ([works(ELSEWHERE, until=YESTERDAY)], []),
        ([works(UNIT), works(ELSEWHERE)], ["employed_elsewhere"]),
        # On the day of a move he works for one after the other.
        ([works(UNIT, until=DAY), works(ELSEWHERE, since=DAY)], []),
        ([works(UNIT, since=DAY), works(ELSEWHERE, until=DAY)], []),
        ([works(UNIT, since=DAY), works(ELSEWHERE)], ["employed_elsewhere"]),
        ([works(UNIT, until=DAY), works(ELSEWHERE, since=YESTERDAY)], ["employed_elsewhere"]),
        ([works(UNIT, until=YESTERDAY), works(ELSEWHERE)], ["left_unit"]),
    ],
)
def test_whom_somebody_works_for(employments: list[Employed], told: list[str]) -> None:
    assert rules_of(look(facts(seat(), employments=employments), PERSON_RULES)) == told


def test_the_employments_are_named() -> None:
    last = works(UNIT, until=YESTERDAY)
    one = only(Rule.LEFT_UNIT, facts(seat(), employments=[works(UNIT, until=date(2024, 6, 1)), last]))
    assert (one.evidence["employment_ids"], one.evidence["ended_on"]) == ([str(last.id)], YESTERDAY.isoformat())
    other = works(ELSEWHERE)
    one = only(Rule.EMPLOYED_ELSEWHERE, facts(seat(), employments=[other]))
    assert (one.evidence["employment_ids"], one.evidence["other_unit_ids"]) == ([str(other.id)], [str(ELSEWHERE)])


# --- what is said -------------------------------------------------------------------------------------------------


def test_every_rule_has_a_name_and_a_sentence_whose_numbers_its_evidence_gives() -> None:
    assert set(RULE_TEXTS) == set(Rule)
    large = replace(SITE, size=LARGE)
    sites = [
        facts(
            seat("officer", large), site=large, listed=(listed("officer", OTHER),), employments=[works(UNIT, YESTERDAY)]
        ),
        facts(seat("manager"), seat("manager", another())),
    ]
    results = [each for of in sites for each in look(of, RULES)]
    assert {"filing_mismatch", "understaffed", "left_unit", "several_projects"} <= set(rules_of(results))
    for each in results:
        said = told_by_rule(each.rule, each.evidence)["text"]
        assert "{" not in said["zh"] + said["en"]
        assert " - " not in f" {said['en']} "
