"""Waiting for a verdict: as long as a caller prefers, for as many callers as a process can spare threads."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from flask import request

_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])")
WAIT_MOST_S = 5
#: Half of the threads in deploy/gunicorn.conf.py: the others take check-ins in, however many callers wait.
PLACES = 12
_places = BoundedSemaphore(PLACES)

PREFER = {
    "in": "header",
    "name": "Prefer",
    "schema": {"type": "string"},
    "description": f"`wait=2`: answer with the verdict if it comes within 2 seconds ({WAIT_MOST_S} at most). It may "
    "be ignored when many callers wait: then the answer comes at once.",
}


@contextmanager
def granted_wait_s() -> Iterator[int]:
    """The seconds this caller may wait, 0 when none or no place is left (RFC 7240: a preference may be ignored)."""
    found = _WAIT.search(request.headers.get("Prefer", ""))
    wanted = min(int(found.group(1)), WAIT_MOST_S) if found else 0
    if not wanted or not _places.acquire(blocking=False):
        yield 0
        return
    try:
        yield wanted
    finally:
        _places.release()
