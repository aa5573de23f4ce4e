"""The projects themselves of a batch of project records: columns and states."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from service.domain.records import ProjectRecord
from service.domain.sites import ProjectState, StateFrom, state_on
from service.domain.topics import Topic
from service.store.base import new_id
from service.store.models import DayClose, Filing, Project, ProjectStateRow
from service.usecases.bulk.batch import Batch
from service.usecases.bulk.keeping import change_rows, insert_new, record, record_fields

_TOLD = ("address", "kind", "area_m2", "price_yuan", "planned_from", "planned_until")
#: What decides whom a post asks for, and how many.
_SIZE = frozenset({"kind", "area_m2", "price_yuan"})
_COLUMNS = ("name", "body_id", "district_code", *_TOLD)


@dataclass(slots=True)
class Site:
    """A project as it stands, or as this batch opens it."""

    id: UUID
    values: dict[str, Any]
    states: list[StateFrom] = field(default_factory=list)


def state_told(batch: Batch[ProjectRecord], told: ProjectRecord) -> bool:
    """True unless it is the state everybody writes: "active" without a day is only believed of a system."""
    is_default = told.state is ProjectState.ACTIVE and told.state_from_on is None
    return not is_default or batch.origin.checked_at is not None


class Sites:
    """The projects that a batch's records belong to, those that are there locked."""

    def __init__(
        self, batch: Batch[ProjectRecord], groups: Mapping[int, UUID | tuple[UUID, str]], bodies: Mapping[str, UUID]
    ) -> None:
        self._batch = batch
        self._groups = groups
        self._bodies = bodies
        self._sites: dict[UUID | tuple[UUID, str], Site] = {}
        #: The number of the first filing of each, which the project follows.
        self._leading: dict[UUID | tuple[UUID, str], str] = {}
        self._news: list[dict[str, Any]] = []
        self._states: list[dict[str, Any]] = []
        self._moved: list[UUID] = []
        self._fields: defaultdict[UUID, set[str]] = defaultdict(set)
        #: The projects that are of another size now.
        self.resized: set[UUID] = set()
        self._load({group for at, _ in batch.open() if isinstance(group := groups[at], UUID)})

    def _load(self, ids: set[UUID]) -> None:
        session = self._batch.work.session
        columns = select(Project.id, *(getattr(Project, name) for name in _COLUMNS)).where(Project.id.in_(ids))
        for row in session.execute(columns.order_by(Project.id).with_for_update(key_share=True)):
            self._sites[row.id] = Site(row.id, {name: getattr(row, name) for name in _COLUMNS})
        s = ProjectStateRow
        states = select(s.project_id, s.state, s.from_on).where(s.project_id.in_(ids)).order_by(s.from_on, s.id)
        for row in session.execute(states):
            self._sites[row.project_id].states.append(StateFrom(row.state, row.from_on))
        f = Filing
        filings = select(f.project_id, f.number).where(f.project_id.in_(ids)).order_by(f.id)
        for row in session.execute(filings):
            self._leading.setdefault(row.project_id, row.number)

    def leads(self, at: int, told: ProjectRecord) -> bool:
        """True for a record of the filing that its project follows: the first that was filed here."""
        return self._leading.setdefault(self._groups[at], told.filing_number) == told.filing_number

    def take(self, at: int, told: ProjectRecord) -> tuple[UUID, bool] | None:
        """The project's id, and whether the record changed or opened it; None where it is refused."""
        site = self._sites.get(self._groups[at])
        news, leads = self._values(told), self.leads(at, told)
        if site and not leads:
            news = {name: value for name, value in news.items() if site.values[name] is None}
        values = {**(site.values if site else dict.fromkeys(_COLUMNS)), **news}
        if values["planned_until"] and values["planned_from"] and values["planned_until"] < values["planned_from"]:
            self._batch.refuse(at, "dates_in_order", "planned_until")
            return None
        if site is None:
            site = self._open(told, values)
            self._sites[self._groups[at]] = site
            return site.id, True
        changed = {name for name in news if news[name] != site.values[name]}
        site.values = values
        if changed:
            self._fields[site.id] |= changed
        if changed & _SIZE:
            self.resized.add(site.id)
        return site.id, (leads and self._move(site, told)) or bool(changed)

    def _values(self, told: ProjectRecord) -> dict[str, Any]:
        values = {"name": told.name, "body_id": self._bodies[told.body_code], "district_code": told.district_code}
        return values | {name: value for name in _TOLD if (value := getattr(told, name)) is not None}

    def _open(self, told: ProjectRecord, values: dict[str, Any]) -> Site:
        # As usecases/projects.open_project does: today nobody knew of it.
        counting_from = told.counting_from or self._batch.today + timedelta(days=1)
        site = Site(new_id(), values)
        self._news.append({"id": site.id, "counting_from": counting_from})
        self._add_state(site, told)
        return site

    def _move(self, site: Site, told: ProjectRecord) -> bool:
        day = told.state_from_on or self._batch.today
        if not state_told(self._batch, told) or state_on(site.states, day) is told.state:
            return False
        self._moved.append(self._add_state(site, told))
        return True

    def _add_state(self, site: Site, told: ProjectRecord) -> UUID:
        state = StateFrom(told.state, told.state_from_on or self._batch.today)
        # Of one day's states the last given wins, so it comes after them.
        site.states.append(state)
        row_id = new_id()
        self._states.append({"id": row_id, "project_id": site.id, "state": state.state, "from_on": state.from_on})
        return row_id

    def write(self) -> None:
        """Write projects, states, and the books of new projects' days."""
        work, source = self._batch.work, self._batch.origin.source
        sites = {site.id: site for site in self._sites.values()}
        insert_new(work, Project, [row | sites[row["id"]].values for row in self._news])
        insert_new(work, ProjectStateRow, self._states)
        day = timedelta(days=1)
        books = [{"project_id": row["id"], "through": row["counting_from"] - day} for row in self._news]
        if books:
            work.session.execute(insert(DayClose), books)
        opened = {row["id"] for row in self._news}
        changed = {site_id: names for site_id, names in self._fields.items() if site_id not in opened}
        change_rows(work, Project, [{"id": site_id, **sites[site_id].values} for site_id in changed])
        record(work, "project:create", opened, source)
        record_fields(work, "project:change", changed, source)
        moved = {row["project_id"] for row in self._states if row["id"] in self._moved}
        record(work, "project:set_state", moved, source)
        work.publish_all(Topic.PROJECT_STATE_CHANGED, self._moved)
