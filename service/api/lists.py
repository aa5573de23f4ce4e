"""Routes of lists, and of their differences from the roster."""

from typing import Any
from uuid import UUID

from flask import Response

from service.api.context import actor, asks, deps, etag, seen_version, versioned
from service.api.paging import page_of, split
from service.api.registers import Shown, resource
from service.api.schemas import lists as schemas
from service.api.tables import csv_file
from service.domain.actors import Permission
from service.texts.people import DIFFERENCES
from service.texts.words import OTHER_STATES
from service.usecases import lists

Answer = tuple[Any, int, dict[str, str]]

ENTRY_ROUTES = resource(
    Shown(
        "list-entries",
        lists.LIST_ENTRIES,
        schemas.EntryOut,
        schemas.EntryIn,
        None,
        schemas.EntryQuery,
        make=lists.add_entry,
    )
)
_HEADER = ("岗位", "姓名", "人员编号", "报建名单", "合同名单", "任命名单", "任职状态", "差异")


@ENTRY_ROUTES.route("/list-entries/<uuid:key>", methods=["PATCH"])
@asks(ENTRY_ROUTES, Permission.LIST_WRITE)
@versioned(ENTRY_ROUTES)
@ENTRY_ROUTES.arguments(schemas.EntryChange)
@ENTRY_ROUTES.response(200, schemas.EntryOut)
def change_entry(values: dict[str, Any], key: UUID) -> Answer:
    """Change an entry that you saw in its present version."""
    row = lists.change_entry(key, values, seen_version(), actor=actor(), deps=deps())
    return row, 200, etag(row.version)


@ENTRY_ROUTES.route("/projects/<uuid:project_id>/list-differences")
@asks(ENTRY_ROUTES, Permission.ROSTER_READ)
@ENTRY_ROUTES.arguments(schemas.DifferenceQuery, location="query")
@ENTRY_ROUTES.response(200, page_of(schemas.DifferenceOut))
def list_differences(query: dict[str, Any], project_id: UUID) -> Any:
    """List where filing, contract, appointment and roster of a project differ, by post and person."""
    window, asked = split(query, lists.seat_key)
    return lists.list_differences(
        project_id, window, actor=actor(), deps=deps(), day=asked.get("day"), same=asked["all"]
    )


@ENTRY_ROUTES.route("/projects/<uuid:project_id>/list-differences.csv")
@asks(ENTRY_ROUTES, Permission.ROSTER_READ)
@ENTRY_ROUTES.arguments(schemas.DifferenceFileQuery, location="query")
@ENTRY_ROUTES.response(200, content_type="text/csv")
def differences_file(query: dict[str, Any], project_id: UUID) -> Response:
    """The same as a file for a spreadsheet."""
    rows = lists.all_differences(project_id, actor=actor(), deps=deps(), day=query.get("day"), same=query["all"])
    return csv_file("list-differences.csv", _HEADER, map(_cells, rows))


def _cells(row: lists.Row) -> tuple[object, ...]:
    seat = row.compared
    named = ("是" if on else "否" for on in (seat.filing, seat.contract, seat.appointment))
    roster = OTHER_STATES[seat.roster] if seat.roster else ""
    return (row.post_name, row.name, seat.person_id, *named, roster, DIFFERENCES[seat.difference])
