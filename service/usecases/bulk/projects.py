"""Not written yet."""

from service.domain.records import ProjectRecord
from service.usecases.bulk.batch import Batch


def take_projects(batch: Batch[ProjectRecord]) -> None:
    """Not written yet."""
    raise NotImplementedError
