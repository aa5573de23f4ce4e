"""Plain records that belong to no project: districts, posts, units, supervising bodies."""

from typing import Any

from marshmallow import fields

from service.api.paging import PageIn
from service.api.schemas.base import (
    Day,
    Instant,
    Lines,
    Name,
    Out,
    Slug,
    Strict,
    Text,
    between,
    choice,
    length,
    refuse,
)
from service.domain.certificates import PATTERN_LENGTH, pattern_problem
from service.domain.findings.base import Rule
from service.domain.identifiers import compact, credit_code_problem
from service.domain.regulations import Confidence
from service.domain.sites import BodyKind


class CreditCode(Text):
    """A unified social credit code as people type it, checked by its check character (GB 32100-2015)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=40, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        code = compact(super()._deserialize(value, attr, data, **kwargs))
        refuse(credit_code_problem(code, attr or "credit_code"))
        return code


class Stamped(Out):
    """What every record with an id shows."""

    id = fields.UUID()
    version = fields.Integer()
    created_at = Instant()


class DistrictOut(Out):
    """行政区."""

    code = fields.String()
    name = fields.String()
    version = fields.Integer()


class DistrictIn(Strict):
    """A new district."""

    code = Text(6, 6, required=True)
    name = Name(required=True, most=40)


class DistrictChange(Strict):
    """A district's new name."""

    name = Name(most=40, required=True)


class CalendarDayOut(Out):
    """日历: whether a day is worked, and the holiday that makes it so."""

    day = Day()
    working = fields.Boolean()
    name = fields.String(allow_none=True)
    version = fields.Integer()


class CalendarDayChange(Strict):
    """What the city says of a day."""

    working = fields.Boolean(truthy={True}, falsy={False})
    name = Text(most=40, allow_none=True)


class CalendarDayIn(CalendarDayChange):
    """A day nothing is known of yet."""

    day = Day(required=True)
    working = fields.Boolean(truthy={True}, falsy={False}, required=True)


class CalendarDayQuery(PageIn):
    """Filters of the calendar."""

    year = fields.Integer(validate=between(1990, 2100))
    month = fields.Integer(validate=between(1, 12))


class NumberPattern(Text):
    """A regular expression of certificate numbers that can be matched in no time."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        pattern = super()._deserialize(value, attr, data, **kwargs)
        refuse(pattern_problem(pattern, attr or "number_pattern"))
        return pattern


class CertificateTypeOut(Out):
    """证书类型."""

    code = fields.String()
    name_zh = fields.String()
    name_en = fields.String()
    family = fields.String()
    level = fields.Integer(allow_none=True)
    number_pattern = fields.String(allow_none=True)
    validity_months = fields.Integer(allow_none=True)
    version = fields.Integer()


class CertificateTypeChange(Strict):
    """What may change of a certificate type."""

    name_zh = Text(most=40)
    name_en = Text(most=80)
    family = Text(most=40, metadata={"description": "types of one family stand in for one another"})
    level = fields.Integer(
        strict=True, allow_none=True, validate=between(1, 9), metadata={"description": "1 is the highest"}
    )
    number_pattern = NumberPattern(
        most=PATTERN_LENGTH, allow_none=True, metadata={"description": "a regular expression of the whole number"}
    )
    validity_months = fields.Integer(strict=True, allow_none=True, validate=between(1, 600))


class CertificateTypeIn(CertificateTypeChange):
    """A new certificate type."""

    code = Slug(required=True)
    name_zh = Text(most=40, required=True)
    name_en = Text(most=80, required=True)
    family = Text(most=40, required=True)


class RegulationRecordOut(Out):
    """法规条款."""

    code = fields.String()
    title_zh = fields.String()
    title_en = fields.String()
    text_zh = fields.String()
    text_en = fields.String()
    confidence = choice(Confidence)
    source = fields.String()
    rules = fields.List(fields.String())
    posts = fields.List(fields.String())
    version = fields.Integer()


class RegulationChange(Strict):
    """What may change of a regulation."""

    title_zh = Text(most=100)
    title_en = Text(most=200)
    text_zh = Lines(most=2000, metadata={"description": "the article in short"})
    text_en = Lines(most=2000)
    confidence = choice(Confidence)
    source = Text(most=500, metadata={"description": "where its text is known from"})
    rules = fields.List(choice(Rule), validate=length(0, len(Rule)), metadata={"description": "who cite it"})
    posts = fields.List(
        Text(most=40), validate=length(0, 50), metadata={"description": "codes of its posts; none: of every post"}
    )


class RegulationIn(RegulationChange):
    """A new regulation."""

    code = Slug(required=True)
    title_zh = Text(most=100, required=True)
    title_en = Text(most=200, required=True)
    text_zh = Lines(most=2000, required=True)
    text_en = Lines(most=2000, required=True)
    confidence = choice(Confidence, required=True)
    source = Text(most=500, required=True)
    rules = fields.List(choice(Rule), required=True, validate=length(0, len(Rule)))


class RegulationQuery(PageIn):
    """Filters of the list of regulations."""

    rule = choice(Rule, metadata={"description": "cited by this rule's findings"})
    confidence = choice(Confidence)


class UnitOut(Stamped):
    """单位."""

    credit_code = fields.String()
    name = fields.String()


class UnitChange(Strict):
    """A unit's new name; its code is its identity."""

    name = Name(required=True)


class UnitIn(UnitChange):
    """A new unit."""

    credit_code = CreditCode(required=True)


class UnitQuery(PageIn):
    """Filters of the list of units."""

    q = Text(metadata={"description": "beginning of the name"})
    credit_code = Text(most=18)


class BodyOut(Stamped):
    """监督机构."""

    code = fields.String()
    name = fields.String()
    kind = choice(BodyKind)
    district_code = fields.String(allow_none=True)


class BodyChange(Strict):
    """What may change of a supervising body."""

    name = Name()
    district_code = Text(6, 6, allow_none=True)


class BodyIn(BodyChange):
    """A new supervising body."""

    code = Text(most=40, required=True)
    name = Name(required=True)
    kind = choice(BodyKind, required=True)


class BodyQuery(PageIn):
    """Filters of the list of supervising bodies."""

    district_code = Text(6, 6)
    kind = choice(BodyKind)
