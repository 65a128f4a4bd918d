"""Progress along a route: exact on the line, honest beside it, and never thrown ahead by a crossing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.point import distance_m, moved
from geo.progress import Line

EASTWARDS = [moved(41.15, -8.61, 90.0, metres) for metres in range(0, 3001, 100)]


def line(points: list[tuple[float, float]]) -> Line:
    """A line through these points."""
    return Line(np.array([lat for lat, _ in points]), np.array([lng for _, lng in points]))


@given(st.floats(0, 3000), st.floats(-200, 200))
def test_a_point_beside_the_route_projects_onto_it(along_m: float, beside_m: float) -> None:
    """Whoever stands `beside_m` next to metre `along_m` of a straight route is told just that."""
    lat, lng = moved(*moved(41.15, -8.61, 90.0, along_m), 0.0, beside_m)
    found = line(EASTWARDS).progress(lat, lng)
    assert along_m == pytest.approx(found.along_m, abs=3)
    assert abs(beside_m) == pytest.approx(found.off_m, abs=3)


@given(st.lists(st.tuples(st.floats(41.1, 41.2), st.floats(-8.7, -8.5)), min_size=1, max_size=12), st.data())
def test_what_is_behind_and_what_is_left_make_the_whole(points: list[tuple[float, float]], data: st.DataObject) -> None:
    """For any route and any place: along + left = length, and nobody is farther off than from the route's start."""
    lat, lng = data.draw(st.floats(41.1, 41.2)), data.draw(st.floats(-8.7, -8.5))
    route = line(points)
    found = route.progress(lat, lng)
    assert route.length_m == pytest.approx(found.along_m + found.left_m, abs=1e-6)
    assert found.off_m <= distance_m(lat, lng, *points[0]) * 1.002 + 0.1


def test_a_crossing_of_the_route_with_itself_is_no_jump() -> None:
    """On a route that comes back over its own street, who was early on it stays early, who was late stays late."""
    out = [moved(41.15, -8.61, 90.0, metres) for metres in range(0, 4001, 100)]
    there_and_back = line(out + out[::-1])
    at = moved(41.15, -8.61, 90.0, 1000)
    assert 1000 == pytest.approx(there_and_back.progress(*at, was_m=900).along_m, abs=5)
    assert 7000 == pytest.approx(there_and_back.progress(*at, was_m=6950).along_m, abs=5)


def test_who_left_the_route_is_found_anywhere_on_it() -> None:
    """Somebody nowhere near where they were is sought on the whole route."""
    found = line(EASTWARDS).progress(*moved(41.15, -8.61, 90.0, 2900), was_m=100)
    assert 2900 == pytest.approx(found.along_m, abs=5)


def test_a_route_may_cross_the_180th_meridian() -> None:
    """Fiji has streets on both sides."""
    route = line([(-16.5, 179.99), (-16.5, -179.99)])
    assert 2132 == pytest.approx(route.length_m, abs=5)
    assert 1066 == pytest.approx(route.progress(-16.5, 180.0).along_m, abs=5)


def test_a_route_of_one_point_is_all_behind() -> None:
    """Who has nothing left to drive has nothing left, however far off they stand."""
    found = line([(41.15, -8.61)]).progress(*moved(41.15, -8.61, 0.0, 50))
    assert (0.0, 0.0) == found[:2]
    assert 50 == pytest.approx(found.off_m, abs=0.2)


def test_a_line_of_nothing_is_refused() -> None:
    """There is no progress along no route."""
    with pytest.raises(ValueError, match="at least one"):
        Line(np.array([]), np.array([]))
