"""Thresholds measured on people whose distances are known, and the policy that is written of them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import select, update

from face.adapting import cross_validated, thresholds_for
from face.calibrate import cross, fmr, leave_one_out, threshold_at
from face.space import space_of
from face.template import to_bytes
from service.deps import Deps
from service.domain.calendar import business_day
from service.domain.reasons import Verdict
from service.errors import NotDone
from service.store.models import Audit, CheckInFace, DecisionRecord, Policy
from service.usecases import adaptations, spaces
from service.usecases.calibration import MARGIN, Calibration, calibrate, write
from service.usecases.calibration_trials import nearest_others, reviewed, sentinel_margin
from service.usecases.city_policy import city_policy
from service.usecases.drift import measure_drift
from service.usecases.population import unwatched
from tests.factories import STARTED, World
from tests.factories_attendance import decide, received
from tests.factories_faces import PaperEngine, enrol_all, population
from tests.fakes import SetClock

PAPER = PaperEngine()
WANTED = 0.01


@pytest.fixture
def paper(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> Deps:
    # A process remembers adaptations by their names, which each test gives anew.
    monkeypatch.setattr(spaces, "_KNOWN", spaces._Known())
    return replace(deps, engine=lambda: PAPER)


@pytest.fixture
def found(paper: Deps) -> Calibration:
    enrol_all(paper, PAPER, population(60))
    return calibrate(WANTED, "none", deps=paper)


def tomorrow(deps: Deps) -> date:
    return business_day(deps.clock.now()) + timedelta(days=1)


def test_where_all_distances_are_known_the_threshold_is_the_known_one(found: Calibration) -> None:
    project = space_of(PAPER).project
    impostor = np.concatenate(cross(population(60), project, max_pairs=10**6))
    accept = found.proposed.thresholds.accept
    assert accept == pytest.approx(threshold_at(impostor, WANTED).threshold, abs=2e-4)
    (at,) = found.at
    assert (at.name, at.fmr.share) == ("proposed", pytest.approx(WANTED, abs=2e-4))
    assert at.fmr.low < WANTED < at.fmr.high
    genuine = np.concatenate(leave_one_out(population(60), project))
    assert (at.fnmr.share, found.eer) == ((genuine > accept).mean(), 0)
    assert (found.persons, found.photos, found.genuine, found.impostor) == (60, 240, 240, 240 * 59)


def test_what_strangers_do_at_once_is_told_for_today_s_policy_and_for_the_proposed(
    paper: Deps, clock: SetClock
) -> None:
    enrol_all(paper, PAPER, population(60))
    write(calibrate(0.05, "none", deps=paper), tomorrow(paper), deps=paper)
    clock.pass_(days=1)
    today, proposed = calibrate(WANTED, "none", deps=paper).at
    assert (today.name, proposed.name) == ("check_in-3", "proposed")
    assert today.fmr.share == pytest.approx(0.05, abs=1e-3)
    assert today.fmr.share > proposed.fmr.share


def test_in_an_adapted_space_nobody_is_judged_by_what_was_learned_of_him(paper: Deps) -> None:
    # Of so many directions and so few photos that learning by heart would show.
    members = population(60, photos=2, scatter=1.0)
    enrol_all(paper, PAPER, members)
    name = adaptations.learn_adaptation(deps=paper).name
    calibrated = calibrate(0.05, "latest", deps=paper)
    assert calibrated.proposed.adaptation == name
    assert set(calibrated.curves) == {name}
    apart = cross_validated(members, space_of(PAPER))
    assert calibrated.proposed.thresholds == thresholds_for(*apart, 0.05)
    learned_by_heart = np.concatenate(leave_one_out(members, spaces.space_for(PAPER, name, paper).project))
    at = calibrated.at[-1]
    assert at.fnmr.share > (learned_by_heart > at.thresholds.accept).mean()


def test_after_a_change_of_version_the_new_one_is_calibrated_beside_a_policy_of_the_old(
    paper: Deps, clock: SetClock
) -> None:
    enrol_all(paper, PAPER, population(60))
    adaptations.learn_adaptation(deps=paper)
    write(calibrate(WANTED, "latest", deps=paper), tomorrow(paper), deps=paper)
    clock.pass_(days=1)
    newer = PaperEngine(version="2")
    enrol_all(paper, newer, population(60))
    deps = replace(paper, engine=lambda: newer)
    adaptations.learn_adaptation(deps=deps)
    found = calibrate(WANTED, "latest", deps=deps)
    assert ([at.name for at in found.at], found.proposed.adaptation) == (["proposed"], "paper-2")
    assert measure_drift(deps=deps) is None


def decided_by_a_person(world: World, person_id: UUID, descriptor: np.ndarray, verdict: Verdict) -> UUID:
    """A check-in that went to review and was decided there; its descriptor is kept."""
    check_in_id = received(world, world.site(), person_id, world.deps.clock.now())
    decide(world, check_in_id, verdict)
    kept_of(world, check_in_id, person_id, descriptor)
    with world.deps.database.begin() as work:
        record = {"check_in_id": check_in_id, "position": 2, "verdict": verdict, "record": {}}
        work.add(DecisionRecord(decided_by=world.city.account_id, **record))
    return check_in_id


def kept_of(world: World, check_in_id: UUID, person_id: UUID, descriptor: np.ndarray) -> None:
    with world.deps.database.begin() as work:
        sealed = world.deps.vault.seal(f"check_in_face:{check_in_id}", to_bytes(descriptor))
        made = {"engine": PAPER.id, "engine_version": PAPER.version, "descriptor": sealed}
        work.add(CheckInFace(check_in_id=check_in_id, person_id=person_id, **made))


def test_of_check_ins_only_those_a_person_accepted_are_tried(paper: Deps) -> None:
    world, members = World(paper), population(3)
    people = enrol_all(paper, PAPER, members)
    photo = members[0].mean(axis=0) + 1
    decided_by_a_person(world, people[0], photo, Verdict.ACCEPTED)
    decided_by_a_person(world, people[1], photo, Verdict.REFUSED)
    by_machine = received(world, world.site(), people[2], paper.clock.now())
    decide(world, by_machine, Verdict.ACCEPTED)
    kept_of(world, by_machine, people[2], photo)
    tried = reviewed(PAPER, space_of(PAPER), paper)
    assert set(tried) == {people[0]}
    assert tried[people[0]] == pytest.approx([np.sqrt(32)], rel=1e-4)
    found = calibrate(WANTED, "none", deps=paper)
    assert (found.reviewed, found.genuine) == (1, 13)


def test_a_review_whose_descriptor_expired_or_is_of_another_version_is_not_tried(paper: Deps) -> None:
    world, members = World(paper), population(2)
    people = enrol_all(paper, PAPER, members)
    ids = [decided_by_a_person(world, person, members[0][0], Verdict.ACCEPTED) for person in people]
    with paper.database.begin() as work:
        faces = update(CheckInFace)
        work.session.execute(faces.where(CheckInFace.check_in_id == ids[0]).values(descriptor=None))
        work.session.execute(faces.where(CheckInFace.check_in_id == ids[1]).values(engine_version="0"))
    assert reviewed(PAPER, space_of(PAPER), paper) == {}


def test_the_sentinel_s_margin_is_what_somebody_nearer_hardly_ever_reaches() -> None:
    space = space_of(PAPER)
    assert sentinel_margin(population(40), space) < 0
    # Photos that scatter as widely as persons do: somebody of the roster is often nearer.
    crowded = sentinel_margin(population(40, scatter=1.5), space)
    assert crowded is not None
    assert crowded > MARGIN
    assert sentinel_margin(population(40, photos=1), space) is None


def test_a_measured_margin_is_never_below_the_shipped_one(found: Calibration) -> None:
    assert found.margin is not None
    assert found.margin < found.proposed.margin == MARGIN


def test_the_nearest_other_is_never_the_person_himself() -> None:
    means = np.array([[0.0] * 32, [3.0] + [0.0] * 31, [4.0] + [0.0] * 31], np.float32)
    space = replace(space_of(PAPER), parts=(replace(PAPER.parts[0], length=32),))
    assert sorted(nearest_others(means, space, unwatched)) == [1, 1, 3]


def test_the_duplicate_limit_lies_below_nearly_everybody_s_nearest_other(found: Calibration) -> None:
    assert found.proposed.duplicate is not None
    means = np.stack([photos.mean(axis=0) for photos in population(60)])
    nearest = nearest_others(means, space_of(PAPER), unwatched)
    assert fmr(nearest, found.proposed.duplicate) == 0
    assert found.proposed.duplicate > 0.5 * nearest.min()


def test_what_is_written_is_the_policy_in_force_with_other_numbers_for_the_engine(
    found: Calibration, paper: Deps
) -> None:
    row = write(found, tomorrow(paper), deps=paper)
    with paper.database.begin() as work:
        before, after = (city_policy(work, day) for day in (business_day(paper.clock.now()), tomorrow(paper)))
        audits = work.session.scalars(select(Audit).where(Audit.action == "policy:create")).all()
    assert (row.policy_version, after.version) == ("check_in-3", "check_in-3")
    assert after.face("paper") == found.proposed
    assert replace(after, version=before.version, faces=before.faces) == before
    assert {name: after.face(name) for name in before.faces} == before.faces
    assert [audit.data["version"] for audit in audits] == ["check_in-3"]


@pytest.mark.parametrize("day", [0, -1])
def test_a_policy_begins_after_today(found: Calibration, paper: Deps, day: int) -> None:
    starts_on = business_day(paper.clock.now()) + timedelta(days=day)
    with pytest.raises(NotDone, match="begins after today"):
        write(found, starts_on, deps=paper)


def test_a_day_on_which_a_policy_begins_already_is_refused(found: Calibration, paper: Deps) -> None:
    write(found, tomorrow(paper), deps=paper)
    with pytest.raises(NotDone, match=r"check_in-3 begins on .* already"):
        write(found, tomorrow(paper), deps=paper)


def test_a_day_before_a_later_policy_is_refused_for_with_that_one_it_would_end(found: Calibration, paper: Deps) -> None:
    later = tomorrow(paper) + timedelta(days=7)
    write(found, later, deps=paper)
    with pytest.raises(NotDone, match=f"check_in-3 begins on {later}, with which what begins on {tomorrow(paper)}"):
        write(found, tomorrow(paper), deps=paper)
    assert write(found, later + timedelta(days=1), deps=paper).policy_version == "check_in-4"


def test_of_two_written_at_once_for_one_day_one_is_written(meeting_deps: Deps) -> None:
    deps = replace(meeting_deps, engine=lambda: PAPER)
    enrol_all(deps, PAPER, population(50))
    found = calibrate(0.05, "none", deps=deps)

    def written(day: int) -> str:
        try:
            return write(found, tomorrow(deps) + timedelta(days=day), deps=deps).policy_version
        except NotDone:
            return "not done"

    with ThreadPoolExecutor(4) as pool:
        results = sorted(pool.map(written, [0, 0, 0, 0]))
    assert (results, written(1)) == (["check_in-3", "not done", "not done", "not done"], "check_in-4")


def test_a_rate_that_so_few_cannot_show_is_written_only_when_told(paper: Deps) -> None:
    enrol_all(paper, PAPER, population(50, photos=2))
    found = calibrate(1e-5, "none", deps=paper)
    assert not found.supported
    with pytest.raises(NotDone, match="4900 impostor trials cannot show a rate of 1e-05"):
        write(found, tomorrow(paper), deps=paper)
    assert write(found, tomorrow(paper), unsupported=True, deps=paper).effective_from == tomorrow(paper)


def test_below_fifty_persons_it_is_shown_in_the_plain_space_and_not_written(paper: Deps) -> None:
    enrol_all(paper, PAPER, population(49))
    found = calibrate(WANTED, "latest", deps=paper)
    assert (found.proposed.adaptation, found.proposed.duplicate) == (None, None)
    with pytest.raises(NotDone, match="49 persons are too few"):
        write(found, tomorrow(paper), unsupported=True, deps=paper)


@pytest.mark.parametrize(("persons", "photos"), [(0, 1), (1, 4), (5, 1)])
def test_where_nothing_can_be_compared_it_says_so(paper: Deps, persons: int, photos: int) -> None:
    enrol_all(paper, PAPER, population(persons, photos))
    with pytest.raises(NotDone, match=f"{persons} persons are too few to try anything"):
        calibrate(WANTED, "none", deps=paper)


def test_a_later_policy_keeps_what_the_one_before_it_will_have_changed(paper: Deps) -> None:
    enrol_all(paper, PAPER, population(60))
    write(calibrate(WANTED, "none", deps=paper), STARTED + timedelta(days=400), deps=paper)
    with paper.database.begin() as work:
        first = work.session.scalars(select(Policy).where(Policy.policy_version == "check_in-3")).one()
        body = {**first.body, "margin_m": 77}
        changed = {"subject": first.subject, "scope": first.scope, "body": body}
        work.add(Policy(policy_version="check_in-9", effective_from=STARTED + timedelta(days=401), **changed))
    row = write(calibrate(WANTED, "none", deps=paper), STARTED + timedelta(days=500), deps=paper)
    assert (row.policy_version, row.body["margin_m"]) == ("check_in-10", 77)
