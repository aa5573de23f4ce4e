"""Findings."""

from marshmallow import fields

from service.api.paging import PageIn
from service.api.schemas.attendance import MonthField
from service.api.schemas.base import Instant, choice
from service.api.schemas.registers import Stamped
from service.domain.findings.base import FindingKind, Rule
from service.domain.sites import TeamKind


class FindingOut(Stamped):
    """问题: what a rule found, with its evidence; `closed_at` once the data is right again."""

    project_id = fields.UUID()
    rule = choice(Rule)
    rule_version = fields.String()
    kind = choice(FindingKind)
    team_kind = choice(TeamKind)
    month = MonthField()
    category = fields.Integer(allow_none=True)
    person_id = fields.UUID(allow_none=True)
    post_code = fields.String(allow_none=True)
    evidence = fields.Dict()
    closed_at = Instant(allow_none=True)
    ticket_id = fields.UUID(allow_none=True)


class FindingQuery(PageIn):
    """Filters of the list of findings."""

    project_id = fields.UUID()
    person_id = fields.UUID()
    ticket_id = fields.UUID()
    rule = choice(Rule)
    kind = choice(FindingKind)
    team_kind = choice(TeamKind)
    month = MonthField()
    open = fields.Boolean(metadata={"description": "true: those that still stand; false: those that closed"})
