"""Who is who on a ticket: its place, whose affair it is, and whether a verifier is there who may check it."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, tuple_

from service.domain.actors import Actor
from service.domain.escalation import Standing
from service.domain.tickets import Act, Party, Place, addresses
from service.store.models import Account, Finding, GrantRow, Ticket, TicketEvent
from service.store.work import Work


@dataclass(frozen=True, slots=True)
class Concerned:
    """Whose affair a ticket is: the people of its findings, and the accounts that submitted it."""

    people: frozenset[UUID]
    accounts: frozenset[UUID]

    def holds(self, account_id: UUID, person_id: UUID | None) -> bool:
        """True for who would judge a case of his own."""
        return account_id in self.accounts or person_id in self.people


def place_of(row: Ticket) -> Place:
    """Where a ticket belongs."""
    return Place(row.project_id, row.body_id, row.team_id, row.unit_id)


def findings_of(work: Work, ticket_id: UUID) -> Collection[Finding]:
    """The lines of a ticket, oldest first."""
    return work.session.scalars(select(Finding).where(Finding.ticket_id == ticket_id).order_by(Finding.id)).all()


def concerned_by(work: Work, ticket_id: UUID, findings: Collection[Finding]) -> Concerned:
    """Whose affair a ticket with these findings is."""
    submitted = select(TicketEvent.actor_id).where(TicketEvent.ticket_id == ticket_id, TicketEvent.act == Act.SUBMIT)
    people = {row.person_id for row in findings if row.person_id}
    held = (seen["person_id"] for row in findings for seen in row.evidence.get("people", ()))
    people |= {UUID(person_id) for person_id in held if person_id}
    return Concerned(frozenset(people), frozenset(filter(None, work.session.scalars(submitted))))


def verifier_free(work: Work, row: Ticket, standing: Standing, concerned: Concerned, submitter: Actor) -> bool:
    """True where an account may verify the ticket whose own affair it is not, the submitter's included."""
    roles = standing.scenario.parties[Party.VERIFIER][standing.team_kind]
    addressed = addresses(roles, place_of(row))
    statement = (
        select(Account.id, Account.person_id)
        .join(GrantRow, GrantRow.account_id == Account.id)
        .where(Account.active, tuple_(GrantRow.role, GrantRow.scope_id).in_(addressed))
    )
    return any(
        account_id != submitter.account_id and not concerned.holds(account_id, person_id)
        for account_id, person_id in work.session.execute(statement)
    )
