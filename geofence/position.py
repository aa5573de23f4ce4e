"""A place on the earth, always in WGS-84, and the names of the datums in which one may arrive."""

from dataclasses import dataclass
from enum import StrEnum

_POLE_DEG = 90.0
_DATE_LINE_DEG = 180.0


class Datum(StrEnum):
    """The datum of a pair of degrees; which one it is must be said, for the numbers do not show it."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in WGS-84 degrees, north and east positive.

    Raises:
        ValueError: a coordinate is not a number or not on the earth. The message never repeats it, because a
            message may reach a log and a log holds no exact position.
    """

    lat: float
    lon: float

    def __post_init__(self) -> None:
        # Written as "not within" so that NaN, which compares false with everything, is refused too.
        if not -_POLE_DEG <= self.lat <= _POLE_DEG:
            raise ValueError("a latitude lies between -90 and 90 degrees")
        if not -_DATE_LINE_DEG <= self.lon <= _DATE_LINE_DEG:
            raise ValueError("a longitude lies between -180 and 180 degrees")
