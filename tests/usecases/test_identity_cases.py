"""From a third mismatch to an officer's desk: what opens a case, what does not, and what his decision brings."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from demo.photos import portrait, variant
from face.engines.base import Reading
from service.deps import Deps
from service.domain.actors import Actor, Role, Scope
from service.domain.reasons import Verdict
from service.domain.sites import TeamKind
from service.errors import ServiceError
from service.store.models import Audit, CaseState, CheckIn, Finding, IdentityCase, Photo, Project, Ticket
from service.store.queries.paging import Window
from service.usecases import analysis, identity_cases, people, retention, verification
from service.usecases.ticketing import dispatch_tickets
from tests.factories import World
from tests.factories_identity import Crowd, Prepared
from tests.fakes import HeldQueue, SetClock


@pytest.fixture
def crowd(world: World) -> Crowd:
    return Crowd(world)


def cases(deps: Deps) -> list[IdentityCase]:
    with deps.database.begin() as work:
        return list(work.session.scalars(select(IdentityCase).order_by(IdentityCase.id)))


def suspected(crowd: Crowd, tries: int = 3) -> IdentityCase:
    """A case about somebody for whom a colleague punched, and the colleague."""
    claimed, _ = crowd.person(0, 0, 0), crowd.person(9, 0, 0)
    for at in range(tries):
        crowd.punch(claimed, 9, 0, 0.1 + at / 100)
    return cases(crowd.deps)[-1]


def officer(crowd: Crowd) -> Actor:
    return crowd.world.actor(Role.OFFICER, Scope.BODY, crowd.site.body)


def test_the_third_mismatch_that_is_nearer_to_a_colleague_opens_a_case(crowd: Crowd) -> None:
    claimed, colleague = crowd.person(0, 0, 0), crowd.person(9, 0, 0)
    rows = [crowd.punch(claimed, 9, 0, each / 10) for each in (1, 2, 3)]
    assert {row.state for row in rows} == {Verdict.REFUSED}
    (case,) = cases(crowd.deps)
    assert (case.person_id, case.other_person_id, case.state) == (claimed, colleague, CaseState.OPEN)
    assert (case.check_in_id, case.project_id) == (rows[2].id, crowd.site.project_id)
    assert case.record | {"distance": 0, "enrolment_id": "", "other_enrolment_id": ""} == {
        "distance": 0, "other_distance": 0.3, "among": "roster", "margin": 0.5, "accept": 1.0, "refuse": 2.0,
        "adaptation": None, "engine": {"id": "prepared", "version": "1"}, "policy_version": "check_in-3",
        "enrolment_id": "", "other_enrolment_id": "", "tries": [str(row.id) for row in rows],
    }  # fmt: skip
    with crowd.deps.database.begin() as work:
        opened = select(Audit).where(Audit.action == "identity_case:open", Audit.subject_id == str(case.id))
        assert len(work.session.scalars(opened).all()) == 1


def test_two_mismatches_or_three_in_a_long_time_open_none(crowd: Crowd, clock: SetClock) -> None:
    claimed, _ = crowd.person(0, 0, 0), crowd.person(9, 0, 0)
    for at in range(4):
        crowd.punch(claimed, 9, 0, 0.1 + at / 100)
        clock.pass_(minutes=5, seconds=1)
    assert cases(crowd.deps) == []


@pytest.mark.parametrize("photo", [(0, 9, 0), (4.6, 0, 0)])
def test_mismatches_nearer_to_nobody_open_none(crowd: Crowd, photo: tuple[float, ...]) -> None:
    # The second is nearer to the colleague, and not by the margin.
    claimed, _ = crowd.person(0, 0, 0), crowd.person(9, 0, 0)
    rows = [crowd.punch(claimed, *photo[:2], at / 100) for at in range(4)]
    assert ({row.state for row in rows}, cases(crowd.deps)) == ({Verdict.REFUSED}, [])


def test_somebody_on_no_roster_is_found_by_the_last_try_and_only_by_it(crowd: Crowd) -> None:
    claimed, stranger = crowd.person(0, 0, 0), crowd.person(9, 0, 0, line=None)
    rows = [crowd.punch(claimed, 9, 0, each / 10) for each in (1, 2, 3)]
    (case,) = cases(crowd.deps)
    assert (case.other_person_id, case.record["among"], case.check_in_id) == (stranger, "everybody", rows[2].id)


def test_whoever_withdrew_his_consent_is_nobody_s_rival(crowd: Crowd) -> None:
    claimed, colleague = crowd.person(0, 0, 0), crowd.person(9, 0, 0)
    people.withdraw_consent(colleague, "face", actor=crowd.world.city, deps=crowd.deps)  # type: ignore[arg-type]
    for at in range(3):
        crowd.punch(claimed, 9, 0, at / 100)
    assert cases(crowd.deps) == []


def test_a_match_sent_to_a_person_for_a_rival_is_no_case(crowd: Crowd) -> None:
    claimed, _ = crowd.person(0, 0, 0), crowd.person(0.9, 0, 0)
    rows = [crowd.punch(claimed, 0.8, 0, at / 100) for at in range(4)]
    assert ({row.state for row in rows}, cases(crowd.deps)) == ({Verdict.REVIEW}, [])


def test_of_two_people_one_case_is_open_at_a_time_and_a_dismissed_one_stays(crowd: Crowd) -> None:
    case = suspected(crowd, tries=4)
    assert len(cases(crowd.deps)) == 1
    identity_cases.decide_case(case.id, CaseState.DISMISSED, "双胞胎", 1, actor=officer(crowd), deps=crowd.deps)
    verification.verify(case.check_in_id, deps=crowd.deps)
    assert [each.state for each in cases(crowd.deps)] == [CaseState.DISMISSED]
    again = crowd.punch(case.person_id, 9, 0, 0.5)
    assert [(each.state, each.check_in_id) for each in cases(crowd.deps)][1:] == [(CaseState.OPEN, again.id)]


class Meeting(Prepared):
    """Lets two workers go on only once both have looked."""

    def __init__(self, engine: Prepared) -> None:
        self.seen, self.both = engine.seen, threading.Barrier(2, timeout=30)

    def describe(self, data: bytes, *, turned: bool = False) -> Reading:
        reading = super().describe(data, turned=turned)
        self.both.wait()
        return reading


@pytest.mark.parametrize("before", [1, 2])
def test_two_last_tries_at_once_open_one_case(meeting_deps: Deps, before: int) -> None:
    crowd = Crowd(World(meeting_deps))
    claimed, colleague = crowd.person(0, 0, 0), crowd.person(9, 0, 0)
    for at in range(before):
        crowd.punch(claimed, 9, 0, at / 100)
    both = [
        crowd.world.punch(crowd.site, crowd.phone(claimed), crowd.engine.photo(9, 0, 0.1 + at / 100)) for at in range(2)
    ]
    engine = Meeting(crowd.engine)
    deps = replace(crowd.deps, engine=lambda: engine)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda row: verification.verify(row.id, deps=deps), both))
    (case,) = cases(crowd.deps)
    assert (case.other_person_id, case.check_in_id in {row.id for row in both}) == (colleague, True)


def findings(deps: Deps) -> list[Finding]:
    with deps.database.begin() as work:
        return list(work.session.scalars(select(Finding).where(Finding.kind == "identity")))


def confirmed(crowd: Crowd) -> IdentityCase:
    case = suspected(crowd)
    note = "照片为他人"
    return identity_cases.decide_case(case.id, CaseState.CONFIRMED, note, 1, actor=officer(crowd), deps=crowd.deps)


def test_confirming_opens_a_finding_of_the_person_s_team_that_says_nothing_of_the_other(crowd: Crowd) -> None:
    case = confirmed(crowd)
    assert (case.state, case.version, case.note, case.decided_at) == ("confirmed", 2, "照片为他人", case.created_at)
    (finding,) = findings(crowd.deps)
    assert (finding.rule, finding.team_kind, finding.post_code, finding.person_id, finding.month) == (
        "identity_confirmed", TeamKind.CONSTRUCTION, "safety_officer", case.person_id, date(2026, 3, 1),
    )  # fmt: skip
    assert finding.evidence == {
        "identity_case_id": str(case.id), "check_in_id": str(case.check_in_id), "day": "2026-03-02",
    }  # fmt: skip


def test_the_finding_stays_open_through_day_and_night_and_goes_into_no_ticket(crowd: Crowd, clock: SetClock) -> None:
    confirmed(crowd)
    clock.pass_(days=40)
    analysis.end_days(crowd.site.project_id, deps=crowd.deps)
    analysis.recheck(crowd.site.project_id, [], deps=crowd.deps)
    (finding,) = findings(crowd.deps)
    assert (finding.closed_at, finding.ticket_id) == (None, None)
    with crowd.deps.database.begin() as work:
        # The month brought another, which has its ticket.
        assert set(work.session.scalars(select(Ticket.kind))) == {"attendance"}
        assert dispatch_tickets(work, work.session.get_one(Project, crowd.site.project_id)) == []


def test_a_dismissed_case_opens_no_finding(crowd: Crowd) -> None:
    case = suspected(crowd)
    identity_cases.decide_case(case.id, CaseState.DISMISSED, "本人", 1, actor=officer(crowd), deps=crowd.deps)
    analysis.end_days(crowd.site.project_id, deps=crowd.deps)
    assert findings(crowd.deps) == []


def test_a_case_about_somebody_on_no_roster_is_the_construction_team_s_matter(crowd: Crowd) -> None:
    claimed, _ = crowd.person(0, 0, 0, line=None), crowd.person(9, 0, 0)
    for at in range(3):
        crowd.punch(claimed, 9, 0, at / 100)
    (case,) = cases(crowd.deps)
    identity_cases.decide_case(case.id, CaseState.CONFIRMED, "他人", 1, actor=officer(crowd), deps=crowd.deps)
    (finding,) = findings(crowd.deps)
    assert (finding.team_kind, finding.post_code) == (TeamKind.CONSTRUCTION, None)


def test_neither_of_the_two_sees_or_decides_a_case_about_himself(crowd: Crowd) -> None:
    case = suspected(crowd)
    for person_id in (case.person_id, case.other_person_id):
        himself = replace(officer(crowd), person_id=person_id)
        for act in (
            lambda who: identity_cases.read_case(case.id, actor=who, deps=crowd.deps),
            lambda who: identity_cases.decide_case(case.id, CaseState.DISMISSED, "x", 1, actor=who, deps=crowd.deps),
            lambda who: identity_cases.read_photo(case.id, actor=who, deps=crowd.deps),
        ):
            with pytest.raises(ServiceError, match="not_found"):
                act(himself)
        assert identity_cases.list_cases({}, Window(), actor=himself, deps=crowd.deps).items == []


def test_the_photo_is_held_while_the_case_is_open_or_confirmed(crowd: Crowd, clock: SetClock) -> None:
    case = suspected(crowd)
    old = clock.now()
    clock.pass_(days=crowd.deps.settings.photo_days + 1)
    # The photos of the other two tries.
    assert retention.delete_expired(deps=crowd.deps) == 2
    body = officer(crowd)
    assert identity_cases.read_photo(case.id, actor=body, deps=crowd.deps)[1] == "image/png"
    identity_cases.decide_case(case.id, CaseState.DISMISSED, "本人", 1, actor=body, deps=crowd.deps)
    assert retention.delete_expired(deps=crowd.deps) == 1
    with crowd.deps.database.begin() as work:
        photo_id = work.session.get_one(CheckIn, case.check_in_id).photo_id
        assert work.session.get_one(Photo, photo_id).deleted_at == clock.now() > old


def test_the_rate_counts_the_dismissed_for_days_of_persons_with_a_check_in(crowd: Crowd, clock: SetClock) -> None:
    body, day = officer(crowd), date(2026, 3, 2)
    case = suspected(crowd)
    crowd.punch(case.other_person_id, 9, 0, 0)
    identity_cases.decide_case(case.id, CaseState.DISMISSED, "本人", 1, actor=body, deps=crowd.deps)
    clock.pass_(days=1)
    second = suspected(crowd)
    identity_cases.decide_case(second.id, CaseState.CONFIRMED, "他人", 1, actor=body, deps=crowd.deps)

    def rate(first: date, last: date, actor: Actor = body) -> tuple[object, ...]:
        found = identity_cases.rate(first, last, actor=actor, deps=crowd.deps)
        return found.opened, found.confirmed, found.dismissed, found.person_days, found.false_per_thousand

    assert rate(day, day) == (1, 0, 1, 2, 500.0)
    assert rate(day + timedelta(days=1), day + timedelta(days=1)) == (1, 1, 0, 1, 0.0)
    assert rate(day, day + timedelta(days=1)) == (2, 1, 1, 3, pytest.approx(1000 / 3))
    assert rate(day - timedelta(days=1), day - timedelta(days=1)) == (0, 0, 0, 0, None)
    elsewhere = crowd.world.actor(Role.OFFICER, Scope.BODY, crowd.world.site().body)
    assert rate(day, day, elsewhere) == (0, 0, 0, 0, None)
    with pytest.raises(ServiceError, match="dates_in_order"):
        rate(day, day - timedelta(days=1))


def test_the_rate_tells_nobody_of_a_suspicion_about_himself(crowd: Crowd) -> None:
    case, day = suspected(crowd), date(2026, 3, 2)
    for person_id in (case.person_id, case.other_person_id):
        himself = replace(officer(crowd), person_id=person_id)
        assert identity_cases.rate(day, day, actor=himself, deps=crowd.deps).opened == 0
    assert identity_cases.rate(day, day, actor=officer(crowd), deps=crowd.deps).opened == 1


@pytest.mark.parametrize("where", ["roster", "enrolled", "nowhere"])
def test_biden_s_photos_sent_for_obama(world: World, deps: Deps, queue: HeldQueue, where: str) -> None:
    site = world.site()
    obama, biden = world.person().id, world.person().id
    world.line(site.construction, obama)
    world.enrol(obama, "obama")
    if where == "roster":
        world.line(site.construction, biden, "safety_officer")
    if where != "nowhere":
        world.enrol(biden, "biden")
    queue.work_off(deps)
    actor = world.key_person(obama)
    for seed in range(3):
        world.punch(site, actor, variant(portrait("biden"), seed=3000 + seed))
        queue.work_off(deps)
    found = [(case.person_id, case.other_person_id, case.record["among"]) for case in cases(deps)]
    among = "roster" if where == "roster" else "everybody"
    assert found == ([] if where == "nowhere" else [(obama, biden, among)])
