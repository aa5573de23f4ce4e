"""Everything the environment decides, read once into one frozen value."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

WECHAT_URL = "https://api.weixin.qq.com"
DEVELOPMENT = "development"
PRODUCTION = "production"
KEY_BYTES = 32


class SettingsError(Exception):
    """A setting is missing or unusable; the sentence names it and never shows its value."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process; `env` is production unless somebody says development."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    keys: Mapping[int, bytes] = field(repr=False)
    token_secret: str = field(repr=False)
    wechat_app_id: str
    wechat_app_secret: str = field(repr=False)
    photo_dir: Path
    env: str = PRODUCTION
    wechat_url: str = WECHAT_URL
    lease_s: float = 30.0
    requeue_s: float = 120.0
    hang_s: float = 20.0
    photo_days: int = 180
    #: How long the descriptors of check-ins are kept; afterwards only the mark that knows the photo again.
    descriptor_days: int = 30
    #: `fused`, `sface`, `dlib`, or `onnx:` and the description of a deployment's own model.
    face_engine: str = "fused"
    #: Where converted networks are kept; they are made anew when they are not there.
    model_dir: Path = Path("var/models")
    #: The description of a passive anti-spoof model; None runs none.
    passive_model: Path | None = None
    #: When business time begins, where a demo may move it; None: it is the machine's.
    clock: datetime | None = None
    #: Where the filing system and the certificate registry are (docs/connectors); empty: not connected.
    filing_url: str = field(default="", repr=False)
    filing_token: str = field(default="", repr=False)
    certificates_url: str = field(default="", repr=False)
    certificates_token: str = field(default="", repr=False)

    @property
    def production(self) -> bool:
        """True where fakes and demo data must refuse to start."""
        return self.env == PRODUCTION

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """The settings in `env`; SettingsError names the first that is missing or unusable."""
        return cls(
            env=_one_of(env, "DAOGANG_ENV", (PRODUCTION, DEVELOPMENT), PRODUCTION),
            database_url=_needed(env, "DATABASE_URL"),
            redis_url=_needed(env, "REDIS_URL"),
            keys=parse_keys(_needed(env, "DAOGANG_KEYS")),
            token_secret=_secret(env, "DAOGANG_TOKEN_SECRET"),
            wechat_app_id=_needed(env, "WECHAT_APP_ID"),
            wechat_app_secret=_needed(env, "WECHAT_APP_SECRET"),
            photo_dir=Path(_needed(env, "DAOGANG_PHOTO_DIR")),
            wechat_url=_wechat_url(env),
            lease_s=_seconds(env, "DAOGANG_LEASE_S", 30.0),
            requeue_s=_seconds(env, "DAOGANG_REQUEUE_S", 120.0),
            hang_s=_seconds(env, "DAOGANG_HANG_S", 20.0),
            photo_days=_days(env, "DAOGANG_PHOTO_DAYS", 180),
            descriptor_days=_days(env, "DAOGANG_DESCRIPTOR_DAYS", 30),
            face_engine=env.get("DAOGANG_FACE_ENGINE", "").strip() or "fused",
            model_dir=Path(env.get("DAOGANG_MODEL_DIR", "").strip() or "var/models"),
            passive_model=Path(passive) if (passive := env.get("DAOGANG_PASSIVE_MODEL", "").strip()) else None,
            clock=_clock(env),
            filing_url=_source_url(env, "FILING_URL", env.get("FILING_URL", "")),
            filing_token=env.get("FILING_TOKEN", "").strip(),
            certificates_url=_source_url(env, "CERTIFICATES_URL", env.get("CERTIFICATES_URL", "")),
            certificates_token=env.get("CERTIFICATES_TOKEN", "").strip(),
        )


def parse_keys(text: str) -> dict[int, bytes]:
    """Versioned 256-bit keys from `1=<base64>,2=<base64>`; the highest encrypts, the lowest keys the look-up hashes."""
    keys: dict[int, bytes] = {}
    for item in text.split(","):
        number, _, value = item.strip().partition("=")
        try:
            given, key = int(number), base64.b64decode(value, validate=True)
        except (ValueError, binascii.Error):
            raise SettingsError("DAOGANG_KEYS must read 1=<base64>,2=<base64>,...") from None
        if given in keys:
            raise SettingsError(f"DAOGANG_KEYS names key {given} twice")
        keys[given] = key
    if any(len(key) != KEY_BYTES for key in keys.values()):
        raise SettingsError(f"every key in DAOGANG_KEYS must be {KEY_BYTES} bytes")
    if not all(0 < number < 256 for number in keys):  # noqa: PLR2004 - the number is one byte of every sealed text
        raise SettingsError("key numbers in DAOGANG_KEYS run from 1 to 255")
    return keys


def _needed(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise SettingsError(f"{name} is not set (docs/operations.md lists every setting)")
    return value


def _secret(env: Mapping[str, str], name: str) -> str:
    value = _needed(env, name)
    if len(value) < KEY_BYTES:
        raise SettingsError(f"{name} must have at least {KEY_BYTES} characters")
    return value


def _one_of(env: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = env.get(name, "").strip() or default
    if value not in allowed:
        raise SettingsError(f"{name} must be one of {', '.join(allowed)}")
    return value


def _seconds(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        value = 0.0
    if not 0 < value < 86_400:  # noqa: PLR2004 - a day is longer than any of these waits
        raise SettingsError(f"{name} must be a number of seconds above 0")
    return value


def _days(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "").strip() or str(default)
    if not text.isdigit() or not 0 < int(text) < 10_000:  # noqa: PLR2004 - nothing is kept for a lifetime
        raise SettingsError(f"{name} must be a number of days above 0")
    return int(text)


def _clock(env: Mapping[str, str]) -> datetime | None:
    text = env.get("DAOGANG_CLOCK", "").strip()
    if not text:
        return None
    if env.get("DAOGANG_ENV", "").strip() != DEVELOPMENT:
        raise SettingsError("DAOGANG_CLOCK is for development: in production business time is the machine's")
    try:
        at: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        at = None
    # The century of every time the API takes.
    if at is None or at.tzinfo is None or not 1990 < at.year < 2100:  # noqa: PLR2004
        raise SettingsError("DAOGANG_CLOCK must be a time with its zone, as in 2026-03-02T07:00:00+08:00")
    return at.astimezone(UTC)


def _source_url(env: Mapping[str, str], name: str, told: str) -> str:
    url = told.strip().rstrip("/")
    plain = ("http://",) if env.get("DAOGANG_ENV", "").strip() == DEVELOPMENT else ()
    if url and not url.startswith(("https://", "postgresql://", "postgresql+psycopg://", "file:///", *plain)):
        raise SettingsError(f"{name} must begin with https://, postgresql:// or file:/// (docs/connectors)")
    return url


def _wechat_url(env: Mapping[str, str]) -> str:
    url = env.get("WECHAT_BASE_URL", "").strip().rstrip("/") or WECHAT_URL
    if env.get("DAOGANG_ENV", "").strip() != DEVELOPMENT and not url.startswith("https://"):
        raise SettingsError("WECHAT_BASE_URL must be https in production: the fake WeChat is for development")
    return url
