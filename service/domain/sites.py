"""Projects, teams and fences as the rules see them: kinds, states and what is in force on a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ProjectState(StrEnum):
    """The life of a site; only an active one makes check-ins count."""

    PLANNED = "planned"
    ACTIVE = "active"
    STOPPED = "stopped"
    COMPLETED = "completed"


class TeamKind(StrEnum):
    """施工项目部 and 监理项目部: each has its own key posts and its own enterprise."""

    CONSTRUCTION = "construction"
    SUPERVISION = "supervision"


class BodyKind(StrEnum):
    """District station, area committee or the city station."""

    STATION = "station"
    COMMITTEE = "committee"
    CITY_STATION = "city_station"


class UnitRoleKind(StrEnum):
    """参建单位: what an enterprise is on a project."""

    CLIENT = "client"
    CONTRACTOR = "contractor"
    SUBCONTRACTOR = "subcontractor"
    SUPERVISION = "supervision"


class FenceState(StrEnum):
    """Proposed by the project office, approved by the body."""

    PROPOSED = "proposed"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class StateFrom:
    """A project's state and the first day on which it holds."""

    state: ProjectState
    from_on: date


def state_on(states: Iterable[StateFrom], day: date) -> ProjectState | None:
    """The state in force on a day: the latest begun; None before the first. Of one day's states the last given wins."""
    begun = [item for item in states if item.from_on <= day]
    best: StateFrom | None = None
    for item in begun:
        if best is None or item.from_on >= best.from_on:
            best = item
    return best.state if best else None
