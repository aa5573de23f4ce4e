"""What certificates are on a day, as conditions and columns of a query."""

from datetime import date

from sqlalchemy import ColumnElement, func, or_, select

from service.domain.certificates import CertificateStatus
from service.store.models import Certificate, CertificateStatusRow


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
    return func.coalesce(last, CertificateStatus.VALID, type_=Certificate.status.type)


def in_date(day: date) -> ColumnElement[bool]:
    """From a certificate's first day to its last, whatever its status."""
    lasting = or_(Certificate.valid_until.is_(None), Certificate.valid_until >= day)
    return (Certificate.valid_from <= day) & lasting
