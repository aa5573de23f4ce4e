"""Small stand-ins for what a test must steer: time, and when jobs run."""

from datetime import datetime, timedelta
from uuid import UUID

from jobs.tasks import perform
from service.deps import Deps
from service.domain.topics import Queue, Topic


class SetClock:
    """A clock that stands still until a test moves it; business time and real time move together."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def real(self) -> datetime:
        return self.at

    def pass_(self, **duration: float) -> None:
        self.at += timedelta(**duration)


class HeldQueue:
    """Holds the ids until the test says that a worker comes by; `down` is a Redis that does not answer."""

    def __init__(self) -> None:
        self.held: list[tuple[Topic, UUID]] = []
        self.down = False

    def send(self, topic: Topic, subject_id: UUID) -> bool:
        if not self.down:
            self.held.append((topic, subject_id))
        return not self.down

    def waiting(self, queue: Queue) -> int | None:  # noqa: ARG002 - the Protocol's
        return None if self.down else len(self.held)

    def ready(self) -> bool:
        return not self.down

    def work_off(self, deps: Deps) -> int:
        """Run what is held with the real tasks, in this process; the number of jobs run."""
        jobs, self.held = self.held, []
        for topic, subject_id in jobs:
            perform(topic, subject_id, deps=deps)
        return len(jobs)
