"""Where photos are kept: sealed files under opaque names; a Protocol, so that a bucket can take the folder's place."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from service.store.vault import SealBroken, Vault

SEALED, PART = ".sealed", ".part"
_NAME = re.compile(r"[0-9a-f]{32}")


class PhotoStoreDown(Exception):  # noqa: N818 - it reads as what happened
    """The store does not answer, or a photo that must be there is not."""


class PhotoStore(Protocol):
    """Keeps the bytes of photos by the id of their row."""

    def put(self, photo_id: UUID, data: bytes) -> None:
        """Keep it durably before returning; PhotoStoreDown when that fails."""

    def get(self, photo_id: UUID) -> bytes:
        """The bytes; PhotoStoreDown when they cannot be had."""

    def delete(self, photo_id: UUID) -> None:
        """Forget it; deleting what is gone is fine. PhotoStoreDown when it cannot be deleted now."""

    def older_than(self, before: datetime) -> Iterator[UUID]:
        """The ids of photos kept since before a time, to find those whose row was never written."""

    def ready(self) -> bool:
        """True when it can keep a photo now."""


class PhotoFolder:
    """Photos as sealed files, spread over 4096 folders by the random end of the id."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        self._folder = folder
        self._vault = vault

    def put(self, photo_id: UUID, data: bytes) -> None:
        """Write beside, sync, rename: a crash leaves the whole file or none."""
        path = self._path(photo_id)
        beside = path.with_suffix(PART)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_synced(beside, self._vault.seal(f"photo:{photo_id}", data))
            beside.rename(path)
            _sync_folder(path.parent)
        except OSError as error:
            raise PhotoStoreDown(type(error).__name__) from error

    def get(self, photo_id: UUID) -> bytes:
        """The opened bytes; a seal that does not open is a key that is missing here, not the photo's fault."""
        try:
            return self._vault.open(f"photo:{photo_id}", self._path(photo_id).read_bytes())
        except (OSError, SealBroken) as error:
            raise PhotoStoreDown(type(error).__name__) from error

    def delete(self, photo_id: UUID) -> None:
        """Unlink the file, and what a crash left of writing it."""
        path = self._path(photo_id)
        try:
            path.unlink(missing_ok=True)
            path.with_suffix(PART).unlink(missing_ok=True)
        except OSError as error:
            raise PhotoStoreDown(type(error).__name__) from error

    def older_than(self, before: datetime) -> Iterator[UUID]:
        """Walk the folder; a half-written file counts too, and what is none of ours is left alone."""
        for path in self._folder.glob("*/*"):
            if path.suffix not in {SEALED, PART} or not _NAME.fullmatch(path.stem):
                continue
            try:
                modified = path.stat().st_mtime
            except FileNotFoundError:
                continue
            if datetime.fromtimestamp(modified, UTC) < before:
                yield UUID(path.stem)

    def ready(self) -> bool:
        """True when the folder exists or can be made, and is writable."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            return False
        return os.access(self._folder, os.W_OK | os.X_OK)

    def _path(self, photo_id: UUID) -> Path:
        name = photo_id.hex
        return self._folder / name[-3:] / f"{name}{SEALED}"


def _write_synced(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
