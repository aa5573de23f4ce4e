"""Adaptations learned from rows, named once, and the night that sees the people move away from them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from face.match import Thresholds
from face.space import learn, space_of
from service.deps import Deps
from service.domain.calendar import business_day
from service.domain.policies import FacePolicy
from service.errors import NotDone
from service.store.models import AdaptationRow, Audit, Consent, TemplateRow
from service.usecases import adaptations, drift, spaces
from service.usecases.city_policy import replace_face
from service.usecases.drift import DRIFT_LIMIT, drift_of, measure_drift
from service.usecases.population import means_in_force, members_in_force
from service.usecases.spaces import space_for
from tests.factories_faces import PaperEngine, enrol_all, population
from tests.fakes import SetClock

PAPER = PaperEngine()


@pytest.fixture
def paper(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> Deps:
    # A process remembers adaptations by their names, which each test gives anew.
    monkeypatch.setattr(spaces, "_KNOWN", spaces._Known())
    return replace(deps, engine=lambda: PAPER)


def in_force(name: str, deps: Deps, clock: SetClock) -> None:
    """A policy that names the adaptation, a day later."""
    tomorrow = business_day(clock.now()) + timedelta(days=1)
    replace_face(PAPER.id, FacePolicy(Thresholds(1.0, 1.2), adaptation=name), tomorrow, deps)
    clock.pass_(days=1)


def test_it_is_learned_from_the_templates_in_force_kept_sealed_and_found_by_its_name(paper: Deps) -> None:
    members = population(60)
    enrol_all(paper, PAPER, members)
    row = adaptations.learn_adaptation(deps=paper)
    assert (row.name, row.engine, row.engine_version, row.persons) == ("paper-1", "paper", "1", 60)
    expected = replace(space_of(PAPER), adaptation=learn(members, space_of(PAPER)))
    found = space_for(PAPER, row.name, paper).project(members[0])
    assert np.allclose(found, expected.project(members[0]), atol=1e-4)
    with paper.database.begin() as work:
        audits = work.session.scalars(select(Audit).where(Audit.action == "adaptation:learn")).all()
    assert [audit.data["name"] for audit in audits] == ["paper-1"]


def test_who_took_back_his_consent_and_whose_template_is_retired_teach_nothing(paper: Deps) -> None:
    first, second, third = enrol_all(paper, PAPER, population(3))
    with paper.database.begin() as work:
        now = paper.clock.now()
        work.session.execute(update(Consent).where(Consent.person_id == first).values(withdrawn_at=now))
        work.session.execute(update(TemplateRow).where(TemplateRow.person_id == second).values(retired_at=now))
    assert set(members_in_force(PAPER, paper)) == set(means_in_force(PAPER, paper)) == {third}
    assert members_in_force(PaperEngine(version="2"), paper) == {}


def test_a_template_that_does_not_open_is_left_out_and_told_by_its_id(paper: Deps) -> None:
    broken, *others = enrol_all(paper, PAPER, population(51))
    with paper.database.begin() as work:
        damaged = {"sealed": b"\1damaged", "sealed_members": b"\1damaged"}
        mine = update(TemplateRow).where(TemplateRow.person_id == broken).values(**damaged)
        template_id = work.session.scalar(mine.returning(TemplateRow.id))
    for read in (members_in_force, means_in_force):
        with capture_logs() as logs:
            assert set(read(PAPER, paper)) == set(others)
        assert [log.get("template_id") for log in logs] == [str(template_id), None]
        assert (logs[1]["templates"], logs[1]["read"]) == (1, 50)
    assert adaptations.learn_adaptation(deps=paper).persons == 50


def test_of_more_persons_than_asked_for_the_same_are_drawn_each_time(paper: Deps) -> None:
    everybody = enrol_all(paper, PAPER, population(12))
    drawn = members_in_force(PAPER, paper, most=5)
    assert list(drawn) == list(members_in_force(PAPER, paper, most=5))
    assert len(set(everybody) & set(drawn)) == 5


def test_below_fifty_persons_with_two_photos_nothing_is_learned(paper: Deps) -> None:
    enrol_all(paper, PAPER, [*population(49), *population(20, photos=1, seed=1)])
    with pytest.raises(NotDone, match=r"49 persons .* below 50 nothing"):
        adaptations.learn_adaptation(deps=paper)


def test_two_learned_at_once_get_two_names(meeting_deps: Deps) -> None:
    deps = replace(meeting_deps, engine=lambda: PAPER)
    enrol_all(deps, PAPER, population(50))
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda _: adaptations.learn_adaptation(deps=deps), range(4)))
    assert sorted(row.name for row in rows) == ["paper-1", "paper-2", "paper-3", "paper-4"]


def test_a_name_is_looked_up_for_the_engine_version(paper: Deps) -> None:
    enrol_all(paper, PAPER, population(50))
    assert adaptations.adaptation_for("latest", PAPER, paper) is None
    names = [adaptations.learn_adaptation(deps=paper).name for _ in range(2)]
    assert [adaptations.adaptation_for(asked, PAPER, paper) for asked in ("latest", names[0], "none")] == [
        names[1],
        names[0],
        None,
    ]
    with pytest.raises(NotDone, match="no adaptation paper-1 for paper 2"):
        adaptations.adaptation_for("paper-1", PaperEngine(version="2"), paper)


def test_status_tells_what_is_enrolled_learned_and_in_force(paper: Deps, clock: SetClock) -> None:
    enrol_all(paper, PAPER, [*population(50), *population(2, photos=1)])
    enrol_all(paper, PaperEngine(version="0"), population(1))
    row = adaptations.learn_adaptation(deps=paper)
    in_force(row.name, paper, clock)
    status = adaptations.status(deps=paper)
    assert [(kept.version, kept.persons, kept.weak) for kept in status.templates] == [("0", 1, 0), ("1", 52, 2)]
    face = status.policy.face("paper")
    assert face is not None
    assert ([each.name for each in status.adaptations], face.adaptation) == (["paper-1"], "paper-1")


def test_the_same_people_have_not_drifted(paper: Deps, clock: SetClock) -> None:
    enrol_all(paper, PAPER, population(60))
    in_force(adaptations.learn_adaptation(deps=paper).name, paper, clock)
    found = measure_drift(deps=paper)
    assert found is not None
    assert (found.means, found.far) == (0, False)
    assert found.scatter == pytest.approx(1, abs=1e-4)
    with paper.database.begin() as work:
        row = work.session.scalars(select(AdaptationRow)).one()
    assert (row.drift, row.drift_at) == (0, clock.now())


def test_other_people_have_drifted_and_the_log_warns(
    paper: Deps, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = enrol_all(paper, PAPER, population(60))
    in_force(adaptations.learn_adaptation(deps=paper).name, paper, clock)
    enrol_all(paper, PAPER, population(60, seed=1, moved=1.0))
    with paper.database.begin() as work:
        gone = update(TemplateRow).where(TemplateRow.person_id.in_(first))
        work.session.execute(gone.values(retired_at=clock.now()))
    told: list[dict[str, object]] = []
    monkeypatch.setattr(drift.log, "warning", lambda _, **data: told.append(data))
    found = measure_drift(deps=paper)
    # The adapting part has 24 directions of variance 1: the mean moved by as much as a person lies from it.
    assert found is not None
    assert found.means == pytest.approx(1, abs=0.1)
    assert found.means > DRIFT_LIMIT
    assert [each["adaptation"] for each in told] == ["paper-1"]


def test_photos_that_scatter_more_are_drift_too() -> None:
    calm, shaky = population(60, photos=8), population(60, photos=8, scatter=0.5)
    found = drift_of(learn(calm, space_of(PAPER)), shaky, PAPER.parts)
    assert (found.scatter, found.far) == (pytest.approx(4, rel=0.1), True)


def test_where_nothing_is_in_force_or_few_are_enrolled_there_is_no_drift(paper: Deps, clock: SetClock) -> None:
    people = enrol_all(paper, PAPER, population(50))
    row = adaptations.learn_adaptation(deps=paper)
    assert measure_drift(deps=paper) is None
    in_force(row.name, paper, clock)
    with paper.database.begin() as work:
        one = update(TemplateRow).where(TemplateRow.person_id == people[0])
        work.session.execute(one.values(retired_at=clock.now()))
    assert measure_drift(deps=paper) is None
