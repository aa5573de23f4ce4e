"""The settings of a running instance, written down for commands typed beside it: `./daogang` reads them."""

import shlex
from collections.abc import Mapping
from pathlib import Path

#: What `./daogang` reads where its own environment names no database; only for the eyes of who runs the instance.
FILE = "instance.sh"
_OURS = ("DAOGANG_", "DATABASE_URL", "REDIS_URL", "WECHAT_", "FILING_", "CERTIFICATES_")


def tell(folder: Path, env: Mapping[str, str]) -> None:
    """Write the settings as lines of a shell."""
    path = folder / FILE
    path.unlink(missing_ok=True)
    path.touch(0o600)
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in env.items() if name.startswith(_OURS)]
    path.write_text("".join(sorted(lines)), encoding="utf-8")


def forget(folder: Path) -> None:
    """The instance has ended: its addresses answer no more."""
    (folder / FILE).unlink(missing_ok=True)
