"""The routes of plain records: list, create, read and change, the same for each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from uuid import UUID

from flask.views import MethodView
from marshmallow import Schema

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps, etag, seen_version, versioned
from service.api.paging import PageIn, page_of, split
from service.api.schemas import projects
from service.api.schemas import registers as schemas
from service.store.base import Base
from service.usecases import registers as usecase
from service.usecases.registers import Register

# How a key is written in an address.
_IN_PATH: dict[Callable[[str], Any], str] = {UUID: "uuid", str: "string", date.fromisoformat: "day"}


@dataclass(frozen=True, slots=True)
class Shown:
    """How a register looks from outside: its path and its schemas; `make` where creating is an act of its own."""

    path: str
    register: Register[Any]
    out: type[Schema]
    given: type[Schema]
    changed: type[Schema] | None
    query: type[Schema] = PageIn
    key: Callable[[str], Any] = UUID
    make: Callable[..., Base] | None = None


def headers_of(row: Base) -> dict[str, str]:
    """The ETag of a row that has a version."""
    return etag(row.version) if hasattr(row, "version") else {}


def resource(shown: Shown) -> Blueprint:
    """The blueprint of a register."""
    blueprint = Blueprint(shown.path, __name__, description=shown.out.__doc__ or "")
    _add_collection(blueprint, shown)
    _add_item(blueprint, shown)
    return blueprint


def _add_collection(blueprint: Blueprint, shown: Shown) -> None:
    register = shown.register
    create = shown.make or (lambda values, **who: usecase.create(register, values, **who))

    class Collection(MethodView):
        @asks(blueprint, register.read)
        @blueprint.arguments(shown.query, location="query")
        @blueprint.response(200, page_of(shown.out))
        def get(self, query: dict[str, Any]) -> Any:
            """List them, newest first."""
            window, filters = split(query, shown.key)
            return usecase.listing(register, filters, window, actor=actor(), deps=deps())

        @asks(blueprint, register.write)
        @blueprint.arguments(shown.given)
        @blueprint.response(201, shown.out)
        def post(self, values: dict[str, Any]) -> Any:
            """Create one."""
            row = create(values, actor=actor(), deps=deps())
            return row, 201, headers_of(row)

    blueprint.route(f"/{shown.path}", endpoint="collection")(Collection)


def _add_item(blueprint: Blueprint, shown: Shown) -> None:
    register = shown.register

    class Item(MethodView):
        @asks(blueprint, register.read)
        @blueprint.response(200, shown.out)
        def get(self, key: Any) -> Any:
            """Read one."""
            row = usecase.read(register, key, actor=actor(), deps=deps())
            return row, 200, headers_of(row)

    if shown.changed is not None:
        Item.patch = _changing(blueprint, shown, shown.changed)  # type: ignore[attr-defined]
        Item.methods = {"GET", "PATCH"}
    blueprint.route(f"/{shown.path}/<{_IN_PATH[shown.key]}:key>", endpoint="item")(Item)


def _changing(blueprint: Blueprint, shown: Shown, changed: type[Schema]) -> Callable[..., Any]:
    @asks(blueprint, shown.register.write)
    @versioned(blueprint)
    @blueprint.arguments(changed)
    @blueprint.response(200, shown.out)
    def patch(_self: MethodView, values: dict[str, Any], key: Any) -> Any:
        """Change one that you saw in its present version."""
        row = usecase.change(shown.register, key, values, seen_version(), actor=actor(), deps=deps())
        return row, 200, headers_of(row)

    return cast("Callable[..., Any]", patch)


REGISTERS = (
    Shown("districts", usecase.DISTRICTS, schemas.DistrictOut, schemas.DistrictIn, schemas.DistrictChange, key=str),
    Shown(
        "regulations",
        usecase.REGULATIONS,
        schemas.RegulationRecordOut,
        schemas.RegulationIn,
        schemas.RegulationChange,
        schemas.RegulationQuery,
        key=str,
    ),
    Shown(
        "certificate-types",
        usecase.CERTIFICATE_TYPES,
        schemas.CertificateTypeOut,
        schemas.CertificateTypeIn,
        schemas.CertificateTypeChange,
        key=str,
    ),
    Shown(
        "calendar-days",
        usecase.CALENDAR_DAYS,
        schemas.CalendarDayOut,
        schemas.CalendarDayIn,
        schemas.CalendarDayChange,
        schemas.CalendarDayQuery,
        key=date.fromisoformat,
    ),
    Shown("bodies", usecase.BODIES, schemas.BodyOut, schemas.BodyIn, schemas.BodyChange, schemas.BodyQuery),
    Shown("units", usecase.UNITS, schemas.UnitOut, schemas.UnitIn, schemas.UnitChange, schemas.UnitQuery),
    Shown(
        "filings", usecase.FILINGS, projects.FilingOut, projects.FilingIn, projects.FilingChange, projects.FilingQuery
    ),
    Shown(
        "permits", usecase.PERMITS, projects.PermitOut, projects.PermitIn, projects.PermitChange, projects.PermitQuery
    ),
    Shown(
        "unit-roles",
        usecase.UNIT_ROLES,
        projects.UnitRoleOut,
        projects.UnitRoleIn,
        projects.UnitRoleChange,
        projects.UnitRoleQuery,
    ),
    Shown("teams", usecase.TEAMS, projects.TeamOut, projects.TeamIn, projects.TeamChange, projects.TeamQuery),
)
