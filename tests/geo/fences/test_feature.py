"""GeoJSON as people write it becomes a fence, with a repair that is stated, or is refused with a reason."""

import math
from typing import Any

import msgspec
import pytest

from geo.fences.engine import advance
from geo.fences.feature import MOST_CORNERS, Wrong, read
from geo.fences.table import FenceTable
from geo.fences.track import Ping, RiderState

SQUARE = [[120.98, 14.59], [120.99, 14.59], [120.99, 14.60], [120.98, 14.60], [120.98, 14.59]]
MIDDLE = (14.595, 120.985)


def feature(kind: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    """A Feature."""
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates},
            "properties": {"name": "here"} | properties}


def test_a_point_with_a_radius_is_a_circle() -> None:
    """Longitude comes first in GeoJSON."""
    fence = read(feature("Point", [120.985, 14.595], radius_m=100), "f1").fence
    assert (-100, "here") == (fence.shape.distance_m(*MIDDLE), fence.name)


def test_a_line_with_a_width_is_a_corridor() -> None:
    """Inside is what lies within half the width."""
    shape = read(feature("LineString", [[120.98, 14.59], [120.98, 14.60]], width_m=50), "f1").fence.shape
    east = 20 / 111_195 / math.cos(math.radians(14.595))
    assert [-5, 15] == [pytest.approx(shape.distance_m(14.595, 120.98 + by * east), abs=0.1) for by in (1, 2)]


def test_holes_and_parts_count() -> None:
    """In a hole is out; in any part is in."""
    hole = [[120.984, 14.594], [120.984, 14.596], [120.986, 14.596], [120.986, 14.594], [120.984, 14.594]]
    far = [[lng + 0.1, lat] for lng, lat in SQUARE]
    shape = read(feature("MultiPolygon", [[SQUARE, hole], [far]]), "f1").fence.shape
    inside = [shape.distance_m(*place) < 0 for place in (MIDDLE, (14.591, 120.985), (14.595, 121.085))]
    assert [False, True, True] == inside


@pytest.mark.parametrize(
    ("kind", "coordinates", "size"),
    [("Point", [120.985, 14.595], {"radius_m": 300}), ("Polygon", [SQUARE], {}), ("MultiPolygon", [[SQUARE]], {}),
     ("LineString", [[120.98, 14.595], [120.99, 14.595]], {"width_m": 100})],
)
def test_a_visit_to_any_shape_can_be_kept(kind: str, coordinates: Any, size: dict[str, float]) -> None:
    """What is known of a rider in the middle of a visit can be stored, and comes back the same."""
    table, states = FenceTable([read(feature(kind, coordinates, **size), "f1").fence]), {"r1": RiderState()}
    for step in range(20):
        advance(table, states, [Ping("r1", 5000 * step, 14.595, 120.977 + 0.0004 * step, 5.0)])
        kept = msgspec.msgpack.encode(states)
        assert states == msgspec.msgpack.decode(kept, type=dict[str, RiderState])
    assert ["f1"] == list(states["r1"].live.visits)


def test_good_shapes_come_back_as_they_were() -> None:
    """Nothing is repaired that was right."""
    given = feature("Polygon", [SQUARE], kinds=["enter"], dwell_s=60)
    done = read(given, "f1")
    assert ((), given["geometry"]) == (done.repairs, done.feature["geometry"])
    assert given["properties"] | {"kinds": ["enter"], "dwell_s": 60.0} == done.feature["properties"]
    assert done.feature == read(done.feature, "f1").feature


@pytest.mark.parametrize(
    ("ring", "word"),
    [(SQUARE[::-1], "wound"), (SQUARE[:-1], "closed"), ([[*each, 7.0] for each in SQUARE], "altitudes"),
     ([SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]], "untangled")],
)
def test_repairs_are_made_and_said(ring: list[Any], word: str) -> None:
    """Each repair is a sentence, and what comes back needs none."""
    done = read(feature("Polygon", [ring]), "f1")
    assert any(word in repair for repair in done.repairs)
    assert () == read(done.feature, "f1").repairs


def test_too_many_corners_are_simplified() -> None:
    """A hundred thousand corners become at most MOST_CORNERS, and the sentence says how far the line moved."""
    count = 100_000
    ring = [
        [120.98 + 0.02 * math.cos(2 * math.pi * at / count), 14.6 + 0.02 * math.sin(2 * math.pi * at / count)]
        for at in range(count)
    ]
    done = read(feature("Polygon", [[*ring, ring[0]]]), "f1")
    assert len(done.feature["geometry"]["coordinates"][0]) <= MOST_CORNERS
    assert "simplified" in done.repairs[0]


@pytest.mark.parametrize("parts", [
    [[[[179.9, -17.0], [-179.9, -17.0], [-179.9, -16.8], [179.9, -16.8], [179.9, -17.0]]]],
    [[[[179.9, -17.0], [180.0, -17.0], [180.0, -16.8], [179.9, -16.8], [179.9, -17.0]]],
     [[[-180.0, -17.0], [-179.9, -17.0], [-179.9, -16.8], [-180.0, -16.8], [-180.0, -17.0]]]],
])
def test_the_180_degree_meridian_may_be_crossed(parts: list[Any]) -> None:
    """In one piece or cut at the meridian, it is the small shape, not the one round the globe."""
    shape = read(feature("MultiPolygon", parts), "f1").fence.shape
    inside = [shape.distance_m(-16.9, lng) <= 0 for lng in (179.95, -179.95, 179.8, -179.8, 0.0)]
    assert [True, True, False, False, False] == inside


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"type": "Polygon"}, "type"),
        ({"type": "Feature", "properties": {"name": "x"}}, "geometry"),
        (feature("Point", [1, 2]), "properties.radius_m"),
        (feature("Point", [1, 2], radius_m=-5), "properties.radius_m"),
        (feature("Point", [1, 95], radius_m=5), "geometry.coordinates"),
        (feature("Point", [1, "2"], radius_m=5), "geometry.coordinates"),
        (feature("Point", [1, None], radius_m=5), "geometry.coordinates"),
        (feature("Point", [1, float("nan")], radius_m=5), "geometry.coordinates"),
        (feature("Point", "12", radius_m=5), "geometry.coordinates"),
        (feature("Point", {"0": 1}, radius_m=5), "geometry.coordinates"),
        (feature("LineString", [[1, 2], [1, 2]], width_m=5), "geometry.coordinates"),
        (feature("LineString", [[1, 2], [1, 3]]), "properties.width_m"),
        (feature("Polygon", []), "geometry.coordinates"),
        (feature("Polygon", [[]]), "geometry.coordinates"),
        (feature("Polygon", [[[1, 2], [1, 2], [1, 2], [1, 2]]]), "geometry.coordinates"),
        (feature("Polygon", [[[1, 2], [2, 3], [3, 4], [1, 2]]]), "geometry.coordinates"),
        (feature("Polygon", [[[0, 0], [20, 0], [20, 20], [0, 0]]]), "geometry.coordinates"),
        (feature("GeometryCollection", []), "geometry.type"),
        (feature("Point", [1, 2], radius_m=5, name=""), "properties.name"),
        (feature("Point", [1, 2], radius_m=5, kinds=["off_route"]), "properties.kinds"),
        (feature("Point", [1, 2], radius_m=5, dwell_s="long"), "properties"),
    ],
)
def test_what_cannot_be_a_fence_is_refused_by_name(given: dict[str, Any], field: str) -> None:
    """The refusal names the part at fault."""
    with pytest.raises(Wrong) as refused:
        read(given, "f1")
    assert field == refused.value.field
