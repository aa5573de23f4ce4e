"""What a refusal looks like."""

from marshmallow import fields

from service.api.schemas.base import Out


class TextOut(Out):
    """A text in both languages."""

    zh = fields.String()
    en = fields.String()


class FieldProblemOut(Out):
    """One thing wrong, where, and its numbers."""

    code = fields.String()
    field = fields.String(allow_none=True)
    data = fields.Dict()
    text = fields.Nested(TextOut)


class ProblemOut(Out):
    """RFC 9457 problem details: every problem found stands in `errors`."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    code = fields.String()
    text = fields.Nested(TextOut)
    errors = fields.List(fields.Nested(FieldProblemOut))
    request_id = fields.String()
