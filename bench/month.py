"""How long a month takes, computed and read, on a PostgreSQL of its own: `python -m bench.month --projects 200`."""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import psutil
from alembic import command
from alembic.config import Config
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update

from jobs.local.throwaway import throwaway
from service.app import PREFIX, create_app
from service.clock import SystemClock
from service.deps import Deps, build
from service.domain.actors import Grant, Role, Scope
from service.domain.calendar import begin_of, next_month
from service.settings import Settings
from service.store.models import AttendanceDay, AttendanceMonth, CheckIn, DayClose, Finding, Project, Ticket
from service.store.work import connect
from service.usecases import analysis
from service.usecases.accounts import add_account
from service.usecases.sessions import sign_in

Made = TypeVar("Made")
ROOT = Path(__file__).parents[1]
MONTH = date(2026, 3, 1)
#: Nights by the day that follows. In the middle of the month nothing falls short; at its end rates do; the same night
#: once more finds nothing new, as most nights.
NIGHTS = {"weekday": date(2026, 3, 17), "month_end": next_month(MONTH), "nothing_new": next_month(MONTH)}
COUNTED = (CheckIn, AttendanceDay, AttendanceMonth, Finding, Ticket)
PASSWORD = "a password of a benchmark"  # noqa: S105 - it opens a database that lives for a minute
READS = 50

# Ten bodies, ten key people a project, two check-ins on some 22 days of everybody's month. They were proved and not
# counted yet, the most a recompute can find, and lie in the order in which they came in, a project's far apart.
FILL = (
    """
    INSERT INTO supervising_body (id, created_at, version, code, name, kind, district_code)
    SELECT gen_random_uuid(), :now, 1, 'bench-' || n, 'bench', 'station', '310115' FROM generate_series(0, 9) n
    """,
    """
    INSERT INTO unit (id, created_at, version, credit_code, name)
    VALUES (gen_random_uuid(), :now, 1, 'bench', 'bench')
    """,
    """
    INSERT INTO project (id, created_at, version, name, body_id, district_code, counting_from)
    SELECT gen_random_uuid(), :now, 1, 'project ' || n, body.id, '310115', :month
    FROM generate_series(1, :projects) n JOIN supervising_body body ON body.code = 'bench-' || n % 10
    """,
    """
    INSERT INTO project_state (id, created_at, project_id, state, from_on)
    SELECT gen_random_uuid(), :now, id, 'active', :month FROM project
    """,
    """
    INSERT INTO day_close (project_id, through) SELECT id, :month FROM project
    """,
    """
    INSERT INTO team (id, created_at, version, project_id, kind, unit_id, name)
    SELECT gen_random_uuid(), :now, 1, project.id, side, unit.id, side
    FROM project, unit, unnest(ARRAY['construction', 'supervision']) side
    """,
    """
    INSERT INTO person (id, created_at, version, name, document_kind, document_sealed, document_hash, document_tail,
        source)
    SELECT gen_random_uuid(), :now, 1, 'person', 'passport', '', decode(md5(team.id || post.code), 'hex'), '0000',
        'typed'
    FROM team JOIN post ON post.team_kind = team.kind
    """,
    """
    INSERT INTO roster_line (id, created_at, version, project_id, team_id, person_id, post_code, basis, state,
        starts_on, return_reasons, source)
    SELECT gen_random_uuid(), :now, 1, team.project_id, team.id, person.id, post.code, 'filing', 'in_force', :month,
        '[]', 'typed'
    FROM team JOIN post ON post.team_kind = team.kind
    JOIN person ON person.document_hash = decode(md5(team.id || post.code), 'hex')
    """,
    """
    CREATE TEMP TABLE punch AS
    SELECT gen_random_uuid() AS id, gen_random_uuid() AS photo_id, line.project_id, line.person_id,
        (day + hour * interval '1 hour') AT TIME ZONE 'Asia/Shanghai' AS at
    FROM (SELECT *, row_number() OVER (ORDER BY project_id, id) AS seat FROM roster_line) line,
        generate_series(CAST(:month AS timestamp), timestamp '2026-03-31', interval '1 day') day,
        unnest(ARRAY[8, 17]) hour
    WHERE (extract(day FROM day)::int + seat) % 7 > 1
    ORDER BY at, line.id
    """,
    """
    INSERT INTO photo (id, created_at, kind, digest, media_type, size, width, height)
    SELECT photo_id, at, 'check_in', decode(md5(photo_id::text), 'hex'), 'image/jpeg', 1, 1, 1 FROM punch
    """,
    """
    INSERT INTO check_in (id, created_at, version, attempts, client_ref, fingerprint, person_id, project_id, photo_id,
        at, taken_at, claim, photo_reused, state, decided_at, reasons, counting_reasons)
    SELECT id, at, 1, 1, id::text, decode(md5(id::text), 'hex'), person_id, project_id, photo_id,
        at, at, '{}', false, 'accepted', at, '[]', '[]' FROM punch
    """,
    "ANALYZE",
)


class StandingClock(SystemClock):
    """Business time that stands where it was put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """Where it was put."""
        return self.at


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=int, default=200, help="how many projects, ten key people each")
    projects: int = parser.parse_args().projects
    clock = StandingClock(begin_of(next_month(MONTH)))
    with throwaway(ROOT / "var") as env:
        settings = Settings.from_env(env)
        _fill(settings, clock, projects)
        figures = {"projects": projects, **measure(build(settings, clock), clock)}
    for name, value in figures.items():
        print(f"{name:<20}{value}", file=sys.stderr)
    print(json.dumps(figures))


def _fill(settings: Settings, clock: StandingClock, projects: int) -> None:
    config = Config(ROOT / "alembic.ini")
    with connect(settings.database_url).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        for statement in FILL:
            connection.execute(text(statement), {"now": clock.now(), "month": MONTH, "projects": projects})


def measure(deps: Deps, clock: StandingClock) -> dict[str, Any]:
    """Everything in the order in which a month comes about, by one process."""
    ids = analysis.projects_to_recompute(MONTH, None, deps=deps)
    cold_s, _ = _timed(lambda: _recompute(ids, deps))
    warm_s, changed = _timed(lambda: _recompute(ids, deps))
    if changed:
        sys.exit(f"{changed} rows came out otherwise the second time")
    return {
        "recompute_s": {"cold": cold_s, "warm": warm_s},
        "end_days_s": {name: _night_s(deps, clock, ids, today) for name, today in NIGHTS.items()},
        **_reads(deps),
        "rows": _rows(deps),
        "rss_mb": _memory(),
    }


def _timed(act: Callable[[], Made]) -> tuple[float, Made]:
    began = time.perf_counter()
    made = act()
    return round(time.perf_counter() - began, 2), made


def _recompute(ids: Sequence[UUID], deps: Deps) -> int:
    return sum(analysis.recompute(each, MONTH, deps=deps) for each in ids)


def _night_s(deps: Deps, clock: StandingClock, ids: Sequence[UUID], today: date) -> float:
    """Close the day before `today` on every project; the days before it are closed already."""
    clock.at = begin_of(today)
    with deps.database.begin() as work:
        work.session.execute(update(DayClose).values(through=today - timedelta(days=2)))
    began = time.perf_counter()
    for project_id in ids:
        analysis.end_days(project_id, deps=deps)
    return round(time.perf_counter() - began, 2)


def _reads(deps: Deps) -> dict[str, Any]:
    """What an officer and the city look at, through the whole application but for the socket."""
    with deps.database.begin() as work:
        body_id = work.session.scalars(select(Project.body_id).limit(1)).one()
        his = work.session.scalars(select(Project.id).where(Project.body_id == body_id)).all()
    client = create_app(deps.settings, deps).test_client()
    officer = _signed_in(deps, Grant(Role.OFFICER, Scope.BODY, body_id))
    city = _signed_in(deps, Grant(Role.CITY, Scope.CITY, None))
    month = f"month={MONTH:%Y-%m}"
    return {
        "project_page_ms": _read(client, officer, [f"/projects/{each}/attendance?{month}" for each in his]),
        "body_rates_ms": _read(client, officer, [f"/attendance/rates?{month}&body_id={body_id}"]),
        "city_rates_ms": _read(client, city, [f"/attendance/rates?{month}"]),
        "city_projects_ms": _read(client, city, [f"/attendance/projects?{month}&below=80"]),
    }


def _signed_in(deps: Deps, grant: Grant) -> dict[str, str]:
    name = str(grant.role)
    _, password = add_account(name, [grant], None, actor_id=None, deps=deps)
    return {"Authorization": f"Bearer {sign_in(name, password, PASSWORD, deps=deps).access_token}"}


def _read(client: FlaskClient, headers: dict[str, str], paths: Sequence[str]) -> dict[str, float]:
    """Read the paths in turn; the very first answer is not counted, because it prepares what the others use."""
    took = sorted([_read_ms(client, headers, paths[n % len(paths)]) for n in range(READS + 1)][1:])
    return {"median": round(statistics.median(took), 1), "p95": round(took[int(READS * 0.95)], 1)}


def _read_ms(client: FlaskClient, headers: dict[str, str], path: str) -> float:
    began = time.perf_counter()
    response = client.get(f"{PREFIX}{path}", headers=headers)
    if response.status_code != 200:
        sys.exit(f"{path}: {response.text}")
    return (time.perf_counter() - began) * 1000


def _rows(deps: Deps) -> dict[str, int]:
    with deps.database.begin() as work:
        counts = (work.session.scalars(select(func.count()).select_from(table)).one() for table in COUNTED)
        return dict(zip((table.__tablename__ for table in COUNTED), counts, strict=True))


def _memory() -> dict[str, float]:
    """Resident megabytes of this process and of PostgreSQL's largest."""
    servers = [each for each in psutil.Process().children(recursive=True) if "postgres" in each.name()]
    found = {"python": [psutil.Process()], "postgres": servers}
    return {name: max(round(each.memory_info().rss / 1e6, 1) for each in group) for name, group in found.items()}


if __name__ == "__main__":
    main()
