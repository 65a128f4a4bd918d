"""Where fences are: distances, ways through, the index and its edits, each against a slower and plainer answer."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as some

from geo.fences.engine import advance
from geo.fences.fence import Fence
from geo.fences.measure import measure
from geo.fences.shape import area, circle
from geo.fences.table import FenceTable
from geo.fences.track import Ping, RiderState
from geo.point import distance_m, moved
from tests.geo.fences.walks import LAT, LNG, disc, kinds, place

LATS, HEADINGS = some.floats(-80, 80), some.floats(0, 360)


@given(lat=LATS, lng=some.floats(-180, 180), radius_m=some.floats(20, 20_000), heading=HEADINGS,
       share=some.floats(0, 1.5))
def test_a_circles_distances_are_true_to_a_thousandth(
    lat: float, lng: float, radius_m: float, heading: float, share: float
) -> None:
    """The plane agrees with the globe to 0.1 % (0.5 % beyond 60° and 5 km), across the 180° meridian too."""
    point = moved(lat, lng, heading, share * radius_m)
    expected = distance_m(lat, lng, *point) - radius_m
    bound = 0.001 if abs(lat) < 60 or radius_m < 5000 else 0.005
    assert expected == pytest.approx(circle(lat, lng, radius_m).distance_m(*point), abs=bound * radius_m + 0.01)


@given(lat=some.floats(-60, 60), heading=HEADINGS, away_m=some.floats(0, 3000))
def test_an_areas_distances_are_true_to_a_hundredth(lat: float, heading: float, away_m: float) -> None:
    """Beyond a 4 km square's corner, the distance is off by no more than 1 % or a metre."""
    half = 0.018
    square = area(shapely.box(LNG - half, lat - half, LNG + half, lat + half))
    corner = (lat + half, LNG + half)
    point = moved(*corner, heading % 90, away_m)
    assert distance_m(*corner, *point) == pytest.approx(square.distance_m(*point), rel=0.01, abs=1.0)


@settings(max_examples=40, deadline=None)
@given(seed=some.integers(0, 10_000))
def test_measuring_many_is_measuring_each(seed: int) -> None:
    """The batch's distances are those of shapely, one pair at a time, for stars of few and of many corners."""
    dice = np.random.default_rng(seed)
    shapes = [disc(dice.uniform(20, 400), *dice.uniform(-500, 500, 2)) for _ in range(5)]
    for corners in dice.integers(3, 100, 15):
        angles, reach = np.sort(dice.uniform(0, 2 * np.pi, corners)), dice.uniform(50, 400, corners) / 111_195
        star = shapely.Polygon(np.stack([LNG + reach * np.cos(angles), LAT + reach * np.sin(angles)], axis=1))
        shapes.append(area(shapely.make_valid(star, method="structure")))
    table = FenceTable(Fence(str(number), shape) for number, shape in enumerate(shapes))
    slots = np.repeat(np.arange(len(shapes)), 20)
    lat, lng = LAT + dice.uniform(-0.005, 0.005, len(slots)), LNG + dice.uniform(-0.005, 0.005, len(slots))
    ways = np.stack([lat, lng, 0 * lat, 0 * lng], axis=1)
    distances, _ = measure(table, slots, ways, np.ones(len(slots), dtype=bool))
    expected = [shapes[slot].distance_m(*point) for slot, *point in zip(slots, lat, lng, strict=True)]
    assert expected == pytest.approx(distances.tolist(), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=some.integers(0, 10_000), edits=some.integers(0, 400))
def test_an_edit_counts_at_once(seed: int, edits: int) -> None:
    """However many fences were added, changed and dropped, those near a way are those a plain search finds."""
    dice = np.random.default_rng(seed)

    def anywhere(name: str) -> Fence:
        return Fence(name, disc(dice.uniform(20, 200), *dice.uniform(-3000, 3000, 2)))

    table = FenceTable(anywhere(str(number)) for number in range(50))
    for _ in range(edits):
        name = str(dice.integers(0, 150))
        if dice.random() < 0.3:
            table.drop(name)
        else:
            table.put(anywhere(name))
    a, b = dice.uniform(-3000, 3000, (2, 20, 2))
    prev, here = (np.array([place(*spot) for spot in spots]) for spots in (a, b))
    rows, slots = table.near(prev[:, 0], prev[:, 1], here[:, 0], here[:, 1])
    found = {(row, table.fences[slot].id) for row, slot in zip(rows.tolist(), slots.tolist(), strict=True)}
    expected = set()
    for row, (start, end) in enumerate(zip(prev, here, strict=True)):
        way = shapely.box(min(start[1], end[1]), min(start[0], end[0]), max(start[1], end[1]), max(start[0], end[0]))
        for fence in filter(None, table.fences):
            if shapely.box(*fence.shape.box).intersects(way):
                expected.add((row, fence.id))
    assert expected == found


@settings(deadline=None)
@given(lat=some.floats(-85, 85), lng=some.floats(-180, 180), heading=HEADINGS, radius_m=some.floats(20, 30_000),
       beyond_m=some.floats(-50, 300), among=some.integers(0, 3))
def test_a_cell_names_every_fence_within_three_hundred_metres(
    lat: float, lng: float, heading: float, radius_m: float, beyond_m: float, among: int
) -> None:
    """Large and small, at any latitude and over the 180° meridian; and none that was dropped."""
    table = FenceTable(Fence(f"here{number}", circle(lat, lng, 50)) for number in range(among))
    table.put(Fence("f", circle(lat, lng, radius_m)))
    place = moved(lat, lng, heading, radius_m + beyond_m)
    found = table.cells.near(*place)
    assert table.slots["f"] in found
    assert sorted(found) == found
    table.drop("f")
    assert among >= len(table.cells.near(*place))


@pytest.mark.parametrize("lng", [179.999, -179.999, 180.0, -180.0])
def test_the_180_degree_meridian_is_no_edge(lng: float) -> None:
    """A rider who crosses it inside a fence is one rider in one fence, from whichever side the fence was drawn."""
    table, states = FenceTable([Fence("f", circle(-16.8, lng, 500))]), {"r": RiderState()}
    fixes = []
    for step in range(41):
        lat, at = moved(-16.8, lng, 90, -1025 + 50.0 * step)
        fixes.append(Ping("r", 1000 + 5000 * step, lat, at, 5.0))
    events = [event for fix in fixes for event in advance(table, states, [fix])]
    assert ["enter", "exit"] == kinds(events)
    assert all(abs(distance_m(-16.8, lng, event.lat, event.lng) - 500) < 1 for event in events)
