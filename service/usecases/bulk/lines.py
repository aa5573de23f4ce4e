"""The lines of a batch of roster records: held against everybody else, changed in memory, written at the end."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, or_, select

from service.domain.actors import Permission, Reach
from service.domain.records import Result, RosterRecord
from service.domain.roster import FILED, OPEN, Basis, LineState, Match, allowed, overlap
from service.domain.sites import TeamKind
from service.domain.topics import Topic
from service.store.base import new_id
from service.store.locks import hold_all
from service.store.models import CheckIn, Finding, ListEntry, RosterLine
from service.usecases.bulk.batch import Batch
from service.usecases.bulk.documents import Known
from service.usecases.bulk.keeping import change_rows, insert_new, recheck_found, record, record_fields
from service.usecases.roster import PERSON_LINES
from service.usecases.roster_match import hold_against, share_lists

_CHANGING = ("basis", "ends_on", "concurrent_consent_on", "state", "match", "approved_at", "approved_by")


@dataclass(slots=True)
class Line:
    """A line as it stands, or as this batch makes it."""

    id: UUID
    project_id: UUID
    team_id: UUID
    person_id: UUID
    post_code: str
    basis: Basis
    state: LineState
    starts_on: date
    ends_on: date | None = None
    concurrent_consent_on: date | None = None
    match: Match | None = None
    approved_at: datetime | None = None
    approved_by: UUID | None = None
    replaces_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team, with what reach is measured by."""

    id: UUID
    project_id: UUID
    kind: TeamKind
    unit_id: UUID
    body_id: UUID

    def within(self, reach: Reach) -> bool:
        """What queries/reach.py asks of a roster line, for a team that is loaded."""
        return (
            reach.city
            or self.id in reach.teams
            or self.unit_id in reach.units
            or self.project_id in reach.projects
            or self.body_id in reach.bodies
        )


class Lines:
    """The lines of a batch's people, held against everybody else: changed in memory, and written at the end."""

    def __init__(self, batch: Batch[RosterRecord], teams: Mapping[int, TeamRow], people: Mapping[str, Known]) -> None:
        self._batch = batch
        self._teams = teams
        self._people = people
        self._seats: defaultdict[tuple[UUID, str, UUID], list[Line]] = defaultdict(list)
        self._news: dict[UUID, Line] = {}
        self._changed: dict[UUID, set[str]] = {}
        #: Lines that begin with the entry which names their person: whoever proposed them may have said an earlier day.
        self._with_entry: set[UUID] = set()

    def take(self) -> None:
        """Do what the records tell, one after the other."""
        self._load()
        lines = {at: line for at, told in list(self._batch.open()) if (line := self._take_one(at, told))}
        self._put_in_force(lines)
        told_first: set[UUID] = set()
        for at, line in lines.items():
            if line.id in self._news and line.id not in told_first:
                result = Result.CREATED
            else:
                result = Result.CHANGED if line.id in self._changed else Result.UNCHANGED
            told_first.add(line.id)
            self._batch.keep(at, result, line.id)
        self._write()

    def _load(self) -> None:
        person_ids = {self._people[told.document.number].id for _, told in self._batch.open()}
        team_ids = {self._teams[at].id for at, _ in self._batch.open()}
        hold_all(self._batch.work, PERSON_LINES, person_ids)
        share_lists(self._batch.work, {self._teams[at].project_id for at, _ in self._batch.open()})
        line = RosterLine
        entry = exists().where(
            ListEntry.project_id == line.project_id,
            ListEntry.person_id == line.person_id,
            ListEntry.post_code == line.post_code,
            ListEntry.starts_on == line.starts_on,
        )
        columns = select(*(getattr(line, name) for name in Line.__slots__), entry.label("with_entry"))
        seated = columns.where(line.person_id.in_(person_ids), line.team_id.in_(team_ids))
        # Whoever decides on a line holds no name, only its row.
        for row in self._batch.work.session.execute(seated.order_by(line.id).with_for_update(key_share=True)):
            self._seats[row.team_id, row.post_code, row.person_id].append(Line(*row[:-1]))
            if row.with_entry:
                self._with_entry.add(row.id)

    def _take_one(self, at: int, told: RosterRecord) -> Line | None:
        team, person_id = self._teams[at], self._people[told.document.number].id
        seat = self._seats[team.id, told.post_code, person_id]
        line = self._meant(seat, told)
        starts_on = line.starts_on if line else told.starts_on
        ends_on = told.ends_on or (line.ends_on if line else None)
        rivals = [other for other in seat if other is not line]
        for other in rivals if line is None or line.state in OPEN else ():
            if overlap(starts_on, ends_on, other.starts_on, other.ends_on):
                self._batch.refuse(at, "line_overlaps", "starts_on", line=str(other.id), state=str(other.state))
                return None
        if line is not None:
            return line if self._mend(at, line, told) else None
        line = Line(
            id=new_id(),
            project_id=team.project_id,
            team_id=team.id,
            person_id=person_id,
            post_code=told.post_code,
            basis=told.basis,
            state=LineState.SUBMITTED,
            starts_on=told.starts_on,
            ends_on=told.ends_on,
            concurrent_consent_on=told.concurrent_consent_on,
        )
        seat.append(line)
        self._news[line.id] = line
        return line

    def _meant(self, seat: Sequence[Line], told: RosterRecord) -> Line | None:
        """The seat's line of the told first day, or the one that its list let begin only after that day."""
        same = [line for line in seat if line.starts_on == told.starts_on]
        put_off = [
            line
            for line in seat
            if line.state in FILED
            and line.id in self._with_entry
            and told.starts_on < line.starts_on <= (told.ends_on or date.max)
        ]
        return min(same or put_off, key=lambda each: (each.state not in OPEN, each.starts_on), default=None)

    def _mend(self, at: int, line: Line, told: RosterRecord) -> bool:
        """False where the line is not to be changed as told."""
        values = {"basis": told.basis, "ends_on": told.ends_on, "concurrent_consent_on": told.concurrent_consent_on}
        changed = {name for name, value in values.items() if value is not None and value != getattr(line, name)}
        if not changed or line.id in self._news:
            return True
        decided = line.state is LineState.IN_FORCE or line.approved_at is not None
        if line.state is LineState.ENDED or (decided and not self._decides(at)):
            acts = [*map(str, allowed(line.state))]
            self._batch.refuse(at, "act_not_allowed", min(changed), act="change", state=str(line.state), allowed=acts)
            return False
        for name in changed:
            setattr(line, name, values[name])
        self._changed.setdefault(line.id, set()).update(changed)
        return True

    def _decides(self, at: int) -> bool:
        return self._batch.may(Permission.ROSTER_APPROVE) and self._teams[at].within(
            self._batch.reach(Permission.ROSTER_APPROVE)
        )

    def _put_in_force(self, lines: Mapping[int, Line]) -> None:
        origin = self._batch.origin
        waiting = {
            at: line
            for at, line in lines.items()
            if line.id in self._news or (origin.in_force and line.state is LineState.SUBMITTED)
        }
        if not waiting:
            return
        held = hold_against(self._batch.work, [*waiting.values()])
        for (at, line), (standing, since) in zip(waiting.items(), held, strict=True):
            if line.id in self._news:
                line.match = standing.match
            # A replacement takes the client's consent and a look at both people's certificates, one at a time; that
            # somebody begins later than was told, because his list names him later, is for whoever approves it.
            by_itself = line.replaces_id is None and (since or line.starts_on) <= line.starts_on
            if line.state is LineState.SUBMITTED and by_itself and self._approved(at, line, standing.match):
                line.state, line.match = LineState.IN_FORCE, standing.match
                line.approved_at = self._batch.work.clock.now()
                line.approved_by = origin.actor.account_id if origin.actor else None
                if line.id not in self._news:
                    self._changed.setdefault(line.id, set()).add("state")

    def _approved(self, at: int, line: Line, match: Match) -> bool:
        actor, team = self._batch.origin.actor, self._teams[at]
        if not self._batch.origin.in_force or match is Match.MISMATCHED:
            return False
        if actor is None:
            return True
        reach = actor.reach(Permission.ROSTER_APPROVE)
        # Who proposes does not approve; where the list names the person, it is the other who looked.
        seconded = reach.city or match is Match.MATCHED
        return line.person_id != actor.person_id and team.within(reach) and seconded

    def _write(self) -> None:
        work, source = self._batch.work, self._batch.origin.source
        lines = {line.id: line for seat in self._seats.values() for line in seat}
        rows = [{name: getattr(line, name) for name in Line.__slots__} for line in self._news.values()]
        by = self._batch.origin.actor.account_id if self._batch.origin.actor else None
        also: dict[str, Any] = {"source": source, "return_reasons": [], "proposed_by": by}
        insert_new(work, RosterLine, [row | also for row in rows])
        record(work, "roster_line:create", self._news, source)
        changed = [lines[line_id] for line_id in self._changed]
        news = [{"id": line.id, **{name: getattr(line, name) for name in _CHANGING}} for line in changed]
        change_rows(work, RosterLine, [row | {"source": source} for row in news])
        record_fields(work, "roster_line:change", self._changed, source)
        work.publish_all(Topic.ROSTER_LINE_CHANGED, self._to_look_at([*self._news, *self._changed]))
        filed = [line.project_id for line in (*self._news.values(), *changed) if line.state in FILED]
        recheck_found(work, filed)

    def _to_look_at(self, line_ids: Sequence[UUID]) -> list[UUID]:
        """Lines whose person checked in on the project, or is told of there: only their past may come out otherwise."""
        line = RosterLine
        punched = exists().where(CheckIn.person_id == line.person_id, CheckIn.project_id == line.project_id)
        told = exists().where(
            Finding.project_id == line.project_id, Finding.person_id == line.person_id, Finding.closed_at.is_(None)
        )
        statement = select(line.id).where(line.id.in_(line_ids), or_(punched, told))
        return list(self._batch.work.session.scalars(statement)) if line_ids else []
