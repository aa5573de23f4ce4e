"""Not written yet."""

from service.domain.records import RosterRecord
from service.usecases.bulk.batch import Batch


def take_lines(batch: Batch[RosterRecord]) -> None:
    """Not written yet."""
    raise NotImplementedError
