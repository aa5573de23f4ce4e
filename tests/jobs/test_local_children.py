"""The supervisor, with small real commands."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from jobs.local.children import Supervisor
from jobs.local.command import Command
from jobs.local.process import StartError

SLEEP = "import time; time.sleep(60)"
# Starts a process of its own, tells its number, and does not care about it any more.
PARENT = (
    "import subprocess, sys, time;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print(child.pid, flush=True); time.sleep(60)"
)
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)


class Terminal(list[str]):
    """What was said at the terminal."""

    def wait_for(self, supervisor: Supervisor, text: str) -> None:
        self.until(supervisor, lambda: any(text in line for line in self))

    @staticmethod
    def until(supervisor: Supervisor, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not done():
            assert time.monotonic() < deadline
            supervisor.watch()
            time.sleep(0.02)


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def supervisor(terminal: Terminal) -> Iterator[Supervisor]:
    supervisor = Supervisor(terminal.append)
    yield supervisor
    supervisor.stop()


def command(folder: Path, code: str, name: str = "child") -> Command:
    return Command(name, [sys.executable, "-c", code], log=folder / f"{name}.log")


def wait_for_line(child: Command) -> str:
    deadline = time.monotonic() + 10
    while not child.tail():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return child.tail()[0]


def test_a_child_that_is_killed_is_restarted_and_said(
    tmp_path: Path, supervisor: Supervisor, terminal: Terminal
) -> None:
    child = command(tmp_path, SLEEP)
    supervisor.add(child)
    first = child.pid
    os.kill(first, signal.SIGKILL)
    terminal.until(supervisor, lambda: child.alive() and child.pid != first)
    assert terminal == ["child died, is restarted in 0.2 s"]


def test_what_a_dead_child_started_does_not_outlive_its_restart(
    tmp_path: Path, supervisor: Supervisor, terminal: Terminal
) -> None:
    child = command(tmp_path, PARENT)
    supervisor.add(child)
    grandchild, first = int(wait_for_line(child)), child.pid
    os.kill(first, signal.SIGKILL)
    terminal.until(supervisor, lambda: child.alive() and child.pid != first)
    assert not running(grandchild)


def test_a_child_that_keeps_dying_stops_the_whole_with_its_last_lines(
    tmp_path: Path, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.local.children.LONGEST_PAUSE_S", 0.01)
    supervisor.add(command(tmp_path, "print('no key'); raise SystemExit(3)"))
    with pytest.raises(StartError, match=r"child died 5 times(.|\n)*no key"):
        Terminal.until(supervisor, lambda: False)


def test_the_pause_before_a_restart_grows(tmp_path: Path, supervisor: Supervisor, terminal: Terminal) -> None:
    supervisor.add(command(tmp_path, "raise SystemExit(3)"))
    terminal.wait_for(supervisor, "0.8 s")
    assert terminal == [f"child died, is restarted in {pause} s" for pause in ("0.2", "0.4", "0.8")]


def test_all_stop_in_the_reverse_order_of_their_start(tmp_path: Path, supervisor: Supervisor) -> None:
    order = tmp_path / "order"
    for name in ("first", "second", "third"):
        code = (
            "import signal, sys, time\n"
            f"def end(*_):\n    open({str(order)!r}, 'a').write({name + ' '!r})\n    sys.exit()\n"
            "signal.signal(signal.SIGTERM, end)\nprint('up', flush=True)\ntime.sleep(60)"
        )
        child = command(tmp_path, code, name)
        supervisor.add(child)
        wait_for_line(child)
    supervisor.stop()
    assert order.read_text() == "third second first "


def test_a_child_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    child = Command("child", [sys.executable, "-c", STUBBORN], log=tmp_path / "child.log", grace=0.2)
    child.start()
    wait_for_line(child)
    pid = child.pid
    child.stop()
    assert not running(pid)


def test_warnings_and_errors_are_shown_and_the_rest_is_not(
    tmp_path: Path, supervisor: Supervisor, terminal: Terminal
) -> None:
    lines = [
        '{"event": "no error here", "level": "info"}',
        '{"event": "the queue is slow", "level": "warning"}',
        "Traceback (most recent call last):",
        "just saying",
    ]
    supervisor.add(command(tmp_path, f"import time; print({chr(10).join(lines)!r}, flush=True); time.sleep(60)"))
    terminal.wait_for(supervisor, "Traceback")
    assert terminal == [f"child: {lines[1]}", f"child: {lines[2]}"]


def test_a_flood_of_errors_is_cut(tmp_path: Path, supervisor: Supervisor, terminal: Terminal) -> None:
    supervisor.add(command(tmp_path, "import time; print('error\\n' * 50, flush=True); time.sleep(60)"))
    terminal.wait_for(supervisor, "40 more in")
    assert len(terminal) == 11


def running(pid: int) -> bool:
    """Whether a process does anything: one that waits to be collected does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
