"""`./daogang import`, as an operator types it, on a database of its own."""

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from service.deps import Deps
from service.settings import Settings
from service.store.models import Person
from tests.spreadsheets import csv_file, number, people, workbook

ROOT = Path(__file__).parents[2]
#: The packed rows have other bytes in their middle.
DAMAGED = workbook(people(1500))
DAMAGED = DAMAGED[: len(DAMAGED) // 2] + b"\xff" * 40 + DAMAGED[len(DAMAGED) // 2 + 40 :]
Typed = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def typed(settings: Settings, empty_database: str, tmp_path: Path) -> Typed:
    """Type a command with the settings of the database in the environment."""
    environment = {
        **os.environ,
        "DAOGANG_ENV": settings.env,
        "DATABASE_URL": empty_database,
        "REDIS_URL": settings.redis_url,
        "DAOGANG_KEYS": f"1={b64encode(settings.keys[1]).decode()}",
        "DAOGANG_TOKEN_SECRET": settings.token_secret,
        "DAOGANG_PHOTO_DIR": str(tmp_path),
        "WECHAT_BASE_URL": settings.wechat_url,
        "WECHAT_APP_ID": settings.wechat_app_id,
        "WECHAT_APP_SECRET": settings.wechat_app_secret,
    }
    argv = [sys.executable, "-m", "service.cli", "import"]

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        given = [*argv, *map(str, words)]
        return subprocess.run(given, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)

    return run


def known(deps: Deps) -> int:
    with deps.database.begin() as work:
        return work.session.scalar(select(func.count()).select_from(Person)) or 0


def test_refused_rows_stand_beside_and_the_corrected_file_is_taken(
    meeting_deps: Deps, typed: Typed, tmp_path: Path
) -> None:
    rows = people(3)
    rows[1][1] = "1"
    source = tmp_path / "people.csv"
    source.write_text(csv_file(rows), encoding="gbk")
    dry = typed("people", source, "--dry-run", "--errors", tmp_path / "dry.xlsx")
    assert (dry.returncode, known(meeting_deps)) == (1, 0)
    assert "dry run, nothing was kept: 3 rows: 2 created, 0 changed, 0 unchanged, 1 refused" in dry.stdout
    first = typed("people", source)
    assert (first.returncode, known(meeting_deps)) == (1, 2)
    assert "row 3, B 证件号码: The document number does not check. (bad_document_number)" in first.stderr
    errors = tmp_path / "people.csv.errors.xlsx"
    book = load_workbook(errors)
    book.worksheets[0]["C2"] = number(2)
    book.save(errors)
    again = typed("people", errors)
    assert (again.returncode, known(meeting_deps)) == (0, 3)
    assert "1 rows: 1 created, 0 changed, 0 unchanged, 0 refused" in again.stdout


@pytest.mark.parametrize(
    ("content", "words", "told"),
    [
        (b"", (), "The file is empty. (empty_file)"),
        (DAMAGED, (), "This is no .xlsx workbook that can be opened. (not_a_workbook)"),
        (workbook([], ["姓名", "手机"]), (), "The column 证件号码 (Document number) is missing. (column_missing)"),
        (workbook(people(1)), ("--sheet", "人员"), "No visible sheet 人员; there are: Sheet. (sheet_unknown)"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_a_line(
    typed: Typed, tmp_path: Path, content: bytes, words: tuple[str, ...], told: str
) -> None:
    source = tmp_path / "some.xlsx"
    source.write_bytes(content)
    result = typed("people", source, *words)
    assert (result.returncode, result.stdout) == (2, "")
    assert told in result.stderr
    assert "Traceback" not in result.stderr
    assert not source.with_name("some.xlsx.errors.xlsx").exists()


def test_a_template_is_written_to_be_filled_in(typed: Typed, tmp_path: Path) -> None:
    result = typed("template", "roster", tmp_path / "roster.xlsx")
    assert result.returncode == 0, result.stderr
    assert load_workbook(tmp_path / "roster.xlsx").worksheets[0]["B1"].value == "岗位*"
