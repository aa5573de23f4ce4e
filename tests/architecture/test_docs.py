"""The documents say what the code does: generated tables, texts, links, commands."""

import ast
import importlib.util
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import CheckConstraint

from geofence.fence import Fence
from geofence.position import Position
from geofence.shape import Circle
from geofence.verdict import Judgement, Limits, Outcome, judge
from service.api.errors import STATUS
from service.docs_picture import picture
from service.docs_states import PICTURE_FILE, STATES_FILE, states_document, the_scenario
from service.docs_tables import REASONS_FILE, reasons_table
from service.domain.actors import Permission, Role, Scope
from service.domain.attendance import Outcome as DayOutcome
from service.domain.certificates import CertificateStatus
from service.domain.checkin import place_numbers
from service.domain.exchange import Peer, RunState, Things, Trigger
from service.domain.findings.base import FindingKind, Rule
from service.domain.identifiers import DocumentKind, UnmaskReason
from service.domain.lists import Difference
from service.domain.post_rule_versions import Standing
from service.domain.post_rules import Exemption, Measure
from service.domain.reasons import REASONS, Reason, Verdict, verdict_of
from service.domain.records import Result
from service.domain.regulations import Confidence
from service.domain.reviews import ReviewOwner
from service.domain.roster import Basis, LineAct, LineState, Match, ReturnReason, ScanKind
from service.domain.sites import BodyKind, FenceState, ProjectKind, ProjectState, TeamKind, UnitRoleKind
from service.domain.sources import Source
from service.domain.stop_works import StopWorkAct, StopWorkState
from service.domain.tickets import Act, Checker, Clock, Label, Loop, Party, TicketState
from service.store.base import Base
from service.store.models import CaseState, ConsentKind, EnrolmentState
from service.texts import TEXTS, text
from service.texts.words import ACTS, PARTIES, STATES
from service.usecases.reconciliation import Difference as Unreconciled

ROOT = Path(__file__).parents[2]
README, CHINESE = ROOT / "README.md", ROOT / "docs" / "zh" / "README.md"
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "service" / "domain" / "README.md"]

# Calls whose first argument is a code that reaches a person, and tables whose values are such codes.
SPEAKING = {
    "fault", "Problem", "FenceError", "Refusal", "ValidationError", "Permanent", "Reason", "Why", "check",
    "SourceDown",
}  # fmt: skip
TABLES = {"CODES", "_CODES", "_CODE_OF_STATUS", "error_messages"}


def nodes() -> Iterator[ast.AST]:
    for room in ("service", "geofence", "face"):
        for path in (ROOT / room).rglob("*.py"):
            yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def name_of(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def strings(node: ast.AST) -> Iterator[str]:
    """The codes an expression may be; `code|name=value` is a code with its numbers."""
    if isinstance(node, ast.IfExp):
        yield from (*strings(node.body), *strings(node.orelse))
    if isinstance(node, ast.JoinedStr):
        yield from strings(node.values[0])
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value.split("|")[0]


def said_by(call: ast.Call) -> Iterator[str]:
    if name_of(call.func) in SPEAKING and call.args:
        yield from strings(call.args[0])
    if name_of(call.func) == "refuse" and len(call.args) > 1:
        # Of a batch: which record, and the code.
        yield from strings(call.args[1])
    if isinstance(call.func, ast.Attribute) and call.func.attr == "get" and name_of(call.func.value) in TABLES:
        for default in call.args[1:]:
            yield from strings(default)
    for keyword in call.keywords:
        if keyword.arg == "error":
            yield from strings(keyword.value)


def codes_in_code() -> set[str]:
    """Every code that some line of service, geofence or face can say."""
    found: set[str] = set(REASONS)
    for node in nodes():
        if isinstance(node, ast.Call):
            found |= set(said_by(node))
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(name_of(target) in TABLES for target in targets):
                found |= {code for value in node.value.values for code in strings(value)}
    return found | constraint_codes() | scenario_codes()


def scenario_codes() -> set[str]:
    """What tickets say: whatever their scenario tells, and the regulations it names with one that is sent back."""
    paths = (ROOT / "migrations" / "data").glob("key_personnel-*.json")
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    kinds = [kinds for document in documents for kinds in document["regulations"].values()]
    told = {f"ticket_{word}" for document in documents for word in document["tells"]}
    return told | {code for listed in kinds for codes in listed.values() for code in codes}


def constraint_codes() -> set[str]:
    """What a refused CHECK says: its name without the table's (service/store/constraints.py)."""
    return {
        str(rule.name).removeprefix(f"ck_{table.name}_")
        for table in Base.metadata.tables.values()
        for rule in table.constraints
        if isinstance(rule, CheckConstraint)
    }


def test_every_code_has_both_texts() -> None:
    assert codes_in_code() - set(TEXTS) == set()
    assert [code for code, texts in TEXTS.items() if not all(part.strip() for part in texts)] == []


def test_every_text_is_said_by_some_code() -> None:
    assert {code.split(".")[0] for code in TEXTS} - codes_in_code() == set()


def test_every_status_is_of_a_code_that_exists() -> None:
    assert set(STATUS) - set(TEXTS) == set()


def test_both_texts_of_a_code_name_the_same_numbers() -> None:
    def names(template: str) -> set[str]:
        return set(re.findall(r"{(\w+)}", template))

    assert {code for code, (zh, en) in TEXTS.items() if names(zh) != names(en)} == set()


def test_the_table_of_reasons_is_the_one_the_code_gives() -> None:
    assert REASONS_FILE.read_text(encoding="utf-8") == reasons_table(), "run: python -m service.docs_tables"


def test_the_states_are_the_ones_the_scenario_gives() -> None:
    scenario = the_scenario()
    assert STATES_FILE.read_text(encoding="utf-8") == states_document(scenario), "run: python -m service.docs_states"
    assert PICTURE_FILE.read_text(encoding="utf-8") == picture(scenario), "run: python -m service.docs_states"


def test_the_picture_is_drawn_by_itself() -> None:
    drawn = PICTURE_FILE.read_text(encoding="utf-8")
    root = ET.fromstring(drawn)  # noqa: S314 - our own file
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
        "svg", "title", "style", "defs", "marker", "path", "rect", "circle", "text",
    }  # fmt: skip
    assert re.findall(r"(?:href|url\((?!#)|@import|@font-face)", drawn) == []


def test_a_way_that_the_picture_does_not_show_is_noticed() -> None:
    scenario = the_scenario()
    rule = scenario.acts[Act.START]
    changed = replace(scenario, acts={**scenario.acts, Act.START: replace(rule, to=TicketState.SUBMITTED)})
    with pytest.raises(ValueError, match="start to rectifying"):
        picture(changed)


def example() -> Judgement:
    """612 m south of the centre of a fence of 200 m, at an accuracy of 15 m."""
    policy = policy_body()
    centre = Position(31.2206, 121.5447)
    here = Position(centre.lat - 612 / 110_885, centre.lon)
    limits = Limits(policy["margin_m"], policy["accuracy_limit_m"])
    judgement = judge(here, 15, [Fence("gate", Circle(centre, 200))], limits)
    assert judgement is not None
    return judgement


def policy_body() -> dict[str, Any]:
    path = ROOT / "migrations" / "versions" / "0002_reference.py"
    spec = importlib.util.spec_from_file_location("reference_migration", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.CHECK_IN_POLICY)


def test_the_worked_example_is_what_the_rule_says() -> None:
    judgement = example()
    assert judgement.outcome is Outcome.OUTSIDE
    assert round(judgement.distance_m) == 412
    reason = Reason("outside_fence", place_numbers(judgement))
    assert verdict_of([reason]) is Verdict.REFUSED
    assert "distance 612 m, fence 200 m, accuracy 15 m" in text(reason.code, reason.data)["en"]
    assert "distance 612 m, fence 200 m, accuracy 15 m" in " ".join(reasons_table().split())


def test_the_policy_numbers_are_the_ones_the_migration_writes() -> None:
    policy, table = policy_body(), reasons_table()
    for name in ("margin_m", "accuracy_limit_m", "fix_max_age_s"):
        assert f"| `{name}` | {policy[name]} |" in table
    for name, value in policy["faces"]["dlib"].items():
        assert f"| `faces.dlib.{name}` | {value:.2f} |" in table


def links(path: Path) -> Iterator[str]:
    plain = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    yield from re.findall(r"!?\[[^\]]*\]\(([^)\s]+)\)", plain)
    yield from re.findall(r'(?:src|href|srcset)="([^"]+)"', plain)


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_inside_the_repository_leads_somewhere(path: Path) -> None:
    lost = []
    for link in links(path):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


def commands(path: Path) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line and not line.startswith("#")]


def test_both_readmes_give_the_same_commands() -> None:
    assert commands(README) == commands(CHINESE)
    assert commands(README)[:2] == ["make run", "make test"]


def test_every_make_target_named_in_a_document_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    named = {name for path in DOCUMENTS for name in re.findall(r"`make ([a-z]+)", path.read_text(encoding="utf-8"))}
    assert named - targets == set()


def test_every_setting_is_explained() -> None:
    names = re.compile(r'env, "([A-Z_]+)"|env\.get\("([A-Z_]+)"')
    code = (ROOT / "service" / "settings.py").read_text(encoding="utf-8")
    settings = {first or second for first, second in names.findall(code)}
    assert len(settings) > 10
    explained = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert {name for name in settings if f"`{name}`" not in explained} == set()


def test_the_glossary_names_every_table_role_state_and_permission_subject() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    kinds = (
        Role, Scope, Verdict, ReviewOwner, Basis, LineState, LineAct, BodyKind, FenceState, ProjectState, TeamKind,
        UnitRoleKind, ConsentKind, EnrolmentState, FindingKind, TicketState, Checker, Label, Loop, Party, Act, Clock,
        DayOutcome, StopWorkState, StopWorkAct, Rule, CaseState, DocumentKind, ScanKind, Match, CertificateStatus,
        Confidence, Source, Peer, RunState, Trigger, Things, ProjectKind, Exemption, Measure, Result,
        ReturnReason, UnmaskReason, Standing, Difference, Unreconciled,
    )  # fmt: skip
    words = {str(value) for kind in kinds for value in kind} | set(Base.metadata.tables)
    words |= {str(permission).split(".")[0] for permission in Permission}
    assert {word for word in words if f"`{word}`" not in glossary} == set()


def test_the_glossary_calls_what_belongs_to_a_ticket_as_everything_else_does() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", glossary, flags=re.MULTILINE)
    named = [(chinese.split(", "), re.findall(r"`(\w+)`", codes)) for chinese, codes in rows]
    wrong, seen = [], set()
    for words in (
        {code: name for code, ((name, _), _) in STATES.items()},
        *({code: name for code, (name, _) in table.items()} for table in (ACTS, PARTIES)),
    ):
        for chinese, codes in named:
            if codes and set(codes) <= set(words):
                seen |= set(codes)
                wrong += [chinese] if chinese != [words[code] for code in codes] else []
    assert wrong == []
    assert seen >= {*STATES, *ACTS, *PARTIES}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_document_names_a_place_on_somebody_s_machine(path: Path) -> None:
    assert re.findall(r"/(?:root|home|work|tmp|Users)/\S*", path.read_text(encoding="utf-8")) == []
