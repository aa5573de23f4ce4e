"""What a fence may not be: too small to stand in, too large to mean a place, or crossing itself."""

from itertools import combinations
from math import dist

import shapely

from geofence.plane import flatten
from geofence.shape import Circle, Polygon

# A circle under 10 m or an area under 100 m2 is smaller than the error of a phone's position. A radius over 5 km or a
# fence over 20 km from end to end is no construction site but a slip: a wrong digit, a wrong unit or a swapped pair.
MIN_RADIUS_M = 10.0
MAX_RADIUS_M = 5000.0
MIN_AREA_M2 = 100.0
MAX_EXTENT_M = 20_000.0
MIN_POINTS = 3
MAX_POINTS = 500


class FenceError(Exception):
    """A fence that cannot be taken: a code for the program, the field at fault, and named data for the message."""

    def __init__(self, code: str, field: str, data: dict[str, object]) -> None:
        super().__init__(code, field, data)
        self.code = code
        self.field = field
        self.data = data


def check_circle(circle: Circle) -> None:
    """Refuse a circle whose radius no site has.

    Raises:
        FenceError: `fence_too_small` or `fence_too_large`, with metres.
    """
    if circle.radius_m < MIN_RADIUS_M:
        raise FenceError("fence_too_small", "geometry.radius_m", {"radius_m": circle.radius_m, "min_m": MIN_RADIUS_M})
    if circle.radius_m > MAX_RADIUS_M:
        raise FenceError("fence_too_large", "geometry.radius_m", {"radius_m": circle.radius_m, "max_m": MAX_RADIUS_M})


def check_polygon(polygon: Polygon) -> None:
    """Refuse a ring that encloses no site.

    Raises:
        FenceError: `fence_too_few_points`, `fence_too_large`, `fence_self_crossing` or `fence_too_small`, with the
            number of points, metres or square metres.
    """
    if len(polygon.points) < MIN_POINTS:
        data: dict[str, object] = {"points": len(polygon.points), "min_points": MIN_POINTS}
        raise FenceError("fence_too_few_points", "geometry.points", data)
    corners = flatten(polygon.points[0], polygon.points)
    _check_extent(corners)
    # An area means nothing while sides cross, so crossing is looked at first.
    if not shapely.LinearRing(corners).is_simple:
        raise FenceError("fence_self_crossing", "geometry.points", {})
    _check_area(corners)


def _check_extent(corners: list[tuple[float, float]]) -> None:
    extent_m = max(dist(a, b) for a, b in combinations(corners, 2))
    if extent_m > MAX_EXTENT_M:
        raise FenceError("fence_too_large", "geometry.points", {"extent_m": round(extent_m), "max_m": MAX_EXTENT_M})


def _check_area(corners: list[tuple[float, float]]) -> None:
    area_m2 = float(shapely.Polygon(corners).area)
    if area_m2 < MIN_AREA_M2:
        data: dict[str, object] = {"area_m2": round(area_m2, 1), "min_m2": MIN_AREA_M2}
        raise FenceError("fence_too_small", "geometry.points", data)
