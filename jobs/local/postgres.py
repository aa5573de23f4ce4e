"""A PostgreSQL of our own in a folder, from the programs of an installed wheel."""

import contextlib
import signal
from pathlib import Path
from typing import Any, ClassVar

import psutil
import psycopg
from psycopg import sql

from jobs.local.cluster import environment, make_cluster, programs
from jobs.local.process import OURSELVES, Identity, Running, StartError, spawn
from jobs.local.server import LocalServer
from jobs.local.user import identity_for

NAME = "daogang"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # A socket's path may have 107 bytes, which a deep clone exceeds; loopback serves everybody.
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class LocalPostgres(LocalServer):
    """PostgreSQL in `folder`, with one role and one database; `durable=False` is for data nobody will miss."""

    name: ClassVar[str] = "postgresql"
    # A fast shutdown, then an immediate one, which the next start recovers from.
    stop_signals: ClassVar[tuple[signal.Signals, ...]] = (signal.SIGINT, signal.SIGQUIT)
    # A killed server leaves backends for a moment, and the port may be taken between the choice and the bind.
    transient: ClassVar[tuple[str, ...]] = ("pre-existing shared memory block", "lock file", "could not bind")

    def __init__(self, folder: Path, port: int | None = None, *, durable: bool = True) -> None:
        super().__init__(folder, port, durable=durable)
        self.cluster = self.folder / "cluster"
        self._identity: Identity = OURSELVES
        self._program = Path()

    def url(self) -> str:
        """The address in SQLAlchemy's form."""
        return f"postgresql+psycopg://{NAME}:{self.secret('password')}@127.0.0.1:{self.port}/{NAME}"

    def prepare(self) -> None:
        """Makes the cluster at the first start, and clears what a killed server left in it."""
        self._program = programs(self.cluster) / "postgres"
        self._identity = identity_for(self.cluster, self._program)
        if not self.cluster.exists():
            password = self.secret("owner_password")
            make_cluster(self.cluster, program=self._program, password=password, identity=self._identity)
        process = self._named_process()
        if process is not None and not self._serves(process):
            # After a restart of the machine the number in the file may be anybody's, and PostgreSQL would wait for it.
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def command(self, port: int) -> list[str]:
        """The server in the foreground, with its settings on the command line."""
        settings = {**SETTINGS, **({} if self.durable else NOT_DURABLE), "port": str(port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._program), "-D", str(self.cluster), *options]

    def spawn(self, argv: list[str]) -> Running:
        """The process, as the user who owns the cluster."""
        return spawn(
            argv,
            log=self.log,
            death_signal=self.stop_signals[0],
            identity=self._identity,
            env=environment(),
            cwd=Path("/"),
        )

    def answers(self) -> bool:
        """Whether the server takes connections; a password it does not know is said at once."""
        try:
            self._owner().close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StartError(
                    f"the password in {self.folder / 'connect.json'} does not open {self.cluster}: remove both"
                ) from None
            return False
        return True

    def finish(self) -> None:
        """Makes the application's role and database; the role may make databases for tests, and touch no file."""
        with self._owner() as owner:
            verb = "ALTER" if _exists(owner, "pg_roles", "rolname") else "CREATE"
            role = sql.SQL(verb + " ROLE {} LOGIN CREATEDB PASSWORD {}")
            owner.execute(role.format(sql.Identifier(NAME), sql.Literal(self.secret("password"))))
            if not _exists(owner, "pg_database", "datname"):
                owner.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(sql.Identifier(NAME)))

    def orphan(self) -> psutil.Process | None:
        """The server named by the cluster's own file, if that process really serves this cluster."""
        process = self._named_process()
        return process if process is not None and self._serves(process) else None

    def _named_process(self) -> psutil.Process | None:
        try:
            first = (self.cluster / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0]
            return psutil.Process(int(first))
        except (OSError, ValueError, psutil.Error):
            return None

    def _serves(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            return any(_same(Path(argument), self.cluster) for argument in process.cmdline()[1:])
        return False

    def _owner(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=self.secret("owner_password"),
            dbname="postgres",
            sslmode="disable",
            connect_timeout=2,
            autocommit=True,
        )


def _exists(owner: psycopg.Connection[Any], table: str, column: str) -> bool:
    query = sql.SQL("SELECT FROM {} WHERE {} = %s").format(sql.Identifier(table), sql.Identifier(column))
    return owner.execute(query, (NAME,)).fetchone() is not None


def _same(one: Path, other: Path) -> bool:
    return one.is_absolute() and one.exists() and one.samefile(other)
