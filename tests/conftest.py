"""Real PostgreSQL and Redis for the whole run, a savepoint for each test, the real face engine loaded once."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, make_url, text
from werkzeug.serving import make_server

from jobs.local.postgres import LocalPostgres
from jobs.local.redis import LocalRedis
from service.app import create_app
from service.connectors.fakes.wechat import create_fake
from service.connectors.wechat import WeChatApi
from service.deps import Deps, load_engine
from service.settings import DEVELOPMENT, Settings
from service.store.photos import PhotoFolder
from service.store.vault import Vault
from service.store.work import Database
from tests.factories import MORNING, World
from tests.fakes import HeldQueue, SetClock

ROOT = Path(__file__).parents[1]
PRISTINE = "daogang_pristine"


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database brought to the newest schema by the migrations."""
    with LocalPostgres(tmp_path_factory.mktemp("postgresql"), durable=False) as server:
        url = server.url()
        engine = create_engine(url)
        with engine.begin() as connection:
            config = Config(ROOT / "alembic.ini")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        engine.dispose()
        # A copy nobody ever connects to, because PostgreSQL copies no database in use.
        _run_outside(url, f'CREATE DATABASE {PRISTINE} TEMPLATE "{make_url(url).database}"')
        yield url


def _run_outside(url: str, statement: str) -> None:
    admin = create_engine(make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(statement))
    admin.dispose()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of its own."""
    with LocalRedis(tmp_path_factory.mktemp("redis"), durable=False) as server:
        yield server.url()


@pytest.fixture(scope="session")
def database(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def empty_database(database_url: str) -> Iterator[str]:
    """The address of a database of its own, for tests in which several transactions must really meet."""
    name = f"test_{uuid4().hex[:12]}"
    _run_outside(database_url, f"CREATE DATABASE {name} TEMPLATE {PRISTINE}")
    yield make_url(database_url).set(database=name).render_as_string(hide_password=False)
    _run_outside(database_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def wechat_url() -> Iterator[str]:
    """The fake WeChat on a port of its own."""
    app = create_fake("wxtest", "secret")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def wechat(wechat_url: str) -> Iterator[WeChatApi]:
    """The connector to it, made once: each new one reads all of the machine's certificates."""
    api = WeChatApi(wechat_url, "wxtest", "secret")
    yield api
    api.close()


@pytest.fixture
def settings(database_url: str, redis_url: str, wechat_url: str, tmp_path: Path) -> Settings:
    return Settings(
        env=DEVELOPMENT,
        database_url=database_url,
        redis_url=redis_url,
        keys={1: bytes(range(32))},
        token_secret="a secret of a test, thirty-two characters",
        wechat_app_id="wxtest",
        wechat_app_secret="secret",
        wechat_url=wechat_url,
        photo_dir=tmp_path / "photos",
    )


@pytest.fixture
def clock() -> SetClock:
    return SetClock(MORNING)


@pytest.fixture
def queue() -> HeldQueue:
    return HeldQueue()


@pytest.fixture
def deps(settings: Settings, database: Engine, clock: SetClock, queue: HeldQueue, wechat: WeChatApi) -> Iterator[Deps]:
    """Real parts over one connection, whose outer transaction is rolled back when the test ends."""
    vault = Vault(settings.keys)
    with database.connect() as connection, connection.begin() as outer:
        yield Deps(
            settings=settings,
            clock=clock,
            database=Database(connection, clock),
            vault=vault,
            photos=PhotoFolder(settings.photo_dir, vault),
            queue=queue,
            wechat=wechat,
            engine=lambda: load_engine(settings.face_engine, settings.model_dir),
        )
        outer.rollback()


@pytest.fixture
def meeting_deps(deps: Deps, empty_database: str) -> Iterator[Deps]:
    """The same parts over a database of its own, in which transactions commit and meet."""
    engine = create_engine(empty_database, pool_size=10)
    yield replace(deps, database=Database(engine, deps.clock))
    engine.dispose()


@pytest.fixture
def world(deps: Deps) -> World:
    return World(deps)


@pytest.fixture
def app(settings: Settings, deps: Deps) -> Flask:
    return create_app(settings, deps)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
