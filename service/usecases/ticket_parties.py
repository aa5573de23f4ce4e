"""Who is who on a ticket: its place, its lines, whose affair it is, and who may judge it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Uuid, cast, func, select

from service.domain.actors import Actor, Role
from service.domain.escalation import Standing
from service.domain.ticket_loop import is_own_affair
from service.domain.tickets import Act, Party, Place, addresses, roles_on
from service.store.models import Account, Finding, GrantRow, Ticket, TicketEvent
from service.store.queries.reach_tickets import grants_of
from service.store.work import Work
from service.usecases.accounts import as_actor


@dataclass(frozen=True, slots=True)
class Concerned:
    """Whose affair a ticket is: the people of its findings, and the accounts that submitted it."""

    people: frozenset[UUID]
    accounts: frozenset[UUID]

    def holds(self, actor: Actor) -> bool:
        """True for who would judge a case of his own."""
        return actor.account_id in self.accounts or actor.person_id in self.people


def place_of(row: Ticket) -> Place:
    """Where a ticket belongs."""
    return Place(row.project_id, row.body_id, row.team_id, row.unit_id)


def findings_of(work: Work, ticket_id: UUID) -> Collection[Finding]:
    """The lines of a ticket, oldest first, by its own history: a certificate asked for again has moved on since."""
    named = cast(func.jsonb_array_elements_text(TicketEvent.data["findings"]), Uuid)
    joined = TicketEvent.ticket_id == ticket_id, TicketEvent.act.in_((Act.DISPATCH, Act.JOIN))
    return work.session.scalars(
        select(Finding).where(Finding.id.in_(select(named).where(*joined))).order_by(Finding.id)
    ).all()


def are_cleared(findings: Collection[Finding]) -> bool:
    """True once all of a ticket's lines are closed."""
    return bool(findings) and all(finding.closed_at for finding in findings)


def people_of(findings: Iterable[Finding]) -> set[UUID]:
    """Everybody whom findings name."""
    people = {row.person_id for row in findings if row.person_id}
    held = (seen["person_id"] for row in findings for seen in row.evidence.get("people", ()))
    return people | {UUID(person_id) for person_id in held if person_id}


def concerned_by(work: Work, ticket_id: UUID, findings: Collection[Finding]) -> Concerned:
    """Whose affair a ticket with these findings is: evidence is rewritten, so who was named when they joined stays."""
    events = select(TicketEvent).where(
        TicketEvent.ticket_id == ticket_id, TicketEvent.act.in_((Act.DISPATCH, Act.JOIN, Act.SUBMIT))
    )
    people, accounts = people_of(findings), set()
    for event in work.session.scalars(events):
        people |= {UUID(person_id) for person_id in event.data.get("people", ())}
        accounts |= {event.actor_id} if event.actor_id else set()
    return Concerned(frozenset(people), frozenset(accounts))


def holders(work: Work, addressed: Collection[tuple[Role, UUID | None]]) -> list[Actor]:
    """The accounts in use that hold one of these roles."""
    held = select(GrantRow.account_id).where(grants_of(addressed))
    rows = work.session.scalars(select(Account).where(Account.active, Account.id.in_(held)).order_by(Account.id))
    return [as_actor(account) for account in rows]


def judges_himself(row: Ticket, standing: Standing, concerned: Concerned, actor: Actor) -> bool:
    """True for who would decide about his own affair on this ticket."""
    return is_own_affair(standing, roles_on(actor.grants, place_of(row)), concerned=concerned.holds(actor))


def free_judges(work: Work, row: Ticket, standing: Standing, party: Party, concerned: Concerned) -> list[UUID]:
    """The accounts of a party whose own affair the ticket is not."""
    roles = standing.scenario.parties[party][standing.team_kind]
    actors = holders(work, addresses(roles, place_of(row)))
    return [actor.account_id for actor in actors if not judges_himself(row, standing, concerned, actor)]
