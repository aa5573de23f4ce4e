"""Not written yet."""

from service.domain.records import CertificateRecord
from service.usecases.bulk.batch import Batch


def take_certificates(batch: Batch[CertificateRecord]) -> None:
    """Not written yet."""
    raise NotImplementedError
