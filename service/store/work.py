"""One transaction: rows, audit rows and outbox rows together; the only place that commits or flushes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from structlog.contextvars import get_contextvars

from service.clock import Clock
from service.domain.topics import Topic
from service.errors import fault
from service.store.base import Base
from service.store.constraints import meaning
from service.store.models import Audit, Outbox

Row = TypeVar("Row", bound=Base)


class Work:
    """A transaction in progress, and who is behind it (None: the program itself)."""

    def __init__(self, session: Session, clock: Clock, actor_id: UUID | None) -> None:
        self.session = session
        self.clock = clock
        self._actor_id = actor_id

    def add(self, row: Row) -> Row:
        """The row, to be inserted at once, so that a refused constraint names this row and no later one."""
        if hasattr(row, "created_at") and row.created_at is None:
            row.created_at = self.clock.now()
        self.session.add(row)
        self.session.flush()
        return row

    def save(self) -> None:
        """Send what changed at once: rows show their new version, and a refused constraint is about this change."""
        self.session.flush()

    def audit(self, action: str, subject_id: object, **data: object) -> None:
        """Record an act, `subject:act`, in its own transaction; `data` holds no personal data."""
        self.add(
            Audit(
                actor_id=self._actor_id,
                action=action,
                subject_id=str(subject_id),
                request_id=get_contextvars().get("request_id"),
                data=data,
            )
        )

    def audit_all(self, action: str, subjects: Iterable[tuple[object, Mapping[str, object]]]) -> None:
        """Record one act on many subjects, each with its data, in one go."""
        request_id, at = get_contextvars().get("request_id"), self.clock.now()
        self.session.execute(
            insert(Audit),
            [
                {
                    "created_at": at,
                    "actor_id": self._actor_id,
                    "action": action,
                    "subject_id": str(subject_id),
                    "request_id": request_id,
                    "data": dict(data),
                }
                for subject_id, data in subjects
            ],
        )

    @contextmanager
    def apart(self) -> Iterator[None]:
        """A part that may break by itself: what it wrote is undone, and the rest of the transaction stands."""
        with self.session.begin_nested():
            yield

    def publish(self, topic: Topic, subject_id: UUID) -> None:
        """Say in the same transaction that something is now true; the tick carries it on."""
        self.add(Outbox(topic=topic, subject_id=subject_id, created_at=self.clock.now()))

    def publish_all(self, topic: Topic, subject_ids: Iterable[UUID]) -> None:
        """Say the same of many subjects, in one go."""
        at = self.clock.now()
        rows = [{"topic": topic, "subject_id": subject_id, "created_at": at} for subject_id in subject_ids]
        if rows:
            self.session.execute(insert(Outbox), rows)


Begin = Callable[..., AbstractContextManager[Work]]


class Database:
    """Where transactions begin."""

    def __init__(self, bind: Engine | Connection, clock: Clock) -> None:
        self.bind = bind
        self._clock = clock

    @contextmanager
    def begin(self, actor_id: UUID | None = None) -> Iterator[Work]:
        """A transaction that commits at the end, or leaves nothing; refused constraints become ServiceErrors."""
        try:
            with (
                Session(self.bind, expire_on_commit=False, join_transaction_mode="create_savepoint") as session,
                session.begin(),
            ):
                yield Work(session, self._clock, actor_id)
        except IntegrityError as error:
            problem = meaning(error)
            if problem is None:
                raise
            raise problem from None
        except StaleDataError:
            raise fault("version_conflict") from None

    @contextmanager
    def whole(self) -> Iterator["Database"]:
        """A database all of whose transactions commit together at the end of the block, or not at all."""
        if isinstance(self.bind, Connection):
            yield self
            return
        with self.bind.begin() as connection:
            yield Database(connection, self._clock)


def connect(url: str, statement_timeout_s: int = 60) -> Engine:
    """An engine for a PostgreSQL address: sessions in UTC, dead connections noticed, waits bounded (0: without end)."""
    options = f"-c timezone=UTC -c lock_timeout=10s -c statement_timeout={statement_timeout_s}s"
    return create_engine(
        url,
        # Errors show their statement, and its parameters may be somebody's position.
        hide_parameters=True,
        pool_size=8,
        max_overflow=8,
        pool_timeout=10,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "options": options},
    )
