"""The processes of an instance, found among its runner's children, to be killed and asked for their settings."""

import time

import psutil

WORKERS = 2
PATIENCE_S = 30.0


class Parts:
    """What one runner keeps alive."""

    def __init__(self, runner: int) -> None:
        self._runner = psutil.Process(runner)

    def environment(self) -> dict[str, str]:
        """The settings of the instance, as one of its processes has them."""
        return dict(self._child("jobs.tick").environ())

    def redis(self) -> psutil.Process:
        """The queue's server."""
        return self._child("redis-server")

    def workers(self) -> list[psutil.Process]:
        """The processes that verify photos, all of them there; the pool that starts them again is not among them."""
        until = time.monotonic() + PATIENCE_S
        while True:
            found = [each for each in self._child("jobs.worker").children() if each.status() != psutil.STATUS_ZOMBIE]
            if len(found) == WORKERS or time.monotonic() > until:
                return found
            time.sleep(0.05)

    def kill(self) -> None:
        """End all of them at once."""
        for process in self._runner.children(recursive=True):
            process.kill()
        self._runner.kill()

    def _child(self, word: str) -> psutil.Process:
        return next(child for child in self._runner.children() if any(word in part for part in child.cmdline()))
