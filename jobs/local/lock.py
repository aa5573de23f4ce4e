"""One owner for a folder: an advisory lock that dies with its process, and a note that says who holds it."""

import contextlib
import fcntl
import json
import os
import time
from pathlib import Path
from typing import IO, Any

from jobs.local.process import StartError


class FolderLock:
    """A lock on a file. The kernel frees it at the holder's death, however it dies; the file itself stays."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def take(self, *, wait_s: float = 0.0) -> None:
        """Takes the lock, or says who holds it. It waits only for a holder that is on its way out."""
        if self._file is not None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + wait_s
        while not self._try():
            note = self.read()
            if time.monotonic() > deadline or not note.get("stopping"):
                raise StartError(_held(self.path, note))
            time.sleep(0.1)
        self.write()

    def write(self, **note: object) -> None:
        """Says who holds the lock, for whoever comes second."""
        if self._file is None:
            return
        self._file.seek(0)
        self._file.truncate()
        self._file.write(json.dumps({"pid": os.getpid(), **note}))
        self._file.flush()

    def read(self) -> dict[str, Any]:
        """The note of the holder, as far as it is written."""
        with contextlib.suppress(OSError, ValueError):
            note = json.loads(self.path.read_text(encoding="utf-8"))
            return note if isinstance(note, dict) else {}
        return {}

    def release(self) -> None:
        """Lets the next one in."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _try(self) -> bool:
        file = self.path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True


def _held(path: Path, note: dict[str, Any]) -> str:
    where = f" at {note['address']}" if note.get("address") else ""
    who = f" (pid {note['pid']})" if note.get("pid") else ""
    return f"{path.parent} is in use: another runner holds it{where}{who}; stop that one or name another folder"
