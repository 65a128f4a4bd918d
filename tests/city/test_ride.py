"""How simulated riders move and what their phones say: physics that hold for any route, errors that own up."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from city.graph import Graph
from city.places import Route, Spot
from city.receiver import Receiver, Sample
from city.ride import ACCELERATION_MPS2, BRAKING_MPS2, CREEP_MPS, Drive, Habits, Motion, headings
from city.rider import RiderModel
from city.streets import haversine_m
from tests.city.cities import CITIES, graph_of
from tests.city.test_graph import chosen


def metres(a: Motion | Spot, b: Motion | Spot) -> float:
    """Distance between two places."""
    return float(haversine_m(*map(np.array, (a.lat, a.lng, b.lat, b.lng))))


def some_route(graph: Graph, seed: int) -> Route:
    """A route of at least a kilometre."""
    places = chosen(graph, 40, seed)
    found = (graph.route(*ends) for ends in zip(places[:20], places[20:], strict=True))
    return next(route for route in found if isinstance(route, Route) and route.distance_m > 1000)


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_drive_keeps_to_speed_limits_and_physics_and_arrives(city: str, seed: int) -> None:
    """Never faster than the street, never speeding up or braking harder than a scooter can, and the end is reached."""
    route = some_route(graph_of(city), seed)
    drive = Drive(route, Habits(pace=0.9), random.Random(seed))
    before, seconds = drive.now, 0.0
    while not drive.done:
        after = drive.advance(0.5)
        seconds += 0.5
        assert after.speed_mps <= float(route.speed_mps.max()) * 0.9 + 1e-6
        assert metres(before, after) <= float(route.speed_mps.max()) * 0.9 * 0.5 + 0.1
        assert after.speed_mps - before.speed_mps <= max(ACCELERATION_MPS2 * 0.5, CREEP_MPS) + 1e-6
        before = after
        assert seconds < 10 * route.duration_s + 600
    assert metres(before, route.points[-1]) < 0.2
    assert seconds > 0.9 * route.duration_s


def test_a_corner_is_taken_slowly() -> None:
    """At a right angle the rider has braked to walking-round speed, and on the straight was fast."""
    lat, lng = np.array([0.0, 0.0, 0.005]), np.array([0.0, 0.005, 0.005])
    route = Route(lat, lng, np.full(2, 14.0), np.zeros(2, bool), np.array([], dtype=int), 1112.0, 80.0)
    drive = Drive(route, Habits(pace=1.0, red_lights=0.0), random.Random(1))
    seen = [drive.now]
    while not drive.done:
        seen.append(drive.advance(0.25))
    corner = min(seen, key=lambda motion: metres(motion, Spot(0.0, 0.005)))
    assert corner.speed_mps < 4.5 + BRAKING_MPS2
    assert max(motion.speed_mps for motion in seen) > 13.0


def test_red_lights_are_waited_for() -> None:
    """With every light red the same route takes longer, and the rider stands still on the way."""
    route = some_route(graph_of("invented"), 4)

    def ride(red_lights: float) -> list[Motion]:
        drive = Drive(route, Habits(pace=0.9, red_lights=red_lights), random.Random(1))
        seen = []
        while not drive.done:
            seen.append(drive.advance(1.0))
        return seen

    green, red = ride(0.0), ride(1.0)
    assert len(red) > len(green) + 20
    assert sum(motion.speed_mps == 0.0 for motion in red) > 20


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=12), st.integers(0, 99))
def test_any_line_is_driven_to_its_end(corners: list[tuple[int, int]], seed: int) -> None:
    """Doubled points, hairpins and single points neither crash nor stop a drive."""
    lat, lng = (np.array(column) * 1e-4 for column in zip(*corners, strict=True))
    pieces = len(lat) - 1
    route = Route(lat, lng, np.full(pieces, 9.0), np.zeros(pieces, bool), np.arange(1, pieces), 0.0, 0.0)
    drive = Drive(route, Habits(), random.Random(seed))
    for _ in range(3000):
        drive.advance(1.0)
        if drive.done:
            break
    assert drive.done
    assert pytest.approx((lat[-1], lng[-1]), abs=1e-6) == drive.now[:2]


def test_headings_are_clockwise_from_north() -> None:
    """North, east, south, west, and a piece without length keeps the last."""
    lat = np.array([0.0, 0.1, 0.1, 0.1, 0.0, 0.0])
    lng = np.array([0.0, 0.0, 0.1, 0.1, 0.1, 0.0])
    assert pytest.approx([0, 90, 90, 180, 270]) == headings(lat, lng).tolist()


def hour_of(truth: Motion, seed: int) -> list[list[Sample]]:
    """What one phone that stays where it is sends in an hour."""
    phone = Receiver(random.Random(seed))
    return [phone.hear(float(second), truth) for second in range(3600)]


def test_accuracy_is_honest() -> None:
    """About two fixes in three or more lie within the accuracy they claim, and none is absurdly far off."""
    truth = Motion(14.6, 120.98, 8.0, 90.0, False)
    samples = [sample for batch in hour_of(truth, 3) for sample in batch]
    off_m = [metres(truth, Spot(sample.lat, sample.lng)) for sample in samples]
    within = np.mean([off <= sample.accuracy for off, sample in zip(off_m, samples, strict=True)])
    assert within > 0.68
    assert max(off_m) < 80


def test_errors_wander_instead_of_jumping() -> None:
    """From one second to the next the error changes far less than over minutes."""
    truth = Motion(14.6, 120.98, 0.0, 0.0, False)
    spots = [Spot(sample.lat, sample.lng) for batch in hour_of(truth, 5) for sample in batch]
    next_second = np.median([metres(a, b) for a, b in itertools.pairwise(spots)])
    minutes_later = np.median([metres(a, b) for a, b in zip(spots, spots[200:], strict=False)])
    assert next_second < 0.4 * minutes_later


def test_a_dead_zone_ends_in_one_late_batch() -> None:
    """What gathered offline comes at once, in order, and nothing is lost or doubled."""
    batches = hour_of(Motion(14.6, 120.98, 8.0, 90.0, False), 8)
    assert max(map(len, batches)) >= 10
    times = [sample.at_s for batch in batches for sample in batch]
    assert sorted(set(times)) == times
    assert len(times) >= 3600 - 61


def test_a_tunnel_gives_no_fix() -> None:
    """Nothing is heard in a tunnel, and nothing of it afterwards."""
    phone = Receiver(random.Random(1))
    inside = Motion(14.6, 120.98, 8.0, 90.0, True)
    assert [[]] * 30 == [phone.hear(float(second), inside) for second in range(30)]
    assert [30.0] == [sample.at_s for sample in phone.hear(30.0, inside._replace(in_tunnel=False))]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.01, 7.0), min_size=1, max_size=30))
def test_fixes_come_each_second_however_time_is_cut(steps: list[float]) -> None:
    """Fixes lie one second apart, none missing but the newest ones a dead zone may still hold."""
    rider = RiderModel(Spot(14.6, 120.98), random.Random(2))
    times = [sample.at_s for step in steps for sample in rider.step(step)]
    expected = [round(0.001 + number, 3) for number in range(len(times))]
    assert expected == [round(at_s, 3) for at_s in times]
    assert len(times) <= sum(steps) + 1


def test_a_rider_obeys_the_interval_asked_for() -> None:
    """Told to report each five seconds, the phone does."""
    rider = RiderModel(Spot(14.6, 120.98), random.Random(2))
    rider.fix_every_s = 5.0
    times = [sample.at_s for _ in range(30) for sample in rider.step(1.0)]
    assert {5.0} == {round(after - before, 1) for before, after in itertools.pairwise(times)}
