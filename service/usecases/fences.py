"""Fences: drawn in a named datum, proposed, approved by the body, ended; a new shape is a new fence."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from geofence.fence import FenceError, shape_from_dict, shape_to_dict
from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.sites import FenceState
from service.errors import fault
from service.store.models import Fence
from service.store.queries.reach import project_ids
from service.usecases.access import found, require, require_project, require_version
from service.usecases.registers import Register

FENCES = Register(
    "fence",
    Fence,
    Fence.id,
    Permission.PROJECT_READ,
    Permission.FENCE_PROPOSE,
    lambda reach: Fence.project_id.in_(project_ids(reach)),
    {"project_id": Fence.project_id, "state": Fence.state},
    of_project=True,
)


def propose(values: Mapping[str, Any], *, actor: Actor, deps: Deps) -> Fence:
    """A proposed fence; a bad shape is refused with the path to the point that is wrong."""
    require(actor, Permission.FENCE_PROPOSE)
    ends_on = values.get("ends_on")
    if ends_on is not None and ends_on < values["starts_on"]:
        raise fault("dates_in_order", "ends_on")
    try:
        shape = shape_from_dict(values["geometry"], values["datum"])
    except FenceError as error:
        raise fault(error.code, error.field, **error.data) from None
    with deps.database.begin(actor.account_id) as work:
        require_project(work, actor, Permission.FENCE_PROPOSE, values["project_id"])
        fence = work.add(Fence(**values, shape=shape_to_dict(shape)))
        work.audit("fence:propose", fence.id)
        return fence


def approve(fence_id: UUID, version: int, *, actor: Actor, deps: Deps) -> Fence:
    """The fence in force from its first day on."""
    reach = require(actor, Permission.FENCE_APPROVE)
    with deps.database.begin(actor.account_id) as work:
        fence = found(work, select(Fence).where(Fence.id == fence_id, FENCES.within(reach)), "fence")
        require_version(fence.version, version)
        if fence.state is FenceState.APPROVED:
            raise fault("act_not_allowed", act="approve", state=str(fence.state), allowed=["end"])
        fence.state = FenceState.APPROVED
        work.save()
        work.audit("fence:approve", fence.id)
        return fence


def end(fence_id: UUID, ends_on: date, version: int, *, actor: Actor, deps: Deps) -> Fence:
    """The fence with its last day; verdicts already given keep it in their record."""
    reach = require(actor, Permission.FENCE_APPROVE)
    with deps.database.begin(actor.account_id) as work:
        fence = found(work, select(Fence).where(Fence.id == fence_id, FENCES.within(reach)), "fence")
        require_version(fence.version, version)
        if fence.state is not FenceState.APPROVED:
            raise fault("act_not_allowed", act="end", state=str(fence.state), allowed=["approve"])
        if ends_on < fence.starts_on:
            raise fault("dates_in_order", "ends_on")
        fence.ends_on = ends_on
        work.save()
        work.audit("fence:end", fence.id, ends_on=ends_on.isoformat())
        return fence
