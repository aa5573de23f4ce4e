"""Posts and their rules; a rule's body goes out as it came in, because it is kept as it came in."""

from enum import StrEnum
from itertools import pairwise
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from service.api.paging import PageIn
from service.api.schemas.base import Day, Instant, Out, Slug, Strict, Text, between, choice, length
from service.api.schemas.base import Measure as Figure
from service.domain.post_rule_versions import Standing
from service.domain.post_rules import Exemption, Measure
from service.domain.roster import Basis
from service.domain.sites import ProjectKind, TeamKind

_MOST = 10
_AMOUNT = between(0, 1e13)


def word(values: type[StrEnum], **kwargs: Any) -> fields.String:
    """One value of a StrEnum, kept as its text."""
    told = validate.OneOf([str(value) for value in values], error="not_a_choice|choices={choices}")
    return fields.String(validate=told, **kwargs)


def codes(**kwargs: Any) -> fields.List[Any]:
    """Up to ten codes or names."""
    return fields.List(Text(most=40), **kwargs)


def whole(low: int, high: int, **kwargs: Any) -> fields.Integer:
    """A whole number that comes as one."""
    return fields.Integer(strict=True, validate=between(low, high), **kwargs)


class PostRuleCase(Strict):
    """What a need asks of projects of these kinds from a size on; without kinds and size of every project."""

    one_of = codes(required=True, validate=length(1, _MOST), metadata={"description": "certificate types"})
    specialties = codes(validate=length(0, _MOST), metadata={"description": "any will do when empty"})
    kinds = fields.List(word(ProjectKind), validate=length(0, len(ProjectKind)))
    measure = word(Measure, allow_none=True)
    at_least = Figure(validate=_AMOUNT)

    @validates_schema
    def _whole_size(self, data: dict[str, Any], **_: Any) -> None:
        if (data.get("measure") is None) != ("at_least" not in data):
            raise ValidationError("missing", "measure" if "at_least" in data else "at_least")


class PostRuleConcurrency(Strict):
    """How many projects at once: `projects` null for any number, `consented` with the client's written consent."""

    projects = whole(1, 100, required=True, allow_none=True)
    consented = whole(1, 100, allow_none=True)
    exemptions = fields.List(word(Exemption), validate=length(0, len(Exemption)))
    stopped_days = whole(1, 3650)
    with_posts = codes(validate=length(0, _MOST), metadata={"description": "posts held beside it on one project"})

    @validates_schema
    def _consent_widens(self, data: dict[str, Any], **_: Any) -> None:
        projects, consented = data["projects"], data.get("consented")
        if consented is not None and (projects is None or consented < projects):
            raise ValidationError("consent_below_limit", "consented")


class PostRuleBand(Strict):
    """So many people below a size, and one more for each further step."""

    count = whole(0, 1000, required=True)
    below = Figure(validate=_AMOUNT, allow_none=True)
    each_further = Figure(validate=between(1, 1e13), allow_none=True)


class PostRuleStaffing(Strict):
    """The fewest people by size: bands ascend, and only the last is without end."""

    measure = word(Measure, required=True)
    kinds = fields.List(word(ProjectKind), required=True, validate=length(1, len(ProjectKind)))
    bands = fields.List(fields.Nested(PostRuleBand), required=True, validate=length(1, _MOST))
    cites = Text(most=40, required=True, metadata={"description": "code of the regulation"})
    enabled = fields.Boolean(required=True, truthy={True}, falsy={False})

    @validates_schema
    def _ascending(self, data: dict[str, Any], **_: Any) -> None:
        ends = [band.get("below") for band in data["bands"]]
        sizes = [0.0, *(float("inf") if end is None else end for end in ends)]
        if any(low >= high for low, high in pairwise(sizes)):
            raise ValidationError("bands_not_ascending", "bands")


class PostRuleBody(Strict):
    """What a rule asks."""

    category = whole(1, 2, required=True, metadata={"description": "1 is 一类, 2 is 二类"})
    certificates = fields.List(
        fields.List(fields.Nested(PostRuleCase), validate=length(1, _MOST)),
        required=True,
        validate=length(0, _MOST),
        metadata={"description": "needs, each by cases: the first that covers the project holds"},
    )
    concurrency = fields.Nested(PostRuleConcurrency, required=True)
    staffing = fields.List(fields.Nested(PostRuleStaffing), required=True, validate=length(0, _MOST))
    binding = word(Basis, required=True, metadata={"description": "the list its roster lines are held against"})
    warn_days = fields.List(whole(1, 365), required=True, validate=length(1, 5))


class PostRuleIn(PostRuleBody):
    """A new version of a rule."""

    effective_from = Day(required=True, metadata={"description": "tomorrow or later"})


class PostRuleOut(Out):
    """岗位规则: one version; `standing` tells the one in force today from those past and to come."""

    rule_version = fields.String(attribute="row.rule_version")
    effective_from = Day(attribute="row.effective_from")
    standing = choice(Standing)
    created_at = Instant(attribute="row.created_at")
    category = fields.Integer(attribute="row.category")
    certificates = fields.List(fields.List(fields.Nested(PostRuleCase)), attribute="row.body.certificates")
    concurrency = fields.Nested(PostRuleConcurrency, attribute="row.body.concurrency")
    staffing = fields.List(fields.Nested(PostRuleStaffing), attribute="row.body.staffing")
    binding = fields.String(attribute="row.body.binding")
    warn_days = fields.List(fields.Integer(), attribute="row.body.warn_days")


class PostOut(Out):
    """岗位, with its rule in force today."""

    code = fields.String(attribute="post.code")
    name_zh = fields.String(attribute="post.name_zh")
    name_en = fields.String(attribute="post.name_en")
    team_kind = choice(TeamKind, attribute="post.team_kind")
    version = fields.Integer(attribute="post.version")
    rule = fields.Nested(PostRuleOut)


class PostChange(Strict):
    """What may change of a post; what is asked of it changes by a new rule."""

    name_zh = Text(most=40)
    name_en = Text(most=80)


class PostIn(PostChange):
    """A new post."""

    code = Slug(required=True)
    name_zh = Text(most=40, required=True)
    name_en = Text(most=80, required=True)
    team_kind = choice(TeamKind, required=True)
    rule = fields.Nested(PostRuleBody, required=True, metadata={"description": "it holds from today"})


class PostQuery(PageIn):
    """Filters of the list of posts."""

    team_kind = choice(TeamKind)
    category = fields.Integer(validate=between(1, 2), metadata={"description": "as ruled today"})
