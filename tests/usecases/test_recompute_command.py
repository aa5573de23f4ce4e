"""`./daogang attendance recompute`, as an operator types it, on a database of its own."""

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text, update

from service.cli import _recompute
from service.deps import Deps
from service.domain.attendance import Outcome
from service.settings import Settings
from service.store.models import AttendanceDay, CheckIn
from service.store.work import Database
from tests.attendance import DAY
from tests.factories import Site, World
from tests.factories_attendance import full_day

ROOT = Path(__file__).parents[2]
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
    argv = [sys.executable, "-m", "service.cli", "attendance", "recompute"]

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*argv, *words], env=environment, cwd=ROOT, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def site(meeting_deps: Deps) -> Site:
    """A site on which one person was there for a day."""
    world = World(meeting_deps)
    site = world.site(fenced=False)
    person = world.person().id
    world.line(site.construction, person)
    full_day(world, site, person, DAY)
    return site


def outcomes(deps: Deps) -> list[Outcome]:
    with deps.database.begin() as work:
        return list(work.session.scalars(select(AttendanceDay.outcome)))


def test_what_is_kept_right_stays_and_what_is_not_is_mended(site: Site, meeting_deps: Deps, typed: Typed) -> None:
    typed("--month", "2026-03")
    assert "1 projects computed, 0 check-ins, days and months were not as kept" in typed("--month", "2026-03").stdout
    with meeting_deps.database.begin() as work:
        work.session.execute(update(CheckIn).values(counts=False))
        work.session.execute(update(AttendanceDay).values(outcome=Outcome.ABSENT))
    assert "1 projects computed, 3 " in typed("--month", "2026-03", "--project", str(site.project_id)).stdout
    assert outcomes(meeting_deps) == [Outcome.VALID]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--month", "2999-01"), "2999-01 has not begun"),
        (("--month", "March"), "Invalid value for '--month'"),
        ((), "Missing option '--month'"),
        (("--month", "2026-03", "--project", "01234567-89ab-cdef-0123-456789abcdef"), "Not found. (not_found)"),
    ],
)
def test_what_cannot_be_computed_is_said_in_a_line(typed: Typed, words: tuple[str, ...], told: str) -> None:
    result = typed(*words)
    assert result.returncode != 0
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_a_project_somebody_holds_is_left_for_later_and_the_others_are_computed(
    site: Site, meeting_deps: Deps, empty_database: str
) -> None:
    other = World(meeting_deps).site(fenced=False)
    meeting_deps.clock.pass_(days=3)  # type: ignore[attr-defined]
    impatient = create_engine(empty_database, connect_args={"options": "-c lock_timeout=300"})
    held = text("SELECT 1 FROM day_close WHERE project_id = :id FOR UPDATE")
    with meeting_deps.database.begin() as work:
        work.session.execute(held, {"id": site.project_id})
        deps = replace(meeting_deps, database=Database(impatient, meeting_deps.clock))
        busy, changed = _recompute([site.project_id, other.project_id], DAY.replace(day=1), "", deps)
    impatient.dispose()
    # Of the other its month alone is new.
    assert (busy, changed) == ([site.project_id], 1)
