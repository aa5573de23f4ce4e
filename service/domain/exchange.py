"""Exchange with other systems and spreadsheets: what is carried, and how far a run or a load has come."""

from enum import StrEnum


class Things(StrEnum):
    """What is exchanged: the kinds of spreadsheets, of records, and of keys that are mapped."""

    PROJECTS = "projects"
    PEOPLE = "people"
    LISTS = "lists"
    ROSTER = "roster"
    CERTIFICATES = "certificates"


class Peer(StrEnum):
    """A system whose records come in."""

    FILING_SYSTEM = "filing_system"
    CERTIFICATE_REGISTRY = "certificate_registry"


class RunState(StrEnum):
    """How far a run of a synchronisation, or a load of a spreadsheet, has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    #: Its source or its file could not be read; what came before is kept, and the next one goes on from there.
    FAILED = "failed"


class Trigger(StrEnum):
    """What a run was begun by."""

    NIGHT = "night"
    DEMAND = "demand"
    PUSH = "push"
    #: A question about one person.
    PERSON = "person"


#: The runs that read what changed, and go on from one another's cursor.
READING = frozenset({Trigger.NIGHT, Trigger.DEMAND})
#: Of a peer one run is open at a time.
OPEN = frozenset({RunState.WAITING, RunState.RUNNING})
