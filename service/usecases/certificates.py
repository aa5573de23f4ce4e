"""Certificates of people: entered by whoever may act on the person, seen by whoever may see him."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select

from service.deps import Deps
from service.domain.actors import Actor, Permission, Reach
from service.domain.calendar import business_day
from service.domain.certificates import CertificateStatus, lasts_unusually, unusual
from service.domain.sources import Source
from service.domain.topics import Topic
from service.errors import Problem, ServiceError
from service.store.models import Certificate, CertificateStatusRow, CertificateType, Person, RosterLine
from service.store.queries.certificates import in_date, status_on, withheld
from service.store.queries.paging import Page, Window, page
from service.store.queries.reach import among, lines_within, people_acted_on, people_within
from service.store.queries.units import employed_by, seated_on
from service.store.work import Work
from service.usecases.access import found, require, require_version
from service.usecases.people import acted_on


@dataclass(frozen=True, slots=True)
class SeenCertificate:
    """A certificate as it is today, with what its type says of it."""

    id: UUID
    version: int
    created_at: datetime
    person_id: UUID
    type_code: str
    family: str
    level: int | None
    number: str
    number_unusual: bool
    specialty: str | None
    unit_id: UUID | None
    valid_from: date
    valid_until: date | None
    validity_unusual: bool
    status: CertificateStatus
    source: Source
    checked_at: datetime | None


def create_certificate(values: Mapping[str, Any], *, actor: Actor, deps: Deps) -> SeenCertificate:
    """A new certificate, valid from its first day; the same number of the same type is refused, whosever it is."""
    with deps.database.begin(actor.account_id) as work:
        acted_on(work, values["person_id"], actor, Permission.CERTIFICATE_WRITE)
        row = work.add(Certificate(**values))
        _say(work, row, CertificateStatus.VALID, row.valid_from)
        work.audit("certificate:create", row.id)
        work.publish(Topic.CERTIFICATE_CHANGED, row.person_id)
        return _seen(work, [row])[0]


def read_certificate(certificate_id: UUID, *, actor: Actor, deps: Deps) -> SeenCertificate:
    """One certificate of a person within the actor's reach."""
    statement = _within(actor, deps)
    with deps.database.begin() as work:
        return _seen(work, [found(work, statement.where(Certificate.id == certificate_id), "certificate")])[0]


def change_certificate(
    certificate_id: UUID, values: Mapping[str, Any], version: int, *, actor: Actor, deps: Deps
) -> SeenCertificate:
    """A certificate renewed or put right; it stays with its person."""
    with deps.database.begin(actor.account_id) as work:
        row = _acted_on(work, certificate_id, actor)
        require_version(row.version, version)
        changed = [name for name, value in values.items() if getattr(row, name) != value]
        for name in changed:
            setattr(row, name, values[name])
        if changed:
            _unconfirm(row)
            work.save()
            work.audit("certificate:change", row.id, fields=sorted(changed))
            work.publish(Topic.CERTIFICATE_CHANGED, row.person_id)
        return _seen(work, [row])[0]


def add_status(
    certificate_id: UUID, status: CertificateStatus, from_on: date, *, actor: Actor, deps: Deps
) -> CertificateStatusRow:
    """A status of a certificate from a day on; one of a day to come takes effect by itself.

    `own_affair` of one's own; `registry_said_otherwise` where the registry's last word on it is not that it is valid,
    and who would set it back is neither a body nor the city.
    """
    with deps.database.begin(actor.account_id) as work:
        row = _acted_on(work, certificate_id, actor)
        if problems := status_problems(work, [(row.id, row.person_id, status)], actor):
            raise ServiceError([*problems.values()])
        said = _say(work, row, status, from_on)
        _unconfirm(row)
        work.save()
        work.audit("certificate:status", row.id, status=str(status), from_on=from_on.isoformat())
        work.publish(Topic.CERTIFICATE_CHANGED, row.person_id)
        return said


def list_statuses(certificate_id: UUID, window: Window, *, actor: Actor, deps: Deps) -> Page[CertificateStatusRow]:
    """A page of what was ever said of a certificate's status, the last said first."""
    statement = _within(actor, deps).where(Certificate.id == certificate_id)
    with deps.database.begin() as work:
        row = found(work, statement, "certificate")
        said = select(CertificateStatusRow).where(CertificateStatusRow.certificate_id == row.id)
        return page(work.session, said, CertificateStatusRow.id, window)


def list_certificates(filters: Mapping[str, Any], window: Window, *, actor: Actor, deps: Deps) -> Page[SeenCertificate]:
    """A page of certificates within reach, by the filters of `_FILTERS` and of their columns."""
    today = business_day(deps.clock.now())
    statement = _within(actor, deps)
    project_id = filters.get("project_id")
    for name, value in filters.items() - {("project_id", project_id)}:
        condition = _FILTERS.get(name)
        statement = statement.where(condition(value, today) if condition else getattr(Certificate, name) == value)
    if project_id is not None:
        # Of lines out of reach nobody learns by asking for their project.
        statement = statement.where(_of_project(project_id, today, actor.reach(Permission.CERTIFICATE_READ)))
    with deps.database.begin() as work:
        rows = page(work.session, statement, Certificate.id, window)
        return Page(_seen(work, rows.items), rows.next)


def of_unit(unit_id: UUID, day: date) -> ColumnElement[bool]:
    """Certificates of those a unit employs on a day, and those that name it."""
    return or_(among(Certificate.person_id, employed_by(unit_id, day)), Certificate.unit_id == unit_id)


def _of_project(project_id: UUID, day: date, reach: Reach) -> ColumnElement[bool]:
    seated = select(RosterLine.person_id).where(
        RosterLine.project_id == project_id, seated_on(day), lines_within(reach)
    )
    return among(Certificate.person_id, seated)


_FILTERS: Mapping[str, Any] = {
    "valid_on": lambda day, _: in_date(day),
    "expiring_before": lambda day, _: Certificate.valid_until < day,
    "expiring_within": lambda days, today: Certificate.valid_until.between(today, today + timedelta(days)),
    "status": lambda status, today: status_on(today) == status,
    "unit_id": of_unit,
}


def _within(actor: Actor, deps: Deps) -> Select[Certificate]:
    """Those of people on lines in force, of oneself and of people one registered: a draft opens nobody's papers."""
    today = business_day(deps.clock.now())
    people = select(Person.id).where(
        people_acted_on(require(actor, Permission.CERTIFICATE_READ), actor.account_id, today)
    )
    return select(Certificate).where(Certificate.person_id.in_(people))


def _acted_on(work: Work, certificate_id: UUID, actor: Actor) -> Certificate:
    """A certificate to be written; whoever knows its person learns that he may not, and reads nothing."""
    today = business_day(work.clock.now())
    within = people_within(require(actor, Permission.CERTIFICATE_WRITE), actor.account_id, today)
    known = select(Person.id).where(within)
    statement = select(Certificate).where(Certificate.id == certificate_id, Certificate.person_id.in_(known))
    row = found(work, statement, "certificate")
    acted_on(work, row.person_id, actor, Permission.CERTIFICATE_WRITE)
    return row


def status_problems(
    work: Work, said: Collection[tuple[UUID, UUID, CertificateStatus]], actor: Actor
) -> dict[UUID, Problem]:
    """By certificate why somebody who may write it may not say a status of it; told as certificate, person, status."""
    own = {certificate_id for certificate_id, person_id, _ in said if person_id == actor.person_id}
    valid = {which: person for which, person, status in said if status is CertificateStatus.VALID and which not in own}
    given_back = withheld(work, valid)
    answered = _answered_for(work, {valid[which] for which in given_back}, actor)
    otherwise = {which for which in given_back if valid[which] not in answered}
    return {
        **{which: Problem("own_affair") for which in own},
        **{which: Problem("registry_said_otherwise", "status") for which in otherwise},
    }


def _answered_for(work: Work, people: Collection[UUID], actor: Actor) -> set[UUID]:
    """All of them for the city, and for a body those on its projects."""
    reach = actor.reach(Permission.CERTIFICATE_WRITE)
    if not people or not (reach.city or reach.bodies):
        return set()
    over = Reach(city=reach.city, bodies=reach.bodies)
    within = people_acted_on(over, actor.account_id, business_day(work.clock.now()))
    return set(work.session.scalars(select(Person.id).where(Person.id.in_(people), within)))


def _say(work: Work, row: Certificate, status: CertificateStatus, from_on: date) -> CertificateStatusRow:
    said = CertificateStatusRow(certificate_id=row.id, status=status, from_on=from_on, source=Source.TYPED)
    return work.add(said)


def _unconfirm(row: Certificate) -> None:
    """What somebody typed over a registry's word nobody confirmed: it is shown so until the registry is asked again."""
    row.source, row.checked_at = Source.TYPED, None


def _seen(work: Work, rows: Sequence[Certificate]) -> list[SeenCertificate]:
    """Some certificates with their status of today and what their types say, in two queries."""
    today = business_day(work.clock.now())
    ids = [row.id for row in rows]
    said = work.session.execute(select(Certificate.id, status_on(today)).where(Certificate.id.in_(ids)))
    statuses: dict[UUID, CertificateStatus] = dict(said.all())
    kinds = {kind.code: kind for kind in work.session.scalars(select(CertificateType))}
    return [_one(row, kinds[row.type_code], statuses[row.id]) for row in rows]


def _one(row: Certificate, kind: CertificateType, status: CertificateStatus) -> SeenCertificate:
    return SeenCertificate(
        id=row.id,
        version=row.version,
        created_at=row.created_at,
        person_id=row.person_id,
        type_code=row.type_code,
        family=kind.family,
        level=kind.level,
        number=row.number,
        number_unusual=unusual(row.number, kind.number_pattern),
        specialty=row.specialty,
        unit_id=row.unit_id,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        validity_unusual=lasts_unusually(row.valid_from, row.valid_until, kind.validity_months),
        status=status,
        source=row.source,
        checked_at=row.checked_at,
    )
