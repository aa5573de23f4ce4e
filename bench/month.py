"""How long a month takes, computed and read, on a PostgreSQL of its own: `python -m bench.month --projects 200`."""

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from alembic import command
from alembic.config import Config
from flask.testing import FlaskClient
from sqlalchemy import text

from jobs.local.postgres import LocalPostgres
from service.app import create_app
from service.deps import Deps, build
from service.domain.actors import Grant, Role, Scope
from service.settings import DEVELOPMENT, Settings
from service.usecases import analysis
from service.usecases.accounts import add_account
from service.usecases.sessions import sign_in

ROOT = Path(__file__).parents[1]
MONTH = date(2026, 3, 1)
#: The first of April, early: the month is over, and its last night not closed.
NOW = datetime(2026, 3, 31, 17, 0, tzinfo=UTC)
READS = 50

# Ten key people a project, two check-ins a day that were proved and not counted yet: the most a recompute can find.
FILL = """
INSERT INTO supervising_body (id, created_at, version, code, name, kind, district_code)
    VALUES (gen_random_uuid(), :now, 1, 'bench', 'bench', 'station', '310115');
INSERT INTO unit (id, created_at, version, credit_code, name) VALUES (gen_random_uuid(), :now, 1, 'bench', 'bench');
INSERT INTO project (id, created_at, version, name, body_id, district_code, counting_from)
    SELECT gen_random_uuid(), :now, 1, 'project ' || n, (SELECT id FROM supervising_body), '310115', :month
    FROM generate_series(1, :projects) n;
INSERT INTO project_state (id, created_at, project_id, state, from_on)
    SELECT gen_random_uuid(), :now, id, 'active', :month FROM project;
INSERT INTO day_close (project_id, through) SELECT id, date '2026-03-30' FROM project;
INSERT INTO team (id, created_at, version, project_id, kind, unit_id, name)
    SELECT gen_random_uuid(), :now, 1, project.id, kind, unit.id, kind
    FROM project, unit, unnest(ARRAY['construction', 'supervision']) kind;
INSERT INTO person (id, created_at, version, name, document_kind, document_sealed, document_hash, document_tail)
    SELECT gen_random_uuid(), :now, 1, 'person', 'passport', '', decode(md5(team.id || post.code), 'hex'), '0000'
    FROM team JOIN post ON post.team_kind = team.kind;
INSERT INTO roster_line (id, created_at, version, project_id, team_id, person_id, post_code, basis, state, starts_on)
    SELECT gen_random_uuid(), :now, 1, team.project_id, team.id, person.id, post.code, 'filing', 'in_force', :month
    FROM team JOIN post ON post.team_kind = team.kind
    JOIN person ON person.document_hash = decode(md5(team.id || post.code), 'hex');
CREATE TEMP TABLE punch AS
    SELECT gen_random_uuid() AS id, gen_random_uuid() AS photo_id, line.project_id, line.person_id,
        (day + hour * interval '1 hour') AT TIME ZONE 'Asia/Shanghai' AS at
    FROM roster_line line, generate_series(CAST(:month AS timestamp), timestamp '2026-03-31', interval '1 day') day,
        unnest(ARRAY[8, 17]) hour;
INSERT INTO photo (id, created_at, kind, digest, media_type, size, width, height)
    SELECT photo_id, at, 'check_in', decode(md5(photo_id::text), 'hex'), 'image/jpeg', 1, 1, 1 FROM punch;
INSERT INTO check_in (id, created_at, version, attempts, client_ref, fingerprint, person_id, project_id, photo_id, at,
        taken_at, claim, photo_reused, state, decided_at, reasons, counting_reasons)
    SELECT id, at, 1, 1, id::text, decode(md5(id::text), 'hex'), person_id, project_id, photo_id, at,
        at, '{}', false, 'accepted', at, '[]', '[]' FROM punch;
"""


class FixedClock:
    """The first of April, so that the figures are of a whole month."""

    def now(self) -> datetime:
        """Business time."""
        return NOW

    def real(self) -> datetime:
        """The machine's time."""
        return datetime.now(UTC)


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=int, default=200, help="how many projects, ten key people each")
    choices = parser.parse_args()
    (ROOT / "var").mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / "var") as folder,
        LocalPostgres(Path(folder) / "postgresql", durable=False) as server,
    ):
        deps = build(_settings(server.url(), Path(folder)), FixedClock())
        figures = measure(deps, choices.projects)
        deps.database.bind.dispose()  # type: ignore[union-attr]
    for name, value in figures.items():
        print(f"{name:<28}{value}", file=sys.stderr)
    print(json.dumps(figures))


def _settings(url: str, folder: Path) -> Settings:
    return Settings(
        env=DEVELOPMENT,
        database_url=url,
        # Nothing here goes through the queue.
        redis_url="redis://127.0.0.1:1/0",
        keys={1: bytes(32)},
        token_secret="a benchmark's, thirty-two characters",  # noqa: S106 - it opens a database that lives for a minute
        wechat_app_id="bench",
        wechat_app_secret="bench",  # noqa: S106 - the same
        photo_dir=folder,
    )


def measure(deps: Deps, projects: int) -> dict[str, Any]:
    """Fill a month, compute it, compute it again, close its last night, and read it."""
    check_ins = _fill(deps, projects)
    ids = analysis.projects_to_recompute(MONTH, None, deps=deps)
    cold_s, changed = _timed(lambda: _recompute(ids, deps))
    warm_s, unchanged = _timed(lambda: _recompute(ids, deps))
    night_s, _ = _timed(lambda: [analysis.end_days(each, deps=deps) for each in ids])
    client, token = _caller(deps)
    pages = [f"/projects/{each}/attendance?month=2026-03" for each in (ids * READS)[:READS]]
    rates = ["/attendance/rates?month=2026-03"] * READS
    return {
        "projects": projects,
        "check_ins": check_ins,
        "recompute_cold_s": cold_s,
        "rows_changed_cold": changed,
        "recompute_warm_s": warm_s,
        "rows_changed_warm": unchanged,
        "recompute_warm_ms_a_project": round(warm_s / projects * 1000, 1),
        "end_days_s": night_s,
        **_read(client, token, "project_page", pages),
        **_read(client, token, "city_rates", rates),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _fill(deps: Deps, projects: int) -> int:
    config = Config(ROOT / "alembic.ini", stdout=sys.stderr)
    with deps.database.bind.connect() as connection, connection.begin():  # type: ignore[union-attr]
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        for statement in FILL.split(";\n")[:-1]:
            given = {"now": NOW, "month": MONTH, "projects": projects}
            connection.execute(text(statement), {name: given[name] for name in given if f":{name}" in statement})
        connection.execute(text("ANALYZE"))
        return int(connection.execute(text("SELECT count(*) FROM check_in")).scalar_one())


def _recompute(ids: list[UUID], deps: Deps) -> int:
    return sum(analysis.recompute(each, MONTH, deps=deps) for each in ids)


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = act()
    return round(time.perf_counter() - began, 2), result


def _caller(deps: Deps) -> tuple[FlaskClient, str]:
    _, password = add_account("city", [Grant(Role.CITY, Scope.CITY, None)], None, actor_id=None, deps=deps)
    session = sign_in("city", password, "a password of a benchmark", deps=deps)
    return create_app(deps.settings, deps).test_client(), session.access_token


def _read(client: FlaskClient, token: str, name: str, paths: list[str]) -> dict[str, float]:
    took = []
    for path in paths:
        began = time.perf_counter()
        response = client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
        took.append((time.perf_counter() - began) * 1000)
        if response.status_code != 200:
            sys.exit(f"{path}: {response.text}")
    took.sort()
    return {
        f"{name}_ms_median": round(statistics.median(took), 1),
        f"{name}_ms_p95": round(took[int(len(took) * 0.95)], 1),
    }


if __name__ == "__main__":
    main()
