"""When the environment is made and what is installed, without downloading anything; and what the Makefile says."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from jobs.local import install as local_install

ROOT = Path(__file__).resolve().parents[2]


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs make as from a terminal: a suite that itself runs under make would hand its options down."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = [shutil.which("make") or "make", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=env)


class Commands(list[str]):
    """What would have been run."""

    def run(self, command: Sequence[str], _failure: str) -> None:
        if "venv" in command:
            local_install.PYTHON.parent.mkdir(parents=True)
        if "download" in command:
            local_install.PHOTOS.mkdir(parents=True)
        self.append(next(word for word in ("venv", "download", "install") if word in command))

    def of(self, *parts: str) -> list[str]:
        """What one `make` runs."""
        self.clear()
        local_install.main(parts)
        return list(self)


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.chdir(tmp_path)
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-photos.txt"):
        (tmp_path / name).write_text(f"# {name}\n")
    commands = Commands()
    monkeypatch.setattr(local_install, "run", commands.run)
    return commands


def test_the_second_make_installs_nothing(commands: Commands) -> None:
    assert commands.of("runtime") == ["venv", "install"]
    assert commands.of("runtime") == []


def test_the_development_list_comes_on_top(commands: Commands) -> None:
    commands.of("runtime")
    assert commands.of("dev") == ["install"]
    assert commands.of("dev") == []
    assert commands.of("runtime") == []


def test_a_touched_list_is_not_installed_again_and_a_changed_one_is(commands: Commands) -> None:
    commands.of("dev")
    Path("requirements.txt").touch()
    assert commands.of("dev") == []
    Path("requirements.txt").write_text("# another\n")
    assert commands.of("dev") == ["install"]


def test_an_interrupted_install_is_done_again_from_the_start(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(command: Sequence[str], failure: str) -> None:
        commands.run(command, failure)
        if "install" in command:
            raise SystemExit(failure)

    with monkeypatch.context() as broken:
        broken.setattr(local_install, "run", killed)
        with pytest.raises(SystemExit):
            commands.of("runtime")
    assert commands.of("runtime") == ["venv", "install"]


@pytest.mark.parametrize("index", [0, 1, 2], ids=["another folder", "another installation", "another version"])
def test_an_environment_made_elsewhere_is_made_again(commands: Commands, index: int) -> None:
    commands.of("runtime")
    stamp = json.loads(local_install.STAMP.read_text())
    stamp["made"][index] = "elsewhere"
    local_install.STAMP.write_text(json.dumps(stamp))
    assert commands.of("runtime") == ["venv", "install"]


def test_photographs_are_downloaded_once(commands: Commands) -> None:
    assert commands.of("runtime", "photos") == ["venv", "install", "download"]
    assert commands.of("runtime", "photos") == []


def test_another_python_is_one_clear_line(tmp_path: Path) -> None:
    python = tmp_path / "python3.9"
    python.write_text("#!/bin/sh\necho 3.9.2\n")
    python.chmod(0o755)
    done = make("run", f"PYTHON={python}")
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert lines == [
        "daogang: needs Python 3.11 or 3.12; found 3.9.2; name one with make run PYTHON=/path/to/python3.12"
    ]
    assert done.returncode != 0


def test_the_command_line_says_what_to_do_before_anything_is_installed(tmp_path: Path) -> None:
    script = tmp_path / "daogang"
    script.write_bytes((ROOT / "daogang").read_bytes())
    script.chmod(0o755)
    done = subprocess.run([script], capture_output=True, text=True, check=False)
    assert done.stderr == "daogang: nothing is installed here yet: make install (or make run) first\n"
    assert done.returncode == 1


def test_help_lists_every_target() -> None:
    shown = make("help").stdout
    for target in ("run", "install", "test", "check", "demo", "photos", "lock", "clean"):
        assert f"make {target} " in shown
