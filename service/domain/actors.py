"""Who may do what, and how far: roles, permissions, scopes; the whole access policy on one screen."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """The full list of roles; the glossary gives their Chinese names."""

    KEY_PERSON = "key_person"
    PROJECT_OFFICE = "project_office"
    PROJECT_MANAGER = "project_manager"
    CHIEF_ENGINEER = "chief_engineer"
    CLIENT = "client"
    ENTERPRISE = "enterprise"
    OFFICER = "officer"
    BODY_HEAD = "body_head"
    CITY = "city"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    INTEGRATION = "integration"


class Scope(StrEnum):
    """How far a role reaches; every scope but city and self names one thing by id."""

    CITY = "city"
    BODY = "body"
    UNIT = "unit"
    PROJECT = "project"
    TEAM = "team"
    SELF = "self"


class Permission(StrEnum):
    """`thing.act`; each route asks for exactly one."""

    ME_READ = "me.read"
    REFERENCE_READ = "reference.read"
    REFERENCE_WRITE = "reference.write"
    UNIT_WRITE = "unit.write"
    PROJECT_READ = "project.read"
    PROJECT_WRITE = "project.write"
    FENCE_PROPOSE = "fence.propose"
    FENCE_APPROVE = "fence.approve"
    PERSON_READ = "person.read"
    PERSON_WRITE = "person.write"
    PERSON_INVITE = "person.invite"
    PERSON_UNMASK = "person.unmask"
    EMPLOYMENT_READ = "employment.read"
    EMPLOYMENT_WRITE = "employment.write"
    ROSTER_READ = "roster.read"
    ROSTER_PROPOSE = "roster.propose"
    ROSTER_APPROVE = "roster.approve"
    LIST_WRITE = "list_entry.write"
    ENROLMENT_WRITE = "enrolment.write"
    ENROLMENT_READ = "enrolment.read"
    CONSENT_WITHDRAW = "consent.withdraw"
    CHECK_IN_CREATE = "check_in.create"
    CHECK_IN_READ = "check_in.read"
    CHECK_IN_RECORD = "check_in.record"
    CHECK_IN_REVIEW = "check_in.review"
    ACCOUNT_WRITE = "account.write"
    ATTENDANCE_READ = "attendance.read"
    STOP_WORK_READ = "stop_work.read"
    STOP_WORK_PROPOSE = "stop_work.propose"
    STOP_WORK_APPROVE = "stop_work.approve"
    CERTIFICATE_READ = "certificate.read"
    CERTIFICATE_WRITE = "certificate.write"
    FINDING_READ = "finding.read"
    TICKET_READ = "ticket.read"
    TICKET_ACT = "ticket.act"
    INBOX_READ = "inbox.read"
    IDENTITY_READ = "identity.read"
    IDENTITY_DECIDE = "identity.decide"
    SPREADSHEET_LOAD = "spreadsheet.load"
    SYNC_READ = "sync.read"
    SYNC_RUN = "sync.run"
    RECORDS_PUSH = "records.push"
    ELIGIBILITY_READ = "eligibility.read"
    CLOCK_MOVE = "clock.move"


P = Permission
_EVERYBODY = {P.ME_READ, P.REFERENCE_READ}
_SITE = _EVERYBODY | {
    P.PROJECT_READ, P.PERSON_READ, P.ROSTER_READ, P.CHECK_IN_READ, P.ATTENDANCE_READ, P.STOP_WORK_READ,
    P.CERTIFICATE_READ, P.EMPLOYMENT_READ, P.FINDING_READ, P.TICKET_READ, P.INBOX_READ,
}  # fmt: skip
_OFFICE = _SITE | {P.FENCE_PROPOSE, P.ROSTER_PROPOSE, P.STOP_WORK_PROPOSE, P.CERTIFICATE_WRITE, P.TICKET_ACT}
_BODY = _OFFICE | {
    P.UNIT_WRITE, P.PROJECT_WRITE, P.FENCE_APPROVE, P.PERSON_WRITE, P.PERSON_INVITE, P.ROSTER_APPROVE,
    P.ENROLMENT_WRITE, P.ENROLMENT_READ, P.CONSENT_WITHDRAW, P.CHECK_IN_RECORD, P.CHECK_IN_REVIEW,
    P.STOP_WORK_APPROVE, P.IDENTITY_READ, P.IDENTITY_DECIDE, P.PERSON_UNMASK, P.EMPLOYMENT_WRITE, P.LIST_WRITE,
    P.SPREADSHEET_LOAD, P.SYNC_READ, P.ELIGIBILITY_READ,
}  # fmt: skip

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.KEY_PERSON: frozenset(
        _EVERYBODY
        | {P.CHECK_IN_CREATE, P.CHECK_IN_READ, P.CONSENT_WITHDRAW, P.ATTENDANCE_READ, P.CERTIFICATE_READ, P.INBOX_READ}
    ),
    Role.PROJECT_OFFICE: frozenset(_OFFICE | {P.PERSON_WRITE, P.SPREADSHEET_LOAD, P.ELIGIBILITY_READ}),
    Role.PROJECT_MANAGER: frozenset(_OFFICE),
    Role.CHIEF_ENGINEER: frozenset(_SITE | {P.CHECK_IN_REVIEW, P.STOP_WORK_APPROVE, P.TICKET_ACT}),
    Role.CLIENT: frozenset(_SITE | {P.ROSTER_APPROVE, P.CHECK_IN_REVIEW, P.TICKET_ACT}),
    Role.ENTERPRISE: frozenset(_SITE | {P.TICKET_ACT, P.EMPLOYMENT_WRITE}),
    Role.OFFICER: frozenset(_BODY),
    Role.BODY_HEAD: frozenset(_BODY),
    Role.CITY: frozenset(_BODY | {P.REFERENCE_WRITE, P.ACCOUNT_WRITE, P.SYNC_RUN, P.CLOCK_MOVE}),
    Role.AUDITOR: frozenset(_SITE | {P.ENROLMENT_READ, P.CHECK_IN_RECORD, P.IDENTITY_READ, P.SYNC_READ}),
    Role.OPERATOR: frozenset(_EVERYBODY),
    Role.INTEGRATION: frozenset(
        _EVERYBODY | {P.UNIT_WRITE, P.PROJECT_READ, P.PROJECT_WRITE, P.RECORDS_PUSH, P.SYNC_READ, P.ELIGIBILITY_READ}
    ),
}

SCOPES: dict[Role, frozenset[Scope]] = {
    Role.KEY_PERSON: frozenset({Scope.SELF}),
    Role.PROJECT_OFFICE: frozenset({Scope.TEAM}),
    Role.PROJECT_MANAGER: frozenset({Scope.TEAM}),
    Role.CHIEF_ENGINEER: frozenset({Scope.PROJECT}),
    Role.CLIENT: frozenset({Scope.PROJECT}),
    Role.ENTERPRISE: frozenset({Scope.UNIT}),
    Role.OFFICER: frozenset({Scope.BODY}),
    Role.BODY_HEAD: frozenset({Scope.BODY}),
    Role.CITY: frozenset({Scope.CITY}),
    Role.AUDITOR: frozenset({Scope.CITY, Scope.BODY}),
    Role.OPERATOR: frozenset({Scope.CITY}),
    Role.INTEGRATION: frozenset({Scope.CITY}),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """One role held within one scope."""

    role: Role
    scope: Scope
    scope_id: UUID | None


@dataclass(frozen=True, slots=True)
class Reach:
    """How far somebody may go with one permission: the union of the scopes that grant it."""

    city: bool = False
    bodies: frozenset[UUID] = frozenset()
    units: frozenset[UUID] = frozenset()
    projects: frozenset[UUID] = frozenset()
    teams: frozenset[UUID] = frozenset()
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account, the person behind it if any, and what it was granted."""

    account_id: UUID
    person_id: UUID | None
    grants: tuple[Grant, ...]

    def may(self, permission: Permission) -> bool:
        """True when some grant holds the permission, however far it reaches."""
        return any(permission in PERMISSIONS[grant.role] for grant in self.grants)

    def reach(self, permission: Permission) -> Reach:
        """How far the permission reaches for this actor."""
        return reach_of((g for g in self.grants if permission in PERMISSIONS[g.role]), self.person_id)


def reach_of(grants: Iterable[Grant], person_id: UUID | None) -> Reach:
    """The union of the grants' scopes."""
    held = tuple(grants)
    by_kind = {kind: frozenset(g.scope_id for g in held if g.scope == kind and g.scope_id) for kind in Scope}
    return Reach(
        city=any(g.scope == Scope.CITY for g in held),
        bodies=by_kind[Scope.BODY],
        units=by_kind[Scope.UNIT],
        projects=by_kind[Scope.PROJECT],
        teams=by_kind[Scope.TEAM],
        person_id=person_id if any(g.scope == Scope.SELF for g in held) else None,
    )
