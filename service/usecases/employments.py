"""Employments: whom a person works for and since when, and how he leaves a firm once, for all its rosters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select, true

from service.deps import Deps
from service.domain.actors import Actor, Permission
from service.domain.calendar import business_day
from service.domain.roster import FILED, LineState, ReturnReason
from service.domain.sources import Source
from service.domain.topics import Topic
from service.errors import fault
from service.store.locks import hold
from service.store.models import Employment, Person, RosterLine, Team
from service.store.queries.reach import people_seated, people_within
from service.store.work import Work
from service.usecases.access import found, require, require_version
from service.usecases.roster import PERSON_LINES, take_back

#: Whoever leaves says so 30 days ahead (Labour Contract Law art. 37) and may still hand over for some weeks; what lies
#: further ahead is a mistyped year.
MOST_AHEAD = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class Left:
    """What ended when somebody left: ids of employments and lines; `returned` are lines he never sat on."""

    employments: Sequence[UUID]
    lines: Sequence[UUID]
    returned: Sequence[UUID]


def list_employments(person_id: UUID, *, actor: Actor, deps: Deps) -> list[Employment]:
    """A person's employments, the latest first: all of them for whom he sits in force with, its own for a firm.

    Whoever only sees him, by a draft, is shown none.
    """
    reach = require(actor, Permission.EMPLOYMENT_READ)
    today = business_day(deps.clock.now())
    with deps.database.begin() as work:
        seated = people_seated(reach, actor.account_id, today)
        whole = work.session.scalar(select(Person.id).where(Person.id == person_id, seated))
        seen = true() if whole else Employment.unit_id.in_(reach.units)
        statement = select(Employment).where(Employment.person_id == person_id, seen)
        rows = work.session.scalars(statement.order_by(Employment.starts_on.desc(), Employment.id.desc())).all()
        if not rows:
            within = people_within(reach, actor.account_id, today)
            found(work, select(Person).where(Person.id == person_id, within), "person")
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
        changed = [name for name, value in values.items() if getattr(employment, name) != value]
        for name in changed:
            setattr(employment, name, values[name])
        if changed:
            employment.source = Source.TYPED
            work.save()
            work.audit("employment:change", employment.id, fields=sorted(changed))
            work.publish(Topic.CERTIFICATE_CHANGED, employment.person_id)
        return employment


def leave(person_id: UUID, unit_id: UUID, left_on: date, *, actor: Actor, deps: Deps) -> Left:
    """The person leaves a unit, whose last day for him is `left_on`: what he had there ends or is returned at once.

    What ended on that day or before stays as it is, so that leaving twice changes nothing. A line that was to begin
    later is returned, whoever approved it: he never sits there. For a firm a line ends no earlier than today, because
    the old person stays assessed until his exit is recorded; a body may say that he was gone before.
    `not_employed` where he has neither an employment with the unit nor a line on a team of it; `dates_in_order` where
    he was only employed later; `leaves_too_late` for a day more than `MOST_AHEAD` ahead.
    """
    with deps.database.begin(actor.account_id) as work:
        today = business_day(work.clock.now())
        if left_on > today + MOST_AHEAD:
            raise fault("leaves_too_late", "left_on", latest=(today + MOST_AHEAD).isoformat())
        last = left_on if _require_say(work, person_id, unit_id, actor) else max(left_on, today)
        hold(work, PERSON_LINES, person_id)
        employments = work.session.scalars(_employments_with(person_id, unit_id)).all()
        lines = work.session.scalars(_lines_with(person_id, unit_id)).all()
        if not employments and not lines:
            raise fault("not_employed", "unit_id")
        going = [line for line in lines if (line.ends_on or date.max) > last]
        sat = [line for line in going if line.state in FILED and line.starts_on <= last]
        left = Left(
            _end_employments(employments, left_on),
            [_end(line, last) for line in sat],
            [line.id for line in going if line not in sat and _return(line)],
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
        each.ends_on, each.source = left_on, Source.TYPED
    return [each.id for each in ended]


def _end(line: RosterLine, last: date) -> UUID:
    line.state, line.ends_on = LineState.ENDED, last
    return line.id


def _return(line: RosterLine) -> bool:
    if ReturnReason.LEFT_UNIT in line.return_reasons:
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


def _require_say(work: Work, person_id: UUID, unit_id: UUID, actor: Actor, thing: str = "person") -> bool:
    """A unit has a say over its own people as its own; body and city over whoever sits with them, whomever for.

    True where it is said by body or city.
    """
    reach = require(actor, Permission.EMPLOYMENT_WRITE)
    today = business_day(work.clock.now())
    whom = select(Person.id).where(Person.id == person_id)
    seated = people_seated(replace(reach, units=frozenset()), actor.account_id, today)
    if (reach.city or reach.bodies) and work.session.scalar(whom.where(seated)) is not None:
        return True
    if unit_id in reach.units and work.session.scalar(whom.where(_belongs_to(unit_id))) is not None:
        return False
    found(work, whom.where(people_within(reach, actor.account_id, today)), thing)
    if reach.units and unit_id not in reach.units:
        raise fault("forbidden", permission=str(Permission.EMPLOYMENT_WRITE))
    raise fault("no_line_in_force")


def _belongs_to(unit_id: UUID) -> ColumnElement[bool]:
    """Employed by the unit at some time, or on a filed line of a team of it: a draft makes nobody anyone's."""
    employed = select(Employment.person_id).where(Employment.unit_id == unit_id)
    seated = select(RosterLine.person_id).join(Team, Team.id == RosterLine.team_id).where(Team.unit_id == unit_id)
    return or_(Person.id.in_(employed), Person.id.in_(seated.where(RosterLine.state.in_(FILED))))
