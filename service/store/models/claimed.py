"""What a worker must do exactly once: the columns by which it is claimed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column


class Claimed:
    """A row some worker will judge; a claim is a conditional UPDATE of these columns."""

    attempts: Mapped[int] = mapped_column(default=0)
    #: Set by the claim; a worker keeps its result only while this is still its own.
    claim_id: Mapped[UUID | None]
    claimed_until: Mapped[datetime | None]
    #: When the row's id was last put on the queue.
    enqueued_at: Mapped[datetime | None]
