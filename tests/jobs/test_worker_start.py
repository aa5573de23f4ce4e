"""Workers whose engine cannot be loaded do not begin, and say why in a line."""

import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from service.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("engine", "told"),
    [
        ("no-such", "there is no engine no-such"),
        ("onnx:own.json", "the model description own.json is not usable: FileNotFoundError"),
    ],
)
def test_an_engine_that_cannot_be_loaded_stops_the_start(settings: Settings, engine: str, told: str) -> None:
    environment = {
        **os.environ,
        "DAOGANG_FACE_ENGINE": engine,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "DAOGANG_KEYS": f"1={b64encode(settings.keys[1]).decode()}",
        "DAOGANG_TOKEN_SECRET": settings.token_secret,
        "DAOGANG_PHOTO_DIR": str(settings.photo_dir),
        "WECHAT_APP_ID": settings.wechat_app_id,
        "WECHAT_APP_SECRET": settings.wechat_app_secret,
    }
    command = [sys.executable, "-m", "jobs.worker", "--workers", "1"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(f"daogang: the face engine cannot start: {told}")
    assert done.stderr.count("\n") == 1
