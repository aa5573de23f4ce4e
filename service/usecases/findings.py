"""Findings: opened by the night, closed as soon as the data is right, read by who is concerned."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.findings.base import KIND_OF, Found, Rule
from service.store.base import new_id
from service.store.models import Finding
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach_attendance import within_teams
from service.store.work import Work
from service.usecases.access import found, require


def reconcile(
    work: Work,
    project_id: UUID,
    rule: Rule,
    results: Sequence[Found],
    *,
    months: Collection[date] | None,
    opening: bool,
) -> set[UUID]:
    """Bring a rule's open findings of a project in line with its results; the tickets whose findings closed.

    `months` are those the rule looked at, None for all. Only the night opens: what changes by day, such as a roster
    being typed in, may close a finding at once, but nobody is accused of what is still being entered.
    """
    open_rows = _open_rows(work, project_id, rule, months)
    wanted = {result.key: result for result in results}
    touched = set()
    for row in open_rows:
        result = wanted.pop(row.key, None)
        if result is None:
            row.closed_at = work.clock.now()
            work.save()
            work.audit("finding:close", row.id, rule=str(rule))
            touched |= {row.ticket_id} if row.ticket_id else set()
        elif row.evidence != result.evidence:
            row.evidence = dict(result.evidence)
            work.save()
            work.audit("finding:update", row.id, rule=str(rule))
    if opening:
        for result in wanted.values():
            _open(work, project_id, result)
    return touched


def _open_rows(work: Work, project_id: UUID, rule: Rule, months: Collection[date] | None) -> Sequence[Finding]:
    statement = select(Finding).where(
        Finding.project_id == project_id, Finding.rule == rule, Finding.closed_at.is_(None)
    )
    if months is not None:
        statement = statement.where(Finding.month.in_(months))
    return work.session.scalars(statement.order_by(Finding.id).with_for_update()).all()


def _open(work: Work, project_id: UUID, result: Found) -> None:
    values = {
        "id": new_id(),
        "created_at": work.clock.now(),
        "project_id": project_id,
        "rule": result.rule,
        "rule_version": result.rule_version,
        "kind": KIND_OF[result.rule],
        "key": result.key,
        "team_kind": result.team_kind,
        "month": result.month,
        "category": result.category,
        "person_id": result.person_id,
        "post_code": result.post_code,
        "evidence": dict(result.evidence),
    }
    statement = insert(Finding).values(**values).on_conflict_do_nothing().returning(Finding.id)
    if work.session.scalar(statement) is not None:
        work.audit("finding:open", values["id"], rule=str(result.rule))


def list_findings(filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps) -> Page[Finding]:
    """A page of the findings within reach; `open` tells those that still stand from those that closed."""
    statement = select(Finding).where(within_teams(Finding, require(actor, Permission.FINDING_READ)))
    for name in ("project_id", "rule", "kind", "team_kind", "month", "person_id", "ticket_id"):
        if name in filters:
            statement = statement.where(getattr(Finding, name) == filters[name])
    if "open" in filters:
        statement = statement.where(Finding.closed_at.is_(None) == filters["open"])
    with deps.database.begin() as work:
        return page(work.session, statement, Finding.id, window)


def read_finding(finding_id: UUID, *, actor: Actor, deps: Deps) -> Finding:
    """One finding within reach."""
    within = within_teams(Finding, require(actor, Permission.FINDING_READ))
    with deps.database.begin() as work:
        return found(work, select(Finding).where(Finding.id == finding_id, within), "finding")
