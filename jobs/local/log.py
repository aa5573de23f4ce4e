"""What of a child's log a person at the terminal should see: warnings and errors, not every request."""

import re
from pathlib import Path

LOUD = re.compile(r"\b(warning|error|critical|exception|traceback)\b", re.IGNORECASE)
LEVEL = re.compile(r'"level": ?"(\w+)"|\[(\w+) *\]|^(\w+):')
LEVELS = ("warning", "error", "critical", "exception")
MOST = 10
WIDTH = 300


class LogTail:
    """Reads on in a log from where it was, line by line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = path.stat().st_size if path.exists() else 0
        self._rest = b""

    def warnings(self) -> list[str]:
        """The loud lines since the last call; of a flood only the first, and how many more there are."""
        loud = [line[:WIDTH] for line in self._new_lines() if _is_loud(line)]
        hidden = len(loud) - MOST
        return [*loud[:MOST], f"... and {hidden} more in {self._path}"] if hidden > 0 else loud

    def _new_lines(self) -> list[str]:
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._position)
            text = self._rest + file.read()
            self._position = file.tell()
        *whole, self._rest = text.split(b"\n")
        return [line.decode(errors="replace").rstrip() for line in whole]


def _is_loud(line: str) -> bool:
    """By the level where the line names one, else by its words."""
    level = LEVEL.search(line)
    if level is not None:
        return next(group for group in level.groups() if group).lower() in LEVELS
    return LOUD.search(line) is not None
