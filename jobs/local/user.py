"""Which user PostgreSQL runs as: it refuses root, so root lends it to somebody without rights."""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from jobs.local.cluster import environment
from jobs.local.process import OURSELVES, Identity, StartError, wrapped

CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2


def identity_for(cluster: Path, program: Path) -> Identity:
    """The user that owns the cluster, or will: ourselves, except for root, who runs it as `nobody`.

    When `nobody` cannot walk to the program or to the folder (a clone below /root, a `mktemp -d`), nobody's folder is
    opened for that: the child keeps the one capability to read and search past permissions. Where the container does
    not grant it, the one to override them does (Docker grants only that one). It serves on loopback, and the
    application's role in it may touch no file.
    """
    if os.geteuid() != 0:
        _must_be_ours(cluster)
        return OURSELVES
    for identity in _candidates(cluster):
        if _reaches(identity, cluster.parent, program):
            return identity
    raise StartError(
        f"PostgreSQL does not run as root, and no other user can reach {cluster.parent}: "
        "run as an ordinary user, move the folder, or set DATABASE_URL"
    )


def _must_be_ours(cluster: Path) -> None:
    if cluster.exists() and cluster.stat().st_uid != os.geteuid():
        raise StartError(
            f"{cluster} belongs to user {cluster.stat().st_uid}: run as that user or as root, or remove it"
        )


def _candidates(cluster: Path) -> Iterator[Identity]:
    uid, gid = _owner(cluster)
    yield Identity(uid, gid)
    if sys.platform.startswith("linux"):
        yield Identity(uid, gid, CAP_DAC_READ_SEARCH)
        yield Identity(uid, gid, CAP_DAC_OVERRIDE)


def _owner(cluster: Path) -> tuple[int, int]:
    if cluster.exists() and cluster.stat().st_uid != 0:
        return cluster.stat().st_uid, cluster.stat().st_gid
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise StartError(
            "PostgreSQL does not run as root and there is no user `nobody` here: set DATABASE_URL"
        ) from None
    return nobody.pw_uid, nobody.pw_gid


def _reaches(identity: Identity, folder: Path, program: Path) -> bool:
    """Tried rather than computed from permission bits: there are also ACLs, mount options and missing capabilities."""
    script = 'cd "$1" && exec "$2" --show -D "$1"'
    argv = ["/bin/sh", "-c", script, "sh", str(folder), str(program.with_name("initdb"))]
    command = wrapped(argv, signal.SIGKILL, identity)
    return subprocess.run(command, capture_output=True, check=False, cwd="/", env=environment()).returncode == 0
