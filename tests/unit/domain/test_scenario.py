"""The scenario's document: whole as it is shipped, refused where something is missing or not known."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.domain.actors import Role
from service.domain.scenario import MOST_DAYS, parse_scenario
from service.domain.sites import TeamKind
from service.domain.tickets import ENDS, Act, Clock, Party, TicketState
from service.texts import TEXTS
from tests.factories_tickets import DOCUMENTS, document, shipped


def test_the_document_knows_every_act_and_clock() -> None:
    assert set(shipped().acts) == set(Act)
    assert set(shipped().clocks) == set(Clock)
    assert (shipped().rework_limit, shipped().observed_days) == (1, 10)
    days = {str(clock): rule.days for clock, rule in shipped().clocks.items()}
    assert days == {
        "remind": 1, "rectify": 7, "check": None, "urge": 2, "checking": 2, "body": 5, "observing": 0, "lapse": 30,
        "transferred": 5,
    }  # fmt: skip


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_document_ever_shipped_is_still_read(path: Path) -> None:
    assert parse_scenario(json.loads(path.read_text(encoding="utf-8"))).acts


def test_every_open_state_has_a_way_out_and_no_end_has_one() -> None:
    leaving = {state for rule in shipped().acts.values() if rule.to not in {None, rule.act} for state in rule.sources}
    assert leaving == set(TicketState) - ENDS


def test_a_ticket_of_supervision_is_copied_to_the_other_team_s_manager_and_none_of_construction_is() -> None:
    assert shipped().parties[Party.COPY] == {
        TeamKind.CONSTRUCTION: frozenset(),
        TeamKind.SUPERVISION: {Role.PROJECT_MANAGER},
    }


def test_whatever_is_told_has_a_text_and_so_has_every_regulation() -> None:
    assert {f"ticket_{word}" for word in shipped().tells} - set(TEXTS) == set()
    codes = {code for kinds in shipped().regulations.values() for listed in kinds.values() for code in listed}
    assert codes
    assert codes - set(TEXTS) == set()


def at(content: Any, path: str) -> tuple[Any, Any]:
    """The container and the key of a place in the document: `parties.body.construction`, `acts.0.from`."""
    *way, last = (int(part) if part.isdecimal() else part for part in path.split("."))
    for part in way:
        content = content[part]
    return content, last


@pytest.mark.parametrize(
    "path",
    [
        "parties", "acts", "clocks", "rework_limit", "cleared", "observation", "regulations", "tells",
        "parties.addressee", "parties.verifier", "parties.body", "parties.head", "parties.city", "parties.copy",
        "proven", "parties.body.supervision", "cleared.attendance", "observation.due_days",
        "regulations.construction", "regulations.supervision.certificate",
        "acts.0.act", "acts.0.from", "acts.0.to", "acts.0.by", "clocks.0.clock", "clocks.0.runs", "clocks.0.days",
        "clocks.0.act",
    ],
)  # fmt: skip
def test_an_incomplete_document_is_refused(path: str) -> None:
    content = document()
    container, key = at(content, path)
    del container[key]
    with pytest.raises(KeyError):
        parse_scenario(content)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("acts.0.act", "sign"),
        ("acts.0.act", "start"),
        ("acts.0.from", ["sent"]),
        ("acts.0.from", ["passed"]),
        ("acts.0.to", "accepted"),
        ("acts.0.by", ["neighbour"]),
        ("acts.0.by", ["program"]),
        ("acts.0.kinds", ["weather"]),
        ("acts.0.restarts", ["hourglass"]),
        ("acts.0.needs_note", True),
        ("clocks.0.clock", "hourglass"),
        ("clocks.0.clock", "rectify"),
        ("clocks.0.runs", ["closed"]),
        ("clocks.0.checker", "mayor"),
        ("clocks.0.days", -1),
        ("clocks.0.days", MOST_DAYS + 1),
        ("clocks.0.days", 1.5),
        ("clocks.0.days", True),
        ("clocks.0.days", "1"),
        ("clocks.0.act", "sign"),
        ("clocks.0.act", "withdraw"),
        ("clocks.0.weeks", 1),
        ("clocks.0.runs", ["dispatched", "acknowledged"]),
        ("clocks.0.days", None),
        ("clocks.0.act", None),
        ("clocks.6.runs", ["observing", "checking"]),
        ("parties.body.construction", ["mayor"]),
        ("parties.body.construction", []),
        ("parties.city.construction", []),
        ("proven", ["weather"]),
        ("rework_limit", -1),
        ("rework_limit", None),
        ("observation.due_days", 0),
        ("cleared.attendance", "transferred"),
        ("cleared.attendance", "gone"),
        ("tells.dispatched", ["neighbour"]),
        ("tells.weather", ["body"]),
    ],
)
def test_a_document_that_names_what_does_not_exist_is_refused(path: str, value: Any) -> None:
    content = document()
    container, key = at(content, path)
    container[key] = value
    with pytest.raises(ValueError, match=r"\S"):
        parse_scenario(content)


@pytest.mark.parametrize("act", ["dispatch", "remind", "expire", "check", "pass_to_head", "keep", "lapse", "fail"])
def test_a_document_without_an_act_that_a_clock_brings_is_refused(act: str) -> None:
    content = document()
    content["acts"] = [row for row in content["acts"] if row["act"] != act]
    with pytest.raises(ValueError, match=f"no act {act}"):
        parse_scenario(content)


def test_an_older_document_may_lack_an_act_that_people_do() -> None:
    content = document()
    content["acts"] = [row for row in content["acts"] if row["act"] != "propose_points"]
    assert Act.PROPOSE_POINTS not in parse_scenario(content).acts
