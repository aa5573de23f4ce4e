"""Stop-work: days on which a project rests, proposed by the site and approved; nothing is due on them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class StopWorkState(StrEnum):
    """proposed -> approved | refused; an approved one may end early."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"


class StopWorkAct(StrEnum):
    """What somebody does with a stop-work."""

    APPROVE = "approve"
    REFUSE = "refuse"
    END = "end"


STEPS: dict[tuple[StopWorkState, StopWorkAct], StopWorkState] = {
    (StopWorkState.PROPOSED, StopWorkAct.APPROVE): StopWorkState.APPROVED,
    (StopWorkState.PROPOSED, StopWorkAct.REFUSE): StopWorkState.REFUSED,
    (StopWorkState.APPROVED, StopWorkAct.END): StopWorkState.APPROVED,
}


@dataclass(frozen=True, slots=True)
class Stop:
    """An approved stop-work as attendance sees it; both days included."""

    starts_on: date
    ends_on: date

    def covers(self, day: date) -> bool:
        """True on its days."""
        return self.starts_on <= day <= self.ends_on


def allowed(state: StopWorkState) -> list[StopWorkAct]:
    """The acts that are possible now."""
    return [act for known, act in STEPS if known is state]
