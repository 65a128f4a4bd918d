"""Boxes, and names found in them by cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.box import Box, check_box
from geo.grid import Grid, cell_of, cells_of, count_cells

LATS = st.floats(-90, 90)
LNGS = st.floats(-180, 180) | st.sampled_from([-180.0, 180.0])
SMALL_BOXES = st.builds(
    lambda lat, lng, high, wide: Box(lng, lat, (lng + wide + 180) % 360 - 180, min(90, lat + high)),
    st.floats(-90, 89), LNGS, st.floats(0.001, 3), st.floats(0.001, 3),
)


@pytest.mark.parametrize(
    ("west", "south", "east", "north"),
    [(-181, 0, 1, 1), (0, -91, 1, 1), (0, 1, 1, 1), (0, 2, 1, 1), (1, 0, 1, 1), (10, 0, 9, 1), (180, 0, -180, 1),
     (float("nan"), 0, 1, 1)],
)
def test_a_box_that_is_none_is_refused(west: float, south: float, east: float, north: float) -> None:
    """Out of range, upside down, empty or with swapped sides: the answer is a sentence."""
    assert isinstance(check_box(west, south, east, north), str)


def test_a_box_may_cross_the_date_line() -> None:
    """West above east is the box across 180°."""
    box = check_box(179, -1, -179, 1)
    assert isinstance(box, Box)
    assert [True, True, False] == [box.holds(0, 179.5), box.holds(0, -179.5), box.holds(0, 0)]
    assert 2.0 == box.width_deg


@pytest.mark.parametrize("box", [Box(179, -1, 180, 1), Box(-180, -1, -179, 1), Box(179, -1, -179, 1)])
def test_180_and_minus_180_are_the_same_meridian(box: Box) -> None:
    """Who stands on it is in a box that reaches it from either side, whichever sign they say; no cell counts twice."""
    for lng in (180.0, -180.0):
        grid = Grid(0.05)
        grid.put("on it", 0, lng)
        assert (True, ["on it"]) == (box.holds(0, lng), grid.inside(box))
        assert cell_of(0, lng, 0.05) in set(cells_of(box, 0.05))
    cells = list(cells_of(box, 0.05))
    assert len(set(cells)) == len(cells) <= count_cells(box, 0.05)
    assert not Box(178, -1, 179, 1).holds(0, -180.0)


@given(SMALL_BOXES, LATS, LNGS)
def test_a_point_in_a_box_lies_in_one_of_its_cells(box: Box, lat: float, lng: float) -> None:
    """Looking through the box's cells misses nobody inside."""
    if box.holds(lat, lng):
        assert cell_of(lat, lng, 0.05) in set(cells_of(box, 0.05))


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.booleans()), max_size=40))
def test_a_grid_finds_who_a_plain_search_finds(moves: list[tuple[int, float, float, bool]]) -> None:
    """After any moves and departures, both ways of asking agree: by the box's cells and by all cells in use."""
    grid, plain = Grid(0.05), dict[str, tuple[float, float]]()
    for number, lat, lng, leaves in moves:
        if leaves:
            grid.drop(str(number))
            plain.pop(str(number), None)
        else:
            grid.put(str(number), lat, lng)
            plain[str(number)] = (lat, lng)
    for box in (Box(-0.1, -0.1, 0.1, 0.1), Box(-0.01, -0.01, 0.01, 0.01), Box(-180, -90, 180, 90)):
        expected = sorted(name for name, (lat, lng) in plain.items() if box.holds(lat, lng))
        assert expected == sorted(grid.inside(box))
