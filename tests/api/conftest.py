"""The application on real parts, callers of each kind, and the log as it is really written."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from structlog._config import BoundLoggerLazyProxy

from service import logs
from service.api.context import EXTENSION
from service.app import create_app
from service.deps import Deps
from service.domain.actors import Actor
from service.settings import Settings
from service.usecases import accounts, sessions
from tests.api.support import Caller, Puncher, enrol
from tests.factories import Site, World

_QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 at its least cost: a district of accounts in a millisecond instead of a second."""
    for module in (accounts, sessions):
        monkeypatch.setattr(module, "hasher", lambda: _QUICK)


@pytest.fixture(scope="session")
def apps() -> list[Flask]:
    """The application, once a test has built it."""
    return []


@pytest.fixture
def app(settings: Settings, deps: Deps, apps: list[Flask]) -> Flask:
    """The one application of all tests with the parts of this one: its routes take a tenth of a second to build."""
    if not apps:
        apps.append(create_app(settings, deps))
    apps[0].extensions[EXTENSION] = deps
    return apps[0]


@pytest.fixture
def speaking_for(client: FlaskClient, world: World) -> Callable[[Actor], Caller]:
    return lambda actor: Caller(client, actor, world.deps)


@pytest.fixture
def city(speaking_for: Callable[[Actor], Caller], world: World) -> Caller:
    return speaking_for(world.city)


@pytest.fixture
def site(world: World) -> Site:
    return world.site()


@pytest.fixture
def puncher(world: World, site: Site, speaking_for: Callable[[Actor], Caller]) -> Puncher:
    """Somebody with a phone, on no roster and not enrolled."""
    person = world.person()
    return Puncher(world, site, person.id, speaking_for(world.key_person(person.id)))


@pytest.fixture
def enrolled(puncher: Puncher, world: World, site: Site) -> Puncher:
    """The same, enrolled and project manager of the site."""
    puncher.line = world.line(site.construction, puncher.person_id)
    enrol(world, puncher.person_id)
    return puncher


class Log:
    """Everything that was logged, as text and as lines of JSON."""

    def __init__(self) -> None:
        self.file = io.StringIO()

    @property
    def text(self) -> str:
        return self.file.getvalue()

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    """The log of the test, written by the real processors; ask for it before `client` or after, both work."""
    told = Log()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", told.file)
        # The fake WeChat is another program: what its server writes is not our log.
        patch.setattr(logging.getLogger("werkzeug"), "disabled", True)
        _rebind()
        yield told
    _rebind()


def _rebind() -> None:
    """Loggers keep the file they wrote to first: let them look for it again."""
    for name, module in list(sys.modules.items()):
        logger = getattr(module, "log", None)
        if name.split(".")[0] in {"service", "jobs"} and isinstance(logger, BoundLoggerLazyProxy):
            vars(logger).pop("bind", None)
    logs.configure()
