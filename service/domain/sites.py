"""Projects, teams and fences as the rules see them: kinds, states and what is in force on a day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from service.domain.reasons import Reason
from service.domain.stop_works import Stop


class ProjectState(StrEnum):
    """The life of a site; only an active one makes check-ins count."""

    PLANNED = "planned"
    ACTIVE = "active"
    STOPPED = "stopped"
    COMPLETED = "completed"


#: While somebody has to be there.
STAFFED = frozenset({ProjectState.ACTIVE, ProjectState.STOPPED})


class ProjectKind(StrEnum):
    """What is built: rules of posts and staffing ask for it beside the size."""

    BUILDING = "building"
    FIT_OUT = "fit_out"
    MUNICIPAL = "municipal"


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


@dataclass(frozen=True, slots=True)
class SiteDays:
    """What decides on which days a site is at work: its states, and the stop-works that were approved.

    Nothing is due before `counting_from`, though the site may have been at work.
    """

    states: Sequence[StateFrom]
    stops: Sequence[Stop] = ()
    counting_from: date = date.min

    def why_at_rest(self, day: date) -> Reason | None:
        """Why nothing is due and nothing counts on a day, or None on a day of construction."""
        state = state_on(self.states, day)
        if state is not ProjectState.ACTIVE:
            return Reason("project_not_active", {"state": str(state) if state else None, "day": day.isoformat()})
        for stop in self.stops:
            if stop.covers(day):
                return Reason(
                    "stop_work", {"starts_on": stop.starts_on.isoformat(), "ends_on": stop.ends_on.isoformat()}
                )
        return None
