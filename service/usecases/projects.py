"""Projects: opened by a body with a first state, and moved from state to state by dated rows."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.calendar import business_day
from service.domain.sites import ProjectState
from service.domain.topics import Topic
from service.errors import fault
from service.store.models import Project, ProjectStateRow
from service.store.queries.reach import projects_within
from service.usecases.access import found, require
from service.usecases.months import open_book


def open_project(values: Mapping[str, Any], *, actor: Actor, deps: Deps) -> Project:
    """A new project of a body the actor answers for, in `state` from `state_from_on` (today when not given).

    Attendance is due from `counting_from`: tomorrow when not given, because today nobody knew of it, and never earlier
    than today.
    """
    reach = require(actor, Permission.PROJECT_WRITE)
    if not reach.city and values["body_id"] not in reach.bodies:
        raise fault("unknown_reference", "body_id")
    fields = {name: value for name, value in values.items() if name not in {"state", "state_from_on"}}
    with deps.database.begin(actor.account_id) as work:
        today = business_day(deps.clock.now())
        project = work.add(Project(**{"counting_from": today + timedelta(days=1), **fields}))
        if project.counting_from < today:
            raise fault("counting_in_the_past", "counting_from", today=today.isoformat())
        first_day = values.get("state_from_on") or today
        work.add(ProjectStateRow(project_id=project.id, state=values["state"], from_on=first_day))
        open_book(work, project)
        work.audit("project:create", project.id, state=str(values["state"]))
        work.session.refresh(project, ["states"])
        return project


def set_state(project_id: UUID, state: ProjectState, from_on: date, *, actor: Actor, deps: Deps) -> Project:
    """The project with a state added from a day on; check-ins from that day are counted anew."""
    reach = require(actor, Permission.PROJECT_WRITE)
    with deps.database.begin(actor.account_id) as work:
        project = found(work, select(Project).where(Project.id == project_id, projects_within(reach)), "project")
        row = work.add(ProjectStateRow(project_id=project.id, state=state, from_on=from_on))
        work.audit("project:set_state", project.id, state=str(state), from_on=from_on.isoformat())
        work.publish(Topic.PROJECT_STATE_CHANGED, row.id)
        work.session.refresh(project, ["states"])
        return project
