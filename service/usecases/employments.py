"""Employments: whom a person works for and since when, and how he leaves a firm once, for all its rosters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select, true

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.calendar import business_day
from service.domain.roster import PENDING, LineState, ReturnReason
from service.domain.topics import Topic
from service.errors import fault
from service.store.locks import hold
from service.store.models import Employment, Person, RosterLine, Team
from service.store.queries.reach import people_acted_on, people_within
from service.store.work import Work
from service.usecases.access import found, require, require_version
from service.usecases.roster import PERSON_LINES, take_back


@dataclass(frozen=True, slots=True)
class Left:
    """What ended when somebody left: ids of employments and lines; `returned` are lines that had not begun to hold."""

    employments: Sequence[UUID]
    lines: Sequence[UUID]
    returned: Sequence[UUID]


def list_employments(person_id: UUID, *, actor: Actor, deps: Deps) -> list[Employment]:
    """A person's employments, the latest first: all of them for who may see him, its own for the firm he works for."""
    reach = require(actor, Permission.EMPLOYMENT_READ)
    with deps.database.begin() as work:
        whole = select(Person.id).where(Person.id == person_id, people_within(reach, actor.account_id))
        seen = true() if work.session.scalar(whole) else Employment.unit_id.in_(reach.units)
        statement = select(Employment).where(Employment.person_id == person_id, seen)
        rows = work.session.scalars(statement.order_by(Employment.starts_on.desc(), Employment.id.desc())).all()
        if not rows:
            found(work, whole, "person")
        return list(rows)


def add_employment(person_id: UUID, values: Mapping[str, Any], *, actor: Actor, deps: Deps) -> Employment:
    """A new employment; one beside another is kept as it is told, because it is for the rules to find."""
    with deps.database.begin(actor.account_id) as work:
        _require_say(work, person_id, values["unit_id"], actor)
        employment = work.add(Employment(person_id=person_id, **values))
        work.audit("employment:create", employment.id)
        # The projects of a person are looked at again by this topic, whichever of his papers changed.
        work.publish(Topic.CERTIFICATE_CHANGED, person_id)
        return employment


def change_employment(
    employment_id: UUID, values: Mapping[str, Any], version: int, *, actor: Actor, deps: Deps
) -> Employment:
    """An employment with other dates; his roster lines stay as they are, which is what `leave` is for."""
    with deps.database.begin(actor.account_id) as work:
        employment = found(work, select(Employment).where(Employment.id == employment_id), "employment")
        _require_say(work, employment.person_id, employment.unit_id, actor, thing="employment")
        require_version(employment.version, version)
        for name, value in values.items():
            setattr(employment, name, value)
        work.save()
        work.audit("employment:change", employment.id, fields=sorted(values))
        work.publish(Topic.CERTIFICATE_CHANGED, employment.person_id)
        return employment


def leave(person_id: UUID, unit_id: UUID, left_on: date, *, actor: Actor, deps: Deps) -> Left:
    """The person leaves a unit, whose last day for him is `left_on`: what he had there ends or is returned at once.

    What ended on that day or before stays as it is, so that leaving twice changes nothing. A line in force that was to
    begin later ends on its first day, as the database knows no line without a day: to refuse would keep on the roster
    somebody who is gone. `not_employed` where he has neither an employment with the unit nor a line on a team of it;
    `dates_in_order` where he was only employed later.
    """
    with deps.database.begin(actor.account_id) as work:
        _require_say(work, person_id, unit_id, actor)
        hold(work, PERSON_LINES, person_id)
        employments = work.session.scalars(_employments_with(person_id, unit_id)).all()
        lines = work.session.scalars(_lines_with(person_id, unit_id)).all()
        if not employments and not lines:
            raise fault("not_employed", "unit_id")
        left = Left(
            _end_employments(employments, left_on),
            [line.id for line in lines if line.state is LineState.IN_FORCE and _end(line, left_on)],
            [line.id for line in lines if line.state in PENDING and _return(line, left_on)],
        )
        work.save()
        _tell(work, person_id, unit_id, left)
        return left


def _employments_with(person_id: UUID, unit_id: UUID) -> Select[Employment]:
    of_unit = select(Employment).where(Employment.person_id == person_id, Employment.unit_id == unit_id)
    return of_unit.order_by(Employment.id).with_for_update()


def _lines_with(person_id: UUID, unit_id: UUID) -> Select[RosterLine]:
    teams = select(Team.id).where(Team.unit_id == unit_id)
    of_unit = select(RosterLine).where(RosterLine.person_id == person_id, RosterLine.team_id.in_(teams))
    return of_unit.order_by(RosterLine.id).with_for_update()


def _end_employments(employments: Sequence[Employment], left_on: date) -> list[UUID]:
    lasting = [each for each in employments if (each.ends_on or date.max) > left_on]
    if lasting and all(each.starts_on > left_on for each in employments):
        raise fault("dates_in_order", "left_on", starts_on=min(each.starts_on for each in lasting).isoformat())
    ended = [each for each in lasting if each.starts_on <= left_on]
    for each in ended:
        each.ends_on = left_on
    return [each.id for each in ended]


def _end(line: RosterLine, left_on: date) -> bool:
    last = max(left_on, line.starts_on)
    if (line.ends_on or date.max) <= last:
        return False
    line.state, line.ends_on = LineState.ENDED, last
    return True


def _return(line: RosterLine, left_on: date) -> bool:
    if (line.ends_on or date.max) <= left_on or ReturnReason.LEFT_UNIT in line.return_reasons:
        return False
    take_back(line, [ReturnReason.LEFT_UNIT])
    return True


def _tell(work: Work, person_id: UUID, unit_id: UUID, left: Left) -> None:
    ended = {"employments": left.employments, "lines": left.lines, "returned": left.returned}
    if any(ended.values()):
        work.audit("person:leave", person_id, unit=str(unit_id), **{name: len(ids) for name, ids in ended.items()})
        work.publish(Topic.CERTIFICATE_CHANGED, person_id)
    for line_id in (*left.lines, *left.returned):
        work.audit("roster_line:leave", line_id)
        work.publish(Topic.ROSTER_LINE_CHANGED, line_id)


def _require_say(work: Work, person_id: UUID, unit_id: UUID, actor: Actor, thing: str = "person") -> None:
    """A unit has a say over its own people as its own; body and city over whoever they may act on, whomever for."""
    reach = require(actor, Permission.EMPLOYMENT_WRITE)
    today = business_day(work.clock.now())
    acted_on = people_acted_on(replace(reach, units=frozenset()), actor.account_id, today)
    theirs = _belongs_to(unit_id) if unit_id in reach.units else None
    ways = [way for way in (acted_on, theirs) if way is not None]
    if work.session.scalar(select(Person.id).where(Person.id == person_id, or_(*ways))) is not None:
        return
    found(work, select(Person).where(Person.id == person_id, people_within(reach, actor.account_id)), thing)
    if reach.units and unit_id not in reach.units:
        raise fault("forbidden", permission=str(Permission.EMPLOYMENT_WRITE))
    raise fault("no_line_in_force")


def _belongs_to(unit_id: UUID) -> ColumnElement[bool]:
    """Employed by the unit at some time, or on a roster of a team of it."""
    employed = select(Employment.person_id).where(Employment.unit_id == unit_id)
    seated = select(RosterLine.person_id).join(Team, Team.id == RosterLine.team_id).where(Team.unit_id == unit_id)
    return or_(Person.id.in_(employed), Person.id.in_(seated))
