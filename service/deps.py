"""What use cases need from outside, put together once per process."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from face.engines.base import Engine
from service.clock import Clock, SystemClock
from service.connectors.queue import JobQueue, RqJobs
from service.connectors.source import Registry, Source
from service.connectors.sources import certificate_registry, filing_system
from service.connectors.wechat import WeChat, WeChatApi
from service.settings import Settings
from service.store.clock import MovableClock
from service.store.photos import PhotoFolder, PhotoStore
from service.store.vault import Vault
from service.store.work import Database, connect


@dataclass(frozen=True, slots=True)
class Deps:
    """The outside of every use case; tests and workers build their own."""

    settings: Settings
    clock: Clock
    database: Database
    vault: Vault
    photos: PhotoStore
    queue: JobQueue
    wechat: WeChat
    #: Loads the face engine at the first call; only workers call it (EngineUnavailable when it cannot start).
    engine: Callable[[], Engine]
    #: The filing system and the certificate registry; None where they are not connected.
    filing: Source | None = None
    certificates: Registry | None = None


def build(settings: Settings, clock: Clock | None = None) -> Deps:
    """The real parts; nothing connects before its first use."""
    time = clock or clock_of(settings)
    vault = Vault(settings.keys)
    return Deps(
        settings=settings,
        clock=time,
        database=Database(connect(settings.database_url), time),
        vault=vault,
        photos=PhotoFolder(settings.photo_dir, vault),
        queue=RqJobs(settings.redis_url),
        wechat=WeChatApi(settings.wechat_url, settings.wechat_app_id, settings.wechat_app_secret),
        engine=partial(load_engine, settings.face_engine, settings.model_dir, settings.passive_model),
        filing=filing_system(settings.filing_url, settings.filing_token),
        certificates=certificate_registry(settings.certificates_url, settings.certificates_token),
    )


def clock_of(settings: Settings) -> Clock:
    """The machine's clock, or the movable one where the settings say when it begins."""
    if settings.clock is None:
        return SystemClock()
    # An engine of its own: asking the time never waits for a transaction that itself wants to know it.
    return MovableClock(connect(settings.database_url), settings.clock)


@cache
def load_engine(name: str, models: Path, passive: Path | None = None) -> Engine:
    """The face engine of that name, loaded once per process, with its passive model; a failure is not remembered."""
    # Imported here, because only workers may pay for dlib and ONNX Runtime.
    from face.engines.loading import load  # noqa: PLC0415
    from face.engines.network_engine import with_passive  # noqa: PLC0415

    engine = load(name, models)
    return engine if passive is None else with_passive(engine, passive)
