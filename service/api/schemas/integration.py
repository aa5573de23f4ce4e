"""Exchange with other systems: mappings, runs with what they could not take, pushed records, reconciliation."""

from typing import Any

from marshmallow import fields

from service.api.paging import PageIn
from service.api.schemas.base import Instant, Out, Strict, Text, between, choice, length
from service.api.schemas.registers import Stamped
from service.domain.exchange import Peer, RunState, Trigger
from service.texts import text
from service.usecases.reconciliation import Difference

PUSHED = 200


class KeyMappingOut(Stamped):
    """键值映射."""

    peer = choice(Peer)
    thing = fields.String()
    external_key = fields.String()
    internal_key = fields.String()
    used_at = Instant(allow_none=True, metadata={"description": "when a record last used the word"})


class KeyMappingChange(Strict):
    """What may change of a mapping."""

    internal_key = Text(most=100, metadata={"description": "our code"})


class KeyMappingIn(KeyMappingChange):
    """What a word of a peer means."""

    peer = choice(Peer, required=True)
    thing = Text(most=40, required=True, metadata={"description": "post, body, district, certificate_type, ..."})
    external_key = Text(most=100, required=True, metadata={"description": "the peer's word"})
    internal_key = Text(most=100, required=True, metadata={"description": "our code"})


class KeyMappingQuery(PageIn):
    """Filters of the list of mappings."""

    peer = choice(Peer)
    thing = Text(most=40)
    external_key = Text(most=100)


class SyncRunIn(Strict):
    """Which peer is to be read now."""

    peer = choice(Peer, required=True)


class SyncRunOut(Stamped):
    """同步: one run; `counts` by created, changed, unchanged and refused."""

    peer = choice(Peer)
    trigger = choice(Trigger)
    state = choice(RunState)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    cursor = fields.String(allow_none=True)
    answer_sha256 = fields.String(allow_none=True)
    answered_at = Instant(allow_none=True)
    failure = fields.String(allow_none=True)
    failure_text = fields.Function(lambda row: text(row.failure, {}) if row.failure else None)
    night = fields.Date(allow_none=True)
    asked_by = fields.UUID(allow_none=True)
    started_at = Instant(allow_none=True)
    ended_at = Instant(allow_none=True)


class SyncRunQuery(PageIn):
    """Filters of the list of runs."""

    peer = choice(Peer)
    state = choice(RunState)


class SyncIssueOut(Out):
    """对账差异: why a record was not taken; `settled_at` is when the peer told it again."""

    id = fields.Integer()
    run_id = fields.UUID()
    thing = fields.String()
    external_key = fields.String()
    field = fields.String(allow_none=True)
    code = fields.String()
    data = fields.Dict()
    text = fields.Function(lambda row: text(row.code, row.data))
    created_at = Instant()
    settled_at = Instant(allow_none=True)


class PushIn(Strict):
    """Records as the contract has them (docs/connectors); each is looked at by itself."""

    records = fields.List(fields.Raw(), required=True, validate=length(1, PUSHED))


class PushedProblemOut(Out):
    """What is wrong with a pushed record."""

    code = fields.String()
    field = fields.String(allow_none=True)
    data = fields.Dict()
    text = fields.Function(lambda problem: text(problem.code, problem.data))


class PushedOut(Out):
    """What became of a pushed record."""

    key = fields.String(attribute="told.key")
    result = fields.String(metadata={"description": "created, changed, unchanged or refused"})
    problems = fields.List(fields.Nested(PushedProblemOut))


class PushOut(Out):
    """What became of each, in the order of the records; the run keeps what was refused."""

    run_id = fields.UUID()
    items = fields.List(fields.Nested(PushedOut))


class ReconciliationQuery(PageIn):
    """Which peer, and the rows of which difference."""

    peer = choice(Peer, required=True)
    difference = choice(Difference, load_default=Difference.NEVER_CONFIRMED)
    days = fields.Integer(load_default=7, validate=between(1, 366), metadata={"description": "for `not_checked`"})


class ReconciledRowOut(Out):
    """A row that differs: one of ours with when it was confirmed, or one of the peer's with why it was refused."""

    id = fields.Raw()
    number = fields.Function(lambda row: getattr(row, "number", None))
    checked_at = fields.Function(lambda row: _instant(getattr(row, "checked_at", None)))
    thing = fields.Function(lambda row: getattr(row, "thing", None))
    external_key = fields.Function(lambda row: getattr(row, "external_key", None))
    code = fields.Function(lambda row: getattr(row, "code", None))


class ReconciliationOut(Out):
    """对账: how a peer stands; `items` are the rows of the difference asked for."""

    peer = choice(Peer)
    connected = fields.Boolean()
    last_run = fields.Nested(SyncRunOut, allow_none=True)
    not_checked_since = Instant(allow_none=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    items = fields.List(fields.Nested(ReconciledRowOut), attribute="rows.items")
    next = fields.String(allow_none=True, attribute="rows.next")


def _instant(at: Any) -> str | None:
    return Instant()._serialize(at, None, None)  # noqa: SLF001 - the one way a time is written
