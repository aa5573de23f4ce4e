"""Reading attendance: a project's month, one's own months, a team's progress."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.attendance import DUE, Outcome, Progress
from service.domain.calendar import business_day, days_between, month_of
from service.domain.roster import FILED
from service.domain.sites import TeamKind
from service.errors import fault
from service.store.models import Person, Project, RosterLine
from service.store.queries.reach import projects_within
from service.store.queries.reach_attendance import team_kinds_within
from service.store.work import Work
from service.usecases.access import found, require
from service.usecases.ground import ground_of, roster_of
from service.usecases.months import Month, last_whole_day, load_month, month_end, rows_between

#: Further than this a rate is not watched: no team is due so seldom.
_WATCH = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class ShownMonth:
    """A project's month with the names of its people."""

    month: Month
    names: Mapping[UUID, str]


def read_month(project_id: UUID, month: date, *, actor: Actor, deps: Deps) -> ShownMonth:
    """A project's month, computed now; whoever belongs to one team sees that team's rows."""
    reach = require(actor, Permission.ATTENDANCE_READ)
    with deps.database.begin() as work:
        require_begun(work, month)
        project = found(work, select(Project).where(Project.id == project_id, projects_within(reach)), "project")
        kinds = team_kinds_within(work, reach, project)
        loaded = load_month(work, ground_of(work, project), month)
        rows = [row for row in loaded.rows if row.post.team_kind in kinds]
        return _shown(work, replace(loaded, rows=rows, team_kinds=kinds))


def read_own_months(month: date, *, actor: Actor, deps: Deps) -> list[ShownMonth]:
    """The actor's own days of a month on every project on whose roster he stands."""
    require(actor, Permission.ATTENDANCE_READ)
    if actor.person_id is None:
        return []
    with deps.database.begin() as work:
        require_begun(work, month)
        on_roster = select(RosterLine.project_id).where(
            RosterLine.person_id == actor.person_id,
            RosterLine.state.in_(FILED),
            RosterLine.starts_on <= month_end(month),
            (RosterLine.ends_on.is_(None)) | (RosterLine.ends_on >= month),
        )
        projects = work.session.scalars(select(Project).where(Project.id.in_(on_roster)).order_by(Project.id).limit(20))
        months = [load_month(work, ground_of(work, project), month) for project in projects.all()]
        mine = [replace(m, rows=[row for row in m.rows if row.person_id == actor.person_id]) for m in months]
        return [_shown(work, each) for each in mine]


def require_begun(work: Work, month: date) -> None:
    """`month_not_begun` for a month of the future."""
    current = month_of(business_day(work.clock.now()))
    if month > current:
        raise fault("month_not_begun", "month", month=f"{month:%Y-%m}", current=f"{current:%Y-%m}")


def _shown(work: Work, month: Month) -> ShownMonth:
    ids = {row.person_id for row in month.rows if row.person_id}
    names = work.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return ShownMonth(month, {row.id: row.name for row in names})


def progress(
    work: Work, project_id: UUID, team_kind: TeamKind, categories: Collection[int], since: date, days: int
) -> Progress:
    """How a team does from a day on, over its first `days` days on which something is due."""
    ground = ground_of(work, work.session.get_one(Project, project_id))
    last = min(last_whole_day(work), since + _WATCH)
    rows = rows_between(work, ground, roster_of(work, project_id, since, last), since, last, last)
    mine = [row for row in rows if row.post.team_kind is team_kind and row.post.category in categories]
    outcomes = {day: [row.days[day].outcome for row in mine] for day in days_between(since, last)}
    asked = {day: [o for o in found if o in DUE or o is Outcome.PENDING] for day, found in outcomes.items()}
    due_days = [day for day, found in asked.items() if found][:days]
    counted = [outcome for day in due_days for outcome in asked[day]]
    return Progress(
        days=len(due_days),
        due=sum(outcome in DUE for outcome in counted),
        valid=counted.count(Outcome.VALID),
        pending=counted.count(Outcome.PENDING),
        per_day=len(asked[due_days[-1]]) if due_days else 0,
    )
