"""People: registered by document number, seen masked, invited to bind their phone; and their consents."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from service.deps import Deps
from service.domain.actors import Actor, Permission, Role
from service.domain.calendar import business_day
from service.domain.identifiers import UnmaskReason, birth_problem, same_name
from service.errors import ServiceError, fault
from service.store.base import new_id
from service.store.models import Account, Consent, ConsentKind, GrantRow, Invitation, Person, RosterLine
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach import lines_within, people_acted_on, people_within
from service.store.queries.units import employed_by
from service.store.vault import Vault
from service.store.work import Work
from service.usecases.access import found, require, require_version

INVITATION_LIFE = timedelta(days=7)
TAIL = 4
MOST_OF_A_PHONE = 20
# Letters and digits nobody takes for one another: ten of them are 48 bits, which is beyond trying in seven days.
CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Unmasked:
    """A person's numbers in full."""

    document_number: str
    phone: str | None


def register_person(values: Mapping[str, Any], *, actor: Actor, deps: Deps) -> Person:
    """A new person; a document number already known is refused, never overwritten.

    `already_exists` where it goes with the same name, `name_conflict` where with another, which is not told;
    `birth_to_come` where the number tells of somebody who is not born yet.
    """
    require(actor, Permission.PERSON_WRITE)
    today = business_day(deps.clock.now())
    if problem := birth_problem(values["document_kind"], values["document_number"], today):
        raise ServiceError([problem])
    person_id = new_id()
    fields = {**_document(values, deps.vault), **_phone(values, person_id, deps.vault)}
    try:
        with deps.database.begin(actor.account_id) as work:
            person = work.add(Person(id=person_id, name=values["name"], registered_by=actor.account_id, **fields))
            work.audit("person:create", person.id)
            return person
    except ServiceError as error:
        if error.code != "already_exists":
            raise
    raise _known_already(values["name"], fields["document_hash"], actor, deps)


def _known_already(name: str, document_hash: bytes, actor: Actor, deps: Deps) -> ServiceError:
    with deps.database.begin(actor.account_id) as work:
        known = work.session.scalars(select(Person).where(Person.document_hash == document_hash)).one()
        same = same_name(known.name, name)
        # Whoever tries names out leaves a trace at each of them.
        work.audit("person:register_again", known.id, same_name=same)
    return fault("already_exists", "document_number", thing="person") if same else fault("name_conflict", "name")


def read_person(person_id: UUID, *, actor: Actor, deps: Deps) -> Person:
    """One person within the actor's reach."""
    with deps.database.begin() as work:
        return _one(work, person_id, actor, Permission.PERSON_READ)


def change_person(person_id: UUID, values: Mapping[str, Any], version: int, *, actor: Actor, deps: Deps) -> Person:
    """Name or phone mended; a document number is never changed, because everything hangs on it."""
    with deps.database.begin(actor.account_id) as work:
        person = acted_on(work, person_id, actor, Permission.PERSON_WRITE)
        require_version(person.version, version)
        fields = {name: value for name, value in values.items() if name != "phone"} | _phone(
            values, person_id, deps.vault
        )
        for name, value in fields.items():
            setattr(person, name, value)
        work.save()
        work.audit("person:change", person.id, fields=sorted(values))
        return person


def list_people(filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps) -> Page[Person]:
    """A page of people within reach, by the beginning of the name, document, project's roster, unit of today."""
    reach = require(actor, Permission.PERSON_READ)
    today = business_day(deps.clock.now())
    statement = select(Person).where(people_within(reach, actor.account_id, today))
    if "q" in filters:
        statement = statement.where(Person.name.startswith(filters["q"], autoescape=True))
    if "document_kind" in filters:
        statement = statement.where(Person.document_kind == filters["document_kind"])
    if "project_id" in filters:
        # Of lines out of reach nobody learns by asking for their project.
        lines = select(RosterLine.person_id).where(RosterLine.project_id == filters["project_id"], lines_within(reach))
        statement = statement.where(Person.id.in_(lines))
    if "unit_id" in filters:
        statement = statement.where(Person.id.in_(employed_by(filters["unit_id"], today)))
    with deps.database.begin() as work:
        return page(work.session, statement, Person.id, window)


def find_person(document_number: str, *, actor: Actor, deps: Deps) -> Person:
    """The owner of a whole document number, wherever he works, because one person has one row; it is recorded."""
    require(actor, Permission.PERSON_WRITE)
    digest = deps.vault.digest("document", document_number.encode())
    with deps.database.begin(actor.account_id) as work:
        person = work.session.scalars(select(Person).where(Person.document_hash == digest)).one_or_none()
        # Numbers that are tried out leave a trace too, by the hash that only we can compute.
        work.audit("person:find", person.id if person else digest.hex(), found=person is not None)
    if person is None:
        raise fault("not_found", thing="person")
    return person


def find_by_phone(phone: str, *, actor: Actor, deps: Deps) -> Sequence[Person]:
    """The people within reach who have a whole mobile number, at most 20 of them; it is recorded, by its hash."""
    reach = require(actor, Permission.PERSON_WRITE)
    digest = phone_hash(phone, deps.vault)
    within = people_within(reach, actor.account_id, business_day(deps.clock.now()))
    having = select(Person).where(Person.phone_hash == digest, within)
    with deps.database.begin(actor.account_id) as work:
        people = work.session.scalars(having.order_by(Person.id).limit(MOST_OF_A_PHONE)).all()
        work.audit("person:find_by_phone", digest.hex(), found=len(people))
        return people


def unmask(person_id: UUID, reason: UnmaskReason, *, actor: Actor, deps: Deps) -> Unmasked:
    """The numbers in full of a person the actor may act on; who saw them and what for is recorded first."""
    with deps.database.begin(actor.account_id) as work:
        person = acted_on(work, person_id, actor, Permission.PERSON_UNMASK)
        work.audit("person:unmask", person.id, reason=str(reason))
    number = deps.vault.open(f"document:{person.document_hash.hex()}", person.document_sealed)
    phone = deps.vault.open(f"phone:{person.id}", person.phone_sealed) if person.phone_sealed else None
    return Unmasked(number.decode(), phone.decode() if phone else None)


def invite(person_id: UUID, *, actor: Actor, deps: Deps) -> tuple[str, Invitation]:
    """A code, shown once, with which the person binds his WeChat within seven days; earlier codes end."""
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    now = deps.clock.real()
    with deps.database.begin(actor.account_id) as work:
        person = acted_on(work, person_id, actor, Permission.PERSON_INVITE)
        require_no_staff_account(work, person.id)
        work.session.execute(
            update(Invitation)
            .where(Invitation.person_id == person.id, Invitation.used_at.is_(None))
            .values(used_at=now)
        )
        invitation = work.add(
            Invitation(
                person_id=person.id,
                code_hash=deps.vault.digest("invitation", code.encode()),
                expires_at=now + INVITATION_LIFE,
            )
        )
        work.audit("person:invite", person.id)
        return code, invitation


def list_consents(person_id: UUID, *, actor: Actor, deps: Deps) -> list[Consent]:
    """Every consent of a person, in the order in which they were given."""
    with deps.database.begin() as work:
        _consenting(work, person_id, actor)
        statement = select(Consent).where(Consent.person_id == person_id).order_by(Consent.id)
        return list(work.session.scalars(statement))


def withdraw_consent(person_id: UUID, kind: ConsentKind, *, actor: Actor, deps: Deps) -> None:
    """The consent of this kind is over from now on; withdrawing twice is fine."""
    with deps.database.begin(actor.account_id) as work:
        _consenting(work, person_id, actor)
        work.session.execute(
            update(Consent)
            .where(Consent.person_id == person_id, Consent.kind == kind, Consent.withdrawn_at.is_(None))
            .values(withdrawn_at=deps.clock.now())
        )
        work.audit("consent:withdraw", person_id, kind=str(kind))


def _consenting(work: Work, person_id: UUID, actor: Actor) -> None:
    if person_id != actor.person_id:
        acted_on(work, person_id, actor, Permission.CONSENT_WITHDRAW)


def require_no_staff_account(work: Work, person_id: UUID) -> None:
    """`staff_account` where a code would open more than a phone: such a person binds it after his own sign-in."""
    held = select(GrantRow.role).join(Account, Account.id == GrantRow.account_id).where(Account.person_id == person_id)
    if set(work.session.scalars(held)) - {Role.KEY_PERSON}:
        raise fault("staff_account")


def acted_on(work: Work, person_id: UUID, actor: Actor, permission: Permission) -> Person:
    """A person the actor may act on; `no_line_in_force` where he may only see him."""
    person = _one(work, person_id, actor, permission)
    today = business_day(work.clock.now())
    within = people_acted_on(actor.reach(permission), actor.account_id, today)
    if work.session.scalar(select(Person.id).where(Person.id == person_id, within)) is None:
        raise fault("no_line_in_force")
    return person


def _one(work: Work, person_id: UUID, actor: Actor, permission: Permission) -> Person:
    within = people_within(require(actor, permission), actor.account_id, business_day(work.clock.now()))
    return found(work, select(Person).where(Person.id == person_id, within), "person")


def _document(values: Mapping[str, Any], vault: Vault) -> dict[str, Any]:
    number = values["document_number"]
    digest = vault.digest("document", number.encode())
    return {
        "document_kind": values["document_kind"],
        "document_sealed": vault.seal(f"document:{digest.hex()}", number.encode()),
        "document_hash": digest,
        "document_tail": number[-TAIL:],
    }


def _phone(values: Mapping[str, Any], person_id: UUID, vault: Vault) -> dict[str, Any]:
    return phone_columns(values["phone"], person_id, vault) if "phone" in values else {}


def phone_columns(phone: str | None, person_id: UUID, vault: Vault) -> dict[str, Any]:
    """The columns of a compacted phone number, sealed for its owner and found by its keyed hash."""
    if not phone:
        return {"phone_sealed": None, "phone_tail": None, "phone_hash": None}
    return {
        "phone_sealed": vault.seal(f"phone:{person_id}", phone.encode()),
        "phone_tail": phone[-TAIL:],
        "phone_hash": phone_hash(phone, vault),
    }


def phone_hash(phone: str, vault: Vault) -> bytes:
    """What a compacted phone number is found by."""
    return vault.digest("phone", phone.encode())
