"""Street paces from stored points to arrival times: learned, told as versions, used while good."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from api.arrivals.pacing import GOOD_FOR_S, PaceFollower, Segments, learn
from api.planning.travel import Travel
from city.graph import Graph
from city.paces import Paces, packed
from city.places import Route, SnappedPoint
from geo.fences.track import Ping
from geo.progress import Line
from infra.clients import Database
from tests.city.cities import graph_of
from tracking.eta.store import PaceStore

EVERY_S, SLOW = 8, 2.5


@pytest.fixture
def graph() -> Graph:
    """The invented town, with weights of this test's own."""
    return Graph(graph_of("invented").streets)


def route_across(graph: Graph) -> Route:
    """A way through the town."""
    south, west, north, east = graph.box
    a, b = (graph.snap(south + (north - south) * at, west + (east - west) * at, 2000) for at in (0.35, 0.65))
    assert isinstance(a, SnappedPoint)
    assert isinstance(b, SnappedPoint)
    route = graph.route(a, b)
    assert isinstance(route, Route)
    return route


def slow_ride(graph: Graph, rider: str) -> list[Ping]:
    """Somebody drives that way so many times slower than the signs allow."""
    route = route_across(graph)
    passed_s = np.concatenate([[0.0], np.cumsum(route.pieces_s)]) * SLOW
    along = Line(route.lat, route.lng).along_m
    begin_ms = round(time.time() * 1000) - 1_000_000
    pings = []
    for second in np.arange(0.0, passed_s[-1], EVERY_S):
        metres = np.interp(second, passed_s, along)
        lat, lng = (float(np.interp(metres, along, column)) for column in (route.lat, route.lng))
        pings.append(Ping(rider, begin_ms + round(second * 1000), lat, lng, 5.0))
    return pings


def test_slow_rides_make_slow_streets(graph: Graph) -> None:
    """What riders just drove is learned about where they drove it; standing and leaping about teach nothing."""
    segments = Segments()
    for rider in range(20):
        segments.hear(slow_ride(graph, f"r{rider}"))
    paces = Paces(graph.streets)
    assert learn(graph, paces, list(segments.waiting)) > 20
    graph.reweigh(paces.slowness(time.time()))
    assert 1.7 < route_across(graph).pace < 1.05 * SLOW
    wild = Segments()
    start = slow_ride(graph, "x")[0]
    wild.hear([Ping("x", start.ts + at * 8000, start.lat, start.lng, 5.0) for at in range(10)])
    assert [] == list(wild.waiting)


async def test_a_version_is_used_while_it_is_good(graph: Graph, database: Database) -> None:
    """The newest one counts; too old, damaged or of other streets is none, and streets go back to free flow."""
    store, travel, changes = PaceStore(database), Travel(graph=graph), []
    follower = PaceFollower(store, travel.streets, lambda: changes.append(1))
    await follower.look()
    assert (0, 1.0, []) == (follower.version, route_across(graph).pace, changes)
    slow = packed(np.full(len(graph.streets.tail), 2.0))
    assert 1 == await store.keep(slow, len(slow))
    for _ in range(2):
        await follower.look()
    assert (1, [1]) == (follower.version, changes)
    assert route_across(graph).pace == pytest.approx(2.0, rel=0.01)
    for damaged in (slow[:-1], b"\xff" * len(slow)):
        await store.keep(damaged, len(damaged))
        await follower.look()
        assert 1 == follower.version
    long_ago = datetime.now(UTC) - timedelta(seconds=GOOD_FOR_S + 60)
    await database["street_paces"].update_many({}, {"$set": {"at": long_ago}})
    await follower.look()
    assert (0, 1.0) == (follower.version, route_across(graph).pace)


async def test_two_workers_tell_two_versions(database: Database) -> None:
    """Versions rise by one, whoever tells them."""
    stores = [PaceStore(database), PaceStore(database)]
    told = await asyncio.gather(*(store.keep(b"\x32", 1) for store in stores * 5))
    assert list(range(1, 11)) == sorted(told)
    newest = await stores[0].newest()
    assert newest is not None
    assert (10, b"\x32") == (newest[0], newest[2])
