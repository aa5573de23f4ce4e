"""Records: what spreadsheets and other systems say, in our words and checked as far as one record goes by itself.

Identifiers are compacted and checked (domain/identifiers.py), codes are ours; whether they exist, and whether the
record fits what is known, is for the use case that takes it.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from service.domain.actors import Actor
from service.domain.certificates import CertificateStatus
from service.domain.identifiers import DocumentKind, bare_name
from service.domain.roster import Basis
from service.domain.sites import ProjectKind, ProjectState
from service.domain.sources import Source
from service.errors import Problem


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """单位: found by its credit code, made when it is new; without a name only found."""

    credit_code: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """Who is meant: a document number with the name that goes with it; another name is a conflict."""

    number: str
    name: str
    kind: DocumentKind = DocumentKind.RESIDENT_ID


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """人员, and whom he works for as far as it is told."""

    document: Document
    phone: str | None = None
    unit: UnitRecord | None = None
    employed_from: date | None = None
    employed_until: date | None = None


@dataclass(frozen=True, slots=True)
class ProjectRecord:
    """工程项目 by one of its filings; a filing that is new joins the body's project of the same name."""

    filing_number: str
    name: str
    body_code: str
    district_code: str
    address: str | None = None
    kind: ProjectKind | None = None
    area_m2: float | None = None
    price_yuan: int | None = None
    planned_from: date | None = None
    planned_until: date | None = None
    state: ProjectState = ProjectState.ACTIVE
    state_from_on: date | None = None
    counting_from: date | None = None
    filed_on: date | None = None
    section: str | None = None
    section_group: str | None = None
    permit_number: str | None = None
    client: UnitRecord | None = None
    contractor: UnitRecord | None = None
    supervision: UnitRecord | None = None


@dataclass(frozen=True, slots=True)
class ListRecord:
    """名单条目: whom a filing's list names for a post; the person is registered if he is new."""

    filing_number: str
    basis: Basis
    post_code: str
    document: Document
    starts_on: date
    ends_on: date | None = None
    unit: UnitRecord | None = None


@dataclass(frozen=True, slots=True)
class RosterRecord:
    """任职: a person who is known already on a post of the project with this filing."""

    filing_number: str
    post_code: str
    document: Document
    starts_on: date
    ends_on: date | None = None
    basis: Basis = Basis.FILING
    concurrent_consent_on: date | None = None


@dataclass(frozen=True, slots=True)
class CertificateRecord:
    """证书 of a person who is known already."""

    document: Document
    type_code: str
    number: str
    valid_from: date
    valid_until: date | None = None
    specialty: str | None = None
    unit: UnitRecord | None = None
    status: CertificateStatus = CertificateStatus.VALID
    status_from: date | None = None


Record = PersonRecord | ProjectRecord | ListRecord | RosterRecord | CertificateRecord
R = TypeVar("R", bound=Record)


def plainly_named(record: R) -> R:
    """The record with the bare name of its person: two that differ in its spelling alone say the same."""
    if isinstance(record, ProjectRecord):
        return record
    return replace(record, document=replace(record.document, name=bare_name(record.document.name)))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where records come from: for whom they are taken (None: the program, which reaches everything), and as what.

    `checked_at` is when another system confirmed them. `in_force` puts roster lines in force where the list that binds
    names the person; else they are submitted and wait for approval.
    """

    source: Source
    actor: Actor | None = None
    checked_at: datetime | None = None
    in_force: bool = False


class Result(StrEnum):
    """What became of a record."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a record, by its place in the batch; refused ones say why, in the record's field names."""

    result: Result
    id: UUID | None = None
    problems: tuple[Problem, ...] = ()
