"""Workers held still, so that a fault hits them in the moment the story speaks of and not by luck."""

import contextlib
from collections.abc import Iterator

import psutil


@contextlib.contextmanager
def suspended(workers: list[psutil.Process]) -> Iterator[None]:
    """Keep the workers from working inside the block."""
    suspend(workers)
    try:
        yield
    finally:
        resume(workers)


def suspend(workers: list[psutil.Process]) -> None:
    """Stop them where they are."""
    for worker in workers:
        worker.suspend()


def resume(workers: list[psutil.Process]) -> None:
    """Let them go on."""
    for worker in workers:
        # One that was killed meanwhile need not go on.
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.resume()
