"""Tickets: the words of their loop, and which roles somebody holds on one of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from service.domain.actors import SCOPES, Grant, Reach, Role, Scope


class TicketState(StrEnum):
    """Where a ticket stands; passed, closed and withdrawn are the ends."""

    DISPATCHED = "dispatched"
    ACKNOWLEDGED = "acknowledged"
    RECTIFYING = "rectifying"
    SUBMITTED = "submitted"
    OBSERVING = "observing"
    CHECKING = "checking"
    SENT_BACK = "sent_back"
    TRANSFERRED = "transferred"
    PASSED = "passed"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


ENDS = frozenset({TicketState.PASSED, TicketState.CLOSED, TicketState.WITHDRAWN})


class Checker(StrEnum):
    """Who checks the rectification: the verifier of the scenario, or the body when he is silent or concerned."""

    VERIFIER = "verifier"
    BODY = "body"


class Label(StrEnum):
    """核查通过；核查不通过，重新整改；核查不通过，转派监督机构."""

    PASSED = "check_passed"
    REWORK = "check_failed_rework"
    TRANSFERRED = "check_failed_transferred"


class Loop(StrEnum):
    """小闭环: passed at first; 中闭环: after rework or transfer."""

    SMALL = "small"
    MEDIUM = "medium"


class Party(StrEnum):
    """What somebody is to a ticket; the scenario says which roles that takes. `checker` is whom the ticket names."""

    ADDRESSEE = "addressee"
    VERIFIER = "verifier"
    ENTERPRISE = "enterprise"
    BODY = "body"
    HEAD = "head"
    CITY = "city"
    COPY = "copy"
    CHECKER = "checker"
    PROGRAM = "program"


class Act(StrEnum):
    """What happens to a ticket: first what people do, then what the program does."""

    ACKNOWLEDGE = "acknowledge"
    START = "start"
    SUBMIT = "submit"
    URGE = "urge"
    PASS = "pass"  # noqa: S105 - no password
    SEND_BACK = "send_back"
    OBSERVE = "observe"
    TRANSFER = "transfer"
    INTERVIEW = "interview"
    ORDER_CORRECTION = "order_correction"
    PROPOSE_POINTS = "propose_points"
    REPLY = "reply"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    APPEAL = "appeal"
    GRANT_APPEAL = "grant_appeal"
    DENY_APPEAL = "deny_appeal"
    DISPATCH = "dispatch"
    CHECK = "check"
    KEEP = "keep"
    FAIL = "fail"
    EXPIRE = "expire"
    REMIND = "remind"
    URGE_LATE = "urge_late"
    PASS_TO_BODY = "pass_to_body"  # noqa: S105 - no password
    PASS_TO_HEAD = "pass_to_head"  # noqa: S105 - no password
    CLEAR = "clear"
    JOIN = "join"
    LAPSE = "lapse"


BY_PROGRAM = frozenset({
    Act.DISPATCH, Act.CHECK, Act.KEEP, Act.FAIL, Act.EXPIRE, Act.REMIND, Act.URGE_LATE, Act.PASS_TO_BODY,
    Act.PASS_TO_HEAD, Act.CLEAR, Act.JOIN, Act.LAPSE,
})  # fmt: skip


class Clock(StrEnum):
    """The clocks of a ticket; the scenario says where each runs, for how long, and which act it brings."""

    REMIND = "remind"
    RECTIFY = "rectify"
    CHECK = "check"
    URGE = "urge"
    CHECKING = "checking"
    BODY = "body"
    OBSERVING = "observing"
    LAPSE = "lapse"
    TRANSFERRED = "transferred"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ticket belongs: the ids that a grant's scope must name."""

    project_id: UUID
    body_id: UUID
    team_id: UUID | None
    unit_id: UUID | None

    @property
    def ids(self) -> Mapping[Scope, UUID | None]:
        """The id of each scope that names one thing."""
        return {
            Scope.TEAM: self.team_id,
            Scope.PROJECT: self.project_id,
            Scope.UNIT: self.unit_id,
            Scope.BODY: self.body_id,
        }

    def is_reached(self, reach: Reach) -> bool:
        """True where somebody reaches it as his own affair, not only through a copy."""
        ways = (reach.teams, self.team_id), (reach.units, self.unit_id), (reach.projects, self.project_id)
        return reach.city or self.body_id in reach.bodies or any(found in ids for ids, found in ways)


def roles_on(grants: Iterable[Grant], place: Place) -> frozenset[Role]:
    """The roles somebody holds on a ticket of this place; reading it through a copy is no role."""
    ids = place.ids
    return frozenset(
        grant.role
        for grant in grants
        if grant.scope is Scope.CITY or (grant.scope_id and grant.scope_id == ids.get(grant.scope))
    )


def addresses(roles: Iterable[Role], place: Place) -> set[tuple[Role, UUID | None]]:
    """The role and scope of the grants that hold these roles on a ticket of this place; the city's names no id."""
    ids = place.ids
    scopes = {(role, scope) for role in roles for scope in SCOPES[role]}
    return {(role, ids.get(scope)) for role, scope in scopes if scope is Scope.CITY or ids.get(scope)}
