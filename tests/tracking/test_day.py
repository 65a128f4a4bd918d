"""Stops and trips of a day: by place over time, without a hole, and not fooled by noise."""

import csv
import io
import random
from itertools import pairwise

import gpxpy
from hypothesis import given
from hypothesis import strategies as st

from geo.point import distance_m, moved
from tracking.day import STAY_M, STAY_S, Segment, segments
from tracking.dayforms import as_csv, as_geojson, as_gpx
from tracking.state import KeptPoint

HOME = (14.5995, 120.9842)
EIGHT_MS = 1_795_248_000_000


def stay(points: list[KeptPoint], minutes: float, noise_m: float = 15, seed: int = 1, every_s: int = 10) -> None:
    """Stand where the last fix is, as a phone that errs sees it."""
    rng = random.Random(seed)
    lat, lng = (points[-1].lat, points[-1].lng) if points else HOME
    for _ in range(round(minutes * 60 / every_s)):
        there = moved(lat, lng, rng.uniform(0, 360), rng.uniform(0, noise_m))
        points.append(fix(points, *there, every_s))
    points.append(fix(points, lat, lng, every_s))


def ride(points: list[KeptPoint], metres: float, heading: float = 90, speed_mps: float = 8, every_s: int = 10) -> None:
    """Go on from the last fix."""
    lat, lng = (points[-1].lat, points[-1].lng) if points else HOME
    steps = round(metres / (speed_mps * every_s))
    for step in range(1, steps + 1):
        points.append(fix(points, *moved(lat, lng, heading, metres * step / steps), every_s))


def fix(points: list[KeptPoint], lat: float, lng: float, every_s: int) -> KeptPoint:
    """The next fix."""
    return KeptPoint(len(points), points[-1].ts + every_s * 1000 if points else EIGHT_MS, lat, lng)


def a_morning() -> list[KeptPoint]:
    """Ten minutes at home, 3 km, five minutes at a shop, 2 km, and seven minutes at a door."""
    points: list[KeptPoint] = []
    stay(points, 10)
    ride(points, 3000)
    stay(points, 5)
    ride(points, 2000, heading=0)
    stay(points, 7)
    return points


def kinds(points: list[KeptPoint]) -> list[str]:
    """Which segments there are."""
    return [each.kind for each in segments(points)]


def test_a_morning_is_three_stops_and_two_trips() -> None:
    """Each at its place, trips as long as they were, give or take the edge of a stop."""
    found = segments(a_morning())
    assert ["stop", "trip", "stop", "trip", "stop"] == [each.kind for each in found]
    assert distance_m(found[0].lat, found[0].lng, *HOME) < 40
    for each, metres in ((found[1], 3000), (found[3], 2000)):
        assert abs(each.distance_m - metres) < 2 * STAY_M + 60


def test_waiting_at_a_light_is_no_stop() -> None:
    """Two minutes at the same place belong to the trip."""
    points: list[KeptPoint] = []
    ride(points, 1500)
    stay(points, 2, noise_m=5)
    ride(points, 1500)
    assert ["trip"] == kinds(points)


def test_a_stray_fix_parts_no_stop() -> None:
    """A single fix 800 m away, as beside tall houses, leaves one stop one."""
    points: list[KeptPoint] = []
    stay(points, 10)
    lat, lng = points[-1].lat, points[-1].lng
    points.append(fix(points, *moved(lat, lng, 200, 800), 10))
    points.append(fix(points, lat, lng, 10))
    stay(points, 10, seed=2)
    found = segments(points)
    assert ["stop"] == [each.kind for each in found]
    assert distance_m(found[0].lat, found[0].lng, *HOME) < 40


def test_silence_at_one_place_is_a_stop_and_is_told() -> None:
    """Phones sleep when parked: two fixes an hour apart at one place are a stop of which an hour is not known."""
    points = [KeptPoint(0, EIGHT_MS, *HOME), KeptPoint(1, EIGHT_MS + 3_600_000, *HOME)]
    assert [("stop", 3600.0, 3600.0)] == [(each.kind, each.duration_s, each.silent_s) for each in segments(points)]


def test_a_day_across_the_date_line_is_a_day_like_others() -> None:
    """A stop on the 180th meridian lies there, and not on the other side of the world."""
    points = [KeptPoint(i, EIGHT_MS + i * 60_000, -16.5, 179.9999 if i % 2 else -179.9999) for i in range(10)]
    found = segments(points)
    assert ["stop"] == [each.kind for each in found]
    assert distance_m(found[0].lat, found[0].lng, -16.5, 180.0) < 50


def test_without_fixes_there_is_no_day() -> None:
    """And a single fix is neither a stop nor a trip."""
    assert ([], []) == (segments([]), segments([KeptPoint(0, EIGHT_MS, *HOME)]))


steps = st.tuples(st.integers(0, 400), st.integers(0, 359), st.integers(1, 300))


@given(st.lists(steps, max_size=60))
def test_segments_take_turns_and_cover_every_fix(walk: list[tuple[int, int, int]]) -> None:
    """For any walk: from the first fix to the last, each segment begins where the one before ends."""
    points = [KeptPoint(0, EIGHT_MS, *HOME)]
    for metres, heading, seconds in walk:
        points.append(fix(points, *moved(points[-1].lat, points[-1].lng, heading, metres), seconds))
    found = segments(points)
    if len(points) > 1:
        assert (0, len(points) - 1) == (found[0].first, found[-1].last)
    assert [] == [(a.kind, b.kind) for a, b in pairwise(found) if a.kind == b.kind or a.last != b.first]
    assert [] == [each for each in found if each.kind == "stop" and each.duration_s < STAY_S]
    assert [] == [each for each in found if each.kind == "trip" and hides_a_stop(points, each)]


def hides_a_stop(points: list[KeptPoint], trip: Segment) -> bool:
    """Are there fixes inside the trip from which on the rider stayed?"""
    for first in range(trip.first + 1, trip.last):
        last = first
        while last < trip.last and distance_m(*place(points[first]), *place(points[last + 1])) <= STAY_M - 1:
            last += 1
        if points[last].ts - points[first].ts >= STAY_S * 1000:
            return True
    return False


def place(point: KeptPoint) -> tuple[float, float]:
    """Where a fix is."""
    return point.lat, point.lng


def test_all_forms_tell_the_same_day() -> None:
    """CSV, GeoJSON and GPX, read back by other programs' readers, have the same stops and trips."""
    points = a_morning()
    found = segments(points)
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert [each.kind for each in found] == [row["kind"] for row in rows]
    features = as_geojson("r1", found, points)["features"]
    assert ["Point", "LineString", "Point", "LineString", "Point"] == [each["geometry"]["type"] for each in features]
    assert all(len(each["properties"]["times"]) == len(each["geometry"]["coordinates"]) for each in features[1::2])
    read = gpxpy.parse(as_gpx("r1", found, points))
    assert (3, 2) == (len(read.waypoints), len(read.tracks[0].segments))
    total_m = sum(each.distance_m for each in found)
    assert abs(total_m - read.length_2d()) < total_m / 100
