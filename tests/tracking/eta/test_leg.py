"""A rider on a leg: routes asked for when due, promises judged when they end, messages as sharp as allowed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from city.routing.way import evenly
from geo.point import moved
from tracking.eta import message
from tracking.eta.flow import Flow
from tracking.eta.forecast import LEARNED, ROUTE, STRAIGHT, Forecast
from tracking.eta.harvest import harvest
from tracking.eta.leg import Leg
from tracking.eta.stops import Arrival
from tracking.eta.window import Calibration, Widening

START, DOOR = (41.15, -8.61), moved(41.15, -8.61, 90.0, 3000)
CALIBRATION = Calibration((-1.0,) * 5, (1.0,) * 5, (0.1,) * 5, (0.1,) * 5, 0.5)


def leg_on_route(at_s: float = 0.0) -> Leg:
    """A rider at the start of a straight route of 3 km and 300 s."""
    leg = Leg("o1", "r1", DOOR)
    leg.journey.move(at_s, *START)
    line = [moved(*START, 90.0, metres) for metres in range(0, 3001, 100)]
    lat, lng = np.array([lat for lat, _ in line]), np.array([lng for _, lng in line])
    leg.take_route(evenly(lat, lng, 3000.0, 300.0), at_s)
    return leg


def test_what_is_left_shrinks_as_the_rider_moves() -> None:
    """A third of the way leaves two thirds of seconds and metres, without asking for a route again."""
    leg = leg_on_route()
    leg.journey.move(40.0, *moved(*START, 90.0, 1000))
    assert not leg.wants_route(40.0, 10.0)
    assert (200.0, 2000.0) == pytest.approx(leg.left(), abs=1)


def test_a_route_is_asked_for_again_when_left_or_old() -> None:
    """Beyond sixty metres and the accuracy beside it, or after a minute; a vague fix is no detour."""
    leg = leg_on_route()
    leg.journey.move(20.0, *moved(*moved(*START, 90.0, 500), 0.0, 90))
    assert leg.wants_route(20.0, 5.0)
    assert not leg.wants_route(20.0, 50.0)
    assert leg.wants_route(61.0, 50.0)


def test_without_a_route_it_is_the_straight_line_without_a_model_the_engine() -> None:
    """The basis is honest about what there was."""
    lost = Leg("o1", "r1", DOOR)
    lost.journey.move(0.0, *START)
    lost.take_route(None, 0.0)
    assert STRAIGHT == lost.forecast(0.0, None, Widening(), Flow()).basis
    found = leg_on_route().forecast(0.0, None, Widening(), Flow())
    assert (ROUTE, 300.0) == (found.basis, found.mid_s)


def test_a_window_that_ended_without_the_rider_is_missed_then_and_once() -> None:
    """It widens what comes at the moment it is over, not again at the arrival."""
    leg, widening = leg_on_route(), Widening()
    forecast = Forecast(80, 100, 120, 1000, LEARNED, 2)
    leg.promise(forecast, 0.0)
    leg.promise(forecast, 10.0)
    assert 1 == len(leg.promises)
    leg.run_late(119.0, CALIBRATION, widening)
    assert 0.0 == widening._log[2, 1]
    for now_s in (121.0, 150.0):
        leg.run_late(now_s, CALIBRATION, widening)
    once = widening._log[2, 1]
    leg.arrive(200.0, CALIBRATION, widening)
    assert once == widening._log[2, 1] > 0 > widening._log[2, 0]


def test_an_arrival_before_the_window_widens_its_beginning() -> None:
    """Early is wrong too."""
    leg, widening = leg_on_route(), Widening()
    leg.promise(Forecast(80, 100, 120, 1000, LEARNED, 2), 0.0)
    leg.arrive(50.0, CALIBRATION, widening)
    assert widening._log[2, 0] > 0 > widening._log[2, 1]


@given(st.integers(10**12, 2 * 10**12), st.floats(0, 5000), st.floats(0, 9000), st.floats(0, 9000), st.floats(0, 1e5))
def test_a_blurred_window_holds_the_sharp_one(at_ms: int, low: float, mid: float, high: float, metres: float) -> None:
    """Blurring never promises more than was known, and leaves only whole minutes and half kilometres."""
    low, mid, high = sorted((low, mid, high))
    sharp = message.eta("o1", at_ms, [Arrival(low, mid, high, metres, 0)], [ROUTE], 1)
    coarse = message.blurred(sharp)
    assert coarse["earliest"] <= sharp["earliest"] <= sharp["latest"] <= coarse["latest"]
    assert coarse["earliest"] <= coarse["at"] <= coarse["latest"]
    assert 0 == coarse["distance_m"] % 500
    assert sharp.keys() == coarse.keys()


def test_the_basis_is_that_of_the_weakest_drive() -> None:
    """Learned to the shop and a straight line from there is a straight line."""
    two = [Arrival(1, 2, 3, 10, 0), Arrival(4, 5, 6, 20, 1)]
    found = message.eta("o1", 0, two, [LEARNED, STRAIGHT], 1, pickup=0)
    assert (STRAIGHT, 1, 2000, 5000) == (found["basis"], found["stops_before"], found["pickup_at"], found["at"])


def test_a_finished_delivery_ends_where_the_rider_first_stood_at_the_door() -> None:
    """Waiting for somebody to open is not driving."""
    way = [(float(s), *moved(*START, 90.0, min(s * 10.0, 3000))) for s in range(0, 601, 10)]
    trip = harvest("o1", way, DOOR, 600.0)
    assert trip is not None
    assert (0.0, 300.0, DOOR) == (trip.first_s, trip.last_s, trip.points[-1][1:])


@pytest.mark.parametrize(
    "points",
    [
        [],
        [(float(s), *moved(*START, 90.0, s * 10.0)) for s in range(0, 200, 10)],  # never near the door
        [(float(s), *moved(*START, 90.0, 2000 + s * 10.0)) for s in range(0, 101, 10)],  # over in a moment
        [(float(s), *moved(*START, 90.0, s * 10.0)) for s in (0, 10, 20, 30, 290, 300)],  # four minutes unseen
    ],
)
def test_a_way_that_teaches_nothing_is_no_trip(points: list[tuple[float, float, float]]) -> None:
    """Too short, never there, or full of holes."""
    assert harvest("o1", points, DOOR, 600.0) is None
