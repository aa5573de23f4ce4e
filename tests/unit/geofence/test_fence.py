"""A fence read from plain data: every refusal by its code and field, and the way back without loss."""

import json
import math
import pickle

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.datum import from_wgs84
from geofence.distance import metres_between
from geofence.fence import Circle, Fence, FenceError, Polygon, shape_from_dict, shape_to_dict, signed_distance_m
from geofence.position import Datum, Position

CENTRE = {"lat": 31.2304, "lon": 121.4737}


def corner(east_m: float, north_m: float) -> dict[str, float]:
    east = Geodesic.WGS84.Direct(CENTRE["lat"], CENTRE["lon"], 90.0, east_m)
    end = Geodesic.WGS84.Direct(east["lat2"], east["lon2"], 0.0, north_m)
    return {"lat": end["lat2"], "lon": end["lon2"]}


def ring(*corners: tuple[float, float]) -> dict[str, object]:
    return {"kind": "polygon", "points": [corner(*each) for each in corners]}


def wheel(count: int, radius_m: float = 500.0) -> list[dict[str, float]]:
    turns = [2 * math.pi * index / count for index in range(count)]
    return [corner(radius_m * math.sin(turn), radius_m * math.cos(turn)) for turn in turns]


def circle(**changes: object) -> dict[str, object]:
    return {"kind": "circle", "centre": CENTRE, "radius_m": 200, **changes}


def refusal(geometry: dict[str, object], datum: Datum = Datum.WGS84) -> FenceError:
    with pytest.raises(FenceError) as caught:
        shape_from_dict(geometry, datum)
    return caught.value


SQUARE = ((0, 0), (400, 0), (400, 400), (0, 400))


def test_a_circle_is_read():
    assert shape_from_dict(circle(), Datum.WGS84) == Circle(Position(31.2304, 121.4737), 200.0)


def test_a_polygon_is_read():
    geometry = ring(*SQUARE)
    assert shape_from_dict(geometry, Datum.WGS84) == Polygon(tuple(Position(**point) for point in geometry["points"]))


@pytest.mark.parametrize("datum", list(Datum))
def test_a_fence_drawn_in_any_datum_lies_at_the_same_place(datum: Datum):
    true = Position(**CENTRE)
    lat, lon = from_wgs84(true, datum)
    shape = shape_from_dict(circle(centre={"lat": lat, "lon": lon}), datum)
    assert metres_between(shape.centre, true) < 0.001


@pytest.mark.parametrize("datum", list(Datum))
def test_a_polygon_drawn_in_any_datum_lies_at_the_same_place(datum: Datum):
    drawn = [from_wgs84(Position(**corner(*each)), datum) for each in SQUARE]
    shape = shape_from_dict({"kind": "polygon", "points": [{"lat": lat, "lon": lon} for lat, lon in drawn]}, datum)
    assert signed_distance_m(shape, Position(**corner(200, 200))) == pytest.approx(-200, abs=0.05)


def test_points_that_say_nothing_new_are_left_out():
    plain = ring(*SQUARE)
    first, *others = plain["points"]
    wordy = {"kind": "polygon", "points": [first, first, *others, others[-1], first, first]}
    assert shape_from_dict(wordy, Datum.WGS84) == shape_from_dict(plain, Datum.WGS84)


@pytest.mark.parametrize("radius", [10, 5000])
def test_the_smallest_and_the_largest_radius_are_taken(radius: float):
    assert shape_from_dict(circle(radius_m=radius), Datum.WGS84).radius_m == radius


@pytest.mark.parametrize("radius", [9.999, 0, -200])
def test_a_smaller_circle_is_refused(radius: float):
    error = refusal(circle(radius_m=radius))
    assert (error.code, error.field) == ("fence_too_small", "geometry.radius_m")
    assert error.data == {"radius_m": radius, "min_m": 10.0}


@pytest.mark.parametrize("radius", [5000.001, 1e300])
def test_a_larger_circle_is_refused(radius: float):
    error = refusal(circle(radius_m=radius))
    assert (error.code, error.field) == ("fence_too_large", "geometry.radius_m")
    assert error.data == {"radius_m": radius, "max_m": 5000.0}


def test_an_area_of_a_hundred_square_metres_is_the_smallest():
    assert shape_from_dict(ring((0, 0), (10.01, 0), (10.01, 10.01), (0, 10.01)), Datum.WGS84)
    error = refusal(ring((0, 0), (9.99, 0), (9.99, 9.99), (0, 9.99)))
    assert (error.code, error.field) == ("fence_too_small", "geometry.points")
    assert error.data == {"area_m2": 99.8, "min_m2": 100.0}


@pytest.mark.parametrize("far", [(19_990, 0), (0, 19_990), (14_100, 14_100)])
def test_an_extent_of_nearly_twenty_kilometres_is_taken(far: tuple[float, float]):
    assert shape_from_dict(ring((0, 0), far, (-5, 300)), Datum.WGS84)


@pytest.mark.parametrize("far", [(20_010, 0), (0, 20_010), (14_200, 14_200), (900_000, 2_000_000)])
def test_an_extent_of_more_than_twenty_kilometres_is_refused(far: tuple[float, float]):
    error = refusal(ring((0, 0), far, (-5, 300)))
    assert (error.code, error.field) == ("fence_too_large", "geometry.points")
    assert error.data["extent_m"] > error.data["max_m"] == 20_000.0


@pytest.mark.parametrize(
    "corners",
    [
        ((0, 0), (400, 400), (400, 0), (0, 400)),  # a bow tie
        ((0, 0), (400, 0), (400, 400), (200, -0.01), (0, 400)),  # a corner a centimetre through a side
        ((0, 0), (400, 0), (200, 200), (400, 400), (0, 400), (200, 200)),  # two triangles that share a corner
        ((0, 0), (400, 0), (400, 400), (400, 0), (0, 400)),  # a spike there and back
    ],
)
def test_a_ring_that_meets_itself_is_refused(corners: tuple[tuple[float, float], ...]):
    error = refusal(ring(*corners))
    assert (error.code, error.field, error.data) == ("fence_self_crossing", "geometry.points", {})


@pytest.mark.parametrize("corners", [(), ((0, 0),), ((0, 0), (400, 0)), ((0, 0), (400, 0), (0, 0)), ((1, 1),) * 5])
def test_fewer_than_three_different_points_are_refused(corners: tuple[tuple[float, float], ...]):
    error = refusal(ring(*corners))
    assert (error.code, error.field) == ("fence_too_few_points", "geometry.points")
    assert error.data == {"points": min(len(set(corners)), 2) if len(set(corners)) > 1 else 0, "min_points": 3}


def test_five_hundred_points_are_the_most_and_a_closing_one_is_not_counted():
    points = wheel(500)
    assert len(shape_from_dict({"kind": "polygon", "points": points}, Datum.WGS84).points) == 500
    assert len(shape_from_dict({"kind": "polygon", "points": [*points, points[0]]}, Datum.WGS84).points) == 500
    error = refusal({"kind": "polygon", "points": wheel(501)})
    assert (error.code, error.field) == ("fence_too_many_points", "geometry.points")
    assert error.data == {"points": 501, "max_points": 500}


def test_too_many_points_are_refused_before_any_is_read():
    assert refusal({"kind": "polygon", "points": [None] * 1_000_000 + [1]}).code == "fence_too_many_points"


@pytest.mark.parametrize("datum", list(Datum))
@pytest.mark.parametrize(
    ("lat", "lon", "name"),
    [
        (48.85, 2.35, "lon"),
        (-31.2, 121.5, "lat"),
        (121.4737, 31.2304, "lat"),
        (31.2, -121.5, "lon"),
        (1e300, 121.5, "lat"),
        (0.0, 0.0, "lat"),
    ],
)
def test_a_centre_outside_china_is_refused_without_repeating_it(lat: float, lon: float, name: str, datum: Datum):
    error = refusal(circle(centre={"lat": lat, "lon": lon}), datum)
    assert (error.code, error.field) == ("position_outside_china", f"geometry.centre.{name}")
    assert set(error.data) == {"lowest", "highest"}


def test_a_point_outside_china_is_named_by_its_number():
    geometry = ring(*SQUARE)
    geometry["points"][3] = {"lat": 31.2, "lon": 0}
    assert refusal(geometry).field == "geometry.points.3.lon"


def test_a_point_that_leaves_the_box_on_its_way_to_wgs84_is_refused():
    # At the south-west corner of the box the shift points inward, so the true place lies outside.
    lat, lon = 0.8293, 72.004
    assert refusal(circle(centre={"lat": lat, "lon": lon}), Datum.BD09).code == "position_outside_china"


NO_NUMBERS = [math.nan, math.inf, -math.inf, None, "31.2", True, [], {}, 10**400]


@pytest.mark.parametrize("bad", NO_NUMBERS, ids=lambda bad: type(bad).__name__)
@pytest.mark.parametrize("name", ["lat", "lon"])
def test_a_coordinate_that_is_no_number_is_refused(bad: object, name: str):
    error = refusal(circle(centre={**CENTRE, name: bad}))
    assert (error.code, error.field) == ("fence_not_a_number", f"geometry.centre.{name}")
    assert error.data == {"type": type(bad).__name__}


@pytest.mark.parametrize("bad", NO_NUMBERS, ids=lambda bad: type(bad).__name__)
def test_a_radius_that_is_no_number_is_refused(bad: object):
    error = refusal(circle(radius_m=bad))
    assert (error.code, error.field) == ("fence_not_a_number", "geometry.radius_m")


@pytest.mark.parametrize("bad", [None, 31.2, "31.2,121.5", [31.2, 121.5]])
def test_a_place_that_is_no_pair_of_named_numbers_is_refused(bad: object):
    assert (refusal(circle(centre=bad)).code, refusal(circle(centre=bad)).field) == (
        "fence_not_a_number",
        "geometry.centre",
    )
    error = refusal({"kind": "polygon", "points": [CENTRE, bad, CENTRE]})
    assert (error.code, error.field) == ("fence_not_a_number", "geometry.points.1")


@pytest.mark.parametrize("bad", [None, 3, "points", {"0": CENTRE}])
def test_points_that_are_no_list_are_refused(bad: object):
    error = refusal({"kind": "polygon", "points": bad})
    assert (error.code, error.field) == ("fence_not_a_number", "geometry.points")


@pytest.mark.parametrize("kind", [None, "", "Circle", "square", 1, ["circle"]])
def test_an_unknown_kind_is_refused(kind: object):
    error = refusal(circle(kind=kind))
    assert (error.code, error.field) == ("fence_unknown_kind", "geometry.kind")
    assert error.data == {"known": ["circle", "polygon"]}
    assert refusal({}).code == "fence_unknown_kind"


def test_what_a_refusal_says_is_fit_for_json_and_survives_a_queue():
    error = refusal(circle(radius_m=math.nan))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - written one line above
    assert json.loads(json.dumps(error.data)) == error.data
    assert (again.code, again.field, again.data) == (error.code, error.field, error.data)


degrees = st.builds(lambda lat, lon: {"lat": lat, "lon": lon}, st.floats(4, 53), st.floats(74, 135))


@settings(deadline=None)
@given(degrees, st.floats(10, 5000), st.sampled_from(list(Datum)))
def test_a_circle_survives_json_exactly(centre: dict[str, float], radius: float, datum: Datum):
    shape = shape_from_dict(circle(centre=centre, radius_m=radius), datum)
    assert shape_from_dict(json.loads(json.dumps(shape_to_dict(shape))), Datum.WGS84) == shape


@settings(deadline=None)
@given(st.integers(3, 30), st.floats(20, 9000), st.sampled_from(list(Datum)))
def test_a_polygon_survives_json_exactly(count: int, radius: float, datum: Datum):
    shape = shape_from_dict({"kind": "polygon", "points": wheel(count, radius)}, datum)
    assert shape_from_dict(json.loads(json.dumps(shape_to_dict(shape))), Datum.WGS84) == shape


def test_a_fence_has_an_id_and_a_shape():
    shape = shape_from_dict(circle(), Datum.WGS84)
    assert Fence("gate", shape) == Fence(id="gate", shape=shape)
