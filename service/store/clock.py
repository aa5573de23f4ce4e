"""The movable clock of development: business time is real time and an offset that every process reads from one row."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.dialects.postgresql import insert

from service.clock import SystemClock
from service.store.models.clock import ONLY, ClockRow
from service.store.work import Work

_OFFSET = select(ClockRow.offset_s).where(ClockRow.id == ONLY)


class MovableClock(SystemClock):
    """Business time that begins at an instant and may be moved forward; real time is the machine's."""

    def __init__(self, engine: Engine, begins_at: datetime) -> None:
        # Connections of its own, without transactions: whoever has one open sees a move at once too.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._begins_at = begins_at

    def now(self) -> datetime:
        """Business time, aware, UTC; the first call of all processes makes it begin."""
        with self._engine.connect() as connection:
            offset_s = connection.scalar(_OFFSET)
            if offset_s is None:
                offset_s = self._begin(connection)
        return self.real() + timedelta(seconds=offset_s)

    def _begin(self, connection: Connection) -> float:
        real = self.real()
        first = insert(ClockRow).values(offset_s=(self._begins_at - real).total_seconds(), moved_at=real)
        connection.execute(first.on_conflict_do_nothing())
        # Another process may have been faster; what it wrote holds.
        return connection.scalars(_OFFSET).one()


def move_forward(work: Work, to: datetime) -> bool:
    """Move business time to an instant; False when that has passed: of two moves at once the UPDATE decides."""
    real = work.clock.real()
    offset_s = (to - real).total_seconds()
    later = update(ClockRow).where(ClockRow.id == ONLY, ClockRow.offset_s < offset_s)
    moved = later.values(offset_s=offset_s, moved_at=real).returning(ClockRow.id)
    return work.session.scalar(moved) is not None
