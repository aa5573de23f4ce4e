"""Projects of a batch, by their filings: opened, joined by another filing, or mended with all their parts."""

from collections.abc import Hashable
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, tuple_

from service.domain.actors import Permission
from service.domain.records import ProjectRecord
from service.store.models import District, Filing, Permit, Project, SupervisingBody
from service.store.queries.reach import projects_within
from service.usecases.bulk.batch import Batch
from service.usecases.bulk.keeping import recheck_found
from service.usecases.bulk.parts import ROLES, Parts
from service.usecases.bulk.sites import Sites, state_told
from service.usecases.bulk.units import units_of

#: By place of the record its project: an id, or body and name of one that is to be opened.
Groups = dict[int, UUID | tuple[UUID, str]]


def take_projects(batch: Batch[ProjectRecord]) -> None:
    """Found by filing number; a new filing joins the project of the same name at the same body, or opens it.

    What is not told stays. Of a project with several filings the first leads: another fills what is empty, and changes
    nothing but its own. In one spreadsheet two that differ contradict each other. A state is added where another one
    stands on its day. `counting_from` is for new projects, and never in the past.
    """
    # Whoever else writes filings waits: a project opened for a filing that somebody just took would have none.
    batch.work.session.execute(text("LOCK TABLE filing IN SHARE ROW EXCLUSIVE MODE"))
    bodies = _bodies(batch)
    _refuse_by_themselves(batch)
    groups = _groups(batch, bodies)
    if batch.origin.checked_at is None:
        batch.agree(lambda at, _: groups[at], lambda told: _of_project(batch, told))
    _refuse_new(batch, groups)
    _refuse_permits(batch, groups)
    units = units_of(batch, tuple(ROLES))
    sites = Sites(batch, groups, bodies)
    parts = Parts(batch, units, {site_id for site_id in groups.values() if isinstance(site_id, UUID)})
    for at, told in list(batch.open()):
        taken = sites.take(at, told)
        if taken is not None:
            parts.take(at, told, taken[0], changed=taken[1], leads=sites.leads(at, told))
    sites.write()
    parts.write()
    recheck_found(batch.work, sites.resized | parts.shifted)


def _bodies(batch: Batch[ProjectRecord]) -> dict[str, UUID]:
    """By code the bodies the origin answers for; records of others, or of an unknown district, are refused."""
    reach = batch.reach(Permission.PROJECT_WRITE)
    session = batch.work.session
    rows = session.execute(select(SupervisingBody.code, SupervisingBody.id))
    bodies = {row.code: row.id for row in rows if reach.city or row.id in reach.bodies}
    districts = set(session.scalars(select(District.code)))
    for at, told in list(batch.open()):
        if told.body_code not in bodies:
            batch.refuse(at, "unknown_reference", "body_code")
        if told.district_code not in districts:
            batch.refuse(at, "unknown_reference", "district_code")
    return bodies


def _refuse_by_themselves(batch: Batch[ProjectRecord]) -> None:
    for at, told in list(batch.open()):
        if told.planned_from and told.planned_until and told.planned_until < told.planned_from:
            batch.refuse(at, "dates_in_order", "planned_until")
    batch.once(lambda told: told.filing_number)


def _groups(batch: Batch[ProjectRecord], bodies: dict[str, UUID]) -> Groups:
    records = dict(batch.open())
    numbers = [told.filing_number for told in records.values()]
    within = projects_within(batch.reach(Permission.PROJECT_WRITE)).label("within")
    columns = select(Filing.number, Filing.project_id, within).join(Project, Project.id == Filing.project_id)
    filed = {row.number: row for row in batch.work.session.execute(columns.where(Filing.number.in_(numbers)))}
    named = _named(batch, {(bodies[told.body_code], told.name) for told in records.values()})
    groups: Groups = {}
    for at, told in records.items():
        filing = filed.get(told.filing_number)
        key = (bodies[told.body_code], told.name)
        if filing is None:
            groups[at] = named.get(key, key)
        elif filing.within:
            groups[at] = filing.project_id
        else:
            batch.refuse(at, "unknown_reference", "filing_number")
    return groups


def _named(batch: Batch[ProjectRecord], keys: set[tuple[UUID, str]]) -> dict[tuple[UUID, str], UUID]:
    """By body and name the projects that are there; of namesakes the oldest."""
    columns = select(Project.body_id, Project.name, Project.id).where(tuple_(Project.body_id, Project.name).in_(keys))
    rows = batch.work.session.execute(columns.order_by(Project.id.desc()))
    return {(row.body_id, row.name): row.id for row in rows}


def _of_project(batch: Batch[ProjectRecord], told: ProjectRecord) -> dict[str, Hashable]:
    return {
        "name": told.name,
        "body_code": told.body_code,
        "district_code": told.district_code,
        "address": told.address,
        "kind": told.kind,
        "area_m2": told.area_m2,
        "price_yuan": told.price_yuan,
        "planned_from": told.planned_from,
        "planned_until": told.planned_until,
        "state": told.state if state_told(batch, told) else None,
        "contractor.credit_code": told.contractor and told.contractor.credit_code,
        "supervision.credit_code": told.supervision and told.supervision.credit_code,
    }


def _refuse_new(batch: Batch[ProjectRecord], groups: Groups) -> None:
    for at, told in list(batch.open()):
        is_new = not isinstance(groups[at], UUID)
        if is_new and told.counting_from and told.counting_from < batch.today:
            batch.refuse(at, "counting_in_the_past", "counting_from", today=batch.today.isoformat())


def _refuse_permits(batch: Batch[ProjectRecord], groups: Groups) -> None:
    numbers = [told.permit_number for _, told in batch.open() if told.permit_number]
    columns = select(Permit.number, Permit.project_id).where(Permit.number.in_(numbers))
    owners: dict[str, Any] = {row.number: row.project_id for row in batch.work.session.execute(columns)}
    for at, told in list(batch.open()):
        if told.permit_number and owners.setdefault(told.permit_number, groups[at]) != groups[at]:
            batch.refuse(at, "already_exists", "permit_number", thing="permit")
