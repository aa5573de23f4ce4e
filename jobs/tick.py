"""The tick: every second it queues what PostgreSQL says is due, and now and then it cleans up."""

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from jobs.runtime import process_deps, start_heart
from service.deps import Deps
from service.usecases.analysis import send_ended_days
from service.usecases.challenges import forget_expired
from service.usecases.crosscheck_night import begin_crosscheck
from service.usecases.dispatch import dispatch
from service.usecases.face_night import begin_night
from service.usecases.health import forget_the_silent
from service.usecases.retention import delete_descriptors, delete_expired, delete_orphans, trim_outbox
from service.usecases.sync_night import begin_sync
from service.usecases.ticket_steps import take_steps

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Chore:
    """Something done every so many seconds; every chore is safe beside another tick's."""

    every_s: float
    do: Callable[..., object]
    due: float = 0.0


def chores() -> list[Chore]:
    """All of them, the urgent one first."""
    return [
        Chore(1, dispatch),
        Chore(1, send_ended_days),
        Chore(1, take_steps),
        Chore(60, begin_night),
        Chore(5, begin_crosscheck),
        Chore(60, begin_sync),
        Chore(60, delete_expired),
        Chore(60, delete_descriptors),
        Chore(60, forget_expired),
        Chore(3600, delete_orphans),
        Chore(3600, trim_outbox),
        Chore(3600, forget_the_silent),
    ]


def turn(todo: list[Chore], now: float, deps: Deps) -> None:
    """Do what is due at `now` (seconds, monotonic); what needs a part that does not answer is tried again next turn."""
    for chore in todo:
        if chore.due <= now:
            try:
                chore.do(deps=deps)
            except Exception as error:
                # Whatever broke one chore must not stop the others: dispatching is the last thing that may die.
                log.error("a chore broke, it is tried again", chore=chore.do.__name__, exc_info=error)
            chore.due = now + chore.every_s


def main() -> None:
    """Turn until told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    deps = process_deps()
    start_heart("tick", deps)
    todo = chores()
    while not stop.is_set():
        turn(todo, time.monotonic(), deps)
        stop.wait(0.25)


if __name__ == "__main__":
    main()
