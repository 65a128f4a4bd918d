"""Distances and headings on the globe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.point import bearing_deg, distance_m, moved

LATS = st.floats(-85, 85)
LNGS = st.floats(-180, 179.999)


def test_a_degree_of_latitude_is_111_kilometres() -> None:
    """One degree north is a 360th of the mean circumference."""
    assert pytest.approx(111_195.08, abs=0.1) == distance_m(41.0, -8.6, 42.0, -8.6)


def test_the_shortest_way_may_cross_the_date_line() -> None:
    """Two points either side of 180° are neighbours."""
    assert pytest.approx(22_239.0, abs=1) == distance_m(0, 179.9, 0, -179.9)


@pytest.mark.parametrize(("lat", "lng", "heading"), [(1, 0, 0), (0, 1, 90), (-1, 0, 180), (0, -1, 270), (0, 0, 0)])
def test_headings_run_clockwise_from_north(lat: float, lng: float, heading: float) -> None:
    """North is 0, east 90, south 180, west 270; a point has no heading to itself, which reads 0."""
    assert pytest.approx(heading) == bearing_deg(0, 0, lat, lng)


@given(LATS, LNGS, st.floats(0, 359.9), st.floats(1, 50_000))
def test_moving_goes_as_far_and_the_way_it_says(lat: float, lng: float, heading: float, by_m: float) -> None:
    """`moved` ends at the distance and in the direction asked for."""
    to_lat, to_lng = moved(lat, lng, heading, by_m)
    assert pytest.approx(by_m, rel=1e-4, abs=0.01) == distance_m(lat, lng, to_lat, to_lng)
    turn = (bearing_deg(lat, lng, to_lat, to_lng) - heading + 180) % 360 - 180
    assert pytest.approx(0, abs=0.1) == turn
    assert 0 <= bearing_deg(lat, lng, to_lat, to_lng) < 360
