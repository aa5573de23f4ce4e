"""Projects with their size, states, filings, permits, units and teams."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from uuid import UUID

from service.domain.calendar import begin_of
from service.domain.post_rules import Size
from service.domain.sites import ProjectKind, ProjectState, TeamKind, UnitRoleKind
from service.domain.sources import Source
from service.simulate.drafts import Site
from service.simulate.numbers import Numbers
from service.simulate.places import DISTRICTS
from service.simulate.words import project_name
from service.store.models import DayClose, Filing, Permit, Project, ProjectStateRow, Team, UnitRole

KINDS = {ProjectKind.BUILDING: 65, ProjectKind.FIT_OUT: 15, ProjectKind.MUNICIPAL: 20}
# Median and spread of what is logarithmically normal: m2 by kind, and yuan of municipal works.
AREAS = {ProjectKind.BUILDING: (24_000, 1.1), ProjectKind.FIT_OUT: (5_000, 1.0)}
PRICE = (45_000_000, 1.1)
YUAN_PER_M2 = (1_800, 6_500)
SECTIONS = "一二三四五六七八九"
#: A site began so many days ago.
YOUNGEST, OLDEST = 200, 1000
#: What is planned today begins so long after it was entered.
PREPARING = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Setting:
    """What sites made together share: where they are, who looks after them, who builds and who supervises."""

    district: str
    body_id: UUID
    client: UUID
    contractor: UUID
    supervision: UUID


def drawn_size(chance: Random) -> Size:
    """A kind and a size as sites have them; of one in a hundred nobody said either."""
    if chance.randrange(100) == 0:
        return Size()
    kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
    if kind is ProjectKind.MUNICIPAL:
        return Size(kind, None, _rounded(chance.lognormvariate(0, PRICE[1]) * PRICE[0]))
    median, spread = AREAS[kind]
    area = max(500.0, float(round(chance.lognormvariate(0, spread) * median)))
    return Size(kind, area, _rounded(area * chance.uniform(*YUAN_PER_M2)))


def _rounded(yuan: float) -> int:
    """To ten thousand yuan, as contracts are."""
    return round(yuan / 10_000) * 10_000


def smaller(size: Size, chance: Random) -> Size:
    """The same kind and somewhat smaller, so that whoever may serve the first may serve this one."""
    share = chance.uniform(0.6, 1)
    area = None if size.area_m2 is None else float(round(size.area_m2 * share))
    return Size(size.kind, area, None if size.price_yuan is None else round(size.price_yuan * share))


class Sites:
    """Makes sites."""

    def __init__(self, chance: Random, numbers: Numbers, today: date) -> None:
        self._chance = chance
        self._numbers = numbers
        self._today = today

    def site(
        self, setting: Setting, size: Size, state: ProjectState, *, stopped_days: int = 0, supervised: bool = True
    ) -> Site:
        """A project in a state; a stopped one has been so for so many days."""
        ages = (5, 25) if state is ProjectState.PLANNED else (YOUNGEST, OLDEST)
        began = self._today - timedelta(days=self._chance.randint(*ages))
        project = self._project(setting, size, began + PREPARING if state is ProjectState.PLANNED else began)
        filing = self._filing(project, began)
        teams = {TeamKind.CONSTRUCTION: self._team(project.id, TeamKind.CONSTRUCTION, setting.contractor)}
        units = {UnitRoleKind.CLIENT: setting.client, UnitRoleKind.CONTRACTOR: setting.contractor}
        if supervised:
            teams[TeamKind.SUPERVISION] = self._team(project.id, TeamKind.SUPERVISION, setting.supervision)
            units[UnitRoleKind.SUPERVISION] = setting.supervision
        states = [
            ProjectStateRow(id=self._numbers.new_id(), project_id=project.id, state=each, from_on=from_on)
            for each, from_on in self._history(state, began, stopped_days)
        ]
        roles = [
            UnitRole(id=self._numbers.new_id(), project_id=project.id, unit_id=unit_id, role=role)
            for role, unit_id in units.items()
        ]
        # Of ten projects one was filed in two parts.
        second = [self._filing(project, began)] if self._chance.randrange(10) == 0 else []
        book = DayClose(project_id=project.id, through=self._today)
        others = [*second, self._permit(project, filing, began), *roles, book]
        return Site(project, size, state, began, teams, filing, states, others)

    def adjoin(self, sites: list[Site]) -> None:
        """Say of their filings that these are adjacent sections of one works."""
        for at, site in enumerate(sites):
            site.filing.section = f"{SECTIONS[at]}标段"
            site.filing.section_group = sites[0].filing.number
            site.project.name = f"{sites[0].project.name.removesuffix('（一标段）')}（{site.filing.section}）"

    def _project(self, setting: Setting, size: Size, planned_from: date) -> Project:
        district = DISTRICTS[setting.district][0]
        return Project(
            id=self._numbers.new_id(),
            name=project_name(self._chance, district, size.kind or ProjectKind.BUILDING),
            body_id=setting.body_id,
            district_code=setting.district,
            # It is entered today, and counts from tomorrow.
            counting_from=self._today + timedelta(days=1),
            kind=size.kind,
            area_m2=size.area_m2,
            price_yuan=size.price_yuan,
            planned_from=planned_from,
            planned_until=self._today + timedelta(days=self._chance.randint(60, 700)),
        )

    def _filing(self, project: Project, began: date) -> Filing:
        filed_on = began - timedelta(days=self._chance.randint(30, 120))
        return Filing(
            id=self._numbers.new_id(),
            project_id=project.id,
            number=self._numbers.filing(project.district_code, filed_on),
            filed_on=filed_on,
            source=Source.FILING_SYSTEM,
            checked_at=begin_of(self._today) - timedelta(days=self._chance.randint(0, 5)),
        )

    def _permit(self, project: Project, filing: Filing, began: date) -> Permit:
        issued_on = began - timedelta(days=self._chance.randint(1, 25))
        number = self._numbers.permit(project.district_code, issued_on)
        return Permit(
            id=self._numbers.new_id(), project_id=project.id, filing_id=filing.id, number=number, issued_on=issued_on
        )

    def _team(self, project_id: UUID, kind: TeamKind, unit_id: UUID) -> Team:
        name = "施工项目部" if kind is TeamKind.CONSTRUCTION else "监理项目部"
        return Team(id=self._numbers.new_id(), project_id=project_id, kind=kind, unit_id=unit_id, name=name)

    def _history(self, state: ProjectState, began: date, stopped_days: int) -> list[tuple[ProjectState, date]]:
        """The states up to today's; some that are at work were stopped for a while before."""
        if state is ProjectState.PLANNED:
            return [(state, began)]
        begun = [(ProjectState.PLANNED, began - timedelta(days=20)), (ProjectState.ACTIVE, began)]
        if state is ProjectState.STOPPED:
            return [*begun, (state, self._today - timedelta(days=stopped_days))]
        if state is ProjectState.COMPLETED:
            return [*begun, (state, self._today - timedelta(days=self._chance.randint(5, 150)))]
        if self._chance.random() < 0.05:
            again = began + timedelta(days=self._chance.randint(20, 100))
            return [*begun, (ProjectState.STOPPED, began + timedelta(days=10)), (ProjectState.ACTIVE, again)]
        return begun
