"""Child processes of the runner: started with a death signal and a log, asked to stop before they are killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

EXEC = Path(__file__).with_name("exec.py")
LOG_LIMIT = 10_000_000

Running = subprocess.Popen[bytes]


class StartError(Exception):
    """Why something could not start, as one line for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The user a child runs as; `capability` is the only right of root it keeps (capabilities(7))."""

    uid: int | None = None
    gid: int | None = None
    capability: int | None = None


OURSELVES = Identity()


def wrapped(argv: Sequence[str], death_signal: signal.Signals, identity: Identity = OURSELVES) -> list[str]:
    """The command that becomes `argv` as that identity, tied to the life of this process."""
    options = {**asdict(identity), "parent": os.getpid(), "signal": int(death_signal)}
    return [sys.executable, "-I", "-S", str(EXEC), json.dumps(options), *argv]


def spawn(
    argv: Sequence[str],
    *,
    log: Path,
    death_signal: signal.Signals = signal.SIGTERM,
    identity: Identity = OURSELVES,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Running:
    """Starts a child in a session of its own: Ctrl-C at the terminal reaches the runner only, which stops in order.

    Call it from the main thread: Linux sends the death signal when the thread that started the child ends.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            wrapped(argv, death_signal, identity),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )


def stop(process: Running, *signals: signal.Signals, grace: float = 5.0) -> None:
    """Sends one signal after the other, each with its grace, then kills; nobody of the child's group survives."""
    for number in signals or (signal.SIGTERM,):
        if process.poll() is None:
            process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
            break
    kill_group(process)


def kill_group(process: Running) -> None:
    """Kills what is left of a child and of the processes it started, and collects the child."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def begin_log(path: Path) -> None:
    """Puts a log that has grown large aside, once, so that `var/` stays small."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".old.log"))


def last_lines(path: Path, count: int = 1, *, since: int = 0) -> list[str]:
    """The last lines of a log that say something, from `since` bytes on."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(since, path.stat().st_size - 20_000))
        lines = file.read().decode(errors="replace").splitlines()
    return [line.rstrip() for line in lines if line.strip()][-count:]
