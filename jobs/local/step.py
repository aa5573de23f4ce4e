"""A command of the start that runs once and must succeed before the next one."""

import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from jobs.local.process import StartError, kill_group, last_lines, wrapped


def run_step(name: str, *arguments: str, env: Mapping[str, str], log: Path) -> str:
    """Runs `service.cli` and returns what it printed. That is kept in no log: it may contain one-time passwords."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as complaints:
        process = subprocess.Popen(
            wrapped([sys.executable, "-m", "service.cli", *arguments], signal.SIGTERM),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=env,
            start_new_session=True,
        )
    with process:
        try:
            printed, _ = process.communicate()
        finally:
            kill_group(process)
    if process.returncode != 0:
        said = last_lines(log) or ["it said nothing"]
        raise StartError(f"{name} failed: {said[0]} (all of it in {log})")
    return printed.decode(errors="replace")
