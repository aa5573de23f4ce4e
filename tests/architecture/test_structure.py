"""What holds for the whole house, whoever adds a room."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask

from jobs.tasks import TASKS
from jobs.worker import QUEUES
from service.domain.actors import PERMISSIONS, SCOPES, Permission, Role
from service.domain.reasons import REASONS
from service.domain.topics import QUEUE_OF, Queue, Topic

ROOT = Path(__file__).parents[2]
OURS = ("service", "face", "geofence", "jobs", "demo", "bench")
MODULE_LINES, FUNCTION_LINES, MEDIAN_LINES = 250, 40, 9

# Routes anybody may reach, each with its reason.
OPEN = {
    "/": "leads to the documentation",
    "/healthz": "asked by load balancers",
    "/readyz": "asked by load balancers",
    "/api/openapi.json": "the documentation itself",
    "/api/docs": "the documentation itself",
    "/api/docs/assets/<path:name>": "the documentation itself",
    "/api/v1/sessions": "who is asking is what it finds out",
    "/api/v1/sessions/wechat": "who is asking is what it finds out",
}


def modules() -> Iterator[tuple[str, str]]:
    for room in OURS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def functions() -> Iterator[tuple[str, int]]:
    for name, text in modules():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno:
                yield f"{name}:{node.name}", node.end_lineno - node.lineno + 1


def views(app: Flask) -> Iterator[tuple[str, str, object]]:
    for rule in app.url_map.iter_rules():
        function = app.view_functions[rule.endpoint]
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            view_class = getattr(function, "view_class", None)
            yield rule.rule, method, getattr(view_class, method.lower()) if view_class else function


def test_every_route_states_a_permission_or_is_on_the_list_of_open_ones(app: Flask) -> None:
    unstated = {rule for rule, _, view in views(app) if not isinstance(getattr(view, "permission", None), Permission)}
    assert unstated == set(OPEN)


def test_every_permission_is_asked_for_by_some_route(app: Flask) -> None:
    asked = {getattr(view, "permission", None) for _, _, view in views(app)} - {None}
    # The body view of a check-in is a matter of reach within one route.
    assert asked | {Permission.CHECK_IN_RECORD} == set(Permission)


def test_every_permission_is_granted_to_some_role() -> None:
    assert set().union(*PERMISSIONS.values()) == set(Permission)


def test_every_role_has_permissions_and_scopes() -> None:
    assert set(PERMISSIONS) == set(SCOPES) == set(Role)
    assert all(PERMISSIONS[role] and SCOPES[role] for role in Role)


def test_the_operator_reaches_no_personal_data() -> None:
    assert PERMISSIONS[Role.OPERATOR] == {Permission.ME_READ, Permission.REFERENCE_READ}


def test_every_topic_has_a_queue_and_a_task() -> None:
    assert set(TASKS) == set(Topic) == set(QUEUE_OF)


def test_the_queues_used_are_the_queues_watched() -> None:
    assert set(QUEUE_OF.values()) == set(QUEUES) == set(Queue)


def test_there_is_one_migration_head_and_the_numbers_follow_each_other() -> None:
    scripts = ScriptDirectory.from_config(Config(ROOT / "alembic.ini"))
    assert len(scripts.get_heads()) == 1
    numbers = sorted(script.revision for script in scripts.walk_revisions())
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("name", ["service", "face", "geofence", "jobs"])
def test_our_packages_are_ours_and_not_the_index_s(name: str) -> None:
    assert Path(importlib.import_module(name).__file__ or "").is_relative_to(ROOT)


def test_no_module_is_longer_than_its_budget() -> None:
    assert {name: text.count("\n") for name, text in modules() if text.count("\n") > MODULE_LINES} == {}


def test_no_function_is_longer_than_its_budget_and_half_are_short() -> None:
    sizes = dict(functions())
    assert {name: size for name, size in sizes.items() if size > FUNCTION_LINES} == {}
    assert sorted(sizes.values())[len(sizes) // 2] <= MEDIAN_LINES


def test_every_module_opens_with_one_sentence() -> None:
    def opening(text: str) -> str:
        return (ast.get_docstring(ast.parse(text)) or "").split("\n")[0]

    assert [name for name, text in modules() if not opening(text)] == []


def test_only_the_unit_of_work_commits_or_flushes() -> None:
    acting = [name for name, text in modules() if "session.commit()" in text or "session.flush()" in text]
    assert acting == ["service/store/work.py"]


def test_face_recognition_itself_is_imported_nowhere_in_the_program() -> None:
    importing = [
        name
        for name, text in modules()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and "face_recognition" in ast.dump(node)
        and not name.startswith("bench/")
    ]
    assert importing == []


def test_no_photo_is_kept_in_the_repository() -> None:
    rooms = [ROOT / room for room in (*OURS, "tests", "docs", "migrations")]
    pictures = {".jpg", ".jpeg", ".heic", ".webp", ".png"}
    assert [path for room in rooms for path in room.rglob("*") if path.suffix.lower() in pictures] == []


def test_every_reason_that_is_only_about_counting_leaves_the_verdict_alone() -> None:
    assert all((rule.kind == "counting") == (rule.effect == "counting") for rule in REASONS.values())
