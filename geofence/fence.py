"""A fence around a place of work, and its shape read from and written to plain data."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from geofence.datum import CHINA_LAT, CHINA_LON, to_wgs84
from geofence.limits import MAX_POINTS, FenceError, check_circle, check_polygon
from geofence.position import Datum, Position
from geofence.shape import Circle, Polygon, Shape, signed_distance_m

__all__ = ["Circle", "Fence", "FenceError", "Polygon", "Shape", "shape_from_dict", "shape_to_dict", "signed_distance_m"]


@dataclass(frozen=True, slots=True)
class Fence:
    """A shape with the id by which a verdict names it."""

    id: str
    shape: Shape


def shape_from_dict(geometry: Mapping[str, object], datum: Datum) -> Shape:
    """The shape that plain data describes in the named datum, in WGS-84 and fit to be used.

    A circle is `{"kind": "circle", "centre": {"lat", "lon"}, "radius_m"}`, a polygon `{"kind": "polygon", "points":
    [{"lat", "lon"}, ...]}`. A point equal to the one before it, and a last point equal to the first, are left out.

    Raises:
        FenceError: `fence_unknown_kind`, `fence_not_a_number`, `position_outside_china`, `fence_too_few_points`,
            `fence_too_many_points`, `fence_too_small`, `fence_too_large` or `fence_self_crossing`; its field is a path
            such as `geometry.points.3.lat`.
    """
    kind = geometry.get("kind")
    if kind == "circle":
        return _circle(geometry, datum)
    if kind == "polygon":
        return _polygon(geometry, datum)
    raise FenceError("fence_unknown_kind", "geometry.kind", {"known": ["circle", "polygon"]})


def shape_to_dict(shape: Shape) -> dict[str, object]:
    """Plain data in WGS-84 that JSON keeps exactly and `shape_from_dict` turns into an equal shape."""
    if isinstance(shape, Circle):
        return {"kind": "circle", "centre": _pair(shape.centre), "radius_m": shape.radius_m}
    return {"kind": "polygon", "points": [_pair(point) for point in shape.points]}


def _pair(position: Position) -> dict[str, float]:
    return {"lat": position.lat, "lon": position.lon}


def _circle(geometry: Mapping[str, object], datum: Datum) -> Circle:
    centre = _position(geometry.get("centre"), "geometry.centre", datum)
    circle = Circle(centre, _number(geometry.get("radius_m"), "geometry.radius_m"))
    check_circle(circle)
    return circle


def _polygon(geometry: Mapping[str, object], datum: Datum) -> Polygon:
    raw = geometry.get("points")
    if not isinstance(raw, list | tuple):
        raise _not_a_number(raw, "geometry.points")
    # Counted before anything is converted, so that a list of a million points costs nothing.
    closed = len(raw) > 1 and raw[0] == raw[-1]
    count = len(raw) - closed
    if count > MAX_POINTS:
        data: dict[str, object] = {"points": count, "max_points": MAX_POINTS}
        raise FenceError("fence_too_many_points", "geometry.points", data)
    points = [_position(point, f"geometry.points.{index}", datum) for index, point in enumerate(raw)]
    polygon = Polygon(tuple(point for point, following in pairwise([*points, *points[:1]]) if point != following))
    check_polygon(polygon)
    return polygon


def _position(raw: object, field: str, datum: Datum) -> Position:
    if not isinstance(raw, Mapping):
        raise _not_a_number(raw, field)
    lat, lon = _number(raw.get("lat"), f"{field}.lat"), _number(raw.get("lon"), f"{field}.lon")
    _check_in_china(lat, lon, field)
    position = to_wgs84(lat, lon, datum)
    # A shifted pair may leave the box on its way to WGS-84, and what is stored must be readable again.
    _check_in_china(position.lat, position.lon, field)
    return position


def _check_in_china(lat: float, lon: float, field: str) -> None:
    for name, degrees, (lowest, highest) in (("lat", lat, CHINA_LAT), ("lon", lon, CHINA_LON)):
        if not lowest <= degrees <= highest:
            raise FenceError("position_outside_china", f"{field}.{name}", {"lowest": lowest, "highest": highest})


def _number(raw: object, field: str) -> float:
    # True and False are integers to Python; NaN, the infinities and integers beyond a float fail the comparison.
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not abs(raw) <= sys.float_info.max:
        raise _not_a_number(raw, field)
    return float(raw)


def _not_a_number(raw: object, field: str) -> FenceError:
    return FenceError("fence_not_a_number", field, {"type": type(raw).__name__})
