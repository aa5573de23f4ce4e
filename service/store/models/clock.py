"""The offset of business time from real time, where a demo may move it."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base

#: The key of the only row.
ONLY = 1


class ClockRow(Base):
    """业务时钟: one row where the movable clock is in use, none elsewhere."""

    __tablename__ = "clock"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=ONLY)
    #: Business time less real time, in seconds.
    offset_s: Mapped[float]
    #: When it was moved, in real time.
    moved_at: Mapped[datetime]
