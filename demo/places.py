"""Where the story happens: a fence as a Chinese map shows it, places in and around it, and a phone's claim of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

# Drawn on a map of the GCJ-02 kind around a block in Pudong, about 250 m by 220 m.
FENCE = {
    "kind": "polygon",
    "points": [
        {"lat": 31.2195, "lon": 121.5440},
        {"lat": 31.2195, "lon": 121.5466},
        {"lat": 31.2213, "lon": 121.5468},
        {"lat": 31.2215, "lon": 121.5442},
    ],
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A position as a phone gives it."""

    lat: float
    lon: float
    datum: str
    accuracy_m: float = 12.0


# One place in the middle of the site under its two names, 470 m apart where they are taken for each other.
SITE = Spot(31.222637, 121.541108, "wgs84")
SITE_ON_THE_MAP = Spot(31.2205, 121.5454, "gcj02")
MISTAKEN = Spot(31.2205, 121.5454, "wgs84")
# 20 m south of the fence: 20 m from it is within the margin of 50 m, 20 m and 45 m more may be beyond.
GATE = Spot(31.221453, 121.541108, "wgs84", accuracy_m=45.0)


def claim(project_id: str, at: datetime, spot: Spot = SITE, *, ref: str | None = None) -> dict[str, Any]:
    """What a phone says of a photo it takes at a time; without a reference it makes a new one."""
    now = at.isoformat()
    position = {"lat": spot.lat, "lon": spot.lon, "datum": spot.datum, "accuracy_m": spot.accuracy_m}
    return {
        "project_id": project_id,
        "client_ref": ref or f"phone-{uuid4()}",
        "taken_at": now,
        "position": {**position, "precision": "precise", "fixed_at": now},
    }
