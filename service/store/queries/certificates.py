"""What certificates are on a day, as conditions and columns of a query."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, func, literal, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from service.domain.certificates import CertificateKind, CertificateStatus, HeldCertificate
from service.domain.sources import Source
from service.store.models import Certificate, CertificateStatusRow, CertificateType
from service.store.work import Work


def status_on(day: date, of: type[Certificate] = Certificate) -> ColumnElement[CertificateStatus]:
    """The status of a selected `Certificate`, or an alias of it, on a day: the last that began; unsaid it is valid.

    Statuses to come take effect by themselves on their day, because nothing but the history is asked.
    """
    said = CertificateStatusRow
    last = (
        select(said.status)
        .where(said.certificate_id == of.id, said.from_on <= day)
        .order_by(said.from_on.desc(), said.id.desc())
        .limit(1)
        .correlate(of)
        .scalar_subquery()
    )
    return func.coalesce(last, CertificateStatus.VALID, type_=said.status.type)


def replaced_on(day: date) -> ColumnElement[bool]:
    """A selected `Certificate` has a successor: of the person, type and specialty, valid on a day, and lasting longer.

    One that begins later than the day after the old one ends leaves a gap, and replaces nothing before it begins.
    """
    later = aliased(Certificate)
    without_gap = or_(later.valid_from <= day, later.valid_from <= Certificate.valid_until + 1)
    return (
        select(later.id)
        .where(
            later.person_id == Certificate.person_id,
            later.type_code == Certificate.type_code,
            later.specialty.is_not_distinct_from(Certificate.specialty),
            or_(later.valid_until.is_(None), later.valid_until > Certificate.valid_until),
            without_gap,
            status_on(day, later) == CertificateStatus.VALID,
        )
        .correlate(Certificate)
        .exists()
    )


def withheld(work: Work, certificates: Collection[UUID]) -> set[UUID]:
    """Those on which the registry's last word, also for a day to come, is another than valid."""
    said = CertificateStatusRow
    last = (
        select(said.certificate_id, said.status)
        .ext(distinct_on(said.certificate_id))
        .where(said.certificate_id.in_(list(certificates)), said.source == Source.CERTIFICATE_REGISTRY)
        .order_by(said.certificate_id, said.from_on.desc(), said.id.desc())
    )
    words = work.session.execute(last) if certificates else ()
    return {row.certificate_id for row in words if row.status is not CertificateStatus.VALID}


def in_date(day: date) -> ColumnElement[bool]:
    """From a certificate's first day to its last, whatever its status."""
    lasting = or_(Certificate.valid_until.is_(None), Certificate.valid_until >= day)
    return (Certificate.valid_from <= day) & lasting


def held_by(work: Work, people: Collection[UUID], day: date) -> dict[UUID, list[HeldCertificate]]:
    """The certificates of people as they are on a day, by person; who holds none is not among them."""
    c, kind = Certificate, CertificateType
    statement = (
        select(c.person_id, c.id, c.number, c.valid_from, c.valid_until, c.unit_id, c.specialty, c.checked_at)
        .add_columns(kind.code, kind.family, kind.level, status_on(day).label("status"))
        .join(kind, kind.code == c.type_code)
        .where(c.person_id == any_(literal(list(people), ARRAY(Uuid))))
    )
    held: dict[UUID, list[HeldCertificate]] = defaultdict(list)
    for row in work.session.execute(statement.order_by(c.id)):
        held[row.person_id].append(
            HeldCertificate(
                id=row.id,
                kind=CertificateKind(row.code, row.family, row.level),
                number=row.number,
                valid_from=row.valid_from,
                valid_until=row.valid_until,
                unit_id=row.unit_id,
                specialty=row.specialty,
                status=row.status,
                checked_at=row.checked_at,
            )
        )
    return held
