"""What the cross-check is held against, for tests: lists, certificates, employments and sizes, written as they are."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from service.domain.certificates import CertificateStatus
from service.domain.roster import Basis
from service.domain.sites import ProjectKind, ProjectState
from service.store.models import (
    Certificate,
    CertificateStatusRow,
    Employment,
    Filing,
    Finding,
    ListEntry,
    Project,
    ProjectStateRow,
    RosterLine,
    Team,
)
from tests.factories import NUMBERS, Site, World


def unit_of(world: World, team_id: UUID) -> UUID:
    with world.deps.database.begin() as work:
        return work.session.get_one(Team, team_id).unit_id


def sized(world: World, site: Site, **values: Any) -> None:
    """What a project is and how large; a building unless said otherwise."""
    with world.deps.database.begin() as work:
        values = {"kind": ProjectKind.BUILDING, **values}
        work.session.execute(update(Project).where(Project.id == site.project_id).values(**values))


def certified(world: World, person_id: UUID, type_code: str, **values: Any) -> UUID:
    """A certificate that does not end, of no unit, unless said otherwise."""
    with world.deps.database.begin() as work:
        row = {"number": f"N{next(NUMBERS):06d}", "valid_from": date(2025, 1, 1), **values}
        return work.add(Certificate(person_id=person_id, type_code=type_code, **row)).id


def with_status(world: World, certificate_id: UUID, status: CertificateStatus, from_on: date) -> None:
    with world.deps.database.begin() as work:
        work.add(CertificateStatusRow(certificate_id=certificate_id, status=status, from_on=from_on, source="typed"))


def listed(world: World, site: Site, person_id: UUID, post_code: str, **values: Any) -> UUID:
    """An entry of the filing's list from the year's begin on."""
    with world.deps.database.begin() as work:
        row = {"basis": Basis.FILING, "starts_on": date(2026, 1, 1), **values}
        return work.add(ListEntry(project_id=site.project_id, person_id=person_id, post_code=post_code, **row)).id


def employed(world: World, person_id: UUID, unit_id: UUID, **values: Any) -> UUID:
    with world.deps.database.begin() as work:
        row = {"starts_on": date(2024, 1, 1), **values}
        return work.add(Employment(person_id=person_id, unit_id=unit_id, **row)).id


def adjoining(world: World, site: Site, group: str) -> None:
    """A filed section of the project in a group of adjacent ones."""
    with world.deps.database.begin() as work:
        number = f"F{next(NUMBERS):08d}"
        work.add(Filing(project_id=site.project_id, number=number, section_group=group))


def in_state(world: World, site: Site, state: ProjectState, from_on: date) -> None:
    """A state of a project, without what follows from it."""
    with world.deps.database.begin() as work:
        work.add(ProjectStateRow(project_id=site.project_id, state=state, from_on=from_on))


def set_line(world: World, line: RosterLine, **values: Any) -> None:
    with world.deps.database.begin() as work:
        work.session.execute(update(RosterLine).where(RosterLine.id == line.id).values(**values))


def manager_of(world: World, site: Site, **line: Any) -> UUID:
    """A project manager with everything his post asks for on a small site, who works for the team's unit."""
    person_id, unit_id = world.person().id, unit_of(world, site.construction)
    world.line(site.construction, person_id, **line)
    certified(world, person_id, "constructor_1", unit_id=unit_id)
    certified(world, person_id, "safety_b", unit_id=unit_id)
    employed(world, person_id, unit_id)
    return person_id


def standing(world: World, site: Site, *, closed: bool = False) -> list[Finding]:
    """The findings of a project that stand, or closed, by rule and key."""
    with world.deps.database.begin() as work:
        rows = work.session.scalars(
            select(Finding).where(Finding.project_id == site.project_id).order_by(Finding.rule, Finding.key)
        )
        return [row for row in rows if (row.closed_at is not None) is closed]


def told(world: World, site: Site, *, closed: bool = False) -> list[str]:
    """Their rules, those of vacant posts left out: a test's site seldom has everybody."""
    return [str(row.rule) for row in standing(world, site, closed=closed) if row.rule != "post_vacant"]
