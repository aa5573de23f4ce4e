"""The check-in policy: every number a regulation could change, read from the policy row in force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

from face.match import Thresholds


@dataclass(frozen=True, slots=True)
class CheckInPolicy:
    """Metres, seconds and distances in force, with the version every computed result names."""

    version: str
    margin_m: float
    accuracy_limit_m: float
    fix_max_age_s: float
    window_from: time
    window_to: time
    faces: Mapping[str, Thresholds]

    def thresholds(self, engine: str) -> Thresholds | None:
        """The thresholds calibrated for this engine, or None: an engine without them judges nobody."""
        return self.faces.get(engine)


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy as stored: from when, for whom, and its numbers."""

    version: str
    effective_from: date
    scope: str
    scope_id: UUID | None
    body: Mapping[str, Any]


# From the widest scope to the narrowest: the narrowest row in force wins.
_SCOPES = ("city", "body", "project")


def pick(rows: Iterable[PolicyRow], on: date, *, body_id: UUID, project_id: UUID) -> PolicyRow | None:
    """The row in force for a project on a day: the narrowest scope, then the latest start."""
    ids = {"city": None, "body": body_id, "project": project_id}
    fitting = [row for row in rows if row.effective_from <= on and row.scope_id == ids[row.scope]]
    return max(fitting, key=lambda row: (_SCOPES.index(row.scope), row.effective_from), default=None)


def parse(row: PolicyRow) -> CheckInPolicy:
    """The typed policy of a row; KeyError or ValueError when the row is incomplete."""
    body = row.body
    return CheckInPolicy(
        version=row.version,
        margin_m=float(body["margin_m"]),
        accuracy_limit_m=float(body["accuracy_limit_m"]),
        fix_max_age_s=float(body["fix_max_age_s"]),
        window_from=time.fromisoformat(body["window_from"]),
        window_to=time.fromisoformat(body["window_to"]),
        faces={name: Thresholds(**numbers) for name, numbers in body["faces"].items()},
    )
