"""Distances to circles and polygons against geodesic lines found without any map."""

import itertools
import math

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geofence.distance import metres_between
from geofence.fence import Circle, Polygon, signed_distance_m
from geofence.position import Position

EARTH = Geodesic.WGS84
PEOPLES_SQUARE = Position(31.2304, 121.4737)


def going(start: Position, bearing_deg: float, metres: float) -> Position:
    end = EARTH.Direct(start.lat, start.lon, bearing_deg, metres)
    return Position(end["lat2"], end["lon2"])


def at(east_m: float, north_m: float, origin: Position = PEOPLES_SQUARE) -> Position:
    return going(going(origin, 90.0, east_m), 0.0, north_m)


def polygon(*corners: tuple[float, float]) -> Polygon:
    return Polygon(tuple(at(*corner) for corner in corners))


def true_distance_m(place: Position, ring: Polygon) -> float:
    """The shortest geodesic to any side, found by halving the side around its nearest point."""
    closed = [*ring.points, ring.points[0]]
    return min(_to_side_m(place, start, end) for start, end in itertools.pairwise(closed))


def _to_side_m(place: Position, start: Position, end: Position) -> float:
    side = EARTH.InverseLine(start.lat, start.lon, end.lat, end.lon)

    def metres(along: float) -> float:
        point = side.Position(along)
        return metres_between(place, Position(point["lat2"], point["lon2"]))

    low, high = 0.0, side.s13
    while high - low > 0.01:
        third = (high - low) / 3
        low, high = (low, high - third) if metres(low + third) < metres(high - third) else (low + third, high)
    return metres((low + high) / 2)


SQUARE = polygon((0, 0), (400, 0), (400, 400), (0, 400))
# The letter U: 600 m wide, arms of 200 m, the gap between them open to the north.
HOOK = polygon((0, 0), (600, 0), (600, 500), (400, 500), (400, 200), (200, 200), (200, 500), (0, 500))


@given(st.floats(0, 360), st.floats(0, 100_000), st.floats(10, 5000))
@settings(max_examples=60, deadline=None)
def test_a_circle_is_as_far_as_its_centre_less_its_radius(bearing: float, metres: float, radius: float):
    circle = Circle(PEOPLES_SQUARE, radius)
    assert signed_distance_m(circle, going(PEOPLES_SQUARE, bearing, metres)) == pytest.approx(metres - radius, abs=1e-6)


@pytest.mark.parametrize(
    ("east", "north", "expected"),
    [
        (200, 200, -200),
        (10, 200, -10),
        (-612, 200, 612),
        (200, 450, 50),
        (430, 440, 50),
        (1, 399, -1),
    ],
)
def test_a_square_is_measured_to_side_and_corner(east: float, north: float, expected: float):
    assert signed_distance_m(SQUARE, at(east, north)) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    ("east", "north", "expected"),
    [
        (300, 400, 100),  # in the gap: outside, though the hull would take it in
        (300, 210, 10),
        (300, 100, -100),
        (100, 300, -100),
        (500, 480, -20),
        (300, 560, math.hypot(100, 60)),
    ],
)
def test_the_gap_of_a_hook_is_outside(east: float, north: float, expected: float):
    assert signed_distance_m(HOOK, at(east, north)) == pytest.approx(expected, abs=0.05)


def test_the_direction_of_the_ring_and_its_first_corner_do_not_matter():
    backwards = Polygon(HOOK.points[::-1])
    turned = Polygon(HOOK.points[3:] + HOOK.points[:3])
    for place in (at(300, 400), at(100, 100), at(3000, -500)):
        expected = signed_distance_m(HOOK, place)
        assert signed_distance_m(backwards, place) == pytest.approx(expected, abs=0.001)
        assert signed_distance_m(turned, place) == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize("corner", range(len(HOOK.points)))
def test_a_corner_lies_on_the_edge(corner: int):
    assert abs(signed_distance_m(HOOK, HOOK.points[corner])) < 1e-6


stars = st.lists(st.floats(30, 3000), min_size=3, max_size=8)


@settings(max_examples=40, deadline=None)
@given(stars, st.floats(0, 360), st.floats(0, 8000))
def test_a_star_is_measured_like_geodesic_lines_within_a_few_kilometres(
    radii: list[float], bearing: float, metres: float
):
    ring = Polygon(tuple(going(PEOPLES_SQUARE, 360 / len(radii) * i, radius) for i, radius in enumerate(radii)))
    place = going(PEOPLES_SQUARE, bearing, metres)
    expected = true_distance_m(place, ring)
    assert abs(signed_distance_m(ring, place)) == pytest.approx(expected, rel=5e-5, abs=0.01)


@settings(deadline=None)
@given(st.lists(st.floats(30, 3000), min_size=4, max_size=12), st.floats(0, 360), st.floats(0, 1))
def test_inside_a_star_is_between_its_centre_and_its_edge(radii: list[float], bearing: float, share: float):
    ring = Polygon(tuple(going(PEOPLES_SQUARE, 360 / len(radii) * i, radius) for i, radius in enumerate(radii)))
    edge = _edge_of_star_m(radii, bearing % 360)
    assume(abs(share * 2 - 1) * edge > 0.1)
    place = going(PEOPLES_SQUARE, bearing, share * 2 * edge)
    assert (signed_distance_m(ring, place) < 0) is (share < 0.5)


def _edge_of_star_m(radii: list[float], bearing: float) -> float:
    """Where a ray from the centre leaves the star: the law of sines in the triangle it passes."""
    slice_deg = 360 / len(radii)
    index = int(bearing // slice_deg)
    first, second = radii[index % len(radii)], radii[(index + 1) % len(radii)]
    left = math.radians(bearing - index * slice_deg)
    right = math.radians(slice_deg) - left
    return first * second * math.sin(left + right) / (first * math.sin(left) + second * math.sin(right))


@pytest.mark.parametrize("bearing", range(0, 360, 30))
@pytest.mark.parametrize("kilometres", [3, 20, 100, 1000])
def test_far_away_the_error_stays_below_a_hundredth_of_a_percent(bearing: float, kilometres: int):
    place = going(PEOPLES_SQUARE, bearing, kilometres * 1000)
    assert signed_distance_m(HOOK, place) == pytest.approx(true_distance_m(place, HOOK), rel=5e-5)


@pytest.mark.parametrize("bearing", [0, 45, 90, 200])
def test_the_largest_fence_is_right_at_its_far_end(bearing: float):
    ends = [going(PEOPLES_SQUARE, 90, 14_000), going(PEOPLES_SQUARE, 45, 19_000), going(PEOPLES_SQUARE, 0, 14_000)]
    fence = Polygon((PEOPLES_SQUARE, *ends))
    place = going(ends[1], bearing, 300)
    assert abs(signed_distance_m(fence, place)) == pytest.approx(true_distance_m(place, fence), rel=5e-5, abs=0.01)


@pytest.mark.parametrize(
    "place", [Position(-31.2304, -58.5263), Position(-31.228, -58.524), Position(90, 0), Position(-90, 0)]
)
def test_the_far_side_of_the_earth_is_far_outside(place: Position):
    assert signed_distance_m(HOOK, place) == pytest.approx(metres_between(HOOK.points[0], place), rel=0.01)


@pytest.mark.parametrize("place", [Position(3.9, 108.2), Position(53.5, 122.3), Position(39.4, 73.6)])
def test_a_fence_is_as_exact_at_the_ends_of_the_country(place: Position):
    fence = Polygon(tuple(at(*corner, origin=place) for corner in ((0, 0), (900, 0), (900, 700), (300, 900))))
    outside = at(-2000, 1500, origin=place)
    assert signed_distance_m(fence, outside) == pytest.approx(true_distance_m(outside, fence), rel=5e-5)
