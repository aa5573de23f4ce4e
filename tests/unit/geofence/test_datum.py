"""Positions and datums: known points, the way back, and how far a wrong datum is off in Shanghai."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.datum import from_wgs84, in_china, to_wgs84
from geofence.distance import metres_between
from geofence.position import Datum, Position

Pair = tuple[float, float]

# Points that several public implementations of the same formula agree on: (WGS-84, GCJ-02), latitude first.
GCJ02_POINTS = [
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
    ((39.915, 116.404), (39.91640428150164, 116.41024449916938)),
]
# Land and sea of China; the box of the formula is a little wider and its rim belongs to neither side.
CHINA = st.builds(Position, st.floats(3.8, 53.6), st.floats(73.4, 135.1))
SHIFTED = st.sampled_from([Datum.GCJ02, Datum.BD09])


def shift_m(position: Position, datum: Datum) -> float:
    return metres_between(position, Position(*from_wgs84(position, datum)))


def shanghai_grid(south: float, north: float, west: float, east: float) -> list[Position]:
    steps = [step / 40 for step in range(41)]
    return [Position(south + (north - south) * i, west + (east - west) * j) for i in steps for j in steps]


@pytest.mark.parametrize(("wgs84", "gcj02"), GCJ02_POINTS)
def test_known_points_turn_into_gcj02(wgs84: Pair, gcj02: Pair):
    assert from_wgs84(Position(*wgs84), Datum.GCJ02) == pytest.approx(gcj02, abs=1e-11)


@pytest.mark.parametrize(("wgs84", "gcj02"), GCJ02_POINTS)
def test_known_points_come_back_from_gcj02(wgs84: Pair, gcj02: Pair):
    position = to_wgs84(*gcj02, Datum.GCJ02)
    assert (position.lat, position.lon) == pytest.approx(wgs84, abs=1e-11)


def test_a_known_point_turns_into_bd09_and_comes_back():
    bd09 = (39.922699552216216, 116.41662724378733)
    position = to_wgs84(*bd09, Datum.BD09)
    assert from_wgs84(Position(39.915, 116.404), Datum.BD09) == pytest.approx(bd09, abs=1e-11)
    assert (position.lat, position.lon) == pytest.approx((39.915, 116.404), abs=1e-11)


def test_a_known_step_from_gcj02_to_bd09():
    position = to_wgs84(39.915, 116.404, Datum.GCJ02)
    assert from_wgs84(position, Datum.BD09) == pytest.approx((39.92133699351021, 116.41036949371029), abs=1e-10)


@settings(deadline=None)
@given(CHINA, SHIFTED)
def test_the_way_there_and_back_is_less_than_a_millimetre_anywhere_in_china(position: Position, datum: Datum):
    assert metres_between(position, to_wgs84(*from_wgs84(position, datum), datum)) < 0.001


@settings(deadline=None)
@given(CHINA, SHIFTED)
def test_the_way_back_and_there_is_exact_to_a_billionth_of_a_degree(position: Position, datum: Datum):
    again = from_wgs84(to_wgs84(position.lat, position.lon, datum), datum)
    assert again == pytest.approx((position.lat, position.lon), abs=1e-9)


@settings(deadline=None)
@given(CHINA)
def test_wgs84_is_kept_to_the_last_bit(position: Position):
    assert to_wgs84(position.lat, position.lon, Datum.WGS84) == position
    assert from_wgs84(position, Datum.WGS84) == (position.lat, position.lon)


@pytest.mark.parametrize("lon", [105.0, math.nextafter(105.0, 106.0), 105.0 + 1e-12, 105.0 - 1e-9])
@pytest.mark.parametrize("datum", list(Datum))
def test_the_kink_of_the_formula_at_105_degrees_east_does_no_harm(lon: float, datum: Datum):
    position = Position(35.0, lon)
    assert metres_between(position, to_wgs84(*from_wgs84(position, datum), datum)) < 0.001


def test_all_of_shanghai_is_shifted_by_456_to_501_metres_in_gcj02():
    shifts = [shift_m(position, Datum.GCJ02) for position in shanghai_grid(30.7, 31.9, 120.85, 122.0)]
    assert 456.0 < min(shifts) < 457.0
    assert 500.0 < max(shifts) < 501.0


def test_the_inner_city_is_shifted_by_465_to_491_metres_in_gcj02():
    shifts = [shift_m(position, Datum.GCJ02) for position in shanghai_grid(31.1, 31.35, 121.35, 121.6)]
    assert min(shifts) > 465.0
    assert max(shifts) < 491.0


def test_all_of_shanghai_is_shifted_by_more_than_a_kilometre_in_bd09():
    shifts = [shift_m(position, Datum.BD09) for position in shanghai_grid(30.7, 31.9, 120.85, 122.0)]
    assert min(shifts) > 1_080.0
    assert max(shifts) < 1_170.0


@pytest.mark.parametrize(
    ("lat", "lon"), [(48.8566, 2.3522), (-33.9, 151.2), (0.0, 0.0), (90.0, 0.0), (-90.0, 180.0), (31.2, -121.5)]
)
@pytest.mark.parametrize("datum", list(Datum))
def test_outside_china_every_datum_is_wgs84(lat: float, lon: float, datum: Datum):
    assert to_wgs84(lat, lon, datum) == Position(lat, lon)
    assert from_wgs84(Position(lat, lon), datum) == (lat, lon)


def test_the_box_of_china_includes_its_edges_and_no_nan():
    assert in_china(0.8293, 72.004)
    assert in_china(55.8271, 137.8347)
    assert not in_china(0.8292, 100.0)
    assert not in_china(30.0, 137.8348)
    assert not in_china(math.nan, 121.0)


@pytest.mark.parametrize("lat", [90.000001, -90.000001, math.nan, math.inf, -math.inf])
def test_a_latitude_off_the_earth_is_refused_without_repeating_it(lat: float):
    with pytest.raises(ValueError, match=r"^a latitude lies between -90 and 90 degrees$"):
        to_wgs84(lat, 121.0, Datum.GCJ02)


@pytest.mark.parametrize("lon", [180.000001, -180.000001, math.nan, math.inf, -math.inf])
def test_a_longitude_off_the_earth_is_refused_without_repeating_it(lon: float):
    with pytest.raises(ValueError, match=r"^a longitude lies between -180 and 180 degrees$"):
        to_wgs84(31.0, lon, Datum.WGS84)


def test_a_datum_is_read_by_its_lower_case_name_only():
    assert [Datum("wgs84"), Datum("gcj02"), Datum("bd09")] == list(Datum)
    with pytest.raises(ValueError, match="WGS84"):
        Datum("WGS84")


@settings(max_examples=50, deadline=None)
@given(CHINA, CHINA)
def test_a_distance_is_the_same_both_ways_and_none_to_itself(a: Position, b: Position):
    assert metres_between(a, b) == pytest.approx(metres_between(b, a), abs=1e-6)
    assert metres_between(a, a) == 0.0


def test_known_distances_are_met():
    # A degree along the equator is a(pi/180); a quarter of the meridian of WGS-84 is 10 001 965.729 m.
    assert metres_between(Position(0, 0), Position(0, 1)) == pytest.approx(math.radians(6378137.0), abs=1e-6)
    assert metres_between(Position(0, 0), Position(90, 0)) == pytest.approx(10_001_965.729, abs=0.001)
