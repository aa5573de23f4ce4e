"""Spreadsheets that were sent in, and how their loads went."""

from typing import Any

from marshmallow import fields, post_load

from service.api.schemas.base import Instant, Out, Strict, choice
from service.domain.exchange import RunState, Things
from service.texts import text
from service.usecases.loads import SHOWN
from service.usecases.loads_sent import LoadForm


class LoadIn(Strict):
    """What to do with a spreadsheet."""

    dry_run = fields.Boolean(load_default=False, metadata={"description": "only say what would happen"})
    in_force = fields.Boolean(
        load_default=False, metadata={"description": "put roster lines in force where the list names the person"}
    )

    @post_load
    def _as_form(self, data: dict[str, Any], **_: Any) -> LoadForm:
        return LoadForm(**data)


class CountsOut(Out):
    """How many rows came to what."""

    created = fields.Integer(dump_default=0)
    changed = fields.Integer(dump_default=0)
    unchanged = fields.Integer(dump_default=0)
    refused = fields.Integer(dump_default=0)


class LoadNoticeOut(Out):
    """Something about the file, or why it could not be used."""

    code = fields.String()
    data = fields.Dict()
    text = fields.Function(lambda item: text(item["code"], item["data"]), metadata={"type": "object"})


class RowProblemOut(LoadNoticeOut):
    """What is wrong with a row: its number in the sheet, and the column's letter and header where it is about one."""

    row = fields.Integer()
    column = fields.String()


class LoadSummaryOut(Out):
    """导入."""

    id = fields.UUID()
    kind = choice(Things, attribute="things")
    state = choice(RunState)
    dry_run = fields.Boolean()
    in_force = fields.Boolean()
    rows = fields.Integer(allow_none=True)
    rows_done = fields.Integer()
    counts = fields.Nested(CountsOut)
    notices = fields.List(fields.Nested(LoadNoticeOut))
    failure = fields.Function(
        lambda row: LoadNoticeOut(many=True).dump((row.failure or {}).get("problems", [])),
        metadata={"type": "array", "items": {"type": "object"}, "description": "why the file could not be used"},
    )
    has_errors = fields.Function(lambda row: row.errors_id is not None, metadata={"type": "boolean"})
    created_at = Instant()
    ended_at = Instant(allow_none=True)


class LoadOut(LoadSummaryOut):
    """导入, with its first problems."""

    problems = fields.Function(
        lambda row: RowProblemOut(many=True).dump(row.problems),
        metadata={"type": "array", "items": {"type": "object"}, "description": f"the first {SHOWN}"},
    )
