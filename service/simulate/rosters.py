"""Who sits where: enough people on every post, named by the list that binds, and lines that count for nothing."""

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from uuid import UUID

from service.domain.calendar import begin_of
from service.domain.post_rules import PostRule
from service.domain.roster import Basis, LineState, Match
from service.domain.sites import TeamKind
from service.domain.sources import Source
from service.simulate.drafts import Chair, Group, Human, Site
from service.simulate.numbers import Numbers
from service.simulate.people import People
from service.store.models import ListEntry, RosterLine

#: Posts that every site of a team has somebody on.
ALWAYS = {
    TeamKind.CONSTRUCTION: ("project_manager", "technical_lead", "safety_officer", "quality_officer"),
    TeamKind.SUPERVISION: ("chief_engineer", "supervision_engineer", "supervisor"),
}
#: Posts of others, and how many of a hundred of them.
MORE = {
    TeamKind.CONSTRUCTION: {"site_engineer": 40, "machinery_officer": 15, "quality_officer": 10, "safety_officer": 5},
    TeamKind.SUPERVISION: {"supervisor": 15, "supervision_engineer": 10, "chief_representative": 5},
}


class Rosters:
    """Fills sites with people; `spare` are those who are on no site."""

    def __init__(
        self, chance: Random, numbers: Numbers, people: People, rules: Mapping[str, PostRule], today: date
    ) -> None:
        self._chance = chance
        self._numbers = numbers
        self._people = people
        self._rules = rules
        self._today = today
        self.spare: list[Human] = []

    def fill(self, group: Group, site: Site, share: int, shared: Mapping[str, Human], *, listed: bool) -> None:
        """Put about so many people on a site, on its first chairs those it shares with another."""
        left = dict(shared)
        for team_kind, post in self._posts(site, share):
            human = left.pop(post, None)
            if human is None:
                unit_id = site.teams[team_kind].unit_id
                human = self._people.human(unit_id, self._rules[post].needs(site.size), site.size.kind)
                group.humans.append(human)
            self.seat(site, human, team_kind, post, listed=listed)

    def seat(self, site: Site, human: Human, team_kind: TeamKind, post: str, *, listed: bool) -> Chair:
        """Put somebody on a post of a site."""
        starts_on = site.began + timedelta(days=self._chance.randint(0, 4))
        line = self._line(site, human.id, team_kind, post, starts_on)
        line.match = Match.MATCHED if listed else Match.NO_LIST
        entry = self._entry(site, human.id, post, human.unit_id) if listed else None
        chair = Chair(human, line, entry)
        site.chairs.append(chair)
        return chair

    def idle(self, site: Site) -> None:
        """Add what counts for nothing: lines not in force today, a second one for the same seat, another's contract."""
        kind = self._chance.random()
        if kind < 0.1:
            site.idle.append(self._out_of_force(site))
        elif kind < 0.12:
            again = self._chance.choice(site.chairs)
            again.human.settled = True
            team_kind = next(kind for kind, team in site.teams.items() if team.id == again.line.team_id)
            began = again.line.starts_on + timedelta(days=1)
            site.idle.append(self._line(site, again.human.id, team_kind, again.line.post_code, began))
        elif kind < 0.17:
            entry = self._entry(site, self._chance.choice(self.spare).id, "project_manager", None)
            entry.basis = Basis.CONTRACT
            site.idle.append(entry)

    def _out_of_force(self, site: Site) -> RosterLine:
        """Somebody's line that is over, ended or not, that has not begun, or that waits for the list to name him."""
        team_kind, post = self._chance.choice(self._posts(site, 0))
        line = self._line(site, self._chance.choice(self.spare).id, team_kind, post, site.began)
        over = max(site.began, self._today - timedelta(days=self._chance.randint(1, 90)))
        kind = self._chance.randrange(4)
        if kind == 0:
            line.state, line.ends_on = LineState.ENDED, over
        elif kind == 1:
            line.ends_on = over
        elif kind == 2:
            line.starts_on = self._today + timedelta(days=self._chance.randint(40, 90))
        else:
            line.state, line.match, line.starts_on = LineState.SUBMITTED, Match.MISMATCHED, self._today
        return line

    def neglect(self, site: Site) -> None:
        """Leave a site nobody has to serve in a bad way: empty posts, people nobody named, certificates run out."""
        site.chairs = [chair for chair in site.chairs if self._chance.random() < 0.7]
        for chair in site.chairs:
            if self._chance.random() < 0.3:
                chair.entry = None
            if self._chance.random() < 0.3 and not chair.human.settled:
                self._run_out(chair.human)

    def _posts(self, site: Site, share: int) -> list[tuple[TeamKind, str]]:
        """As many on each post as are needed, and others up to the share."""
        always = [
            (kind, post)
            for kind in site.teams
            for post in ALWAYS[kind]
            for _ in range(max(1, (self._rules[post].least(site.size) or (1,))[0]))
        ]
        weights = {(kind, post): weight for kind in site.teams for post, weight in MORE[kind].items()}
        more = self._chance.choices(list(weights), list(weights.values()), k=max(0, share - len(always)))
        return always + more

    def _line(self, site: Site, person_id: UUID, team_kind: TeamKind, post: str, starts_on: date) -> RosterLine:
        return RosterLine(
            id=self._numbers.new_id(),
            project_id=site.id,
            team_id=site.teams[team_kind].id,
            person_id=person_id,
            post_code=post,
            basis=self._rules[post].binding,
            state=LineState.IN_FORCE,
            starts_on=starts_on,
            approved_at=begin_of(starts_on),
            source=Source.FILING_SYSTEM,
        )

    def _entry(self, site: Site, person_id: UUID, post: str, unit_id: UUID | None) -> ListEntry:
        return ListEntry(
            id=self._numbers.new_id(),
            project_id=site.id,
            basis=self._rules[post].binding,
            filing_id=site.filing.id,
            post_code=post,
            person_id=person_id,
            unit_id=unit_id,
            starts_on=site.began,
            source=Source.FILING_SYSTEM,
            checked_at=site.filing.checked_at,
            named_by=[str(site.filing.id)],
        )

    def _run_out(self, human: Human) -> None:
        over = self._today - timedelta(days=10)
        for certificate in human.certificates:
            certificate.valid_until = min(certificate.valid_until or over, over)
        for employment in human.employments:
            employment.ends_on = min(employment.ends_on or over, over)
