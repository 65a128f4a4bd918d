"""Which tags make a road, and how it is driven."""

import pytest

from city.roads import KMH, read

OPEN_ROAD = {"highway": "residential"}


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"building": "yes"},
        {"highway": "footway"},
        {"highway": "construction"},
        {"highway": "pedestrian", "area": "yes"},
        {"highway": "residential", "access": "private"},
        {"highway": "service", "service": "parking_aisle"},
    ],
)
def test_ways_no_rider_may_take_are_no_roads(tags: dict[str, str]) -> None:
    """Footpaths, building sites, private ground and parking aisles are left out."""
    assert read(tags) is None


def test_the_most_particular_access_tag_wins() -> None:
    """A road closed to all but open to motor vehicles is a road."""
    assert read({**OPEN_ROAD, "access": "no", "motor_vehicle": "yes"}) is not None


@pytest.mark.parametrize(
    ("tags", "oneway"),
    [
        ({}, 0),
        ({"oneway": "yes"}, 1),
        ({"oneway": "-1"}, -1),
        ({"junction": "roundabout"}, 1),
        ({"highway": "motorway"}, 1),
        ({"highway": "motorway", "oneway": "no"}, 0),
    ],
)
def test_direction_of_traffic_is_read_from_tags(tags: dict[str, str], oneway: int) -> None:
    """One-way tags, roundabouts and motorways."""
    road = read({**OPEN_ROAD, **tags})
    assert road is not None
    assert oneway == road.oneway


@pytest.mark.parametrize(
    ("limit", "kmh"), [("20", 20), ("30 mph", 30 * 1.609344 * 0.9), ("none", 30), ("0", 30), ("999", 130), ("60", 54)]
)
def test_a_speed_limit_lowers_or_raises_the_class_speed(limit: str, kmh: float) -> None:
    """Below the class speed the limit holds; above it riders keep nine tenths of it, and never more than 130 km/h."""
    road = read({**OPEN_ROAD, "maxspeed": limit})
    assert road is not None
    assert pytest.approx(kmh * KMH) == road.speed_mps
