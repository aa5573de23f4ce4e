"""Findings."""

from typing import Any

from marshmallow import fields

from service.api.paging import PageIn
from service.api.schemas.attendance import MonthField
from service.api.schemas.base import Instant, Out, Strict, between, choice
from service.api.schemas.problem import TextOut
from service.api.schemas.registers import Stamped
from service.domain.findings.base import FindingKind, Rule
from service.domain.sites import TeamKind
from service.texts import told_by_rule


class RuleText(fields.Nested):
    """What a finding says of itself in both languages: `name`, its rule's, or `text`, with its evidence."""

    def __init__(self, part: str) -> None:
        super().__init__(TextOut)
        self.part = part

    def serialize(self, attr: str, obj: Any, accessor: Any = None, **kwargs: Any) -> dict[str, str]:  # noqa: ARG002
        """Told anew at each reading, so that a better sentence is read of old findings too."""
        return told_by_rule(obj.rule, obj.evidence)[self.part]


class FindingOut(Stamped):
    """问题: what a rule found, with its evidence; `closed_at` once the data is right again."""

    project_id = fields.UUID()
    rule = choice(Rule)
    rule_version = fields.String()
    name = RuleText("name")
    text = RuleText("text")
    kind = choice(FindingKind)
    team_kind = choice(TeamKind)
    month = MonthField()
    category = fields.Integer(allow_none=True)
    person_id = fields.UUID(allow_none=True)
    post_code = fields.String(allow_none=True)
    evidence = fields.Dict()
    cites = fields.List(fields.String(), metadata={"description": "codes of regulations, as of this evidence"})
    closed_at = Instant(allow_none=True)
    ticket_id = fields.UUID(allow_none=True)


class FindingQuery(PageIn):
    """Filters of the list of findings."""

    project_id = fields.UUID()
    body_id = fields.UUID()
    person_id = fields.UUID()
    ticket_id = fields.UUID()
    rule = choice(Rule)
    kind = choice(FindingKind)
    team_kind = choice(TeamKind)
    category = fields.Integer(validate=between(1, 2))
    month = MonthField()
    open = fields.Boolean(metadata={"description": "true: those that still stand; false: those that closed"})


class SummaryQuery(Strict):
    """Whose findings are counted; all within reach unless said otherwise."""

    project_id = fields.UUID()
    body_id = fields.UUID()


class RuleCountOut(Out):
    """How many findings of a rule stand."""

    rule = choice(Rule)
    kind = choice(FindingKind)
    name = fields.Nested(TextOut)
    count = fields.Integer()


class SummaryOut(Out):
    """The findings that stand, by rule; a rule without any is left out."""

    open = fields.Integer()
    rules = fields.List(fields.Nested(RuleCountOut))
