"""Reading what another system wrote, strictly: each field is what the contract says, or a problem with its path."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from service.connectors.source import is_line
from service.domain.identifiers import DocumentKind, compact, credit_code_problem, document_problem
from service.domain.records import Document, Record, UnitRecord
from service.errors import Problem

#: Our code for a peer's word of a thing, or None where nobody has said what it means.
Words = Callable[[str, str], str | None]
Kind = TypeVar("Kind", bound=StrEnum)

_EARLIEST, _LATEST = date(1900, 1, 1), date(2100, 1, 1)
_LARGEST = 1e15
_KEY_LENGTH = 100
_SHOWN = 80
# Part of a document's number or a phone's, told in the wrong field; alone they are a district (GB/T 2260-2007).
_SIX_DIGITS = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True)
class Told:
    """One record of a peer: ours that it comes to, with the path each stands at, or what is wrong with it."""

    key: str
    records: tuple[tuple[str, Record], ...] = ()
    problems: tuple[Problem, ...] = ()
    changed_at: datetime | None = None


class Reading:
    """One object of a record; problems of all its parts gather in one list."""

    def __init__(self, content: Any, words: Words, at: str = "", problems: list[Problem] | None = None) -> None:  # noqa: ANN401 - JSON
        self.at = at
        self.problems = [] if problems is None else problems
        self._words = words
        self._content = content if isinstance(content, dict) else {}
        if not isinstance(content, dict):
            self.problems.append(Problem("invalid", at or None))

    def text(self, name: str, most: int = 200) -> str | None:
        """A line of text, trimmed; None where it is not given."""
        value = self._content.get(name)
        if value is None or value == "":
            return None
        line = unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else ""
        if not 0 < len(line) <= most or not is_line(line):
            self._wrong(name)
            return None
        return line

    def needed(self, name: str, most: int = 200) -> str:
        """The same where it has to be given."""
        return self._required(name, self.text(name, most)) or ""

    def key(self) -> str:
        """The peer's key of the record."""
        return self.needed("key", _KEY_LENGTH)

    def number(self, name: str) -> float | None:
        """A number that is not negative."""
        value = self._content.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LARGEST:
            self._wrong(name)
            return None
        return value

    def day(self, name: str) -> date | None:
        """A calendar day, 2026-03-02."""
        told = self.text(name)
        if told is None:
            return None
        try:
            day = date.fromisoformat(told)
        except ValueError:
            self._wrong(name)
            return None
        # ISO 8601 has other spellings of a day, such as that of its week: a slip rather than what was meant.
        if day.isoformat() != told or not _EARLIEST < day < _LATEST:
            self._wrong(name)
            return None
        return day

    def needed_day(self, name: str) -> date:
        """The same where it has to be given."""
        return self._required(name, self.day(name)) or date.min

    def instant(self, name: str) -> datetime | None:
        """A time with its zone, which has to be given: of two records of one key the later one holds."""
        told = self.needed(name)
        try:
            at = datetime.fromisoformat(told) if told else None
        except ValueError:
            self._wrong(name)
            return None
        if at is not None and at.tzinfo is None:
            self._wrong(name)
            return None
        return at

    def word(self, name: str, thing: str) -> str:
        """Our code for the peer's word of a thing, which has to be given."""
        return self.mapped(name, thing, self.needed(name))

    def choice(self, name: str, thing: str, kind: type[Kind]) -> Kind | None:
        """The same for a word that is one of a few; None where it is not given."""
        told = self.text(name)
        code = self.mapped(name, thing, told) if told else ""
        return kind(code) if code else None

    def mapped(self, name: str, thing: str, told: str) -> str:
        """Our code for a word; `unmapped` names thing and word, and somebody has to say what it means.

        What holds somebody's number is no word, and is not kept: as many asterisks stand for it.
        """
        code = self._words(thing, told) if told else ""
        if code is None:
            self.problems.append(Problem("unmapped", self._path(name), {"thing": thing, "word": _shown(told)}))
        return code or ""

    def inner(self, name: str) -> "Reading":
        """An object inside, which has to be there."""
        return Reading(self._content.get(name), self._words, self._path(name), self.problems)

    def has(self, name: str) -> bool:
        """True where something is given."""
        return self._content.get(name) is not None

    def rows(self, name: str) -> Sequence["Reading"]:
        """The objects of a list."""
        rows = self._content.get(name)
        if not isinstance(rows, list):
            self._wrong(name)
            return ()
        return [Reading(row, self._words, f"{self._path(name)}.{at}", self.problems) for at, row in enumerate(rows)]

    def credit_code(self, name: str) -> str:
        """A unified social credit code, checked."""
        code = compact(self.needed(name))
        self._note(credit_code_problem(code, self._path(name)) if code else None)
        return code

    def unit(self) -> UnitRecord:
        """An enterprise."""
        return UnitRecord(self.credit_code("credit_code"), self.text("name"))

    def document(self) -> Document:
        """Who is meant, by a checked document number and a name."""
        inner = self.inner("document")
        kind = inner.choice("kind", "document_kind", DocumentKind) or DocumentKind.RESIDENT_ID
        number = compact(inner.needed("number", 40))
        self._note(document_problem(kind, number, inner._path("number")) if number else None)  # noqa: SLF001 - its own kind
        return Document(number, inner.needed("name", 60), kind)

    def repeated(self, name: str) -> None:
        """Say of a field that an earlier row of its list told it otherwise."""
        self.problems.append(Problem("repeated_otherwise", self._path(name)))

    def _required(self, name: str, value: Any) -> Any:  # noqa: ANN401 - it comes back as it was
        told = self._content.get(name)
        if value is None and (told is None or told == ""):
            self.problems.append(Problem("missing", self._path(name)))
        return value

    def _note(self, problem: Problem | None) -> None:
        if problem is not None:
            self.problems.append(problem)

    def _wrong(self, name: str) -> None:
        self.problems.append(Problem("invalid", self._path(name)))

    def _path(self, name: str) -> str:
        return f"{self.at}.{name}" if self.at else name


def _shown(word: str) -> str:
    personal = _SIX_DIGITS.search(compact(word)) and not _SIX_DIGITS.fullmatch(word)
    return "*" * len(word[:_SHOWN]) if personal else word[:_SHOWN]
