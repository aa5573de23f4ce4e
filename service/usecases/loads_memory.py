"""What a load remembers from batch to batch: which rows were refused and why, and what the others told of whom."""

import json
import zlib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import asdict

from service.deps import Deps
from service.domain.records import (
    CertificateRecord,
    ListRecord,
    PersonRecord,
    ProjectRecord,
    Record,
    RosterRecord,
    plainly_named,
)
from service.errors import Problem
from service.spreadsheets.rows import Misplaced

#: What a record tells: of whom or what, in which field, the value.
Told = tuple[Hashable, str, Hashable]
#: Rows of a sheet have 20 bits; above them stand those of the value's digest.
_ROW_BITS = 21


class Memory:
    """Packed a piece a batch, so that another job goes on with it; of what rows told it keeps keyed digests only."""

    def __init__(self, deps: Deps, pieces: Sequence[bytes] = ()) -> None:
        self._deps = deps
        self._pieces: list[bytes] = []
        #: By digest of key and field the digest of the value and the row that told it first.
        self._seen: dict[int, int] = {}
        for piece in pieces:
            self.add(piece)

    def add(self, piece: bytes) -> None:
        """Remember a batch that was kept."""
        self._pieces.append(piece)
        for key, value in json.loads(zlib.decompress(piece))["seen"]:
            self._seen.setdefault(key, value)

    def piece(self, wrong: Sequence[Misplaced], accepted: Sequence[tuple[int, Record]]) -> bytes:
        """What there is to remember of a batch: what was wrong, and the records that were taken by their rows."""
        seen = [entry for row, record in accepted for entry in self._entries(row, record)]
        return zlib.compress(json.dumps({"wrong": [asdict(each) for each in wrong], "seen": seen}).encode())

    def repeats(self, record: Record) -> bool:
        """True where a row of an earlier batch told exactly the same."""
        return self._digest(repr(record)) in self._seen

    def knows(self, record: Record) -> bool:
        """True where a row of an earlier batch told of the same person (people only)."""
        return isinstance(record, PersonRecord) and self._digest(_named(record)[:2]) in self._seen

    def contradictions(self, record: Record) -> list[Problem]:
        """What a row of an earlier batch told otherwise, with that row."""
        problems = []
        for key, field, value in told_of(record):
            first = self._seen.get(self._digest((key, field)))
            if first is not None and first >> _ROW_BITS != self._digest(value):
                problems.append(Problem("repeated_otherwise", field, {"first": first & ((1 << _ROW_BITS) - 1)}))
        return problems

    def wrong(self) -> Iterator[Misplaced]:
        """Everything that was wrong, by row."""
        for piece in self._pieces:
            for each in json.loads(zlib.decompress(piece))["wrong"]:
                yield Misplaced(**each)

    def _entries(self, row: int, record: Record) -> Iterator[tuple[int, int]]:
        yield self._digest(repr(record)), row
        for key, field, value in told_of(record):
            yield self._digest((key, field)), self._digest(value) << _ROW_BITS | row

    def _digest(self, told: Hashable) -> int:
        return int.from_bytes(self._deps.vault.digest("load", repr(told).encode())[:8], "big")


def told_of(record: Record) -> list[Told]:
    """What later rows may not tell otherwise: the rules of a batch (bulk), as far as the file alone says it.

    What is not told contradicts nothing.
    """
    record = plainly_named(record)
    if isinstance(record, ProjectRecord):
        whole: Told = (record.filing_number, "filing_number", repr(record))
        permit: Told = (record.permit_number, "permit_number", (record.body_code, record.name))
        return [whole, *([permit] if record.permit_number else [])]
    if isinstance(record, CertificateRecord):
        return [((record.type_code, record.number), "number", repr(record))]
    fields: Mapping[str, Hashable]
    if isinstance(record, PersonRecord):
        key: Hashable = (record.document.number, record.unit and record.unit.credit_code, record.employed_from)
        fields = {"employed_until": record.employed_until if record.unit else None}
        phone: list[Told] = [(record.document.number, "phone", record.phone)] if record.phone else []
        return [_named(record), *phone, *_fields(key, fields)]
    if isinstance(record, ListRecord):
        key = (record.filing_number, record.basis, record.post_code, record.document.number, record.starts_on)
        fields = {"ends_on": record.ends_on, "unit.credit_code": record.unit and record.unit.credit_code}
        return [_named(record), *_fields(key, fields)]
    key = (record.filing_number, record.post_code, record.document.number, record.starts_on)
    fields = {"ends_on": record.ends_on, "concurrent_consent_on": record.concurrent_consent_on, "basis": record.basis}
    return _fields(key, fields)


def _named(record: PersonRecord | ListRecord | RosterRecord) -> Told:
    return record.document.number, "document.name", (record.document.name, record.document.kind)


def _fields(key: Hashable, fields: Mapping[str, Hashable]) -> list[Told]:
    return [(key, field, value) for field, value in fields.items() if value is not None]
