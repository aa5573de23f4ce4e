"""What a phone claims with a photo: where and when; kept as it came, converted once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from geofence.datum import to_wgs84
from geofence.position import Datum, Position
from service.domain.checkin import Fix, Precision

#: A phone's clock may be this far ahead before what it says about time is refused.
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ClaimedPosition:
    """A position as the phone gave it, in the datum it names."""

    lat: float
    lon: float
    datum: Datum
    accuracy_m: float
    fixed_at: datetime
    precision: Precision

    def wgs84(self) -> Position:
        """The position inside the house."""
        return to_wgs84(self.lat, self.lon, self.datum)


@dataclass(frozen=True, slots=True)
class Sample:
    """One more fix of the same burst, in the position's datum; kept for the plausibility rules."""

    lat: float
    lon: float
    accuracy_m: float
    fixed_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim part of a check-in."""

    project_id: UUID
    client_ref: str
    taken_at: datetime
    position: ClaimedPosition
    samples: tuple[Sample, ...] = ()
    #: The challenge that the frames answer.
    challenge_id: UUID | None = None

    @property
    def fix(self) -> Fix:
        """How the position was got."""
        return Fix(self.position.precision, self.position.fixed_at, self.taken_at)

    def canonical(self) -> bytes:
        """The same bytes for the same claim, to tell a repeat from another one."""
        return json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":")).encode()

    def as_dict(self) -> dict[str, Any]:
        """The form kept in the database."""
        return {
            "project_id": str(self.project_id),
            "client_ref": self.client_ref,
            "taken_at": self.taken_at.isoformat(),
            "position": {
                **_point(self.position),
                "datum": str(self.position.datum),
                "precision": self.position.precision,
            },
            "samples": [_point(sample) for sample in self.samples],
            # Left out where there is none, so that a claim repeated over an update still has the same bytes.
            **({"challenge_id": str(self.challenge_id)} if self.challenge_id else {}),
        }


def from_dict(stored: Mapping[str, Any]) -> Claim:
    """The claim whose `as_dict` was stored."""
    position = stored["position"]
    return Claim(
        project_id=UUID(stored["project_id"]),
        client_ref=stored["client_ref"],
        taken_at=datetime.fromisoformat(stored["taken_at"]),
        position=ClaimedPosition(
            **_read(position), datum=Datum(position["datum"]), precision=Precision(position["precision"])
        ),
        samples=tuple(Sample(**_read(sample)) for sample in stored["samples"]),
        challenge_id=UUID(stored["challenge_id"]) if "challenge_id" in stored else None,
    )


def ahead_of(now: datetime, claim: Claim) -> list[str]:
    """The fields whose time lies too far in the future."""
    times = {"taken_at": claim.taken_at, "position.fixed_at": claim.position.fixed_at}
    times |= {f"samples.{index}.fixed_at": sample.fixed_at for index, sample in enumerate(claim.samples)}
    return [field for field, at in times.items() if at > now + CLOCK_TOLERANCE]


def _point(fix: ClaimedPosition | Sample) -> dict[str, Any]:
    return {"lat": fix.lat, "lon": fix.lon, "accuracy_m": fix.accuracy_m, "fixed_at": fix.fixed_at.isoformat()}


def _read(point: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {name: point[name] for name in ("lat", "lon", "accuracy_m")}
    return {**numbers, "fixed_at": datetime.fromisoformat(point["fixed_at"])}
