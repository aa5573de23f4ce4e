"""What hangs on projects that records tell of: filings, permits, unit roles, and the two teams."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from service.domain.records import ProjectRecord, Result
from service.domain.sites import TeamKind, UnitRoleKind
from service.store.base import Base, new_id
from service.store.models import Filing, Permit, Team, UnitRole
from service.usecases.bulk.batch import Batch
from service.usecases.bulk.keeping import change_rows, confirm, insert_new, record, record_fields

#: The fields of a record that name a unit, and the role the unit has.
ROLES = {
    "client": UnitRoleKind.CLIENT,
    "contractor": UnitRoleKind.CONTRACTOR,
    "supervision": UnitRoleKind.SUPERVISION,
}
_TEAMS = {
    "contractor": (TeamKind.CONSTRUCTION, "施工项目部"),
    "supervision": (TeamKind.SUPERVISION, "监理项目部"),
}
_FILED = ("filed_on", "section", "section_group")


class Parts:
    """The parts of a batch's projects: those that are there locked, what records add or change kept for the end."""

    def __init__(self, batch: Batch[ProjectRecord], units: dict[str, UUID], project_ids: set[UUID]) -> None:
        self._batch = batch
        self._units = units
        self._news: dict[type[Base], list[dict[str, Any]]] = {Filing: [], Permit: [], UnitRole: [], Team: []}
        self._changes: dict[type[Base], dict[UUID, dict[str, Any]]] = {Filing: {}, Team: {}}
        self._confirmed: list[UUID] = []
        #: The projects with a section in another group now, or a team of another unit.
        self.shifted: set[UUID] = set()
        session, numbers = batch.work.session, [told.filing_number for _, told in batch.open()]
        filings = select(Filing.number, Filing.id, *(getattr(Filing, name) for name in _FILED))
        filings = filings.where(Filing.number.in_(numbers)).order_by(Filing.id).with_for_update(key_share=True)
        self._filings: dict[str, dict[str, Any]] = {
            row.number: dict(row) for row in session.execute(filings).mappings()
        }
        permits = select(Permit.number).where(Permit.project_id.in_(project_ids))
        self._permits = set(session.scalars(permits))
        roles = select(UnitRole.project_id, UnitRole.unit_id, UnitRole.role)
        self._roles = {tuple(row) for row in session.execute(roles.where(UnitRole.project_id.in_(project_ids)))}
        teams = select(Team.project_id, Team.kind, Team.id, Team.unit_id).where(Team.project_id.in_(project_ids))
        teams = teams.order_by(Team.id).with_for_update(key_share=True)
        self._teams = {(row.project_id, row.kind): dict(row) for row in session.execute(teams).mappings()}

    def take(self, at: int, told: ProjectRecord, project_id: UUID, *, changed: bool, leads: bool) -> None:
        """Add and change what a record tells of its project; `changed` says whether it did so to the project itself.

        Only the filing that leads gives a team that is there to another unit.
        """
        filing = self._filings.get(told.filing_number)
        filing_id = filing["id"] if filing else self._file(told, project_id)
        values = {name: value for name in _FILED if (value := getattr(told, name)) is not None}
        if "section_group" in values and values["section_group"] != (filing or {}).get("section_group"):
            self.shifted.add(project_id)
        if filing and any(filing[name] != value for name, value in values.items()):
            filing |= values
            self._changes[Filing][filing_id] = {"id": filing_id, **{name: filing[name] for name in _FILED}}
            changed = True
        changed |= self._permit(told, project_id, filing_id)
        for name, role in ROLES.items():
            unit = getattr(told, name)
            if unit is not None:
                changed |= self._role(project_id, self._units[unit.credit_code], role)
        for name, (kind, title) in _TEAMS.items():
            unit = getattr(told, name)
            if unit is not None:
                changed |= self._team((project_id, kind), title, self._units[unit.credit_code], leads=leads)
        if filing and filing_id not in self._changes[Filing]:
            self._confirmed.append(filing_id)
        result = Result.CHANGED if changed else Result.UNCHANGED
        self._batch.keep(at, result if filing else Result.CREATED, project_id)

    def _file(self, told: ProjectRecord, project_id: UUID) -> UUID:
        filing_id, origin = new_id(), self._batch.origin
        row = {"id": filing_id, "project_id": project_id, "number": told.filing_number}
        row |= {name: getattr(told, name) for name in _FILED}
        self._news[Filing].append(row | {"source": origin.source, "checked_at": origin.checked_at})
        return filing_id

    def _permit(self, told: ProjectRecord, project_id: UUID, filing_id: UUID) -> bool:
        if told.permit_number is None or told.permit_number in self._permits:
            return False
        self._permits.add(told.permit_number)
        row = {"id": new_id(), "project_id": project_id, "filing_id": filing_id, "number": told.permit_number}
        self._news[Permit].append(row)
        return True

    def _role(self, project_id: UUID, unit_id: UUID, role: UnitRoleKind) -> bool:
        if (project_id, unit_id, role) in self._roles:
            return False
        self._roles.add((project_id, unit_id, role))
        self._news[UnitRole].append({"id": new_id(), "project_id": project_id, "unit_id": unit_id, "role": role})
        return True

    def _team(self, key: tuple[UUID, TeamKind], title: str, unit_id: UUID, *, leads: bool) -> bool:
        team = self._teams.get(key)
        if team is None:
            project_id, kind = key
            row = {"id": new_id(), "project_id": project_id, "kind": kind, "unit_id": unit_id, "name": title}
            self._teams[key] = row
            self._news[Team].append(row)
            return True
        if team["unit_id"] == unit_id or not leads:
            return False
        team["unit_id"] = unit_id
        self.shifted.add(key[0])
        self._changes[Team][team["id"]] = {"id": team["id"], "unit_id": unit_id}
        return True

    def write(self) -> None:
        """Write every part with its audit row."""
        work, origin = self._batch.work, self._batch.origin
        for model, rows in self._news.items():
            made = insert_new(work, model, rows)
            record(work, f"{model.__tablename__}:create", made, origin.source)
        said = {"source": origin.source, "checked_at": origin.checked_at}
        change_rows(work, Filing, [row | said for row in self._changes[Filing].values()])
        change_rows(work, Team, [*self._changes[Team].values()])
        for model, changes in self._changes.items():
            fields = {row_id: row.keys() - {"id"} for row_id, row in changes.items()}
            record_fields(work, f"{model.__tablename__}:change", fields, origin.source)
        confirm(work, Filing, self._confirmed, origin.source, origin.checked_at)
