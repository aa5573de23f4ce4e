"""Routes of spreadsheets: send one in, follow its load, fetch what was refused, fetch a template."""

from typing import Any
from uuid import UUID

from flask import Response

from service.api.blueprints import Blueprint
from service.api.context import actor, asks, deps
from service.api.paging import PageIn, page_of, split
from service.api.parts import Parts, multipart
from service.api.photos import image
from service.api.schemas.loads import LoadIn, LoadOut, LoadSummaryOut
from service.domain.actors import Permission
from service.domain.exchange import Things
from service.errors import fault
from service.spreadsheets.files import MEDIA_TYPES, MOST_BYTES, FileKind
from service.usecases import loads_sent, loads_words
from service.usecases.loads_sent import LoadForm

Answer = tuple[Any, int, dict[str, str]]
blueprint = Blueprint("spreadsheets", __name__, description="Spreadsheets of people, rosters, certificates, projects")
#: What is wrong with whose row is for who sent it, and for nobody's cache.
PRIVATE = {"Cache-Control": "no-store"}


def _things(kind: str) -> Things:
    if kind not in set(Things):
        raise fault("not_found", thing="spreadsheet")
    return Things(kind)


@blueprint.route("/spreadsheets")
@asks(blueprint, Permission.SPREADSHEET_LOAD)
@blueprint.arguments(PageIn, location="query")
@blueprint.response(200, page_of(LoadSummaryOut))
def list_loads(query: dict[str, Any]) -> Answer:
    """List the loads of one's own, the city all, newest first."""
    window, _ = split(query)
    return loads_sent.list_loads(window, actor=actor(), deps=deps()), 200, PRIVATE


@blueprint.route("/spreadsheets/<string:kind>", methods=["POST"])
@asks(blueprint, Permission.SPREADSHEET_LOAD)
@multipart(blueprint, Parts("options", LoadIn, file_bytes=MOST_BYTES))
@blueprint.response(202, LoadSummaryOut)
def send(source: bytes, options: LoadForm, kind: str) -> Answer:
    """Send in a workbook (.xlsx) or CSV of people, roster, certificates, projects or lists; a worker takes it."""
    load = loads_sent.receive(_things(kind), source, options, actor=actor(), deps=deps())
    return load, 202, {**PRIVATE, "Location": f"/api/v1/spreadsheets/{load.id}"}


@blueprint.route("/spreadsheets/<uuid:load_id>")
@asks(blueprint, Permission.SPREADSHEET_LOAD)
@blueprint.response(200, LoadOut)
def read_load(load_id: UUID) -> Answer:
    """Follow a load: how far it is, what its rows came to, what is wrong with the first of those refused."""
    return loads_sent.read_load(load_id, actor=actor(), deps=deps()), 200, PRIVATE


@blueprint.route("/spreadsheets/<uuid:load_id>/errors")
@asks(blueprint, Permission.SPREADSHEET_LOAD)
@blueprint.response(200, content_type=MEDIA_TYPES[FileKind.WORKBOOK])
def read_errors(load_id: UUID) -> Response:
    """Fetch the rows refused as a workbook, each with what is wrong, to be corrected and sent in again."""
    return _workbook(loads_sent.read_errors(load_id, actor=actor(), deps=deps()), f"errors-{load_id}")


@blueprint.route("/spreadsheets/<string:kind>/template")
@asks(blueprint, Permission.SPREADSHEET_LOAD)
@blueprint.response(200, content_type=MEDIA_TYPES[FileKind.WORKBOOK])
def read_template(kind: str) -> Response:
    """Fetch a workbook to fill in, its columns explained, with the words known here to choose from."""
    return _workbook(loads_words.read_template(_things(kind), actor=actor(), deps=deps()), kind)


def _workbook(data: bytes, stem: str) -> Response:
    response = image(data, MEDIA_TYPES[FileKind.WORKBOOK])
    response.headers["Content-Disposition"] = f'attachment; filename="{stem}.xlsx"'
    return response
