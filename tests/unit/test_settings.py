"""Settings: read once, named when missing, never shown."""

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.clock import SystemClock
from service.deps import build
from service.settings import Settings, SettingsError, parse_keys
from service.store.clock import MovableClock

KEY = b64encode(bytes(32)).decode()
GOOD = {
    "DAOGANG_ENV": "development",
    "DATABASE_URL": "postgresql+psycopg://u:hidden-word@h/d",
    "REDIS_URL": "redis://:hidden-word@h/0",
    "DAOGANG_KEYS": f"1={KEY}",
    "DAOGANG_TOKEN_SECRET": "hidden-word" * 4,
    "DAOGANG_PHOTO_DIR": "photos",
    "WECHAT_APP_ID": "wx1",
    "WECHAT_APP_SECRET": "hidden-word",
}


@pytest.mark.parametrize("name", [name for name in GOOD if name != "DAOGANG_ENV"])
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env(GOOD | {name: " "})


def test_production_is_what_nobody_said_otherwise() -> None:
    settings = Settings.from_env({name: value for name, value in GOOD.items() if name != "DAOGANG_ENV"})
    assert settings.production


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DAOGANG_ENV", "staging"),
        ("DAOGANG_LEASE_S", "soon"),
        ("DAOGANG_LEASE_S", "nan"),
        ("DAOGANG_HANG_S", "0"),
        ("DAOGANG_PHOTO_DAYS", "-1"),
        ("FILING_URL", "ftp://host/folder"),
        ("CERTIFICATES_URL", "registry.example"),
        ("DAOGANG_CLOCK", "tomorrow"),
        ("DAOGANG_CLOCK", "2026-03-02"),
        ("DAOGANG_CLOCK", "2026-03-02T07:00:00"),
        ("DAOGANG_CLOCK", "0001-01-01T00:00:00+08:00"),
        ("DAOGANG_CLOCK", "9999-12-31T23:59:59-08:00"),
        ("DAOGANG_TOKEN_SECRET", "short"),
        ("DAOGANG_KEYS", "1=abc"),
        ("DAOGANG_KEYS", f"x={KEY}"),
        ("DAOGANG_KEYS", f"0={KEY}"),
        ("DAOGANG_KEYS", f"1={b64encode(bytes(16)).decode()}"),
    ],
)
def test_an_unusable_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env(GOOD | {name: value})


def test_a_fake_wechat_is_refused_in_production() -> None:
    with pytest.raises(SettingsError, match="WECHAT_BASE_URL"):
        Settings.from_env(GOOD | {"DAOGANG_ENV": "production", "WECHAT_BASE_URL": "http://127.0.0.1:1"})


def test_the_movable_clock_is_refused_in_production() -> None:
    with pytest.raises(SettingsError, match="DAOGANG_CLOCK is for development") as error:
        Settings.from_env(GOOD | {"DAOGANG_ENV": "production", "DAOGANG_CLOCK": "2026-03-02T07:00:00+08:00"})
    assert "\n" not in str(error.value)


def test_business_time_is_the_machines_unless_somebody_says_when_it_begins() -> None:
    assert isinstance(build(Settings.from_env(GOOD)).clock, SystemClock)
    settings = Settings.from_env(GOOD | {"DAOGANG_CLOCK": "2026-03-02T07:00:00+08:00"})
    assert settings.clock == datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
    assert isinstance(build(settings).clock, MovableClock)


def test_no_secret_is_shown() -> None:
    assert "hidden-word" not in repr(Settings.from_env(GOOD))
    assert KEY not in repr(Settings.from_env(GOOD))


def test_keys_have_numbers() -> None:
    assert parse_keys(f"1={KEY}, 7={KEY}") == {1: bytes(32), 7: bytes(32)}


@pytest.mark.parametrize(("value", "path"), [("", None), (" ", None), ("models/spoof.json", Path("models/spoof.json"))])
def test_a_passive_model_is_off_unless_named(value: str, path: Path | None) -> None:
    assert Settings.from_env(GOOD | {"DAOGANG_PASSIVE_MODEL": value}).passive_model == path


@pytest.mark.parametrize("name", ["FILING_URL", "CERTIFICATES_URL"])
def test_a_registry_is_reached_without_tls_in_development_only(name: str) -> None:
    plain = GOOD | {name: "http://127.0.0.1:8100/"}
    assert getattr(Settings.from_env(plain), name.lower()) == "http://127.0.0.1:8100"
    with pytest.raises(SettingsError, match=name):
        Settings.from_env(plain | {"DAOGANG_ENV": "production"})
