"""Conversion between WGS-84 and the two datums of Chinese maps, GCJ-02 and BD-09.

The GCJ-02 formula was never published by its owner; this is the public one that map libraries share, on the Krasovsky
1940 ellipsoid. It has no closed inverse, so the way back is found by iteration. In Shanghai a pair read in the wrong
datum is 456 to 501 m off (GCJ-02) or more than a kilometre (BD-09): farther than most sites are wide.
"""

from collections.abc import Callable
from math import atan2, cos, hypot, pi, radians, sin, sqrt

from geofence.position import Datum, Position

# The box in which maps are shifted. It is wider than China, which is how the map services treat it as well.
CHINA_LAT = (0.8293, 55.8271)
CHINA_LON = (72.004, 137.8347)

_KRASOVSKY_AXIS_M = 6378245.0
_KRASOVSKY_E2 = 0.00669342162296594323

_BD09_WAVE = 3000.0
_BD09_LAT_DEG = 0.006
_BD09_LON_DEG = 0.0065

# Three to six rounds end below a micrometre everywhere in China; the limit only keeps the loop from being endless.
_TOLERANCE_DEG = 1e-11
_MOST_ROUNDS = 20

_Pair = tuple[float, float]


def in_china(lat: float, lon: float) -> bool:
    """Whether a pair of degrees lies in the box in which Chinese maps are shifted; NaN does not."""
    return CHINA_LAT[0] <= lat <= CHINA_LAT[1] and CHINA_LON[0] <= lon <= CHINA_LON[1]


def to_wgs84(lat: float, lon: float, datum: Datum) -> Position:
    """The place that a pair of degrees in the named datum stands for.

    Outside the box of China the pair is WGS-84 already, whatever its name. Within some hundred metres of the box's own
    edge, at sea or abroad, the answer may belong to either side.

    Raises:
        ValueError: a coordinate is not a number or not on the earth.
    """
    if not in_china(lat, lon):
        return Position(lat, lon)
    return Position(*_undo(_FROM_WGS84[datum], (lat, lon)))


def from_wgs84(position: Position, datum: Datum) -> tuple[float, float]:
    """The latitude and longitude in degrees that name a place in a datum."""
    if not in_china(position.lat, position.lon):
        return position.lat, position.lon
    return _FROM_WGS84[datum](position.lat, position.lon)


def _undo(forward: Callable[[float, float], _Pair], wanted: _Pair) -> _Pair:
    """The pair that `forward` takes to `wanted`: moved by what is still missing, until nothing is."""
    lat, lon = wanted
    for _ in range(_MOST_ROUNDS):
        reached = forward(lat, lon)
        missing = (wanted[0] - reached[0], wanted[1] - reached[1])
        lat, lon = lat + missing[0], lon + missing[1]
        if max(map(abs, missing)) < _TOLERANCE_DEG:
            break
    return lat, lon


def _wgs84_to_wgs84(lat: float, lon: float) -> _Pair:
    return lat, lon


def _wgs84_to_gcj02(lat: float, lon: float) -> _Pair:
    """Metres north and east by the public formula, turned into degrees with the ellipsoid's two radii there."""
    north_m, east_m = _shift_m(lon - 105.0, lat - 35.0)
    flattening = 1 - _KRASOVSKY_E2 * sin(radians(lat)) ** 2
    meridian_m = _KRASOVSKY_AXIS_M * (1 - _KRASOVSKY_E2) / flattening**1.5
    parallel_m = _KRASOVSKY_AXIS_M / sqrt(flattening) * cos(radians(lat))
    return lat + north_m / meridian_m * 180 / pi, lon + east_m / parallel_m * 180 / pi


def _shift_m(x: float, y: float) -> _Pair:
    """The shift of GCJ-02 in metres north and east, x and y being degrees east of 105 E and north of 35 N."""
    ripple = _waves(x, (20, 6), (20, 2))
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += ripple + _waves(y, (20, 1), (40, 1 / 3), (160, 1 / 12), (320, 1 / 30))
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += ripple + _waves(x, (20, 1), (40, 1 / 3), (150, 1 / 12), (300, 1 / 30))
    return north, east


def _waves(at: float, *waves: tuple[float, float]) -> float:
    """Two thirds of the sum of sine waves, each given by its height and its half turns a degree."""
    return sum(height * sin(at * pi * turns) for height, turns in waves) * 2 / 3


def _wgs84_to_bd09(lat: float, lon: float) -> _Pair:
    """BD-09 bends GCJ-02 in polar coordinates about 0, 0 and then moves it."""
    y, x = _wgs84_to_gcj02(lat, lon)
    wave = radians(_BD09_WAVE)
    length = hypot(x, y) + 0.00002 * sin(y * wave)
    angle = atan2(y, x) + 0.000003 * cos(x * wave)
    return length * sin(angle) + _BD09_LAT_DEG, length * cos(angle) + _BD09_LON_DEG


_FROM_WGS84: dict[Datum, Callable[[float, float], _Pair]] = {
    Datum.WGS84: _wgs84_to_wgs84,
    Datum.GCJ02: _wgs84_to_gcj02,
    Datum.BD09: _wgs84_to_bd09,
}
