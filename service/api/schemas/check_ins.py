"""Check-ins: what a phone claims, what its owner is told, what an office and what the body sees."""

from typing import Any

from marshmallow import fields, post_load, validate

from geofence.position import Datum
from service.api.paging import PageIn
from service.api.schemas.base import Instant, Measure, Out, Strict, Text, between, choice, length
from service.api.schemas.problem import TextOut
from service.domain.checkin import Precision
from service.domain.claims import Claim, ClaimedPosition, Sample
from service.domain.reasons import REASONS, Effect, Verdict
from service.domain.reviews import ReviewOwner
from service.texts import text

SAMPLES_MOST = 20
# A phone that does not know where it is to within the size of a district knows nothing.
ACCURACY_MOST_M = 100_000


class FixIn(Strict):
    """One fix of a phone."""

    lat = Measure(required=True, validate=between(-90, 90))
    lon = Measure(required=True, validate=between(-180, 180))
    accuracy_m = Measure(required=True, validate=between(0, ACCURACY_MOST_M))
    fixed_at = Instant(required=True)


class SampleIn(FixIn):
    """One more fix of the same burst, in the position's datum."""

    @post_load
    def _as_sample(self, data: dict[str, Any], **_: Any) -> Sample:
        return Sample(**data)


class PositionIn(FixIn):
    """Where the phone says it is, and in which datum it says so: never guessed."""

    datum = choice(Datum, required=True)
    precision = choice(Precision, required=True)

    @post_load
    def _as_position(self, data: dict[str, Any], **_: Any) -> ClaimedPosition:
        return ClaimedPosition(**data)


class ClaimIn(Strict):
    """The claim part of a check-in."""

    project_id = fields.UUID(required=True)
    client_ref = Text(8, 64, required=True, metadata={"description": "yours, new for each punch, kept for repeats"})
    taken_at = Instant(required=True)
    position = fields.Nested(PositionIn, required=True)
    samples = fields.List(fields.Nested(SampleIn), load_default=[], validate=length(0, SAMPLES_MOST))
    challenge_id = fields.UUID(metadata={"description": "the challenge that the frames answer"})

    @post_load
    def _as_claim(self, data: dict[str, Any], **_: Any) -> Claim:
        return Claim(**{**data, "samples": tuple(data["samples"])})


class ReasonOut(Out):
    """A reason with what it does, its numbers and its texts."""

    code = fields.String()
    effect = choice(Effect)
    data = fields.Dict()
    text = fields.Nested(TextOut)


def told(items: list[dict[str, Any]], *, whole: bool) -> list[dict[str, Any]]:
    """Reasons as they are shown; all but the body learn no numbers they cannot use, nor who else it looked like."""
    shown = []
    for item in items:
        rule = REASONS[item["code"]]
        code = item["code"] if whole else rule.told_as or item["code"]
        data = item["data"] if whole or rule.tell_numbers else {}
        shown.append({"code": code, "effect": rule.effect, "data": data, "text": text(code, data)})
    return shown


class Reasons(fields.List[Any]):
    """The reasons kept on a check-in, as they are shown; `whole` with the numbers only the body may see."""

    def __init__(self, *, whole: bool = False) -> None:
        super().__init__(fields.Nested(ReasonOut))
        self._whole = whole

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> list[Any] | None:
        return super()._serialize(told(value, whole=self._whole), attr, obj, **kwargs)


class CheckInOut(Out):
    """A check-in as its owner sees it: the verdict, every reason he can mend, and whether it counts."""

    id = fields.UUID()
    client_ref = fields.String()
    project_id = fields.UUID()
    at = Instant(metadata={"description": "time of the check-in: when it was received"})
    taken_at = Instant()
    state = choice(Verdict)
    decided_at = Instant(allow_none=True)
    counts = fields.Boolean(allow_none=True, metadata={"description": "null until it is accepted or refused"})
    reasons = Reasons()
    counting_reasons = Reasons()


class CheckInRowOut(CheckInOut):
    """A check-in as an office sees it: whose, of which team, and who reviews it."""

    person_id = fields.UUID()
    person_name = fields.String()
    team_id = fields.UUID(allow_none=True)
    roster_line_id = fields.UUID(allow_none=True)
    review_owner = choice(ReviewOwner, allow_none=True)
    version = fields.Integer()


class RecordOut(Out):
    """One decision: the machine's is the first, reviewers' follow."""

    position = fields.Integer()
    verdict = choice(Verdict)
    decided_by = fields.UUID(allow_none=True)
    created_at = Instant()
    record = fields.Dict()


class CheckInRecordOut(CheckInRowOut):
    """A check-in as the supervising body sees it: everything its verdict rests on."""

    reasons = Reasons(whole=True)
    attempts = fields.Integer()
    claim = fields.Dict()
    records = fields.List(fields.Nested(RecordOut))


class CheckInQuery(PageIn):
    """Filters of the list of check-ins."""

    project_id = fields.UUID()
    person_id = fields.UUID()
    team_id = fields.UUID()
    client_ref = Text(8, 64, metadata={"description": "what became of a check-in whose answer was lost"})
    state = choice(Verdict)
    counts = fields.Boolean()
    since = Instant(metadata={"description": "first instant"})
    until = Instant(metadata={"description": "first instant no more"})


class ReviewQuery(PageIn):
    """Filters of the list of reviews."""

    project_id = fields.UUID()


class DecideIn(Strict):
    """A reviewer's decision and why."""

    verdict = fields.Enum(
        Verdict,
        by_value=True,
        required=True,
        validate=validate.OneOf([Verdict.ACCEPTED, Verdict.REFUSED], error="not_a_choice|choices=accepted, refused"),
    )
    note = Text(2, 500, required=True)
