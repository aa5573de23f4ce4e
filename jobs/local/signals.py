"""Ctrl-C, a polite kill and a closed terminal, as one exception in the main thread."""

import signal
from types import FrameType
from typing import NoReturn

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAsked(BaseException):
    """Somebody wants this process to end in order."""


def raise_stop_asked() -> None:
    """From now on a stop signal raises StopAsked, once; later ones do not disturb the orderly end."""
    for number in STOPPING:
        signal.signal(number, _stop)


def ignore() -> None:
    """From now on stop signals are ignored."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    ignore()
    raise StopAsked
