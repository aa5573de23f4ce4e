"""A whole city, a group of sites at a time: the same for the same seed and day, with or without its mistakes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from random import Random
from uuid import UUID

from service.domain.findings.base import Rule
from service.domain.post_rules import PostRule, Size
from service.domain.sites import STAFFED, UnitRoleKind
from service.simulate.drafts import Group
from service.simulate.hands import Hands
from service.simulate.mistakes import RATES, Mistakes, Planted
from service.simulate.numbers import Numbers
from service.simulate.people import People
from service.simulate.places import BODIES, CITY_SHARE, CITY_STATION, COMMITTEE_SHARE, COMMITTEES, DISTRICTS
from service.simulate.rosters import Rosters
from service.simulate.shapes import Shape, drawn_shape
from service.simulate.sites import Setting, Sites, drawn_size, smaller
from service.simulate.words import unit_name
from service.store.models import SupervisingBody, Unit
from service.store.vault import Vault

#: With so many people for each project every post that needs somebody gets somebody.
PEOPLE_A_PROJECT = 10
# Of a hundred sites on their own so many have no list that anything could be held against; of those that nobody has
# to serve so many have no supervision.
UNLISTED, UNSUPERVISED = 2, 10
#: One enterprise for so many projects, and one in fifty people on no site.
PROJECTS_A_UNIT = {UnitRoleKind.CLIENT: 3, UnitRoleKind.CONTRACTOR: 6, UnitRoleKind.SUPERVISION: 12}
FEWEST_UNITS, SPARE = 3, 50
#: Where the numbers of mistakes begin, far from those of the city.
FIRST_OF_MISTAKES = 5_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for: how large, from which seed, on which day; without rates no mistake is planted."""

    projects: int
    people: int
    seed: int
    today: date
    rates: Mapping[Rule, float] = field(default_factory=lambda: RATES)


class City:
    """Makes a city; `planted` are the mistakes in the groups made so far."""

    def __init__(self, plan: Plan, rules: Mapping[str, PostRule], vault: Vault) -> None:
        self._plan = plan
        self._chance = chance = Random(plan.seed)
        numbers = self._numbers = Numbers(chance, plan.today)
        self._units: dict[UnitRoleKind, list[UUID]] = {}
        self._bodies: dict[str, UUID] = {}
        self._left = plan.projects
        self._firms = firms = list[UUID]()
        self._people = People(chance, numbers, vault, plan.today, firms)
        self._sites = Sites(chance, numbers, plan.today)
        self._rosters = Rosters(chance, numbers, self._people, rules, plan.today)
        self._mistakes = Mistakes(plan.rates, self._hands(rules, vault))

    @property
    def planted(self) -> list[Planted]:
        """Every mistake so far, as a night has to find it."""
        return self._mistakes.planted

    def groups(self) -> Iterator[Group]:
        """Everything: enterprises and bodies first, then sites with their people, then who is on none of them."""
        yield self._founding()
        while self._left:
            yield self._group(drawn_shape(self._chance, self._left))
        yield self._spare(self._plan.people - self._people.made)

    def _hands(self, rules: Mapping[str, PostRule], vault: Vault) -> Hands:
        """With chance and numbers of their own, so that without its mistakes the city is the same."""
        today, chance = self._plan.today, Random(f"{self._plan.seed} mistakes")
        numbers = Numbers(chance, today, FIRST_OF_MISTAKES)
        people = People(chance, numbers, vault, today, self._firms)
        rosters = Rosters(chance, numbers, people, rules, today)
        rosters.spare = self._rosters.spare
        return Hands(chance, numbers, people, rosters, rules, today)

    def _founding(self) -> Group:
        bodies = [
            SupervisingBody(id=self._numbers.new_id(), code=b.code, name=b.name, kind=b.kind, district_code=b.district)
            for b in BODIES
        ]
        self._bodies = {body.code: body.id for body in bodies}
        units: list[Unit] = []
        for role, projects in PROJECTS_A_UNIT.items():
            some = [self._unit(role) for _ in range(max(FEWEST_UNITS, self._plan.projects // projects))]
            self._units[role] = [unit.id for unit in some]
            units.extend(some)
        self._firms += self._units[UnitRoleKind.CONTRACTOR] + self._units[UnitRoleKind.SUPERVISION]
        group = self._spare(max(1, self._plan.people // SPARE))
        self._rosters.spare.extend(group.humans)
        group.organisations = [*bodies, *units]
        return group

    def _unit(self, role: UnitRoleKind) -> Unit:
        code = self._numbers.credit_code()
        return Unit(id=self._numbers.new_id(), credit_code=code, name=unit_name(self._chance, role))

    def _spare(self, count: int) -> Group:
        contractors = self._units[UnitRoleKind.CONTRACTOR]
        return Group(humans=[self._people.human(self._chance.choice(contractors)) for _ in range(count)])

    def _group(self, shape: Shape) -> Group:
        group = Group(alike=shape.alike)
        setting, first = self._setting(), drawn_size(self._chance)
        for at in range(self._chance.randint(shape.fewest, shape.most)):
            self._add_site(group, shape, setting, smaller(first, self._chance) if at else first)
        if shape.adjoining:
            self._sites.adjoin(group.sites)
        self._mistakes.plant(group)
        return group

    def _setting(self) -> Setting:
        weights = [weight for _, weight in DISTRICTS.values()]
        district = self._chance.choices(list(DISTRICTS), weights)[0]
        committees = [body.code for body in COMMITTEES if body.district == district]
        share, body = self._chance.randrange(100), district
        if share < CITY_SHARE:
            body = CITY_STATION.code
        elif committees and share < CITY_SHARE + COMMITTEE_SHARE:
            body = self._chance.choice(committees)
        client, contractor, supervision = (self._chance.choice(self._units[role]) for role in PROJECTS_A_UNIT)
        return Setting(district, self._bodies[body], client, contractor, supervision)

    def _add_site(self, group: Group, shape: Shape, setting: Setting, size: Size) -> None:
        state, stopped_days = shape.state(self._chance, first=not group.sites)
        supervised = state in STAFFED or self._chance.randrange(100) >= UNSUPERVISED
        listed = not shape.alone or self._chance.randrange(100) >= UNLISTED
        site = self._sites.site(setting, size, state, stopped_days=stopped_days, supervised=supervised)
        shared = {post: group.sites[0].on_post(post)[0].human for post in shape.shares if group.sites}
        share = (self._plan.people - self._people.made) // self._left
        self._rosters.fill(group, site, share, shared, listed=listed)
        for chair in site.chairs:
            if chair.human in shared.values():
                chair.human.settled = True
                chair.line.concurrent_consent_on = chair.line.starts_on if shape.consented else None
        self._rosters.idle(site)
        if not site.staffed:
            self._rosters.neglect(site)
        group.sites.append(site)
        self._left -= 1
