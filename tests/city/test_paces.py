"""Streets that were driven slowly are slow, for a while and within bounds; routes then avoid them."""

import math

import numpy as np
import pytest

from city.graph import Graph
from city.paces import FASTEST, HALF_S, SLOWEST, Paces, packed, unpacked
from city.places import Route, SnappedPoint
from city.streets import Streets
from tests.city.cities import CITIES, graph_of

NOW_S = 1_700_000_000.0


def streets() -> Streets:
    """The invented town's."""
    return graph_of("invented").streets


def drive(paces: Paces, edge: int, ratio: float, times: int, at_s: float = NOW_S) -> None:
    """So many segments of a minute at free flow on one edge, each so many times longer."""
    for _ in range(times):
        paces.note(np.array([edge]), np.array([60.0]), 60.0 * ratio, at_s)


def test_what_nobody_drove_is_at_free_flow() -> None:
    """Nothing known changes nothing."""
    assert (Paces(streets()).slowness(NOW_S) == 1.0).all()


def test_a_street_is_believed_as_far_as_it_was_driven() -> None:
    """One slow segment moves it a little, many move it there; its class and the city follow behind."""
    once, often = Paces(streets()), Paces(streets())
    drive(once, 0, 3.0, 1)
    drive(often, 0, 3.0, 60)
    kind = streets().kind
    other, elsewhere = int(np.flatnonzero(kind == kind[0])[1]), int(np.flatnonzero(kind != kind[0])[0])
    few, many = once.slowness(NOW_S), often.slowness(NOW_S)
    assert 1.5 < few[0] < many[0] < 3.0
    assert 2.9 < many[0]
    assert 1.0 < many[elsewhere] < many[other] < many[0]


def test_old_news_fades_until_streets_are_free_again() -> None:
    """After ten half-lives a jam is forgotten."""
    paces = Paces(streets())
    drive(paces, 0, 3.0, 20)
    fresh, later, last = (paces.slowness(NOW_S + halves * HALF_S)[0] for halves in (0, 3, 12))
    assert fresh > later > last
    assert last == pytest.approx(1.0, abs=0.05)


def test_paces_stay_within_bounds_and_survive_storing() -> None:
    """Waiting for an hour is no pace; a byte an edge keeps two hundredths; what fits no streets is refused."""
    paces = Paces(streets())
    drive(paces, 0, 60.0, 100)
    drive(paces, 1, 0.01, 100)
    found = paces.slowness(NOW_S)
    assert (SLOWEST, FASTEST) == (found[0], found[1])
    again = unpacked(packed(found), len(found))
    assert np.abs(again - found).max() <= 0.0101
    for wrong, edges in ((packed(found)[:-1], len(found)), (b"\x00" * len(found), len(found))):
        with pytest.raises(ValueError, match="pace"):
            unpacked(wrong, edges)


@pytest.fixture(params=CITIES)
def graph(request: pytest.FixtureRequest) -> Graph:
    """A graph of this test's own, on the streets of a city."""
    return Graph(graph_of(request.param).streets)


def ends(graph: Graph) -> tuple[SnappedPoint, SnappedPoint]:
    """Two places far apart that a street connects."""
    south, west, north, east = graph.box
    found = [graph.snap(south + (north - south) * at, west + (east - west) * at, 5000) for at in (0.35, 0.65)]
    a, b = (each for each in found if isinstance(each, SnappedPoint))
    return a, b


def test_a_jam_is_driven_round_and_over_again(graph: Graph) -> None:
    """Slow streets on the route send it elsewhere, `pace` says how slow the rest is; None brings the old way back."""
    a, b = ends(graph)
    before = graph.route(a, b)
    assert isinstance(before, Route)
    assert 1.0 == before.pace
    slow = np.ones(len(graph.streets.tail))
    middle = before.edge[len(before.edge) // 4 : -len(before.edge) // 4]
    slow[middle] = SLOWEST
    graph.reweigh(slow)
    round_it = graph.route(a, b)
    assert isinstance(round_it, Route)
    assert before.duration_s <= round_it.duration_s <= round_it.duration_s * round_it.pace + 1
    assert len(set(middle.tolist()) & set(round_it.edge.tolist())) < len(set(middle.tolist()))
    assert graph.matrix([a], [b])[0, 0] == pytest.approx(round_it.duration_s * round_it.pace, abs=0.5)
    graph.reweigh(None)
    after = graph.route(a, b)
    assert isinstance(after, Route)
    assert (before.duration_s, 1.0) == (after.duration_s, after.pace)


def test_twice_as_slow_everywhere_takes_twice_as_long(graph: Graph) -> None:
    """The way stays the same, and so does its time at free flow."""
    a, b = ends(graph)
    before = graph.route(a, b)
    graph.reweigh(np.full(len(graph.streets.tail), 2.0))
    after = graph.route(a, b)
    assert isinstance(before, Route)
    assert isinstance(after, Route)
    assert math.isclose(before.duration_s, after.duration_s, rel_tol=0.01)
    assert after.pace == pytest.approx(2.0, rel=0.01)


def test_the_pieces_of_a_route_take_as_long_as_the_route(graph: Graph) -> None:
    """Seconds at free flow add up, and every piece knows its edge."""
    route = graph.route(*ends(graph))
    assert isinstance(route, Route)
    assert (len(route.lat) - 1, len(route.lat) - 1) == (len(route.edge), len(route.pieces_s))
    assert route.duration_s == pytest.approx(route.pieces_s.sum(), rel=0.01)
