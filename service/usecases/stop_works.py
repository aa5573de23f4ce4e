"""Stop-works: proposed by the site, approved by the chief engineer within limits, by the body beyond them."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from service.deps import Deps
from service.domain.actors import Actor, Permission, Reach
from service.domain.calendar import business_day
from service.domain.stop_works import Stop, StopWorkAct, StopWorkState, after, allowed, longest_month, run_of
from service.domain.topics import Topic
from service.errors import fault
from service.store.models import Project, StopWork
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach_attendance import stop_works_within
from service.store.work import Work
from service.usecases.access import found, require, require_project, require_version
from service.usecases.ground import ground_of


def propose(values: Mapping[str, Any], *, actor: Actor, deps: Deps) -> StopWork:
    """A stop-work proposed; its days must be in order and free of any other that is proposed or approved."""
    reach = require(actor, Permission.STOP_WORK_PROPOSE)
    first, last = values["starts_on"], values["ends_on"]
    if last < first:
        raise fault("dates_in_order", "ends_on")
    with deps.database.begin(actor.account_id) as work:
        require_project(work, actor, Permission.STOP_WORK_PROPOSE, values["project_id"])
        project = _locked_project(work, values["project_id"])
        if first < business_day(work.clock.now()) and not _is_body(reach, project):
            raise fault("stop_work_backdated", "starts_on")
        _require_free(work, project.id, first, last)
        row = work.add(StopWork(**values, proposed_by=actor.account_id, by_body=_is_body(reach, project)))
        work.audit("stop_work:propose", row.id, starts_on=first.isoformat(), ends_on=last.isoformat())
        return row


def _locked_project(work: Work, project_id: UUID) -> Project:
    """The project, locked so that two stop-works of it are looked at one after the other."""
    # Not FOR UPDATE: check-ins that come in meanwhile refer to the project and must not wait.
    statement = select(Project).where(Project.id == project_id).with_for_update(key_share=True)
    return work.session.scalars(statement).one()


def _is_body(reach: Reach, project: Project) -> bool:
    return reach.city or project.body_id in reach.bodies


def _require_free(work: Work, project_id: UUID, first: date, last: date) -> None:
    statement = select(StopWork).where(
        StopWork.project_id == project_id,
        StopWork.state.in_([StopWorkState.PROPOSED, StopWorkState.APPROVED]),
        StopWork.starts_on <= last,
        StopWork.ends_on >= first,
    )
    other = work.session.scalars(statement.order_by(StopWork.starts_on).limit(1)).first()
    if other is not None:
        span = {"other_starts_on": other.starts_on.isoformat(), "other_ends_on": other.ends_on.isoformat()}
        raise fault("stop_work_overlaps", "starts_on", **span)


def act_on(
    stop_work_id: UUID,
    act: StopWorkAct,
    version: int,
    *,
    actor: Actor,
    deps: Deps,
    note: str | None = None,
    ends_on: date | None = None,
) -> StopWork:
    """The stop-work after an act; from its first day on check-ins and months are computed anew."""
    reach = require(actor, Permission.STOP_WORK_APPROVE)
    with deps.database.begin(actor.account_id) as work:
        row = found(work, select(StopWork).where(StopWork.id == stop_work_id, stop_works_within(reach)), "stop_work")
        project = _locked_project(work, row.project_id)
        work.session.refresh(row)
        require_version(row.version, version)
        step = after(row.state, act)
        if step is None:
            raise fault("act_not_allowed", act=str(act), state=str(row.state), allowed=[*map(str, allowed(row.state))])
        by_body = _is_body(reach, project)
        if not by_body:
            _require_within_site(work, project, row, act, ends_on, actor)
        if ends_on is not None:
            row.ends_on = _early_end(row, ends_on)
        row.state, row.note, row.by_body = step, note, row.by_body or by_body
        work.save()
        work.audit(f"stop_work:{act}", row.id)
        work.publish(Topic.STOP_WORK_CHANGED, row.id)
        return row


def _require_within_site(
    work: Work, project: Project, row: StopWork, act: StopWorkAct, ends_on: date | None, actor: Actor
) -> None:
    """Refuse what a site may not decide by itself: its own proposal, the body's order, days past, too many days."""
    if row.proposed_by == actor.account_id:
        raise fault("own_affair")
    if row.by_body and act is not StopWorkAct.APPROVE:
        raise fault("stop_work_of_body")
    yesterday = business_day(work.clock.now()) - timedelta(days=1)
    # Resuming today makes yesterday the last day; what lies before that was already counted.
    first_changed = ends_on or row.starts_on - timedelta(days=1)
    counted = act is StopWorkAct.APPROVE or row.state is StopWorkState.APPROVED
    if counted and first_changed < yesterday:
        raise fault("stop_work_backdated", "ends_on" if ends_on else None)
    if act is StopWorkAct.APPROVE:
        _require_short(work, project, row)


def _require_short(work: Work, project: Project, row: StopWork) -> None:
    """`stop_work_needs_body` for what is longer, or adds up to more a month, than a site may decide by itself."""
    ground = ground_of(work, project)
    policy = ground.policy_on(row.starts_on)
    stop, others = Stop(row.starts_on, row.ends_on), ground.site.stops
    days, in_month = run_of(stop, others), longest_month(stop, others)
    if days > policy.short_stop_work_days or in_month > policy.stop_work_days_a_month:
        raise fault(
            "stop_work_needs_body",
            days=days,
            limit_days=policy.short_stop_work_days,
            month_days=in_month,
            month_limit_days=policy.stop_work_days_a_month,
        )


def _early_end(row: StopWork, ends_on: date) -> date:
    if not row.starts_on <= ends_on <= row.ends_on:
        raise fault("out_of_range", "ends_on", min=row.starts_on.isoformat(), max=row.ends_on.isoformat())
    return ends_on


def list_stop_works(filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps) -> Page[StopWork]:
    """A page of the stop-works of the projects within reach."""
    statement = select(StopWork).where(stop_works_within(require(actor, Permission.STOP_WORK_READ)))
    for name in ("project_id", "state"):
        if name in filters:
            statement = statement.where(getattr(StopWork, name) == filters[name])
    with deps.database.begin() as work:
        return page(work.session, statement, StopWork.id, window)


def read_stop_work(stop_work_id: UUID, *, actor: Actor, deps: Deps) -> StopWork:
    """One stop-work within reach."""
    within = stop_works_within(require(actor, Permission.STOP_WORK_READ))
    with deps.database.begin() as work:
        return found(work, select(StopWork).where(StopWork.id == stop_work_id, within), "stop_work")
