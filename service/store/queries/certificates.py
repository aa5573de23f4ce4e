"""What certificates are on a day, as conditions and columns of a query."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, func, literal, or_, select

from service.domain.certificates import CertificateKind, CertificateStatus, HeldCertificate
from service.store.models import Certificate, CertificateStatusRow, CertificateType
from service.store.work import Work


def status_on(day: date) -> ColumnElement[CertificateStatus]:
    """The status of a selected `Certificate` on a day: the last that began; one of which nothing is said is valid.

    Statuses to come take effect by themselves on their day, because nothing but the history is asked.
    """
    said = CertificateStatusRow
    last = (
        select(said.status)
        .where(said.certificate_id == Certificate.id, said.from_on <= day)
        .order_by(said.from_on.desc(), said.id.desc())
        .limit(1)
        .correlate(Certificate)
        .scalar_subquery()
    )
    return func.coalesce(last, CertificateStatus.VALID, type_=said.status.type)


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
