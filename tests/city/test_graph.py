"""Snapping and routing: against an independent search on random networks, and by what must hold in any city."""

import heapq
import math
import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from city.engine import UNREACHABLE_MS, Arcs, Hierarchy, PlainSearch
from city.graph import Graph
from city.places import OffRoad, Route, SnappedPoint, Spot, Unreachable
from city.roads import Road
from city.streets import Way, assemble, haversine_m
from tests.city.cities import CITIES, graph_of

Network = tuple[int, list[tuple[int, int, int]]]  # node count; arcs: tail, head, cost in ms


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """A few nodes and any arcs between them: parallel ones, one-way ones, unreachable parts."""
    nodes = draw(st.integers(2, 9))
    node = st.integers(0, nodes - 1)
    arcs = draw(st.lists(st.tuples(node, node, st.integers(1, 50)), min_size=1, max_size=30))
    return nodes, [arc for arc in arcs if arc[0] != arc[1]] or [(0, 1, 1)]


def dijkstra(network: Network, source: int) -> dict[int, int]:
    """Cheapest cost to every reachable node, the textbook way."""
    done: dict[int, int] = {}
    queue = [(0, source)]
    while queue:
        cost, node = heapq.heappop(queue)
        if node not in done:
            done[node] = cost
            for tail, head, arc_cost in network[1]:
                if tail == node:
                    heapq.heappush(queue, (cost + arc_cost, head))
    return done


def engines(network: Network) -> list[Hierarchy | PlainSearch]:
    """Both engines on one network."""
    nodes, arcs = network
    tails, heads, costs = (np.array(column) for column in zip(*arcs, strict=True))
    given_arcs = Arcs(tails, heads, np.linspace(0, 1, nodes), np.linspace(0, 1, nodes) ** 2)
    return [Hierarchy(given_arcs, costs), PlainSearch(given_arcs, costs)]


@settings(max_examples=60, deadline=None)
@given(networks())
def test_both_engines_find_what_dijkstra_finds(network: Network) -> None:
    """Every pair of nodes costs the same as by an independent search, and the arcs of the path add up to it."""
    nodes = range(network[0])
    expected = [[dijkstra(network, source).get(target) for target in nodes] for source in nodes]
    for engine in engines(network):
        found = [[engine.path(source, target) for target in nodes] for source in nodes]
        assert expected == [[None if path is None else path[0] for path in row] for row in found]
        assert expected == [[None if path is None else walked(network, path[1]) for path in row] for row in found]
        matrix = engine.costs(np.array(nodes), np.array(nodes)).tolist()
        assert expected == [[None if cost >= UNREACHABLE_MS else cost for cost in row] for row in matrix]


def walked(network: Network, arcs: list[int]) -> int:
    """The cost of a path whose arcs must join."""
    for before, after in pairwise(arcs):
        assert network[1][before][1] == network[1][after][0]
    return sum(network[1][arc][2] for arc in arcs)


def line(refs: list[int], places: list[tuple[float, float]], oneway: int = 0) -> Way:
    """A street through these places, 10 m/s."""
    road = Road(kind=6, speed_mps=10.0, oneway=oneway, name="Long Street", tunnel=False)
    return Way(refs, [lat for lat, _ in places], [lng for _, lng in places], road)


def one_way_block() -> Graph:
    """A square block, driven one way round."""
    corners = [(0.0, 0.0), (0.0, 0.01), (0.01, 0.01), (0.01, 0.0), (0.0, 0.0)]
    streets = assemble([line([1, 2, 3, 4, 1], corners, oneway=1)])
    assert streets is not None
    return Graph(streets)


def route(graph: Graph, start: Spot | SnappedPoint, end: Spot | SnappedPoint) -> Route:
    """The route, which must exist."""
    found = graph.route(start, end)
    assert isinstance(found, Route), str(found)
    return found


def snap(graph: Graph, lat: float, lng: float) -> SnappedPoint:
    """The snapped point, which must exist."""
    found = graph.snap(lat, lng)
    assert isinstance(found, SnappedPoint), str(found)
    return found


def test_a_one_way_block_is_driven_round() -> None:
    """Backwards along a one-way street leads all the way round the block."""
    graph = one_way_block()
    side_m = float(haversine_m(*map(np.array, (0.0, 0.0, 0.0, 0.01))))
    ahead = route(graph, Spot(0.0, 0.002), Spot(0.0, 0.004))
    back = route(graph, Spot(0.0, 0.004), Spot(0.0, 0.002))
    assert pytest.approx(0.2 * side_m, rel=1e-3) == ahead.distance_m
    assert pytest.approx(3.8 * side_m, rel=1e-3) == back.distance_m
    assert pytest.approx(back.distance_m / 10, rel=1e-3) == back.duration_s


def test_a_point_far_from_any_road_is_refused_with_its_limit() -> None:
    """The refusal says which point and how far the search went."""
    refused = one_way_block().route(Spot(1.0, 1.0), Spot(0.0, 0.004))
    assert OffRoad(1.0, 1.0, 300.0) == refused
    expected = "1.00000,1.00000 is more than 300 m from any road of this city"
    assert expected == str(refused)


@pytest.mark.parametrize("place", [(math.nan, 0.0), (0.0, math.inf), (95.0, 0.0), (0.0, 200.0)])
def test_a_place_that_is_none_is_refused(place: tuple[float, float]) -> None:
    """NaN, infinity and degrees out of range come back as a refusal, not as a crash."""
    assert isinstance(one_way_block().snap(*place), OffRoad)


def test_two_islands_cannot_reach_each_other() -> None:
    """Networks with no street between them stay apart, and a route between them is refused."""
    streets = assemble([line([1, 2], [(0.0, 0.0), (0.0, 0.01)]), line([3, 4], [(1.0, 0.0), (1.0, 0.01)])])
    assert streets is not None
    refused = Graph(streets).route(Spot(0.0, 0.005), Spot(1.0, 0.005))
    assert isinstance(refused, Unreachable)
    assert "no street leads from" in str(refused)


def test_what_nobody_can_leave_again_is_dropped() -> None:
    """A one-way stub out of a block is no place to snap to."""
    block = [(0.0, 0.0), (0.0, 0.01), (0.01, 0.01), (0.01, 0.0), (0.0, 0.0)]
    streets = assemble([line([1, 2, 3, 4, 1], block), line([3, 9], [(0.01, 0.01), (0.02, 0.02)], oneway=1)])
    assert streets is not None
    assert isinstance(Graph(streets).snap(0.018, 0.018), OffRoad)


def test_a_saved_graph_answers_as_before(tmp_path: Path) -> None:
    """Saved and loaded, a route is the same to the last digit."""
    graph = graph_of("invented")
    graph.save(tmp_path)
    ends = Spot(14.61, 120.975), Spot(14.59, 120.995)
    assert route(graph, *ends).points == route(Graph.load(tmp_path), *ends).points


@pytest.mark.parametrize("name", ["head", "order", "rank", "tail"])
def test_a_damaged_order_is_made_anew(name: str, tmp_path: Path) -> None:
    """A stored order cut short costs time, never an answer."""
    graph = graph_of("invented")
    graph.save(tmp_path)
    (tmp_path / "order" / name).write_bytes(b"cut")
    ends = Spot(14.61, 120.975), Spot(14.59, 120.995)
    assert route(graph, *ends).distance_m == route(Graph.load(tmp_path), *ends).distance_m


def test_damaged_streets_are_refused_with_what_to_do(tmp_path: Path) -> None:
    """Half a file is no city."""
    graph_of("invented").save(tmp_path)
    whole = (tmp_path / "streets.npz").read_bytes()
    (tmp_path / "streets.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="build the city again"):
        Graph.load(tmp_path)


def chosen(graph: Graph, count: int, seed: int = 5) -> list[SnappedPoint]:
    """Random places on the city's streets."""
    rng = random.Random(seed)
    lengths = graph.streets.length_m
    edges = [rng.randrange(len(lengths)) for _ in range(count)]
    return [graph.at(edge, rng.random() * float(lengths[edge])) for edge in edges]


@pytest.mark.parametrize("city", CITIES)
def test_routes_are_connected_lines_of_their_length(city: str) -> None:
    """A route starts and ends at its points, its pieces add up to its distance, and it beats no crow."""
    graph = graph_of(city)
    places = chosen(graph, 80)
    for start, end in zip(places[:40], places[40:], strict=True):
        found = graph.route(start, end)
        if isinstance(found, Unreachable):
            continue
        assert isinstance(found, Route)
        pieces_m = haversine_m(found.lat[:-1], found.lng[:-1], found.lat[1:], found.lng[1:])
        assert pytest.approx(found.distance_m, rel=1e-4, abs=0.5) == float(pieces_m.sum())
        assert pytest.approx(found.duration_s, rel=1e-4, abs=0.1) == float((pieces_m / found.speed_mps).sum())
        assert pytest.approx((start.lat, start.lng, end.lat, end.lng)) == (*found.points[0], *found.points[-1])
        crow_m = float(haversine_m(*map(np.array, (start.lat, start.lng, end.lat, end.lng))))
        assert found.distance_m >= 0.999 * crow_m


@pytest.mark.parametrize("city", CITIES)
def test_the_matrix_holds_the_routes_durations(city: str) -> None:
    """Each cell is what route would say, and unreachable pairs are infinite."""
    graph = graph_of(city)
    places = chosen(graph, 12)
    starts, ends = places[:5], places[5:] + places[:1]
    matrix = graph.matrix(starts, ends)
    for i, start in enumerate(starts):
        for j, end in enumerate(ends):
            found = graph.route(start, end)
            expected = found.duration_s if isinstance(found, Route) else math.inf
            assert pytest.approx(expected, abs=0.5) == float(matrix[i, j])


@pytest.mark.parametrize("city", CITIES)
def test_snapping_finds_the_nearest_street_of_all(city: str) -> None:
    """No vertex of any street is nearer than the place the point was snapped to; snapping again changes nothing."""
    graph = graph_of(city)
    rng = random.Random(3)
    for place in chosen(graph, 25):
        lat, lng = place.lat + rng.gauss(0, 3e-4), place.lng + rng.gauss(0, 3e-4)
        found = snap(graph, lat, lng)
        to_vertices = haversine_m(np.array(lat), np.array(lng), graph.streets.lat, graph.streets.lng)
        assert found.off_m <= float(to_vertices.min()) + 0.01
        from_spot = haversine_m(*map(np.array, (lat, lng, found.lat, found.lng)))
        assert pytest.approx(found.off_m, rel=0.01, abs=0.05) == float(from_spot)
        assert snap(graph, found.lat, found.lng).off_m < 0.05
