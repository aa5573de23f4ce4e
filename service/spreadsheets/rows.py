"""From a row to a record: its values, what they must be together, and where a problem stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from service.domain.certificates import CertificateStatus
from service.domain.exchange import Things
from service.domain.identifiers import DocumentKind, credit_code_problem, document_problem, phone_problem
from service.domain.records import (
    CertificateRecord,
    Document,
    ListRecord,
    PersonRecord,
    ProjectRecord,
    Record,
    RosterRecord,
    UnitRecord,
)
from service.domain.roster import Basis
from service.domain.sites import ProjectKind, ProjectState
from service.errors import Problem
from service.spreadsheets.cells import Line
from service.spreadsheets.columns import Words
from service.spreadsheets.reading import Sheet
from service.spreadsheets.values import Value, value_of

RECORDS: dict[Things, Any] = {
    Things.PEOPLE: PersonRecord,
    Things.ROSTER: RosterRecord,
    Things.CERTIFICATES: CertificateRecord,
    Things.LISTS: ListRecord,
    Things.PROJECTS: ProjectRecord,
}
#: Days that follow each other.
SPANS = (
    ("employed_from", "employed_until"),
    ("starts_on", "ends_on"),
    ("valid_from", "valid_until"),
    ("planned_from", "planned_until"),
)
UNITS = ("unit", "client", "contractor", "supervision")
#: Codes of ours as the enumerations they are, by the list whose words a column holds.
ENUMS: Mapping[str, Any] = {
    "document_kind": DocumentKind,
    "project_kind": ProjectKind,
    "project_state": ProjectState,
    "certificate_status": CertificateStatus,
    "basis": Basis,
}


@dataclass(frozen=True, slots=True)
class Misplaced:
    """What is wrong with a row, where: `column` as letter and header, empty for the whole row."""

    row: int
    column: str
    code: str
    data: Mapping[str, Any] = field(default_factory=dict)


def record_of(line: Line, sheet: Sheet, things: Things, words: Words) -> Record | list[Problem]:
    """The record of a row, or everything that is wrong with it; fields are those of the record."""
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    for at, column in sheet.places.items():
        value = value_of(line.cells[at] if at < len(line.cells) else None, column, words)
        if isinstance(value, Problem):
            problems.append(value)
        elif value is not None:
            values[column.field] = ENUMS[column.words](value) if column.words and column.words in ENUMS else value
    found = {problem.field for problem in problems}
    problems += [problem for problem in _together(values) if problem.field not in found]
    return problems or _built(things, values)


def misplaced(line: Line, sheet: Sheet, problems: Sequence[Problem]) -> list[Misplaced]:
    """The problems of a row with their places."""
    return [Misplaced(line.number, sheet.place(each.field), each.code, dict(each.data)) for each in problems]


def _together(values: Mapping[str, Any]) -> list[Problem]:
    """What only the values of a row together can get wrong."""
    problems: list[Problem | None] = []
    if number := values.get("document.number"):
        kind = values.get("document.kind", DocumentKind.RESIDENT_ID)
        problems.append(document_problem(kind, number, "document.number"))
    if phone := values.get("phone"):
        problems.append(phone_problem(phone))
    for unit in UNITS:
        code = f"{unit}.credit_code"
        if code in values:
            problems.append(credit_code_problem(values[code], code))
        elif f"{unit}.name" in values:
            problems.append(Problem("missing", code))
    for first, last in SPANS:
        begin, end = values.get(first), values.get(last)
        if isinstance(begin, date) and isinstance(end, date) and end < begin:
            problems.append(Problem("dates_in_order", last))
    return [problem for problem in problems if problem is not None]


def _built(things: Things, values: Mapping[str, Any]) -> Record:
    """The record, its parts put together from paths such as `document.number`."""
    plain: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {}
    for path, value in values.items():
        part, _, name = path.rpartition(".")
        (parts.setdefault(part, {}) if part else plain)[name] = value
    if "price_yuan" in plain:
        plain["price_yuan"] = round(plain["price_yuan"])
    built = {part: (UnitRecord if part in UNITS else Document)(**fields) for part, fields in parts.items()}
    record: Record = RECORDS[things](**plain, **built)
    return record
