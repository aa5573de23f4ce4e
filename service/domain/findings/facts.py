"""What the cross-check rules see of a project on a day: its seats, who sits on them, and what every list says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from uuid import UUID

from service.domain.certificates import CertificateKind, HeldCertificate, Judged, judge_need
from service.domain.post_rules import PostRule, Size
from service.domain.roster import Basis, Match
from service.domain.sites import STAFFED, ProjectState, TeamKind


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A project as far as it matters for who may serve it: size, state, rest, sections that adjoin others'."""

    id: UUID
    size: Size = field(default_factory=Size)
    state: ProjectState | None = ProjectState.ACTIVE
    #: The first day of the unbroken run of days, this one included, on which works have rested; None: they do not.
    stopped_since: date | None = None
    section_groups: frozenset[str] = frozenset()

    @property
    def staffed(self) -> bool:
        """True while somebody has to serve it: before it begins and once it is accepted nobody has."""
        return self.state in STAFFED


@dataclass(frozen=True, slots=True)
class Seat:
    """A roster line in force on the day: a person on a post of a team, whose unit is `unit_id`.

    Without `line_id` it is one that is only asked about.
    """

    line_id: UUID | None
    person_id: UUID
    post_code: str
    site: SiteFacts
    team_kind: TeamKind
    unit_id: UUID
    starts_on: date
    concurrent_consent_on: date | None = None

    def consented(self, day: date) -> bool:
        """True from the day on which the client consented in writing that he also serves other projects."""
        return self.concurrent_consent_on is not None and self.concurrent_consent_on <= day


@dataclass(frozen=True, slots=True)
class Employed:
    """Whom somebody works for, from a first to a last day."""

    id: UUID
    unit_id: UUID
    starts_on: date
    ends_on: date | None = None

    def covers(self, day: date) -> bool:
        """True while he works there."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class Listed:
    """Whom a list of the project names for a post on the day."""

    id: UUID
    basis: Basis
    post_code: str
    person_id: UUID
    unit_id: UUID | None = None
    #: When its source last confirmed it; None: never.
    checked_at: datetime | None = None


def is_named(each: Listed, person_id: UUID, post_code: str, unit_id: UUID | None) -> bool:
    """Whether an entry names somebody for a post of a team of this unit; None: a team that the project lacks yet."""
    of_unit = each.unit_id is None or unit_id is None or each.unit_id == unit_id
    return (each.person_id, each.post_code) == (person_id, post_code) and of_unit


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of a project on a day: whom they name."""

    named: tuple[Listed, ...] = ()
    #: Those that named somebody by the day: one whose last entry ended names nobody, and still binds.
    begun: frozenset[Basis] = frozenset()

    def naming(self, binding: Basis, person_id: UUID, post_code: str, unit_id: UUID) -> list[Listed]:
        """The entries of a list that name somebody for a post of a team of this unit."""
        return [each for each in self.named if each.basis is binding and is_named(each, person_id, post_code, unit_id)]

    def match(self, binding: Basis, person_id: UUID, post_code: str, unit_id: UUID) -> Match:
        """How somebody on a post stands against the list that binds it."""
        if self.naming(binding, person_id, post_code, unit_id):
            return Match.MATCHED
        there = binding in self.begun or any(each.basis is binding for each in self.named)
        return Match.MISMATCHED if there else Match.NO_LIST


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What is known of a person: what he holds, whom he works or worked for, every seat of his on any project."""

    certificates: tuple[HeldCertificate, ...] = ()
    employments: tuple[Employed, ...] = ()
    seats: tuple[Seat, ...] = ()


@dataclass(frozen=True)
class Facts:
    """A project on a day; `seats` are those looked at: all of them, or one person's at his check-in."""

    day: date
    site: SiteFacts
    seats: tuple[Seat, ...]
    people: Mapping[UUID, PersonFacts]
    posts: Mapping[str, PostRule]
    team_kinds: Mapping[str, TeamKind]
    kinds: Mapping[str, CertificateKind]
    listed: tuple[Listed, ...] = ()
    #: The lists that once named somebody: one whose last entry ended names nobody, and still binds.
    lists: frozenset[Basis] = frozenset()
    required_posts: tuple[str, ...] = ()
    #: The attendance policy that requires them.
    policy_version: str | None = None
    #: The teams the project has; without one nobody can be missing on its posts.
    teams: frozenset[TeamKind] = field(default_factory=lambda: frozenset(TeamKind))

    @cached_property
    def chairs(self) -> tuple[Seat, ...]:
        """One seat for each person on a post: of several lines that overlap the first, or he would be found twice."""
        chairs: dict[tuple[UUID, str], Seat] = {}
        for seat in self.seats:
            chairs.setdefault((seat.person_id, seat.post_code), seat)
        return tuple(chairs.values())

    @cached_property
    def judged(self) -> tuple[tuple[Seat, tuple[Judged, ...]], ...]:
        """What each chair's needs come to, once for all the rules that tell of it."""
        return tuple((seat, tuple(self._judge(seat))) for seat in self.chairs if seat.post_code in self.posts)

    def _judge(self, seat: Seat) -> Iterator[Judged]:
        held = self.people[seat.person_id].certificates
        for case in self.posts[seat.post_code].needs(seat.site.size):
            asked = [self.kinds[code] for code in case.one_of]
            yield judge_need(asked, case.specialties, held, self.day, seat.unit_id)

    def binding(self, post_code: str) -> list[Listed] | None:
        """Whom the list that binds a post names for any post; None where the project has no such list."""
        basis = self.posts[post_code].binding
        entries = [each for each in self.listed if each.basis is basis]
        return entries if entries or basis in self.lists else None

    def binding_on(self, post_code: str) -> list[Listed]:
        """Whom it names for this one."""
        return [each for each in self.binding(post_code) or () if each.post_code == post_code]
