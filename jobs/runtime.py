"""What every process of jobs shares: settings from the environment, dependencies, a beating heart."""

import os
import signal
import socket
import sys
import threading
from functools import cache

import structlog
from sqlalchemy.exc import SQLAlchemyError

from service import logs
from service.deps import Deps, build
from service.settings import Settings, SettingsError
from service.usecases.health import BEAT_EVERY_S, beat

log = structlog.get_logger(__name__)


def settings_or_exit() -> Settings:
    """The settings of this process; a missing one ends it with its name in one line."""
    logs.configure()
    try:
        return Settings.from_env(os.environ)
    except SettingsError as error:
        sys.exit(f"daogang: {error}")


@cache
def process_deps() -> Deps:
    """The dependencies of this process, built once; never before a fork."""
    return build(settings_or_exit())


def start_heart(kind: str, deps: Deps, parent: int | None = None) -> None:
    """Beat in a thread for as long as the process lives; end the process once its parent is gone."""
    name = f"{kind}:{socket.gethostname()}:{os.getpid()}"

    def live() -> None:
        pause = threading.Event()
        while True:
            if parent is not None and os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGTERM)
            try:
                beat(name, kind, deps=deps)
            except SQLAlchemyError as error:
                log.warning("no heartbeat: the database does not answer", error=type(error).__name__)
            pause.wait(BEAT_EVERY_S)

    threading.Thread(target=live, name="heart", daemon=True).start()
