"""A source of records: a system that tells in pages what changed, whatever carries them (HTTP, a view, files)."""

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from service.connectors.base import Temporary

#: Records in a page: one transaction.
LIMIT = 200


class SourceDown(Temporary):
    """It cannot be read now; `code` says whether it did not answer or could not be understood."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Page:
    """Records as the peer wrote them, how far it has told with them, and the SHA-256 of the answer they stood in."""

    items: Sequence[Any]
    cursor: str | None
    sha256: str
    #: The keys that were asked for, where some were: of those it does not tell the peer has no record any more.
    asked: Sequence[str] = ()


class Source(Protocol):
    """What is needed of a system whose records come in; each call may raise SourceDown or Permanent."""

    def changes(self, after: str | None) -> Iterator[Page]:
        """What changed since a cursor, oldest first; None: everything."""

    def again(self, keys: Sequence[str]) -> Iterator[Page]:
        """The records of these keys as they are now; their pages move no cursor."""

    def close(self) -> None:
        """Let its connections go."""


class Registry(Source, Protocol):
    """A source that also answers about one person."""

    def of_person(self, number: str, name: str) -> Page:
        """The certificates of whom a document names; nothing is kept of the question."""


def sha256_of(items: Sequence[Any]) -> str:
    """The mark of records that came in no answer of their own."""
    # In ASCII, as half a character has no bytes.
    return hashlib.sha256(json.dumps(items, sort_keys=True).encode()).hexdigest()


def is_line(text: str) -> bool:
    """True for characters that can be kept: no control character, and no half of a surrogate pair."""
    return not any(unicodedata.category(char) in {"Cc", "Cs"} for char in text)


def key_of(item: Any) -> str | None:  # noqa: ANN401 - whatever the peer wrote
    """The key of a record as the peer wrote it, None where there is none."""
    key = item.get("key") if isinstance(item, Mapping) else None
    return key if isinstance(key, str) else None


def document_of(item: Any) -> str | None:  # noqa: ANN401 - whatever the peer wrote
    """The document number in a certificate as the peer wrote it, wherever it can be found."""
    holder = item.get("holder") if isinstance(item, Mapping) else None
    document = holder.get("document") if isinstance(holder, Mapping) else None
    number = document.get("number") if isinstance(document, Mapping) else None
    return number if isinstance(number, str) else None
