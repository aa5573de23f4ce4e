"""Post rules: what is asked of a post from a day on, read from the data the city keeps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from service.domain.roster import Basis
from service.domain.sites import ProjectKind
from service.errors import Problem


class Measure(StrEnum):
    """What tells how large a project is."""

    AREA_M2 = "area_m2"
    PRICE_YUAN = "price_yuan"


class Exemption(StrEnum):
    """Why a project does not count among those somebody serves at once (建市〔2008〕48号, by secondary pages)."""

    #: Their filed sections are adjacent.
    ADJACENT_SECTIONS = "adjacent_sections"
    #: It has been stopped for `stopped_days` or longer, and the client consents.
    STOPPED = "stopped"


class Standing(StrEnum):
    """Where a version of a rule stands today."""

    TO_COME = "to_come"
    IN_FORCE = "in_force"
    PAST = "past"


class Reference(StrEnum):
    """What a rule may name."""

    CERTIFICATE_TYPE = "certificate_type"
    POST = "post"
    REGULATION = "regulation"


@dataclass(frozen=True, slots=True)
class Size:
    """What is known of a project's kind and size."""

    kind: ProjectKind | None = None
    area_m2: float | None = None
    price_yuan: int | None = None

    def of(self, measure: Measure) -> float | None:
        """The figure of a measure, None where nobody said."""
        return self.area_m2 if measure is Measure.AREA_M2 else self.price_yuan


@dataclass(frozen=True, slots=True)
class Case:
    """What a need asks of projects of some kinds from a size on; without `kinds` of every kind, also an unknown one."""

    one_of: tuple[str, ...]
    specialties: tuple[str, ...] = ()
    kinds: frozenset[ProjectKind] = frozenset()
    measure: Measure | None = None
    at_least: float = 0

    def covers(self, size: Size) -> bool:
        """True for a project it speaks of; one whose size nobody said is never among the large."""
        if self.kinds and size.kind not in self.kinds:
            return False
        if self.measure is None:
            return True
        figure = size.of(self.measure)
        return figure is not None and figure >= self.at_least


@dataclass(frozen=True, slots=True)
class Band:
    """So many people below a size (None: without end); and from there on one more for each further step."""

    count: int
    below: float | None = None
    each_further: float | None = None


@dataclass(frozen=True, slots=True)
class Staffing:
    """The fewest people on a post by a project's size; tables of weak sources are kept and not enabled."""

    measure: Measure
    kinds: frozenset[ProjectKind]
    bands: tuple[Band, ...]
    #: The regulation it is from.
    cites: str
    enabled: bool

    def least(self, size: Size) -> int | None:
        """How many a project needs, or None where this table does not speak of it."""
        figure = size.of(self.measure)
        if not self.enabled or size.kind not in self.kinds or figure is None:
            return None
        floor = 0.0
        for band in self.bands:
            if band.below is None or figure < band.below:
                steps = 0 if band.each_further is None else int((figure - floor) // band.each_further)
                return band.count + steps
            floor = band.below
        return None


@dataclass(frozen=True, slots=True)
class Concurrency:
    """How many projects somebody on the post may serve at once; None: as many as there are.

    `consented` is how many he may with the client's written consent; exempt projects are not counted.
    """

    projects: int | None = None
    consented: int | None = None
    exemptions: frozenset[Exemption] = frozenset()
    stopped_days: int = 120
    #: Posts of the same project he may hold beside this one.
    with_posts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PostRule:
    """What is asked of a post; `certificates` holds one need after the other, each by cases: the first that covers."""

    post_code: str
    version: str
    effective_from: date
    category: int
    certificates: tuple[tuple[Case, ...], ...] = ()
    concurrency: Concurrency = Concurrency()
    staffing: tuple[Staffing, ...] = ()
    #: The list its roster lines are held against.
    binding: Basis = Basis.FILING
    #: Days before a certificate's end on which it is told, the longest first.
    warn_days: tuple[int, ...] = (90, 60, 30)

    def needs(self, size: Size) -> list[Case]:
        """What a project of this size asks for: of each need the first case that covers it."""
        first = (next((case for case in cases if case.covers(size)), None) for cases in self.certificates)
        return [case for case in first if case is not None]

    def least(self, size: Size) -> tuple[int, str] | None:
        """The fewest people and the regulation that says so, None where no enabled table speaks of the project."""
        told = [(count, table.cites) for table in self.staffing if (count := table.least(size)) is not None]
        return max(told, default=None)


@dataclass(frozen=True, slots=True)
class PostRuleVersion:
    """A rule as stored."""

    post_code: str
    rule_version: str
    effective_from: date
    category: int
    body: Mapping[str, Any]


def rules_on(rows: Iterable[PostRuleVersion], day: date) -> dict[str, PostRule]:
    """Of each post the rule in force on a day; before its first one a post is ruled by that first one."""
    chosen: dict[str, PostRuleVersion] = {}
    for row in sorted(rows, key=lambda each: each.effective_from):
        if row.post_code not in chosen or row.effective_from <= day:
            chosen[row.post_code] = row
    return {code: parse_post_rule(row) for code, row in chosen.items()}


def dated_problem(rows: Iterable[PostRuleVersion], day: date, category: int, tomorrow: date) -> Problem | None:
    """Why a post's rule cannot begin on a day, or None.

    What was found until today was found by the rules of then. A month is counted by the category of its first day, so
    that another category begins with a month: the new rule's, and that of the one that follows it.
    """
    if day < tomorrow:
        return Problem("effective_too_early", "effective_from", {"earliest": tomorrow.isoformat()})
    known = sorted(rows, key=lambda each: each.effective_from)
    before = [each.category for each in known if each.effective_from < day][-1:]
    after = [each for each in known if each.effective_from > day][:1]
    begun_within = day.day != 1 and before != [category]
    ended_within = any(each.effective_from.day != 1 and each.category != category for each in after)
    return Problem("category_within_month", "effective_from") if begun_within or ended_within else None


def references(body: Mapping[str, Any]) -> Iterator[tuple[Reference, str, str]]:
    """Everything a rule's body names that has to exist: what it is, its code, and the path to it."""
    for at, need in enumerate(body["certificates"]):
        for index, case in enumerate(need):
            for place, code in enumerate(case["one_of"]):
                yield Reference.CERTIFICATE_TYPE, code, f"certificates.{at}.{index}.one_of.{place}"
    for place, code in enumerate(body["concurrency"].get("with_posts", ())):
        yield Reference.POST, code, f"concurrency.with_posts.{place}"
    for at, table in enumerate(body["staffing"]):
        yield Reference.REGULATION, table["cites"], f"staffing.{at}.cites"


def parse_post_rule(row: PostRuleVersion) -> PostRule:
    """The typed rule; one of policies.UNREADABLE when the body is incomplete or of another shape."""
    body = row.body
    return PostRule(
        post_code=row.post_code,
        version=row.rule_version,
        effective_from=row.effective_from,
        category=row.category,
        certificates=tuple(tuple(_case(case) for case in need) for need in body["certificates"]),
        concurrency=_concurrency(body["concurrency"]),
        staffing=tuple(_staffing(table) for table in body["staffing"]),
        binding=Basis(body["binding"]),
        warn_days=tuple(sorted((int(days) for days in body["warn_days"]), reverse=True)),
    )


def _case(case: Mapping[str, Any]) -> Case:
    return Case(
        one_of=tuple(case["one_of"]),
        specialties=tuple(case.get("specialties", ())),
        kinds=_kinds(case.get("kinds", ())),
        measure=Measure(case["measure"]) if case.get("measure") else None,
        at_least=float(case.get("at_least", 0)),
    )


def _concurrency(body: Mapping[str, Any]) -> Concurrency:
    return Concurrency(
        projects=body["projects"],
        consented=body.get("consented"),
        exemptions=frozenset(Exemption(each) for each in body.get("exemptions", ())),
        stopped_days=int(body.get("stopped_days", 120)),
        with_posts=frozenset(body.get("with_posts", ())),
    )


def _staffing(table: Mapping[str, Any]) -> Staffing:
    bands = tuple(Band(int(b["count"]), b.get("below"), b.get("each_further")) for b in table["bands"])
    return Staffing(Measure(table["measure"]), _kinds(table["kinds"]), bands, table["cites"], bool(table["enabled"]))


def _kinds(kinds: Sequence[str]) -> frozenset[ProjectKind]:
    return frozenset(ProjectKind(kind) for kind in kinds)
