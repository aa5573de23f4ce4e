"""Identity cases on an officer's desk: listed, looked at, confirmed or dismissed, and how often they were wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, true

from service.deps import Deps
from service.domain.actors import Actor, Permission, Reach
from service.domain.calendar import begin_of
from service.domain.findings.base import Rule
from service.domain.identity import per_thousand
from service.errors import fault
from service.store.models import AttendanceDay, CaseState, CheckIn, DayClose, IdentityCase, Photo
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach import among, project_ids
from service.store.queries.reach_identity import identity_cases_within
from service.store.work import Work
from service.usecases.access import found, require
from service.usecases.cases import decide, enrolment_photo
from service.usecases.findings import reconcile
from service.usecases.identity_check import identity_findings
from service.usecases.intake import open_photo

READ, DECIDE = Permission.IDENTITY_READ, Permission.IDENTITY_DECIDE
#: The enrolments that may be looked at, by what the caller asks for.
_ENROLMENTS = {"claimed": "enrolment_id", "other": "other_enrolment_id"}


@dataclass(frozen=True, slots=True)
class Rate:
    """How often suspicion was right between two days, both included; person-days are those with a check-in."""

    opened: int
    confirmed: int
    dismissed: int
    person_days: int

    @property
    def false_per_thousand(self) -> float | None:
        """Dismissed cases for 1,000 person-days, None where nobody checked in."""
        return per_thousand(self.dismissed, self.person_days)


def list_cases(filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps) -> Page[IdentityCase]:
    """A page of the identity cases within reach."""
    require(actor, READ)
    statement = select(IdentityCase).where(identity_cases_within(actor, READ))
    for name in ("state", "project_id", "person_id"):
        if name in filters:
            statement = statement.where(getattr(IdentityCase, name) == filters[name])
    with deps.database.begin() as work:
        return page(work.session, statement, IdentityCase.id, window)


def read_case(case_id: UUID, *, actor: Actor, deps: Deps) -> IdentityCase:
    """One identity case within reach; reading it is recorded."""
    with deps.database.begin(actor.account_id) as work:
        row = _one(work, case_id, actor, READ)
        work.audit("identity_case:read", row.id)
        return row


def read_photo(case_id: UUID, *, actor: Actor, deps: Deps) -> tuple[bytes, str]:
    """The photo of the check-in and its media type; looking at it is recorded."""
    with deps.database.begin(actor.account_id) as work:
        row = _one(work, case_id, actor, DECIDE)
        check_in = work.session.get_one(CheckIn, row.check_in_id)
        photo = work.session.get_one(Photo, check_in.photo_id)
        work.audit("identity_case:look_at_photo", row.id)
    return open_photo(photo, deps)


def read_reference_photo(case_id: UUID, of: str, *, actor: Actor, deps: Deps) -> tuple[bytes, str]:
    """An enrolment photo of one of the two, `claimed` or `other`, as they were compared; looking is recorded."""
    with deps.database.begin(actor.account_id) as work:
        row = _one(work, case_id, actor, DECIDE)
        photo = enrolment_photo(work, UUID(row.record[_ENROLMENTS[of]]))
        work.audit("identity_case:look_at_reference", row.id, of=of)
    return open_photo(photo, deps)


def decide_case(case_id: UUID, to: CaseState, note: str, version: int, *, actor: Actor, deps: Deps) -> IdentityCase:
    """The case as the officer decides it; confirmed it opens a finding at once, in the same transaction."""
    with deps.database.begin(actor.account_id) as work:
        row = _one(work, case_id, actor, DECIDE, locked=True)
        decide(work, row, to, note, version, actor.account_id)
        if to is CaseState.CONFIRMED:
            # The night's lock: an analysis that read the cases before would close the finding again.
            work.session.scalars(select(DayClose).where(DayClose.project_id == row.project_id).with_for_update()).one()
            results = identity_findings(work, row.project_id)
            reconcile(work, {row.project_id: results}, [Rule.IDENTITY_CONFIRMED], opening=True)
        return row


def rate(first: date, last: date, *, actor: Actor, deps: Deps) -> Rate:
    """What became of the suspicions about check-ins between two days on the projects within reach.

    Those about the caller himself are not counted: he would learn of them.
    """
    reach = require(actor, READ)
    if last < first:
        raise fault("dates_in_order", "to")
    with deps.database.begin() as work:
        counted = (
            select(IdentityCase.state, func.count())
            .join(CheckIn, CheckIn.id == IdentityCase.check_in_id)
            .where(
                identity_cases_within(actor, READ),
                CheckIn.at >= begin_of(first),
                CheckIn.at < begin_of(last + timedelta(days=1)),
            )
            .group_by(IdentityCase.state)
        )
        states: dict[CaseState, int] = dict(work.session.execute(counted).all())
        days = (
            select(AttendanceDay.person_id, AttendanceDay.day)
            .where(_projects(AttendanceDay.project_id, reach), AttendanceDay.day.between(first, last))
            .distinct()
        )
        person_days = work.session.scalars(select(func.count()).select_from(days.subquery())).one()
    decided = states.get(CaseState.CONFIRMED, 0), states.get(CaseState.DISMISSED, 0)
    return Rate(sum(states.values()), *decided, person_days)


def _projects(column: Any, reach: Reach) -> ColumnElement[bool]:  # noqa: ANN401 - an ORM attribute
    return true() if reach.city else among(column, project_ids(reach))


def _one(work: Work, case_id: UUID, actor: Actor, permission: Permission, *, locked: bool = False) -> IdentityCase:
    require(actor, permission)
    statement = select(IdentityCase).where(IdentityCase.id == case_id, identity_cases_within(actor, permission))
    return found(work, statement.with_for_update() if locked else statement, "identity_case")
