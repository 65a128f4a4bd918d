"""What is known at a moment: by hand, and never anything that only the future tells."""

import msgspec
import numpy as np
import pytest

from geo.point import moved
from tests.tracking.eta.trips import left, make_trips
from tracking.eta.flow import ORDINARY_PACE, ORDINARY_S, SPAN_S, Flow
from tracking.eta.journey import COLUMNS, NO_GAIN, NO_SPEED, Journey
from tracking.eta.samples import Trip, lay_out

START = (41.15, -8.61)


def test_a_journey_tells_speeds_and_gains_of_its_last_minutes() -> None:
    """Ten minutes at 5 m/s of which the last one stands: each span says what happened in it."""
    journey = Journey(*moved(*START, 90.0, 6000))
    for second in range(0, 601, 15):
        journey.move(second, *moved(*START, 90.0, 5.0 * min(second, 540)))
        if second % 60 == 0:
            row = dict(zip(COLUMNS, journey.look(second, 600 - min(second, 540) / 2, 7000.0, 0.6), strict=True))
    assert 2700 == pytest.approx(row["travelled_m"], abs=2)
    assert (0.0, 0.0) == (row["speed_1m"], row["gain_1m"])
    assert (2.5, 4.0) == pytest.approx((row["speed_2m"], row["speed_5m"]), abs=0.01)
    assert (1 / 3, 0.4) == pytest.approx((row["gain_3m"], row["gain_5m"]))
    assert 3300 == pytest.approx(row["crow_m"], abs=2)


def test_a_journey_just_begun_says_that_it_knows_nothing() -> None:
    """At the first moment there is no speed and no gain, not a speed of zero."""
    journey = Journey(*moved(*START, 90.0, 1000))
    journey.move(0.0, *START)
    row = dict(zip(COLUMNS, journey.look(0.0, 100.0, 1300.0, 0.6), strict=True))
    assert {NO_SPEED} == {row["speed_1m"], row["speed_2m"], row["speed_5m"]}
    assert {NO_GAIN} == {row["gain_1m"], row["gain_3m"], row["gain_5m"]}


def test_a_phone_that_trembles_travels_nowhere() -> None:
    """Five metres to and fro, a hundred times, are no 500 metres."""
    journey = Journey(*moved(*START, 90.0, 1000))
    for second in range(100):
        journey.move(second, *moved(*START, 90.0, 5.0 * (second % 2)))
    assert 0.0 == journey.travelled_m


def test_the_citys_pace_is_that_of_the_others_now() -> None:
    """Free-flow seconds won over seconds taken, without one's own, of the last quarter of an hour."""
    flow = Flow()
    flow.note("old", 0.0, 60.0, 60.0)
    for minute in range(1, 11):
        flow.note("slow", SPAN_S + minute * 60, 12.0, 60.0)
        flow.note("mine", SPAN_S + minute * 60, 60.0, 60.0)
    expected = (120 + ORDINARY_PACE * ORDINARY_S) / (600 + ORDINARY_S)
    assert expected == pytest.approx(flow.pace(SPAN_S + 600, without="mine"))
    assert ORDINARY_PACE == pytest.approx(flow.pace(4 * SPAN_S))


def test_a_minute_told_twice_counts_once() -> None:
    """A trip looked at every ten seconds says no more about the city than one looked at each minute."""
    often, seldom = Flow(), Flow()
    for second in range(60, 601, 10):
        often.note("a", second, 6.0, 60.0)
        if second % 60 == 0:
            seldom.note("a", second, 6.0, 60.0)
    assert seldom.pace(600.0) == pytest.approx(often.pace(600.0))


@pytest.mark.parametrize("minutes", [3, 7, 11, 30])
def test_nothing_known_then_depends_on_what_came_later(minutes: int) -> None:
    """Let everything after an instant happen otherwise: what was known until then stays the same to the last bit."""
    trips = make_trips(30)
    until_s = trips[0].first_s + 60 * minutes

    def otherwise(trip: Trip) -> Trip:
        """The same until then, somewhere else and later afterwards; the destination stays."""
        known = [point for point in trip.points if point[0] <= until_s]
        later = [(at_s + 300, lat + 0.01, lng - 0.01) for at_s, lat, lng in trip.points if at_s > until_s]
        end = (trip.last_s + (600 if later else 0), *trip.points[-1][1:])
        return Trip(trip.id, tuple([*known, *later[:-1], end] if later else known))

    real, other = lay_out(trips, left), lay_out([otherwise(trip) for trip in trips], left)
    upto = int((real.at_s <= until_s).sum())
    assert upto == int((other.at_s <= until_s).sum()) > 0
    assert np.array_equal(real.rows[:upto], other.rows[:upto])
    assert not np.array_equal(real.left_s[:upto], other.left_s[:upto])


def test_trips_are_laid_out_minute_by_minute() -> None:
    """A trip of 150 seconds is asked at 0, 60 and 120, with what was left each time."""
    trip = Trip("a", tuple((float(s), *moved(*START, 90.0, s * 5.0)) for s in range(0, 151, 15)))
    found = lay_out([trip], left)
    assert [0.0, 60.0, 120.0] == found.at_s.tolist()
    assert [150.0, 90.0, 30.0] == found.left_s.tolist()
    assert [0.0, 0.4, 0.8] == pytest.approx(found.share.tolist())


def test_moments_without_a_route_are_left_out() -> None:
    """Where no street leads on nothing is taught."""
    assert 0 == len(lay_out(make_trips(3), lambda *places: None))
    assert 0 == len(lay_out([msgspec.structs.replace(make_trips(1)[0], points=((0.0, *START),))], left))
