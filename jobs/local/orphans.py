"""Children a killed runner left behind: noted while they run, ended before the next start needs their ports."""

import contextlib
import os
import time
from pathlib import Path

import psutil

from jobs.local.state import read_private, write_json

GRACE_S = 5.0


def note(path: Path, pids: list[int]) -> None:
    """Writes down who runs now, with the time each began: a process id alone may be somebody else's later."""
    began = {}
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            began[str(pid)] = psutil.Process(pid).create_time()
    write_json(path, {"began": began})


def end(path: Path) -> None:
    """Ends the noted processes and those they started; their death signal has usually done so already."""
    began = read_private(path).get("began", {})
    left = [process for pid, when in began.items() for process in _group(int(pid), float(when))]
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    deadline = time.monotonic() + GRACE_S
    for process in left:
        if not ended(process, deadline):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
            ended(process, time.monotonic() + GRACE_S)
    path.unlink(missing_ok=True)


def ended(process: psutil.Process, deadline: float) -> bool:
    """Waits for the end of somebody else's child. One that is never collected, as in many containers, has ended."""
    while _does_something(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _does_something(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _group(pid: int, began: float) -> list[psutil.Process]:
    """Who is left of the group that a child led; nobody if its number belongs to another process by now."""
    with contextlib.suppress(psutil.NoSuchProcess):
        if abs(psutil.Process(pid).create_time() - began) > 1:
            return []
    return [process for process in psutil.process_iter() if _leader(process.pid) == pid]


def _leader(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None
