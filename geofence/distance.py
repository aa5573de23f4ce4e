"""The distance between two places on the earth."""

from geopy.distance import geodesic

from geofence.position import Position


def metres_between(a: Position, b: Position) -> float:
    """Metres along the shortest line on the WGS-84 ellipsoid (Karney's method, exact to nanometres)."""
    return float(geodesic((a.lat, a.lon), (b.lat, b.lon)).meters)
