"""Where fences are: distances, ways through, the index and its edits, each against a slower and plainer answer."""

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as some

from geo.fences.engine import advance
from geo.fences.fence import Fence
from geo.fences.kernel import A_WAY, NOTHING, SURELY_M, gather, look
from geo.fences.shape import area, circle
from geo.fences.table import FenceTable
from geo.fences.track import ENTERING, Ping, RiderState
from geo.point import distance_m, moved
from tests.geo.fences.walks import LAT, LNG, disc, kinds, outline, place

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
    fixes = np.zeros((20, 4))
    fixes[:, :2] = np.array((LAT, LNG)) + dice.uniform(-0.005, 0.005, (20, 2))
    asked = np.array([(len(shapes) * (number + 1), 0, NOTHING) for number in range(20)])
    known = np.array([(slot, ENTERING) for _ in fixes for slot in range(len(shapes))])
    pairs, measures, _ = look(fixes, asked, known, table.ground, 300.0)
    assert [(row, slot) for row in range(20) for slot in range(len(shapes))] == [*map(tuple, pairs[:, :2].tolist())]
    expected = [shape.distance_m(lat, lng) for lat, lng in fixes[:, :2].tolist() for shape in shapes]
    assert expected == pytest.approx(measures[:, 0].tolist(), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=some.integers(0, 10_000))
@example(seed=115)  # a way that begins a millimetre inside
def test_a_way_led_through_what_it_meets(seed: int) -> None:
    """Of fixes outside, those whose way met the shape are told of it, and no others; as shapely sees it."""
    dice = np.random.default_rng(seed)
    angles, reach = np.sort(dice.uniform(0, 2 * np.pi, 40)), dice.uniform(50, 400, 40) / 111_195
    ring = np.stack([LNG + reach * np.cos(angles), LAT + reach * np.sin(angles)], axis=1)
    star = area(shapely.make_valid(shapely.Polygon(ring), method="structure"))
    fixes = np.zeros((60, 4))
    fixes[:, :2] = np.array((LAT, LNG)) + dice.uniform(-0.006, 0.006, (60, 2))
    fixes[:, 2:] = dice.uniform(-0.006, 0.006, (60, 2))
    asked, known = np.array([(0, 1, A_WAY)] * 60), np.zeros((0, 2), dtype=np.int64)
    pairs, measures, _ = look(fixes, asked, known, FenceTable([Fence("f", star)]).ground, 300.0)
    found = {row: (distance_m <= 0, *flags) for (row, _, *flags), distance_m in zip(
        pairs.tolist(), measures[:, 0].tolist(), strict=True)}
    for row, (lat, lng, north, east) in enumerate(fixes.tolist()):
        way = shapely.LineString([star.metres(lat - north, lng - east), star.metres(lat, lng)])
        is_in, was_in = star.distance_m(lat, lng) <= 0, star.distance_m(lat - north, lng - east) < -SURELY_M
        expected = (is_in, not is_in, was_in) if is_in or shapely.intersects(star.area, way) else None
        assert expected == found.get(row)


def near(table: FenceTable, lat: float, lng: float, north: float = 0.0, east: float = 0.0) -> set[str | None]:
    """The fences that are looked at for a fix there with such a way behind it."""
    places, _, _, cells, is_taken, slots = table.ground
    count = gather(lat, lng, north, east, places, cells, is_taken, slots)
    is_taken[:] = False
    found = slots[:count].tolist()
    assert len(found) == len(set(found))
    return {fence.id if (fence := table.fences[slot]) else None for slot in found}


@settings(max_examples=25, deadline=None)
@given(seed=some.integers(0, 10_000), edits=some.integers(0, 400), reach_m=some.sampled_from([300, 3_000, 300_000]))
def test_an_edit_counts_at_once(seed: int, edits: int, reach_m: float) -> None:
    """However many fences were added, changed and dropped, those a plain search finds near a way are looked at."""
    dice = np.random.default_rng(seed)

    def anywhere(name: str) -> Fence:
        return Fence(name, disc(dice.uniform(20, 200), *dice.uniform(-reach_m, reach_m, 2)))

    table = FenceTable(anywhere(str(number)) for number in range(50))
    for _ in range(edits):
        name = str(dice.integers(0, 150))
        if dice.random() < 0.3:
            table.drop(name)
        else:
            table.put(anywhere(name))
    a, b = dice.uniform(-reach_m, reach_m, (2, 20, 2))
    for start, end in zip((place(*spot) for spot in a), (place(*spot) for spot in b), strict=True):
        way = shapely.box(min(start[1], end[1]), min(start[0], end[0]), max(start[1], end[1]), max(start[0], end[0]))
        fences = [fence for fence in table.fences if fence is not None]
        expected = {fence.id for fence in fences if shapely.box(*fence.shape.box).intersects(way)}
        found = near(table, *end, end[0] - start[0], end[1] - start[1])
        assert expected <= found <= table.slots.keys()


@pytest.mark.parametrize("reach_m", [300.0, 30_000.0])
def test_fences_are_found_in_cells_that_outgrow_their_room(reach_m: float) -> None:
    """Two thousand fences in few cells or in many, a third dropped again: a place finds all that are there."""
    dice = np.random.default_rng(7)
    spots = dice.uniform(-reach_m, reach_m, (2000, 2)).tolist()
    table = FenceTable(Fence(str(number), disc(50, *spot)) for number, spot in enumerate(spots))
    for number in range(0, 2000, 3):
        table.drop(str(number))
    for number in range(1, 2000, 40):
        here = place(*spots[number])
        expected = {f.id for f in table.fences if f and shapely.box(*f.shape.box).intersects(shapely.Point(here[::-1]))}
        assert str(number) in expected or number % 3 == 0
        assert expected <= near(table, *here) <= table.slots.keys()


@settings(max_examples=25, deadline=None)
@given(seed=some.integers(0, 10_000))
def test_an_edited_areas_edges_are_its_own(seed: int) -> None:
    """However often areas of few and many corners come, change and go, each is measured by its own edges."""
    dice = np.random.default_rng(seed)
    table = FenceTable()
    for _ in range(150):
        name, x, y = str(dice.integers(0, 12)), *dice.uniform(-300, 300, 2)
        corners = int(dice.choice([3, 17, 90]))
        turns = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        ring = [(x + 80 * np.cos(turn), y + 80 * np.sin(turn)) for turn in turns]
        if dice.random() < 0.3:
            table.drop(name)
        else:
            table.put(Fence(name, disc(80, x, y) if dice.random() < 0.2 else outline(*ring)))
    known = np.array([(slot, ENTERING) for slot in sorted(table.slots.values())], dtype=np.int64).reshape(-1, 2)
    fixes = np.array([(LAT, LNG, 0.0, 0.0)])
    pairs, measures, _ = look(fixes, np.array([(len(known), 0, NOTHING)]), known, table.ground, 300.0)
    expected = [fence.shape.distance_m(LAT, LNG) for fence in table.fences if fence is not None]
    assert known[:, 0].tolist() == pairs[:, 1].tolist()
    assert expected == pytest.approx(measures[:, 0].tolist(), abs=1e-6)


@settings(deadline=None)
@given(lat=some.floats(-85, 85), lng=some.floats(-180, 180), heading=HEADINGS, radius_m=some.floats(20, 30_000),
       beyond_m=some.floats(-50, 300), among=some.integers(0, 3))
def test_every_fence_within_three_hundred_metres_is_looked_at(
    lat: float, lng: float, heading: float, radius_m: float, beyond_m: float, among: int
) -> None:
    """Large and small, at any latitude and over the 180° meridian; and none that was dropped."""
    table = FenceTable(Fence(f"here{number}", circle(lat, lng, 50)) for number in range(among))
    table.put(Fence("f", circle(lat, lng, radius_m)))
    place = moved(lat, lng, heading, radius_m + beyond_m)
    assert "f" in near(table, *place)
    table.drop("f")
    assert near(table, *place) <= {f"here{number}" for number in range(among)}


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
