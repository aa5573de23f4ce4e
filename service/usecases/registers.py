"""Plain records that people create, read, change and list: one description each, the same four acts for all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, String, any_, extract, func, select, true
from sqlalchemy.orm import InstrumentedAttribute

from service.deps import Deps
from service.domain.actors import Actor, Permission, Reach
from service.domain.sources import Source
from service.domain.topics import Topic
from service.errors import fault
from service.store.base import Base
from service.store.models import (
    CalendarDay,
    CertificateType,
    District,
    Filing,
    Permit,
    Project,
    Regulation,
    SupervisingBody,
    Team,
    Unit,
    UnitRole,
)
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach import project_ids
from service.store.work import Work
from service.usecases.access import found, require, require_project, require_version

Row = TypeVar("Row", bound=Base)


def everything(_reach: Reach) -> ColumnElement[bool]:
    """Reference data is for everybody who may read it."""
    return true()


@dataclass(frozen=True)
class Register(Generic[Row]):
    """What a kind of record is: its table, who may read and write it, how it is found."""

    thing: str
    model: type[Row]
    key: InstrumentedAttribute[Any]
    read: Permission
    write: Permission
    #: The rows a reach covers.
    within: Callable[[Reach], ColumnElement[bool]] = everything
    filters: Mapping[str, ColumnElement[Any] | InstrumentedAttribute[Any]] = field(default_factory=dict)
    #: The column that the filter `q` searches by its beginning.
    search: InstrumentedAttribute[Any] | None = None
    #: True where the row belongs to a project, which the writer must reach.
    of_project: bool = False
    #: Of the columns of a row of a project those its cross-check rests on: after a change it is looked at again by day.
    judged_by: frozenset[str] = frozenset()
    #: What the database cannot check by itself of new values, for a new row (None) or one that is there.
    check: Callable[[Work, Row | None, Mapping[str, Any]], None] | None = None


def _of_projects(column: InstrumentedAttribute[Any]) -> Callable[[Reach], ColumnElement[bool]]:
    return lambda reach: column.in_(project_ids(reach))


def require_filing_of(work: Work, filing_id: UUID | None, project_id: UUID) -> None:
    """`unknown_reference` for a filing that is not of the project; none at all is fine."""
    if filing_id is None:
        return
    if work.session.scalar(select(Filing.id).where(Filing.id == filing_id, Filing.project_id == project_id)) is None:
        raise fault("unknown_reference", "filing_id")


def _filing_of_its_project(work: Work, row: Permit | None, values: Mapping[str, Any]) -> None:
    require_filing_of(work, values.get("filing_id"), row.project_id if row else values["project_id"])


CALENDAR_DAYS = Register(
    "calendar_day",
    CalendarDay,
    CalendarDay.day,
    Permission.REFERENCE_READ,
    Permission.REFERENCE_WRITE,
    filters={"year": extract("year", CalendarDay.day), "month": extract("month", CalendarDay.day)},
)
CERTIFICATE_TYPES = Register(
    "certificate_type",
    CertificateType,
    CertificateType.code,
    Permission.REFERENCE_READ,
    Permission.REFERENCE_WRITE,
)
DISTRICTS = Register("district", District, District.code, Permission.REFERENCE_READ, Permission.REFERENCE_WRITE)
BODIES = Register(
    "supervising_body",
    SupervisingBody,
    SupervisingBody.id,
    Permission.REFERENCE_READ,
    Permission.REFERENCE_WRITE,
    filters={"district_code": SupervisingBody.district_code, "kind": SupervisingBody.kind},
)
REGULATIONS = Register(
    "regulation",
    Regulation,
    Regulation.code,
    Permission.REFERENCE_READ,
    Permission.REFERENCE_WRITE,
    filters={
        "confidence": Regulation.confidence,
        "rule": any_(
            select(func.jsonb_array_elements_text(Regulation.rules, type_=String))
            .correlate(Regulation)
            .scalar_subquery()
        ),
    },
)
UNITS = Register(
    "unit",
    Unit,
    Unit.id,
    Permission.REFERENCE_READ,
    Permission.UNIT_WRITE,
    filters={"credit_code": Unit.credit_code},
    search=Unit.name,
)
FILINGS = Register(
    "filing",
    Filing,
    Filing.id,
    Permission.PROJECT_READ,
    Permission.PROJECT_WRITE,
    _of_projects(Filing.project_id),
    {"project_id": Filing.project_id, "number": Filing.number, "section_group": Filing.section_group},
    of_project=True,
    judged_by=frozenset({"section_group"}),
)
PERMITS = Register(
    "permit",
    Permit,
    Permit.id,
    Permission.PROJECT_READ,
    Permission.PROJECT_WRITE,
    _of_projects(Permit.project_id),
    {"project_id": Permit.project_id, "filing_id": Permit.filing_id, "number": Permit.number},
    of_project=True,
    check=_filing_of_its_project,
)
UNIT_ROLES = Register(
    "unit_role",
    UnitRole,
    UnitRole.id,
    Permission.PROJECT_READ,
    Permission.PROJECT_WRITE,
    _of_projects(UnitRole.project_id),
    {"project_id": UnitRole.project_id, "unit_id": UnitRole.unit_id, "role": UnitRole.role},
    of_project=True,
)
TEAMS = Register(
    "team",
    Team,
    Team.id,
    Permission.PROJECT_READ,
    Permission.PROJECT_WRITE,
    _of_projects(Team.project_id),
    {"project_id": Team.project_id, "unit_id": Team.unit_id, "kind": Team.kind},
    of_project=True,
    judged_by=frozenset({"unit_id"}),
)


def create(register: Register[Row], values: Mapping[str, Any], *, actor: Actor, deps: Deps) -> Row:
    """A new row; `already_exists` and `unknown_reference` come from the database's own constraints."""
    require(actor, register.write)
    with deps.database.begin(actor.account_id) as work:
        if register.of_project:
            require_project(work, actor, register.write, values["project_id"])
        if register.check:
            register.check(work, None, values)
        row = work.add(register.model(**values))
        work.audit(f"{register.thing}:create", getattr(row, register.key.key))
        return row


def read(register: Register[Row], key: UUID | str, *, actor: Actor, deps: Deps) -> Row:
    """One row within the actor's reach."""
    reach = require(actor, register.read)
    with deps.database.begin() as work:
        return _one(work, register, key, reach)


def change(
    register: Register[Row], key: UUID | str, values: Mapping[str, Any], version: int, *, actor: Actor, deps: Deps
) -> Row:
    """The row with new values, if the caller saw its present version."""
    reach = require(actor, register.write)
    with deps.database.begin(actor.account_id) as work:
        row = _one(work, register, key, reach)
        if hasattr(row, "version"):
            require_version(row.version, version)
        if register.check:
            register.check(work, row, values)
        changed = [name for name, value in values.items() if getattr(row, name) != value]
        for name in changed:
            setattr(row, name, values[name])
        if changed and isinstance(row, Filing):
            # A source confirmed what stood there before.
            row.source, row.checked_at = Source.TYPED, None
        work.save()
        work.audit(f"{register.thing}:change", key, fields=changed)
        if register.judged_by.intersection(changed):
            work.publish(Topic.LIST_CHANGED, getattr(row, "project_id" if register.of_project else "id"))
        return row


def listing(
    register: Register[Row], filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps
) -> Page[Row]:
    """A page of the rows within the actor's reach."""
    reach = require(actor, register.read)
    statement = select(register.model).where(register.within(reach))
    for name, value in filters.items():
        if name == "q" and register.search is not None:
            statement = statement.where(register.search.startswith(value, autoescape=True))
        else:
            statement = statement.where(register.filters[name] == value)
    with deps.database.begin() as work:
        return page(work.session, statement, register.key, window)


def _one(work: Work, register: Register[Row], key: UUID | str, reach: Reach) -> Row:
    return found(work, select(register.model).where(register.key == key, register.within(reach)), register.thing)


PROJECTS = Register(
    "project",
    Project,
    Project.id,
    Permission.PROJECT_READ,
    Permission.PROJECT_WRITE,
    lambda reach: Project.id.in_(project_ids(reach)),
    {"body_id": Project.body_id, "district_code": Project.district_code},
    Project.name,
    judged_by=frozenset({"kind", "area_m2", "price_yuan"}),
)
