"""Not written yet."""

from service.domain.records import ListRecord
from service.usecases.bulk.batch import Batch


def take_entries(batch: Batch[ListRecord]) -> None:
    """Not written yet."""
    raise NotImplementedError


def complete(work, told, origin, deps) -> int:  # type: ignore
    """Not written yet: told is Mapping[filing_number, Sequence[ListRecord]]."""
    raise NotImplementedError
