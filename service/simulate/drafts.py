"""What is being made up: people with what they hold, seats, sites, and groups of sites that share people."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from service.domain.post_rules import Size
from service.domain.sites import STAFFED, ProjectState, TeamKind
from service.store.base import Base
from service.store.models import (
    Certificate,
    CertificateStatusRow,
    Employment,
    Filing,
    ListEntry,
    Person,
    Project,
    ProjectStateRow,
    RosterLine,
    SupervisingBody,
    Team,
    Unit,
)


@dataclass(slots=True, eq=False)
class Human:
    """A person and everything that is known of him; one that is `settled` gets no mistake any more."""

    person: Person
    unit_id: UUID
    certificates: list[Certificate] = field(default_factory=list)
    statuses: list[CertificateStatusRow] = field(default_factory=list)
    employments: list[Employment] = field(default_factory=list)
    settled: bool = False

    @property
    def id(self) -> UUID:
        """The person's id."""
        return self.person.id


@dataclass(slots=True, eq=False)
class Chair:
    """Somebody on a post of a site: his roster line, and what the list that binds says of him."""

    human: Human
    line: RosterLine
    entry: ListEntry | None


@dataclass(slots=True, eq=False)
class Site:
    """A project with all its rows; posts that are `settled` get no mistake about who sits there any more."""

    project: Project
    size: Size
    state: ProjectState
    #: Nobody is on it before.
    began: date
    teams: dict[TeamKind, Team]
    filing: Filing
    states: list[ProjectStateRow]
    #: A second filing, its permit, the roles of its units, the book of its days.
    others: list[Base]
    chairs: list[Chair] = field(default_factory=list)
    #: Lines and entries that count for nothing: over, not begun, waiting, or on a list that binds nobody.
    idle: list[RosterLine | ListEntry] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)

    @property
    def id(self) -> UUID:
        """The project's id."""
        return self.project.id

    @property
    def staffed(self) -> bool:
        """True while somebody has to serve it."""
        return self.state in STAFFED

    @property
    def listed(self) -> bool:
        """True where the binding list names anybody."""
        return any(chair.entry for chair in self.chairs)

    def on_post(self, post_code: str) -> list[Chair]:
        """Everybody on a post."""
        return [chair for chair in self.chairs if chair.line.post_code == post_code]


@dataclass(slots=True, eq=False)
class Group:
    """Sites made together, and their people; of `alike` sites the same enterprises build and supervise each."""

    sites: list[Site] = field(default_factory=list)
    humans: list[Human] = field(default_factory=list)
    alike: bool = False
    #: Who has to be there before.
    organisations: list[SupervisingBody | Unit] = field(default_factory=list)

    def rows(self) -> Iterator[Base]:
        """Every row of theirs."""
        yield from self.organisations
        for human in self.humans:
            yield human.person
            yield from human.employments
            yield from human.certificates
            yield from human.statuses
        for site in self.sites:
            yield site.project
            yield from site.states
            yield site.filing
            yield from site.others
            yield from site.teams.values()
            for chair in site.chairs:
                yield chair.line
                if chair.entry:
                    yield chair.entry
            yield from site.idle
