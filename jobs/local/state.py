"""Small private files of the runner: passwords and ports that must be the same at the next start."""

import json
import os
from pathlib import Path
from typing import Any


def read_private(path: Path) -> dict[str, Any]:
    """The values kept in a file, none if it does not exist."""
    if not path.exists():
        return {}
    values = json.loads(path.read_text(encoding="utf-8"))
    return values if isinstance(values, dict) else {}


def write_private(path: Path, text: str) -> None:
    """Replaces a file in one step, readable by its owner only, from the first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Keeps values in a private file."""
    write_private(path, json.dumps(values, indent=1) + "\n")
