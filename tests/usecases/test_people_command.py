"""`./daogang people`, as an operator types it, on a database of its own."""

import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

from sqlalchemy import select, update

from service.deps import Deps
from service.domain.records import Document, PersonRecord
from service.settings import Settings
from service.store.models import Person
from tests.bulk import person_number, taken

ROOT = Path(__file__).parents[2]


def test_whoever_was_kept_before_phones_had_hashes_is_found_by_his(
    meeting_deps: Deps, settings: Settings, empty_database: str, tmp_path: Path
) -> None:
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
    taken(
        meeting_deps, [PersonRecord(Document(person_number(), name), phone="13900001234") for name in ("张三", "李四")]
    )
    with meeting_deps.database.begin() as work:
        before = work.session.scalars(select(Person.phone_hash)).all()
        work.session.execute(update(Person).values(phone_hash=None))
    argv = [sys.executable, "-m", "service.cli", "people", "rehash"]
    said = [
        subprocess.run(argv, env=environment, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert said == ["2 phones can be found now, 0 do not open\n", "0 phones can be found now, 0 do not open\n"]
    with meeting_deps.database.begin() as work:
        assert work.session.scalars(select(Person.phone_hash)).all() == before
