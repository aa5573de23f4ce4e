"""The settings of a development instance: secrets made once, its own folders, the caller's choices first."""

import base64
import secrets
from collections.abc import Mapping
from pathlib import Path

from jobs.local.process import StartError
from jobs.local.state import write_private


def development(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The environment of every child, without the addresses of its servers."""
    own = {**kept_secrets(folder / "secrets.env"), "DAOGANG_PHOTO_DIR": str(folder / "photo-store")}
    return {**own, **{name: value for name, value in given.items() if value}, "DAOGANG_ENV": "development"}


def movable_clock(begins: str | None, given: Mapping[str, str]) -> dict[str, str]:
    """The setting of a movable clock, if one is wanted; it never runs over somebody else's data."""
    begins = begins or given.get("DAOGANG_CLOCK", "").strip()
    if not begins:
        return {}
    if given.get("DATABASE_URL", "").strip():
        raise StartError("the movable clock needs a database of its own: unset DATABASE_URL, or go without a clock")
    return {"DAOGANG_CLOCK": begins}


def kept_secrets(path: Path) -> dict[str, str]:
    """The secrets of this folder, made at its first start: with other keys its photos could not be read again."""
    if not path.exists():
        write_private(path, "".join(f"{name}={value}\n" for name, value in _new_secrets().items()))
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def _new_secrets() -> dict[str, str]:
    return {
        "DAOGANG_KEYS": "1=" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "DAOGANG_TOKEN_SECRET": secrets.token_urlsafe(48),
        "WECHAT_APP_ID": "wx" + secrets.token_hex(8),
        "WECHAT_APP_SECRET": secrets.token_hex(16),
    }
