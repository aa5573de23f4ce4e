"""The rule of presence: each boundary exactly and a millimetre beyond, the best of several fences, and its monotony."""

import math

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.fence import Circle, Fence, Polygon, signed_distance_m
from geofence.position import Position
from geofence.verdict import Judgement, Limits, Outcome, judge

CENTRE = Position(31.2304, 121.4737)
SITE = Fence("site", Circle(CENTRE, 200.0))
MILLIMETRE = 0.001
FROM_BEST = [Outcome.INSIDE, Outcome.UNCERTAIN, Outcome.OUTSIDE]


def east(metres: float) -> Position:
    end = Geodesic.WGS84.Direct(CENTRE.lat, CENTRE.lon, 90.0, metres)
    return Position(end["lat2"], end["lon2"])


def box(half_m: float) -> Polygon:
    turns = [Geodesic.WGS84.Direct(CENTRE.lat, CENTRE.lon, turn, half_m * math.sqrt(2)) for turn in (45, 135, 225, 315)]
    return Polygon(tuple(Position(turn["lat2"], turn["lon2"]) for turn in turns))


SHAPES = [Circle(CENTRE, 200.0), box(200.0)]
SHAPE_NAMES = ["circle", "polygon"]


def outcome(position: Position, accuracy_m: float, limits: Limits, *shapes: Circle | Polygon) -> Outcome:
    fences = [Fence(str(number), shape) for number, shape in enumerate(shapes)] or [SITE]
    judgement = judge(position, accuracy_m, fences, limits)
    assert judgement is not None
    return judgement.outcome


def rank(found: Outcome) -> int:
    return FROM_BEST.index(found)


def test_without_a_fence_there_is_no_judgement():
    assert judge(CENTRE, 10.0, [], Limits()) is None


def test_the_limits_are_fifty_and_sixty_metres_unless_said_otherwise():
    assert Limits() == Limits(margin_m=50.0, accuracy_limit_m=60.0)


def test_a_judgement_at_a_circle_tells_what_a_person_understands():
    judgement = judge(east(612.0), 20.0, [SITE], Limits())
    assert judgement == Judgement(
        outcome=Outcome.OUTSIDE,
        fence_id="site",
        distance_m=pytest.approx(412.0),
        accuracy_m=20.0,
        limits=Limits(),
        centre_distance_m=pytest.approx(612.0),
        radius_m=200.0,
    )


def test_a_judgement_at_a_polygon_has_no_centre():
    judgement = judge(east(612.0), 20.0, [Fence("yard", box(200.0))], Limits(10.0, 30.0))
    assert judgement.distance_m == pytest.approx(412.0, abs=0.1)
    assert (judgement.centre_distance_m, judgement.radius_m) == (None, None)
    assert (judgement.fence_id, judgement.limits) == ("yard", Limits(10.0, 30.0))


def test_the_middle_of_a_fence_is_inside_by_its_negative_distance():
    judgement = judge(CENTRE, 20.0, [SITE], Limits())
    assert (judgement.outcome, judgement.distance_m, judgement.centre_distance_m) == (Outcome.INSIDE, -200.0, 0.0)


# The margin is set to the very number the rule compares, so that the boundary is met to the last bit.
@pytest.mark.parametrize("shape", SHAPES, ids=SHAPE_NAMES)
@pytest.mark.parametrize("metres", [0.0, 150.0, 199.0, 215.0, 240.0])
def test_inside_ends_where_distance_and_accuracy_make_up_the_margin(shape: Circle | Polygon, metres: float):
    here, accuracy = east(metres), 12.5
    margin = signed_distance_m(shape, here) + accuracy
    assert outcome(here, accuracy, Limits(margin, 60.0), shape) is Outcome.INSIDE
    assert outcome(here, accuracy, Limits(margin - MILLIMETRE, 60.0), shape) is Outcome.UNCERTAIN


@pytest.mark.parametrize("shape", SHAPES, ids=SHAPE_NAMES)
@pytest.mark.parametrize("metres", [230.0, 262.5, 900.0])
@pytest.mark.parametrize("accuracy", [12.5, 500.0])
def test_outside_begins_where_distance_less_accuracy_passes_the_margin(
    shape: Circle | Polygon, metres: float, accuracy: float
):
    here = east(metres)
    margin = signed_distance_m(shape, here) - accuracy
    assert outcome(here, accuracy, Limits(margin, 60.0), shape) is Outcome.UNCERTAIN
    assert outcome(here, accuracy, Limits(margin - MILLIMETRE, 60.0), shape) is Outcome.OUTSIDE


@pytest.mark.parametrize("shape", SHAPES, ids=SHAPE_NAMES)
def test_an_accuracy_at_its_limit_proves_presence_and_a_millimetre_more_does_not(shape: Circle | Polygon):
    assert outcome(CENTRE, 60.0, Limits(), shape) is Outcome.INSIDE
    assert outcome(CENTRE, 60.0 + MILLIMETRE, Limits(), shape) is Outcome.UNCERTAIN


def test_the_usual_numbers_are_judged_as_the_rule_says():
    assert outcome(east(229.9), 20.0, Limits()) is Outcome.INSIDE  # 29.9 + 20 <= 50
    assert outcome(east(230.1), 20.0, Limits()) is Outcome.UNCERTAIN
    assert outcome(east(269.9), 20.0, Limits()) is Outcome.UNCERTAIN
    assert outcome(east(270.1), 20.0, Limits()) is Outcome.OUTSIDE  # 70.1 - 20 > 50
    assert outcome(east(1249.0), 1000.0, Limits()) is Outcome.UNCERTAIN
    assert outcome(east(1251.0), 1000.0, Limits()) is Outcome.OUTSIDE


def test_with_a_perfect_accuracy_nothing_is_uncertain():
    assert outcome(east(249.999), 0.0, Limits()) is Outcome.INSIDE
    assert outcome(east(250.001), 0.0, Limits()) is Outcome.OUTSIDE


@pytest.mark.parametrize("accuracy", [-0.001, -60.0, math.nan, math.inf, -math.inf])
def test_an_accuracy_that_is_no_radius_is_the_callers_mistake(accuracy: float):
    for fences in ([SITE], []):
        with pytest.raises(ValueError, match="finite number of metres, zero or more"):
            judge(CENTRE, accuracy, fences, Limits())


def test_the_best_of_the_fences_wins_wherever_it_stands():
    far, near, here = (Fence(name, Circle(east(at), 100.0)) for name, at in (("far", 900), ("near", 160), ("here", 0)))
    for fences in ([far, near, here], [here, far, near], [near, here, far]):
        assert judge(CENTRE, 20.0, fences, Limits()).fence_id == "here"
    assert judge(CENTRE, 20.0, [far, near], Limits()).outcome is Outcome.UNCERTAIN
    assert judge(CENTRE, 20.0, [far, near], Limits()).fence_id == "near"


def test_among_fences_that_all_hold_the_person_the_deepest_is_named():
    shallow, deep = Fence("shallow", Circle(east(90.0), 100.0)), Fence("deep", box(400.0))
    assert judge(CENTRE, 20.0, [shallow, deep], Limits()).fence_id == "deep"


def test_among_equal_fences_the_first_is_named():
    twins = [Fence("first", SITE.shape), Fence("second", SITE.shape)]
    assert judge(CENTRE, 20.0, twins, Limits()).fence_id == "first"


metres_out = st.floats(0, 3000)
accuracies = st.floats(0, 1500)
limits = st.builds(Limits, st.floats(0, 300), st.floats(0, 300))
shapes = st.sampled_from(SHAPES)


@settings(deadline=None)
@given(metres_out, metres_out, accuracies, limits, shapes)
def test_going_farther_out_never_helps(
    one: float, other: float, accuracy: float, limit: Limits, shape: Circle | Polygon
):
    nearer, farther = sorted([one, other])
    assert rank(outcome(east(nearer), accuracy, limit, shape)) <= rank(outcome(east(farther), accuracy, limit, shape))


@settings(deadline=None)
@given(metres_out, accuracies, accuracies, limits, shapes)
def test_a_worse_accuracy_never_proves_anything(
    metres: float, one: float, other: float, limit: Limits, shape: Circle | Polygon
):
    finer, coarser = sorted([one, other])
    found = {outcome(east(metres), finer, limit, shape), outcome(east(metres), coarser, limit, shape)}
    assert found != {Outcome.INSIDE, Outcome.OUTSIDE}
    if outcome(east(metres), finer, limit, shape) is Outcome.UNCERTAIN:
        assert outcome(east(metres), coarser, limit, shape) is Outcome.UNCERTAIN


@settings(deadline=None)
@given(metres_out, accuracies, limits, st.floats(0, 200), shapes)
def test_a_wider_margin_never_harms(
    metres: float, accuracy: float, limit: Limits, more: float, shape: Circle | Polygon
):
    wider = Limits(limit.margin_m + more, limit.accuracy_limit_m)
    assert rank(outcome(east(metres), accuracy, wider, shape)) <= rank(outcome(east(metres), accuracy, limit, shape))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(-3000, 3000), st.floats(10, 500)), min_size=1, max_size=5), accuracies, limits)
def test_several_fences_are_judged_like_the_best_of_them_alone(
    circles: list[tuple[float, float]], accuracy: float, limit: Limits
):
    fences = [Fence(str(number), Circle(east(at), radius)) for number, (at, radius) in enumerate(circles)]
    together = judge(CENTRE, accuracy, fences, limit)
    alone = [judge(CENTRE, accuracy, [fence], limit) for fence in fences]
    assert together == min(alone, key=lambda found: (rank(found.outcome), found.distance_m))
