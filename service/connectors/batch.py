"""The contract as files: a folder of *.jsonl, one record a line, read in the order of their names.

`NAME.jsonl` is read once `NAME.jsonl.done` stands beside it, so that a file still being copied is left alone. The
cursor is the file and its line; a new file must sort behind those that were read.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from service.connectors.base import Permanent
from service.connectors.source import LIMIT, Page, SourceDown, document_of, is_line, key_of, sha256_of
from service.domain.identifiers import compact

#: A longer line is no record of ours.
MOST_CHARACTERS = 1_000_000


class BatchSource:
    """A folder that another system fills."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def changes(self, after: str | None) -> Iterator[Page]:
        """The lines behind a cursor `NAME.jsonl:LINE`, of all finished files."""
        name, line = _place(after)
        lines = self._lines(name, line)
        while chunk := list(islice(lines, LIMIT)):
            items = [item for _, item in chunk]
            yield Page(items, chunk[-1][0], sha256_of(items))

    def again(self, keys: Sequence[str]) -> Iterator[Page]:
        """The newest record of each of these keys: a folder is asked by reading it."""
        if not keys:
            return
        newest = self._newest(set(keys))
        for at in range(0, len(keys), LIMIT):
            asked = keys[at : at + LIMIT]
            items = [newest[key] for key in asked if key in newest]
            yield Page(items, None, sha256_of(items), asked)

    def of_person(self, number: str, name: str) -> Page:  # noqa: ARG002 - the files are asked by the number alone
        """The newest record of each certificate of this document."""
        items = [item for item in self._newest().values() if compact(document_of(item) or "") == number]
        return Page(items, None, sha256_of(items))

    def close(self) -> None:
        """Nothing is open between two pages that would have to be closed."""

    def _newest(self, keys: Collection[str] | None = None) -> dict[str, Any]:
        """By key the last record that was written of it; None: of every key."""
        told = ((key_of(item), item) for _, item in self._lines("", 0))
        return {key: item for key, item in told if key is not None and (keys is None or key in keys)}

    def _lines(self, name: str, line: int) -> Iterator[tuple[str, Any]]:
        """Each line behind that one, with its cursor; what is no JSON is None."""
        try:
            files = [path for path in self._folder.iterdir() if path.name.endswith(".jsonl") and path.is_file()]
            names = sorted(path.name for path in files if is_line(path.name))
            for each in names:
                if each >= name and (self._folder / f"{each}.done").exists():
                    first = line if each == name else 0
                    yield from ((f"{each}:{at}", item) for at, item in self._file(each) if at > first)
        except OSError:
            raise SourceDown("source_unavailable") from None

    def _file(self, name: str) -> Iterator[tuple[int, Any]]:
        with (self._folder / name).open(encoding="utf-8-sig", errors="replace") as file:
            at = 0
            while text := file.readline(MOST_CHARACTERS):
                at += 1
                if not text.endswith("\n") and len(text) == MOST_CHARACTERS:
                    raise Permanent("source_too_large")
                if text.strip():
                    yield at, _item_in(text)


def _item_in(text: str) -> Any:  # noqa: ANN401 - whatever the peer wrote
    try:
        # Half a character that was replaced is no text of theirs.
        return None if "\ufffd" in text else json.loads(text)
    except (ValueError, RecursionError):
        return None


def _place(cursor: str | None) -> tuple[str, int]:
    name, _, line = (cursor or ":0").rpartition(":")
    if not line.isdecimal():
        raise Permanent("source_other_contract")
    return name, int(line)
