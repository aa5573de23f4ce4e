"""Post rules: what is asked of a post from a day on, read from the data the city keeps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from service.domain.roster import Basis
from service.domain.sites import ProjectKind


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
    #: False where nobody can read the version's body: then no more is known than its category.
    readable: bool = True

    def needs(self, size: Size) -> list[Case]:
        """What a project of this size asks for: of each need the first case that covers it."""
        first = (next((case for case in cases if case.covers(size)), None) for cases in self.certificates)
        return [case for case in first if case is not None]

    def least(self, size: Size) -> tuple[int, str] | None:
        """The fewest people and the regulation that says so, None where no enabled table speaks of the project."""
        told = [(count, table.cites) for table in self.staffing if (count := table.least(size)) is not None]
        return max(told, default=None)


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
