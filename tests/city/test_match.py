"""Noisy rows of fixes are laid on the streets that were driven, and nothing is made up where there were none."""

import random
from itertools import pairwise

import numpy as np
import pytest

from city.graph import Graph
from city.match import Fixed, match
from city.places import Route, SnappedPoint, Spot
from geo.point import distance_m, moved
from geo.progress import Line
from tests.city.cities import CITIES, graph_of

EVERY_M, NOISE_M = 45.0, 9.0


@pytest.fixture(params=CITIES)
def graph(request: pytest.FixtureRequest) -> Graph:
    """A city."""
    return graph_of(request.param)


def drive(graph: Graph, rng: random.Random) -> tuple[Route, list[Fixed]]:
    """A ride across the city, and what a phone made of it."""
    south, west, north, east = graph.box
    while True:
        lat, lng = rng.uniform(south, north), rng.uniform(west, east)
        a, b = graph.snap(lat, lng), graph.snap(*moved(lat, lng, rng.uniform(0, 360), 2000))
        if not (isinstance(a, SnappedPoint) and isinstance(b, SnappedPoint)):
            continue
        route = graph.route(a, b)
        if isinstance(route, Route) and 1500 < route.distance_m < 6000:
            break
    along = Line(route.lat, route.lng).along_m
    at_m = np.arange(0, along[-1], EVERY_M)
    lats, lngs = np.interp(at_m, along, route.lat), np.interp(at_m, along, route.lng)
    fixes = []
    for place in zip(lats.tolist(), lngs.tolist(), strict=True):
        noisy = moved(*place, rng.uniform(0, 360), abs(rng.gauss(0, NOISE_M)))
        fixes.append(Fixed(*noisy, rng.choice((None, 8.0, 12.0))))
    return route, fixes


def on_route(route: Route, places: list[SnappedPoint | None]) -> int:
    """How many places are within three metres of the line driven."""
    line = Line(route.lat, route.lng)
    return sum(place is not None and line.progress(place.lat, place.lng).off_m < 3 for place in places)


def test_noisy_rides_are_laid_on_the_streets_driven(graph: Graph) -> None:
    """Of four rides more fixes come to the way driven than by the nearest street of each, and the ways are as long."""
    mine = theirs = count = 0
    for seed in range(4):
        route, fixes = drive(graph, random.Random(seed))
        found = match(graph, fixes)
        nearest = [graph.snap(fix.lat, fix.lng) for fix in fixes]
        mine += on_route(route, found.places)
        theirs += on_route(route, [each if isinstance(each, SnappedPoint) else None for each in nearest])
        count += len(fixes)
        assert len(fixes) == len(found.places)
        assert route.distance_m == pytest.approx(sum(map(_length_m, found.ways)), rel=0.1)
    assert mine > theirs
    assert mine > 0.92 * count


def test_who_stands_draws_no_ball_of_wool(graph: Graph) -> None:
    """A minute of jitter at one place adds nothing to the way."""
    route, fixes = drive(graph, random.Random(7))
    rng, half = random.Random(1), len(fixes) // 2
    still = [Fixed(*moved(fixes[half].lat, fixes[half].lng, rng.uniform(0, 360), rng.uniform(0, 5))) for _ in range(60)]
    found = match(graph, [*fixes[:half], *still, *fixes[half:]])
    assert len(fixes) + 60 == len(found.places)
    assert route.distance_m * 1.1 > sum(_length_m(way) for way in found.ways)


def test_beside_every_street_nothing_is_made_up(graph: Graph) -> None:
    """Fixes far from the city are unmatched, and the way is cut there instead of led through."""
    _, fixes = drive(graph, random.Random(3))
    far = [Fixed(graph.box[0] - 1 - at / 1000, graph.box[1]) for at in range(5)]
    half = len(fixes) // 2
    found = match(graph, [*fixes[:half], *far, *fixes[half:]])
    assert [None] * 5 == found.places[half : half + 5]
    assert all(place is not None for place in found.places[:half])
    assert match(graph, far).ways == []
    assert match(graph, []).places == []


def _length_m(way: list[Spot]) -> float:
    return sum(distance_m(*a, *b) for a, b in pairwise(way))
