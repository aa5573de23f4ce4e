"""The two servers under an instance: the caller's where the environment names them, else our own."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jobs.local.children import Supervisor
from jobs.local.given import checked_database, checked_redis
from jobs.local.postgres import LocalPostgres
from jobs.local.redis import LocalRedis
from jobs.local.server import LocalServer


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the data is; only a database of our own may ever be filled with demo data."""

    database_url: str
    redis_url: str
    own_database: bool

    def environment(self) -> dict[str, str]:
        """The addresses as settings."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


def start_data(
    folder: Path, given: Mapping[str, str], supervisor: Supervisor, say: Callable[[str], None], *, durable: bool = True
) -> Addresses:
    """Starts what is not given and tries what is."""
    database, queue = given.get("DATABASE_URL", "").strip(), given.get("REDIS_URL", "").strip()
    # Both given addresses are tried before either of ours starts: a refusal comes at once.
    database = database and checked_database(database)
    queue = queue and checked_redis(queue)
    return Addresses(
        database_url=database or _own(LocalPostgres(folder / "postgresql", durable=durable), supervisor, say),
        redis_url=queue or _own(LocalRedis(folder / "redis", durable=durable), supervisor, say),
        own_database=not database,
    )


def _own(server: LocalServer, supervisor: Supervisor, say: Callable[[str], None]) -> str:
    began = time.monotonic()
    supervisor.add(server)
    say(f"{server.name} on port {server.port} ({time.monotonic() - began:.1f} s)")
    return server.url()
