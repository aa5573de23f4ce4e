"""The analysis of a project: at night its day is closed and findings open; by day what changed is looked at again."""

from collections.abc import Collection
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import or_, select, update

from service.deps import Deps
from service.domain.calendar import business_day, days_between, month_before, month_of, next_month
from service.domain.findings import attendance_below_threshold
from service.domain.findings.attendance_below_threshold import MonthFacts
from service.domain.findings.base import Rule
from service.domain.roster import FILED
from service.domain.topics import Queue, Topic
from service.store.models import CheckIn, DayClose, Project, ProjectStateRow, RosterLine, StopWork
from service.store.work import Work
from service.usecases.access import found
from service.usecases.attendance import require_begun
from service.usecases.counting import days_of_check_ins, recount
from service.usecases.crosscheck import check, look_again, send_tickets
from service.usecases.findings import reconcile
from service.usecases.ground import ground_of
from service.usecases.identity_check import identity_findings
from service.usecases.months import Month, keep_month, last_whole_day, load_month, month_end
from service.usecases.ticketing import settle_cleared

BATCH = 200


def send_ended_days(*, deps: Deps) -> int:
    """Queue the projects with a day that is over and not closed, the furthest behind first; safe beside other ticks."""
    if not deps.queue.ready():
        return 0
    with deps.database.begin() as work:
        now = work.clock.real()
        again_s = deps.settings.requeue_s if deps.queue.waiting(Queue.UPKEEP) else 2.0
        stale = now - timedelta(seconds=min(again_s, deps.settings.requeue_s))
        due = (
            select(DayClose.project_id)
            .where(
                DayClose.through < last_whole_day(work),
                or_(DayClose.enqueued_at.is_(None), DayClose.enqueued_at <= stale),
            )
            .order_by(DayClose.through, DayClose.project_id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        marked = update(DayClose).where(DayClose.project_id.in_(due.scalar_subquery())).values(enqueued_at=now)
        ids = work.session.scalars(marked.returning(DayClose.project_id)).all()
    return sum(deps.queue.send(Topic.DAY_ENDED, project_id) for project_id in ids)


def end_days(project_id: UUID, *, deps: Deps) -> None:
    """Close every day of a project that is over, in order: its months, its findings, its tickets; in one transaction.

    Whoever comes while another closes them finds nothing to do.
    """
    with deps.database.begin() as work:
        statement = select(DayClose).where(DayClose.project_id == project_id).with_for_update(skip_locked=True)
        book = work.session.scalars(statement).one_or_none()
        last = last_whole_day(work)
        if book is None or book.through >= last:
            return
        project = work.session.get_one(Project, project_id)
        ground = ground_of(work, project)
        cleared: set[UUID] = set()
        for month in _months_over(book, last):
            loaded = load_month(work, ground, month, last)
            keep_month(work, loaded)
            cleared |= _look_for_shortfalls(work, loaded, opening=True)
        cleared |= _check_identities(work, project_id, opening=True)
        book.through, book.look_again_from = last, None
        work.save()
        settle_cleared(work, cleared)
        send_tickets(work, project)


def _months_over(book: DayClose, last: date) -> list[date]:
    """The months to look at when a project's days up to `last` are closed, beginning with one that changed since.

    The month before is always among them: a verdict that was being written at midnight belongs to it.
    """
    first = month_before(month_of(book.through + timedelta(days=1)), 1)
    months = [min(first, book.look_again_from or first)]
    while next_month(months[-1]) <= last:
        months.append(next_month(months[-1]))
    return months


def _look_for_shortfalls(work: Work, month: Month, *, opening: bool) -> set[UUID]:
    """The tickets whose findings closed; a month that is not over has no shortfall yet."""
    if month.through < month_end(month.month):
        return set()
    results = attendance_below_threshold.find(_facts(month))
    rule, project_id = Rule.ATTENDANCE_BELOW_THRESHOLD, month.ground.project.id
    return reconcile(work, {project_id: results}, [rule], months=[month.month], opening=opening).tickets


def _facts(month: Month) -> MonthFacts:
    return MonthFacts(month.month, month.through, month.rows, month.tallies(), month.policy)


def _check_identities(work: Work, project_id: UUID, *, opening: bool) -> set[UUID]:
    results = identity_findings(work, project_id)
    return reconcile(work, {project_id: results}, [Rule.IDENTITY_CONFIRMED], opening=opening).tickets


def recheck(project_id: UUID, months: Collection[date], *, deps: Deps) -> int:
    """Compute months of a project anew and close what is right now, opening waits for the night; the months changed."""
    with deps.database.begin() as work:
        # The night's lock: two analyses of one project would open and close the same findings.
        book = work.session.scalars(select(DayClose).where(DayClose.project_id == project_id).with_for_update()).one()
        project = work.session.get_one(Project, project_id)
        ground, last = ground_of(work, project), last_whole_day(work)
        cleared: set[UUID] = set()
        changed = 0
        for month in sorted(months):
            loaded = load_month(work, ground, month, last)
            if keep_month(work, loaded):
                changed += 1
                book.look_again_from = min(month, book.look_again_from or month)
            cleared |= _look_for_shortfalls(work, loaded, opening=False)
        cleared |= _check_identities(work, project_id, opening=False)
        settle_cleared(work, cleared)
    project_changed(project_id, deps=deps)
    return changed


def project_changed(project_id: UUID, *, deps: Deps) -> None:
    """Close what the cross-check finds no more on a project, and on others because of it."""
    with deps.database.begin() as work:
        look_again(work, project_id)


def _again(project_id: UUID, since: date, deps: Deps, person_id: UUID | None = None) -> None:
    """Count anew a project's check-ins since a day, or all of one person's, and compute the months they are in."""
    with deps.database.begin() as work:
        punched = days_of_check_ins(work, project_id, person_id, None if person_id else since)
        last, counting_from = last_whole_day(work), work.session.get_one(Project, project_id).counting_from
    if punched is not None:
        recount(project_id, *punched, deps, person_id)
        since = min(since, punched[0])
    # Before a project is counted nothing is due, so there is nothing to compute.
    months = {month_of(day) for day in days_between(max(since, counting_from), last)}
    recheck(project_id, months, deps=deps)


def line_changed(line_id: UUID, *, deps: Deps) -> None:
    """Look again at every check-in of a roster line's person on its project, and at the months since it begins."""
    with deps.database.begin() as work:
        line = work.session.get(RosterLine, line_id)
    if line is not None:
        _again(line.project_id, line.starts_on, deps, line.person_id)


def state_changed(state_row_id: UUID, *, deps: Deps) -> None:
    """Look again at a project from the day on which a state of it begins."""
    with deps.database.begin() as work:
        row = work.session.get(ProjectStateRow, state_row_id)
    if row is not None:
        _again(row.project_id, row.from_on, deps)


def stop_work_changed(stop_work_id: UUID, *, deps: Deps) -> None:
    """Look again at a project from the first day of a stop-work."""
    with deps.database.begin() as work:
        row = work.session.get(StopWork, stop_work_id)
    if row is not None:
        _again(row.project_id, row.starts_on, deps)


def projects_to_recompute(month: date, project_id: UUID | None, *, deps: Deps) -> list[UUID]:
    """All projects, or the one named; `month_not_begun` for a month of the future."""
    with deps.database.begin() as work:
        require_begun(work, month)
        if project_id is not None:
            return [found(work, select(Project.id).where(Project.id == project_id), "project")]
        return list(work.session.scalars(select(Project.id).order_by(Project.id)))


def recompute(project_id: UUID, month: date, *, deps: Deps) -> int:
    """Compute a month of a project from nothing but its check-ins: how many rows were not as kept."""
    changed = recount(project_id, month, month_end(month), deps)
    return changed + recheck(project_id, [month], deps=deps)


def late_verdict(check_in_id: UUID, *, deps: Deps) -> None:
    """Compute anew the month in which a check-in was decided after its day was over."""
    with deps.database.begin() as work:
        row = work.session.get(CheckIn, check_in_id)
    if row is not None:
        recheck(row.project_id, {month_of(business_day(row.at))}, deps=deps)


def recheck_person(person_id: UUID, *, deps: Deps) -> None:
    """Close what is right again on the projects of a person whose certificates or employments changed."""
    with deps.database.begin() as work:
        on_roster = select(RosterLine.project_id).where(RosterLine.person_id == person_id, RosterLine.state.in_(FILED))
        projects = work.session.scalars(on_roster.distinct()).all()
        check(work, projects, business_day(work.clock.now()), opening=False)
