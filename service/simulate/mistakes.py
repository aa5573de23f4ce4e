"""Mistakes planted in a city that has none: each at its rate, each known by what a night has to find."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from service.domain.findings.base import Rule
from service.simulate import mistakes_people as people
from service.simulate import mistakes_seats as seats
from service.simulate.drafts import Group, Site
from service.simulate.hands import Act, Hands

#: On which share of the sites that somebody has to serve, as far as there is somebody to make it about;
#: several_projects: of the pairs of sites of the same enterprises.
RATES: Mapping[Rule, float] = {
    Rule.SEVERAL_PROJECTS: 0.3,
    Rule.FILING_MISMATCH: 0.03,
    Rule.CERTIFICATE_MISSING: 0.015,
    Rule.CERTIFICATE_WRONG_TYPE: 0.01,
    Rule.CERTIFICATE_WRONG_LEVEL: 0.02,
    Rule.CERTIFICATE_EXPIRED: 0.03,
    Rule.CERTIFICATE_SUSPENDED: 0.008,
    Rule.CERTIFICATE_OTHER_UNIT: 0.02,
    Rule.CERTIFICATE_EXPIRING: 0.04,
    Rule.SEVERAL_POSTS: 0.02,
    Rule.EMPLOYED_ELSEWHERE: 0.02,
    Rule.LEFT_UNIT: 0.02,
    Rule.UNDERSTAFFED: 0.03,
    Rule.POST_VACANT: 0.02,
}
ACTS: Mapping[Rule, Act] = {
    # What can be made on few sites comes first.
    Rule.CERTIFICATE_WRONG_LEVEL: people.wrong_level,
    Rule.CERTIFICATE_WRONG_TYPE: people.wrong_type,
    Rule.CERTIFICATE_MISSING: people.missing,
    Rule.CERTIFICATE_EXPIRED: people.expired,
    Rule.CERTIFICATE_SUSPENDED: people.suspended,
    Rule.CERTIFICATE_OTHER_UNIT: people.other_unit,
    Rule.CERTIFICATE_EXPIRING: people.expiring,
    Rule.UNDERSTAFFED: seats.understaffed,
    Rule.POST_VACANT: seats.post_vacant,
    Rule.FILING_MISMATCH: seats.filing_mismatch,
    Rule.SEVERAL_POSTS: seats.several_posts,
    Rule.EMPLOYED_ELSEWHERE: people.employed_elsewhere,
    Rule.LEFT_UNIT: people.left_unit,
}


@dataclass(frozen=True, slots=True, order=True)
class Planted:
    """A mistake by the finding a night has to open for it."""

    project_id: UUID
    rule: Rule
    key: str


class Mistakes:
    """Plants them, and remembers."""

    def __init__(self, rates: Mapping[Rule, float], hands: Hands) -> None:
        self._rates = rates
        self._hands = hands
        self.planted: list[Planted] = []

    def plant(self, group: Group) -> None:
        """Plant what chance and the rates say."""
        if group.alike and self._wanted(Rule.SEVERAL_PROJECTS):
            self._keep(group.sites, Rule.SEVERAL_PROJECTS, seats.several_projects(self._hands, group))
        for site in group.sites:
            if site.staffed:
                for rule, act in ACTS.items():
                    if self._wanted(rule):
                        self._keep([site], rule, act(self._hands, site))

    def _wanted(self, rule: Rule) -> bool:
        return self._hands.chance.random() < self._rates.get(rule, 0)

    def _keep(self, sites: Iterable[Site], rule: Rule, key: str | None) -> None:
        if key is not None:
            self.planted += [Planted(site.id, rule, key) for site in sites]
