"""Tickets for tests: the scenario as it is shipped, findings as the analysis would write them, and who meets there."""

import json
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from service.deps import Deps
from service.domain.actors import Actor, Grant, Role, Scope
from service.domain.findings.base import KIND_OF, Rule
from service.domain.policies import Subject
from service.domain.scenario import Scenario, parse_scenario
from service.domain.sites import TeamKind
from service.domain.tickets import Act
from service.store.models import Account, Finding, GrantRow, Notice, Policy, Project, Team, Ticket
from service.usecases import tickets
from service.usecases.accounts import as_actor
from service.usecases.ticket_steps import take_steps
from service.usecases.ticketing import dispatch_tickets
from tests.factories import NUMBERS, Site, World

#: Every scenario ever shipped: tickets go on living by the one they began with.
DOCUMENTS = sorted((Path(__file__).parents[1] / "migrations" / "data").glob("key_personnel-*.json"))
DOCUMENT = DOCUMENTS[-1]
#: The month before the tests' morning.
MONTH = date(2026, 2, 1)


def document() -> dict[str, Any]:
    """The scenario's document, fresh each time, so that a test may spoil it."""
    content: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return content


@cache
def shipped() -> Scenario:
    return parse_scenario(document())


@dataclass
class Case:
    """A site with everybody who has to do with its tickets, and acts by their names."""

    world: World
    site: Site
    #: Accounts by role, made when first asked for.
    people: dict[str, Actor] = field(default_factory=dict)

    @property
    def deps(self) -> Deps:
        return self.world.deps

    def member(self, *grants: Grant, person_id: UUID | None = None) -> Actor:
        """A fresh account that signs in with nothing."""
        with self.deps.database.begin() as work:
            account = work.add(Account(name=f"member-{next(NUMBERS)}", person_id=person_id))
            for grant in grants:
                work.add(GrantRow(account_id=account.id, role=grant.role, scope=grant.scope, scope_id=grant.scope_id))
            work.session.refresh(account, ["grants"])
            return as_actor(account)

    def who(self, role: Role, team: TeamKind = TeamKind.CONSTRUCTION) -> Actor:
        """The account that holds a role here; of the team where the role is a team's."""
        key = f"{role}-{team}"
        if key not in self.people:
            self.people[key] = self.member(self.grant(role, team))
        return self.people[key]

    def grant(self, role: Role, team: TeamKind = TeamKind.CONSTRUCTION) -> Grant:
        teams = {TeamKind.CONSTRUCTION: self.site.construction, TeamKind.SUPERVISION: self.site.supervision}
        scopes: dict[Role, tuple[Scope, UUID | None]] = {
            Role.PROJECT_OFFICE: (Scope.TEAM, teams[team]),
            Role.PROJECT_MANAGER: (Scope.TEAM, teams[team]),
            Role.CHIEF_ENGINEER: (Scope.PROJECT, self.site.project_id),
            Role.CLIENT: (Scope.PROJECT, self.site.project_id),
            Role.ENTERPRISE: (Scope.UNIT, self.unit(teams[team])),
            Role.OFFICER: (Scope.BODY, self.site.body),
            Role.BODY_HEAD: (Scope.BODY, self.site.body),
            Role.CITY: (Scope.CITY, None),
            Role.AUDITOR: (Scope.BODY, self.site.body),
        }
        return Grant(role, *scopes[role])

    def unit(self, team_id: UUID) -> UUID:
        with self.deps.database.begin() as work:
            return work.session.get_one(Team, team_id).unit_id

    def everybody(self) -> None:
        """Every role of both teams has an account, as in a project that runs."""
        for role in (Role.PROJECT_MANAGER, Role.PROJECT_OFFICE):
            self.who(role, TeamKind.CONSTRUCTION)
            self.who(role, TeamKind.SUPERVISION)
        for role in (Role.CHIEF_ENGINEER, Role.CLIENT, Role.ENTERPRISE, Role.OFFICER, Role.BODY_HEAD):
            self.who(role)

    def finding(self, **changes: Any) -> UUID:
        """An open finding, an attendance shortfall of the construction team's first category unless said otherwise."""
        rule = changes.pop("rule", Rule.ATTENDANCE_BELOW_THRESHOLD)
        category = changes.pop("category", 1 if rule is Rule.ATTENDANCE_BELOW_THRESHOLD else None)
        values: dict[str, Any] = {"team_kind": TeamKind.CONSTRUCTION, "month": MONTH, "category": category}
        values |= {"key": f"key-{next(NUMBERS)}", "rule_version": "1", "evidence": evidence(rule)}
        with self.deps.database.begin() as work:
            row = Finding(rule=rule, kind=KIND_OF[rule], **({"project_id": self.site.project_id} | values | changes))
            return work.add(row).id

    def policy(self, body: dict[str, Any], version: str) -> None:
        """A scenario of this project's own."""
        with self.deps.database.begin() as work:
            work.add(
                Policy(
                    subject=Subject.SCENARIO,
                    policy_version=version,
                    effective_from=date(2020, 1, 1),
                    scope="project",
                    scope_id=self.site.project_id,
                    body=body,
                )
            )

    def close_findings(self, ticket_id: UUID) -> None:
        with self.deps.database.begin() as work:
            for row in work.session.scalars(select(Finding).where(Finding.ticket_id == ticket_id)):
                row.closed_at = work.clock.now()

    def dispatch(self) -> list[Ticket]:
        """What the night's analysis does with open findings."""
        with self.deps.database.begin() as work:
            return dispatch_tickets(work, work.session.get_one(Project, self.site.project_id))

    def ticket(self, **changes: Any) -> Ticket:
        """A ticket with one finding, dispatched now."""
        self.finding(**changes)
        (ticket,) = self.dispatch()
        return ticket

    def row(self, ticket: Ticket) -> Ticket:
        with self.deps.database.begin() as work:
            return work.session.get_one(Ticket, ticket.id)

    def do(self, ticket: Ticket, act: Act, actor: Actor, note: str | None = "说明") -> tickets.Shown:
        """An act on the ticket as it is now."""
        return self.act(ticket, act, actor, self.row(ticket).version, note)

    def act(self, ticket: Ticket, act: Act, actor: Actor, version: int, note: str | None = "说明") -> tickets.Shown:
        """An act on the ticket as it was seen."""
        return tickets.act_on_ticket(ticket.id, act, version, actor=actor, deps=self.deps, note=note)

    def history(self, ticket: Ticket) -> list[str]:
        shown = tickets.read_ticket(ticket.id, actor=self.world.city, deps=self.deps)
        return [event.act for event in shown.history]

    def tick(self) -> int:
        return take_steps(deps=self.deps)

    def told(self, actor: Actor) -> list[str]:
        """The codes of somebody's notices, oldest first."""
        with self.deps.database.begin() as work:
            mine = select(Notice).where(Notice.account_id == actor.account_id).order_by(Notice.id)
            return [notice.code for notice in work.session.scalars(mine)]


def evidence(rule: Rule, person_id: UUID | None = None, **changes: Any) -> dict[str, Any]:
    """What the rules write down."""
    if rule is Rule.CERTIFICATE_MISSING:
        return {"needs": [{"asked": ["safety_b"], "certificate": None}], **changes}
    people = [
        {"person_id": str(person_id) if person_id else None, "post_code": "project_manager", "due": 20, "valid": 5}
    ]
    sums = {"rate": 25.0, "threshold": 80, "due": 20, "valid": 5, "pending": 0, "vacant": 0}
    return {**sums, "through": "2026-02-28", "people": people, "policy_version": "attendance-1", **changes}


def case_of(world: World) -> Case:
    """A site with everybody on it."""
    case = Case(world, world.site(fenced=False))
    case.everybody()
    return case


def to_checking(case: Case, ticket: Ticket, team: TeamKind = TeamKind.CONSTRUCTION) -> None:
    """The addressee's part of the loop: acknowledged, begun, submitted, and checked by the program."""
    actor = case.who(Role.PROJECT_OFFICE, team)
    for act in (Act.ACKNOWLEDGE, Act.START, Act.SUBMIT):
        case.do(ticket, act, actor)
