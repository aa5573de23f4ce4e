"""A flat map in metres around one place, on which a fence can be measured with plane geometry.

Every place is drawn in its true direction and at its true distance from the origin. With a fence's own corner as the
origin the map is good enough for any fence and for a place 100 km from it, and a place on the far side of the earth is
drawn far away. A tangent plane alone would fold that side onto the fence.
"""

from collections.abc import Iterable
from math import asin, atan2, cos, hypot, radians, sin, sqrt

from geofence.position import Position

_WGS84_AXIS_M = 6378137.0
_WGS84_E2 = 0.00669437999014
_MEAN_RADIUS_M = 6371008.8

_Vector = tuple[float, float, float]


def flatten(origin: Position, places: Iterable[Position]) -> list[tuple[float, float]]:
    """Metres east and north of the origin for each place, in the order given."""
    centre = _earth_centred(origin)
    return [_drawn(origin, centre, _earth_centred(place)) for place in places]


def _drawn(origin: Position, centre: _Vector, place: _Vector) -> tuple[float, float]:
    """Direction from the plane that touches the origin, distance from the straight line through the earth."""
    dx, dy, dz = (there - here for there, here in zip(place, centre, strict=True))
    lat, lon = radians(origin.lat), radians(origin.lon)
    outward = cos(lon) * dx + sin(lon) * dy
    east = cos(lon) * dy - sin(lon) * dx
    north = cos(lat) * dz - sin(lat) * outward
    bearing = atan2(east, north)
    metres = _arc_m(hypot(dx, dy, dz))
    return metres * sin(bearing), metres * cos(bearing)


def _arc_m(chord_m: float) -> float:
    """The way over the ground for a straight line through the earth; at most half way round."""
    return 2 * _MEAN_RADIUS_M * asin(min(1.0, chord_m / (2 * _MEAN_RADIUS_M)))


def _earth_centred(place: Position) -> _Vector:
    """Metres from the centre of the earth, on the ellipsoid (height does not matter to a fence)."""
    lat, lon = radians(place.lat), radians(place.lon)
    radius = _WGS84_AXIS_M / sqrt(1 - _WGS84_E2 * sin(lat) ** 2)
    return radius * cos(lat) * cos(lon), radius * cos(lat) * sin(lon), radius * (1 - _WGS84_E2) * sin(lat)
