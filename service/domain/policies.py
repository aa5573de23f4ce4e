"""Policies: every number a regulation could change, read from the policy row in force on a day."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, time
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from face.match import Thresholds

Parsed = TypeVar("Parsed")
#: What reading a row raises that is incomplete or of another shape.
UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)


class Subject(StrEnum):
    """What a policy row is about."""

    CHECK_IN = "check_in"
    ATTENDANCE = "attendance"
    SCENARIO = "scenario.key_personnel"


@dataclass(frozen=True, slots=True)
class FacePolicy:
    """What distances of one engine mean; `adaptation` names the space in which they are measured, None the plain one.

    `margin`: somebody else is clearly nearer when his distance is smaller by more than this. `duplicate`: two people
    nearer than this may be one, if by `duplicate_margin` nobody else is as near; None looks for none. `version` names
    the row that lent these numbers, None where they are the policy's own.
    """

    thresholds: Thresholds
    adaptation: str | None = None
    margin: float = 0.1
    duplicate: float | None = None
    duplicate_margin: float = 0.05
    version: str | None = None


@dataclass(frozen=True, slots=True)
class TryPolicy:
    """How often somebody may fail: `tries` within `tries_minutes` before suspicion, `failures` before a pause."""

    tries: int = 3
    tries_minutes: int = 10
    failures: int = 5
    failures_minutes: int = 3


@dataclass(frozen=True, slots=True)
class LivenessPolicy:
    """Whether a check-in must answer a challenge, how long one is valid, and the limit of a passive model, if any."""

    challenge: bool = False
    challenge_s: int = 60
    passive: float | None = None


@dataclass(frozen=True, slots=True)
class CheckInPolicy:
    """Metres, seconds and distances in force, with the version every computed result names."""

    version: str
    margin_m: float
    accuracy_limit_m: float
    fix_max_age_s: float
    faces: Mapping[str, FacePolicy]
    tries: TryPolicy = TryPolicy()
    liveness: LivenessPolicy = LivenessPolicy()
    #: From fewer photos nobody is enrolled; fewer than three give a weak template.
    enrolment_photos: int = 1

    def face(self, engine: str) -> FacePolicy | None:
        """What this engine's distances mean, or None: an engine without thresholds judges nobody."""
        return self.faces.get(engine)


@dataclass(frozen=True, slots=True)
class AttendancePolicy:
    """When a day is valid, which posts are required, and which rates are enough."""

    version: str
    min_punches: int
    min_gap_minutes: int
    window_from: time
    window_to: time
    required_posts: tuple[str, ...]
    #: Percent a month, by post; `others` is every post that is not named.
    thresholds: Mapping[str, float]
    #: Calendar days of stop-work that a site may declare without the body.
    short_stop_work_days: int
    #: The same, added up over a month.
    stop_work_days_a_month: int

    def threshold(self, posts: Iterable[str]) -> float:
        """The percentage asked of a group of posts: the kindest, where a group mixes several."""
        return min(self.thresholds.get(post, self.thresholds["others"]) for post in posts)


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


def ranked(rows: Iterable[PolicyRow], on: date, *, body_id: UUID, project_id: UUID) -> list[PolicyRow]:
    """The rows that have begun for a project by a day: the narrowest scope first, then the latest start."""
    ids = {"city": None, "body": body_id, "project": project_id}
    fitting = [row for row in rows if row.effective_from <= on and row.scope_id == ids[row.scope]]
    return sorted(fitting, key=lambda row: (_SCOPES.index(row.scope), row.effective_from), reverse=True)


def pick(rows: Iterable[PolicyRow], on: date, *, body_id: UUID, project_id: UUID) -> PolicyRow | None:
    """The row in force for a project on a day: the first of those that have begun."""
    return next(iter(ranked(rows, on, body_id=body_id, project_id=project_id)), None)


class NoPolicy(Exception):  # noqa: N818 - it says what is the case
    """No policy is in force on that day."""


@dataclass(frozen=True)
class PolicyBook(Generic[Parsed]):
    """The policies of one subject for one project, by day; each row is parsed once."""

    rows: Sequence[PolicyRow]
    body_id: UUID
    project_id: UUID
    parse: Callable[[PolicyRow], Parsed]
    _parsed: dict[str, Parsed] = field(default_factory=dict)
    _days: dict[date, Parsed] = field(default_factory=dict)

    def on(self, day: date) -> Parsed:
        """The policy in force on a day; NoPolicy when there is none."""
        if day not in self._days:
            self._days[day] = self._find(day)
        return self._days[day]

    def _find(self, day: date) -> Parsed:
        row = pick(self.rows, day, body_id=self.body_id, project_id=self.project_id)
        if row is None:
            raise NoPolicy(day)
        if row.version not in self._parsed:
            self._parsed[row.version] = self.parse(row)
        return self._parsed[row.version]


def parse_check_in(row: PolicyRow) -> CheckInPolicy:
    """The typed policy of a row; one of UNREADABLE when the row is incomplete."""
    body = row.body
    return CheckInPolicy(
        version=row.version,
        margin_m=float(body["margin_m"]),
        accuracy_limit_m=float(body["accuracy_limit_m"]),
        fix_max_age_s=float(body["fix_max_age_s"]),
        faces={name: _face(numbers) for name, numbers in body["faces"].items()},
        # The first policies do not speak of these.
        tries=TryPolicy(**body.get("tries", {})),
        liveness=LivenessPolicy(**body.get("liveness", {})),
        enrolment_photos=int(body.get("enrolment_photos", 1)),
    )


def with_lent_faces(policy: CheckInPolicy, rows: Iterable[PolicyRow]) -> CheckInPolicy:
    """The policy with what other rows say of engines it does not name: of each the first that can be read.

    A rule written before there was an engine goes on judging with it.
    """
    faces = dict(policy.faces)
    for row in rows:
        with suppress(*UNREADABLE):
            for engine, numbers in row.body["faces"].items():
                if engine not in faces:
                    faces[engine] = replace(_face(numbers), version=row.version)
    return replace(policy, faces=faces)


def _face(numbers: Mapping[str, Any]) -> FacePolicy:
    rest = {name: value for name, value in numbers.items() if name not in {"accept", "refuse"}}
    return FacePolicy(Thresholds(numbers["accept"], numbers["refuse"]), **rest)


def parse_attendance(row: PolicyRow) -> AttendancePolicy:
    """The typed policy of a row; KeyError or ValueError when the row is incomplete or asks for what is not built."""
    body = row.body
    if body["due_days"] != "active_construction_days":
        raise ValueError(f"{row.version}: due_days {body['due_days']} is not known")
    return AttendancePolicy(
        version=row.version,
        min_punches=int(body["min_punches"]),
        min_gap_minutes=int(body["min_gap_minutes"]),
        window_from=time.fromisoformat(body["window_from"]),
        window_to=time.fromisoformat(body["window_to"]),
        required_posts=tuple(body["required_posts"]),
        thresholds=body["thresholds"],
        short_stop_work_days=int(body["short_stop_work_days"]),
        stop_work_days_a_month=int(body["stop_work_days_a_month"]),
    )
