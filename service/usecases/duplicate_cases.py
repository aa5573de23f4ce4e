"""Likely duplicates on an officer's desk: ranked, looked at, confirmed or dismissed."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.calendar import business_day
from service.store.models import CaseState, DuplicateCase, TemplateRow
from service.store.queries.paging import Page, Window, ranked_page
from service.store.queries.reach_identity import duplicate_cases_within
from service.store.work import Work
from service.usecases.access import found, require
from service.usecases.cases import decide, enrolment_photo
from service.usecases.intake import open_photo

READ, DECIDE = Permission.IDENTITY_READ, Permission.IDENTITY_DECIDE


def list_cases(filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps) -> Page[DuplicateCase]:
    """A page of the likely duplicates within reach, the nearest pair first."""
    require(actor, READ)
    with deps.database.begin() as work:
        statement = select(DuplicateCase).where(duplicate_cases_within(actor, READ, _today(work)))
        if "state" in filters:
            statement = statement.where(DuplicateCase.state == filters["state"])
        return ranked_page(work.session, statement, (DuplicateCase.distance, DuplicateCase.id), window)


def read_case(case_id: UUID, *, actor: Actor, deps: Deps) -> DuplicateCase:
    """One likely duplicate within reach; reading it is recorded."""
    with deps.database.begin(actor.account_id) as work:
        row = _one(work, case_id, actor, READ)
        work.audit("duplicate_case:read", row.id)
        return row


def read_photo(case_id: UUID, of: str, *, actor: Actor, deps: Deps) -> tuple[bytes, str]:
    """An enrolment photo of one of the two, `first` or `other`, as they were compared; looking is recorded."""
    with deps.database.begin(actor.account_id) as work:
        row = _one(work, case_id, actor, DECIDE)
        template_id = row.template_id if of == "first" else row.other_template_id
        photo = enrolment_photo(work, work.session.get_one(TemplateRow, template_id).enrolment_id)
        work.audit("duplicate_case:look_at_photo", row.id, of=of)
    return open_photo(photo, deps)


def decide_case(case_id: UUID, to: CaseState, note: str, version: int, *, actor: Actor, deps: Deps) -> DuplicateCase:
    """The case as the officer decides it: `confirmed` says that they are one person."""
    with deps.database.begin(actor.account_id) as work:
        row = _one(work, case_id, actor, DECIDE, locked=True)
        decide(work, row, to, note, version, actor.account_id)
        return row


def _today(work: Work) -> date:
    return business_day(work.clock.now())


def _one(work: Work, case_id: UUID, actor: Actor, permission: Permission, *, locked: bool = False) -> DuplicateCase:
    require(actor, permission)
    within = duplicate_cases_within(actor, permission, _today(work))
    statement = select(DuplicateCase).where(DuplicateCase.id == case_id, within)
    return found(work, statement.with_for_update() if locked else statement, "duplicate_case")
