"""The calendar in the database: filled by year, edited by the city, read for a deadline."""

import subprocess
import sys
from base64 import b64encode
from datetime import date
from pathlib import Path

import pytest

from service.deps import Deps
from service.errors import ServiceError
from service.settings import Settings
from service.store.models import CalendarDay
from service.usecases import registers
from service.usecases.calendar import calendar_from, fill_year
from tests.factories import World

ROOT = Path(__file__).parents[2]


def test_a_year_is_filled_once_and_an_edit_is_kept(world: World, deps: Deps) -> None:
    assert fill_year(2024, deps=deps) == 366
    changed = registers.change(
        registers.CALENDAR_DAYS, date(2024, 5, 6), {"working": False}, 1, actor=world.city, deps=deps
    )
    assert fill_year(2024, deps=deps) == 0
    with deps.database.begin() as work:
        assert not work.session.get_one(CalendarDay, date(2024, 5, 6)).working
    assert changed.version == 2


def test_the_years_of_the_migration_are_complete_and_only_gaps_are_filled(deps: Deps) -> None:
    assert (fill_year(2025, deps=deps), fill_year(2026, deps=deps)) == (0, 0)
    with deps.database.begin() as work:
        work.session.delete(work.session.get_one(CalendarDay, date(2026, 4, 6)))
    assert fill_year(2026, deps=deps) == 1
    with deps.database.begin() as work:
        row = work.session.get_one(CalendarDay, date(2026, 4, 6))
        assert (row.working, row.name, row.version) == (False, "清明", 1)


@pytest.mark.parametrize("year", [-1, 0, 2003, 2099, 9999, 10_000])
def test_a_year_the_library_does_not_know_is_refused_and_nothing_is_kept(deps: Deps, year: int) -> None:
    with pytest.raises(ServiceError) as error:
        fill_year(year, deps=deps)
    assert (error.value.code, error.value.problems[0].data) == ("year_not_known", {"year": year})


def test_the_command_line_fills_a_year(settings: Settings, empty_database: str) -> None:
    env = {
        "DAOGANG_ENV": settings.env,
        "DATABASE_URL": empty_database,
        "REDIS_URL": settings.redis_url,
        "DAOGANG_KEYS": f"1={b64encode(settings.keys[1]).decode()}",
        "DAOGANG_TOKEN_SECRET": settings.token_secret,
        "DAOGANG_PHOTO_DIR": str(settings.photo_dir),
        "WECHAT_APP_ID": settings.wechat_app_id,
        "WECHAT_APP_SECRET": settings.wechat_app_secret,
        "WECHAT_BASE_URL": settings.wechat_url,
    }
    command = [sys.executable, "-m", "service.cli", "calendar", "fill"]
    known, unknown = (
        subprocess.run([*command, year], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        for year in ("2024", "2099")
    )
    assert (known.returncode, known.stdout) == (0, "2024: 366 days added\n")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "daogang: The holidays of 2099 are not known yet. (year_not_known: year)\n" in unknown.stderr


def test_the_calendar_from_a_day_covers_the_days_asked_for(deps: Deps) -> None:
    with deps.database.begin() as work:
        calendar = calendar_from(work, date(2026, 4, 3), 5)
        until_the_end = calendar_from(work, date(2026, 12, 1))
    days = {date(2026, 4, day): day in {3, 7, 8} for day in range(3, 9)}
    assert calendar.days == days
    # Of 2027 nothing is known.
    assert max(until_the_end.days) == date(2026, 12, 31)
