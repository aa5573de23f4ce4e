"""Eligibility: the question whether somebody may take a post, and its answer."""

from marshmallow import fields

from service.api.schemas.base import Day, Instant, Out, Strict, Text, choice
from service.api.schemas.problem import TextOut
from service.domain.findings.base import FindingKind


class EligibilityQuery(Strict):
    """The question; the person is named by `person_id` here or by the header X-Document-Number."""

    project_id = fields.UUID(metadata={"description": "the project, or else filing_number"})
    filing_number = Text(most=60, metadata={"description": "a filing of the project"})
    post_code = Text(most=40, required=True)
    person_id = fields.UUID()
    on = Day(metadata={"description": "the day asked about; today unless said otherwise"})
    concurrent_consent_on = Day(
        metadata={"description": "the day of the client's consent that the person also serves other projects"}
    )


class EligibilityReasonOut(Out):
    """What speaks against it: a rule of findings, or `unknown_person`, `no_team`, `project_over`.

    A warning stands in nobody's way.
    """

    rule = fields.String()
    kind = choice(FindingKind, allow_none=True)
    text = fields.Nested(TextOut)
    evidence = fields.Dict(metadata={"description": "empty where the person is beyond the caller's reach"})
    cites = fields.List(fields.String(), metadata={"description": "codes of regulations"})


class CheckedOut(Out):
    """When a source was last asked about what the answer rests on; null: never, or not about all of it."""

    checked_at = Instant(allow_none=True)


class CheckedListOut(CheckedOut):
    """The same of the list that binds the post, and whether it names the person for it; that refuses nobody here."""

    listed = fields.Boolean(allow_none=True, metadata={"description": "null: the project has no such list"})


class CheckedSourcesOut(Out):
    """The certificate registry, and the source of the list that binds the post."""

    certificates = fields.Nested(CheckedOut)
    filing = fields.Nested(CheckedListOut)


class EligibilityOut(Out):
    """The answer, as far as is known here; `checked` says how old that is."""

    eligible = fields.Boolean()
    project_id = fields.UUID()
    person_id = fields.UUID(
        allow_none=True, metadata={"description": "null: nobody is known, or beyond the caller's reach"}
    )
    post_code = fields.String()
    on = Day()
    reasons = fields.List(fields.Nested(EligibilityReasonOut))
    checked = fields.Nested(CheckedSourcesOut)
