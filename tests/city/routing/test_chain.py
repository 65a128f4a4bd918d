"""Routers in turn: what a breaker spares, a bounded memory, and what HTTP servers answer."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import polyline
import pytest

from calls.breaker import CLOSED, FAILURES, OPEN
from city.routing import chain as chains
from city.routing.chain import Chain
from city.routing.server import Server
from city.routing.streets import Streets
from city.routing.way import Place, Unanswered, Way, evenly
from tests.city.cities import graph_of

A, B = (41.15, -8.61), (41.16, -8.6)
LINE = [(41.15, -8.61), (41.15, -8.60), (41.16, -8.60)]


class Listed:
    """A router that answers what it is told to: a way, no way, or nothing."""

    name = "listed"

    def __init__(self, answer: Way | Exception | None) -> None:
        self.answer, self.asked = answer, 0

    async def way(self, start: Place, end: Place) -> Way | None:
        """The answer."""
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def some_way() -> Way:
    """A way of three points."""
    return evenly(np.array([lat for lat, _ in LINE]), np.array([lng for _, lng in LINE]), 2000.0, 200.0)


async def test_who_does_not_answer_is_passed_over_and_then_left_alone() -> None:
    """The next router answers; after five failures the first is not even asked."""
    down, up = Listed(Unanswered("down")), Listed(some_way())
    chain = Chain([down, up])
    for number in range(FAILURES + 3):
        assert await chain.way((41.0 + number / 100, -8.6), B) is not None
    assert (FAILURES, FAILURES + 3) == (down.asked, up.asked)
    assert [OPEN, CLOSED] == [guard.breaker.state for guard in chain.guards]


async def test_no_way_and_nobody_there_are_both_no_way() -> None:
    """A chain answers None, it never raises."""
    assert await Chain([Listed(None), Listed(Unanswered("down"))]).way(A, B) is None
    assert await Chain([]).way(A, B) is None


async def test_the_same_way_is_asked_for_once_and_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Places eleven metres apart are one; the least lately asked is forgotten first; what is old is asked again."""
    monkeypatch.setattr(chains, "REMEMBERS", 2)
    now = [0.0]
    router = Listed(some_way())
    chain = Chain([router], lambda: now[0])
    for start in (A, (A[0] + 0.00001, A[1]), A):
        await chain.way(start, B)
    assert 1 == router.asked
    await chain.way((1.0, 1.0), B)
    await chain.way((2.0, 2.0), B)
    await chain.way(A, B)
    assert 4 == router.asked
    now[0] = chains.KEPT_S + 1
    await chain.way(A, B)
    assert 5 == router.asked


async def test_our_own_streets_give_a_way_whose_time_runs_along_it() -> None:
    """The line of a graph's route, its seconds rising to its duration."""
    graph = graph_of("invented")
    south, west, north, east = graph.box
    spots = [graph.snap(south + (north - south) * s, west + (east - west) * s, 2000) for s in (0.4, 0.6)]
    start, end = ((spot.lat, spot.lng) for spot in spots)

    async def streets():  # type: ignore[no-untyped-def]
        return graph

    way = await Streets(streets).way(start, end)
    assert way is not None
    assert len(way.lat) == len(way.lng) == len(way.passed_s)
    assert (np.diff(way.passed_s) >= 0).all()
    assert way.duration_s > 30
    assert await Streets(streets).way((0.0, 0.0), end) is None


Answer = tuple[int, object]


@asynccontextmanager
async def answering(answer: Callable[[str], Answer]) -> AsyncIterator[str]:
    """A real HTTP server whose answers are given by path; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, length = await reader.readline(), 0
        while (header := await reader.readline()).strip():
            name, _, value = header.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        await reader.readexactly(length)
        status, said = answer(line.split()[1].decode())
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        writer.write(b"HTTP/1.1 %d X\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body))
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def asked(answer: Callable[[str], Answer]) -> Way | None:
    """What a Server makes of such answers."""
    async with answering(answer) as url:
        server = Server(url, timeout_s=5)
        try:
            return await server.way(A, B)
        finally:
            await server.close()


def osrm(path: str) -> Answer:
    """As osrm-routed answers."""
    if not path.startswith("/route/v1/driving/-8.610000,41.150000;-8.600000,41.160000?"):
        return 400, {"code": "InvalidUrl"}
    leg = {"annotation": {"duration": [60.0, 140.0]}}
    route = {"distance": 1950.0, "duration": 200.0, "geometry": polyline.encode(LINE, 6), "legs": [leg]}
    return 200, {"code": "Ok", "routes": [route]}


def valhalla(path: str) -> Answer:
    """As valhalla_service answers."""
    if path == "/status":
        return 200, {"version": "3.5.1", "tileset_last_modified": 0}
    leg = {"shape": polyline.encode(LINE, 6), "summary": {"length": 1.95, "time": 200.0}}
    return 200, {"trip": {"legs": [leg]}}


@pytest.mark.parametrize("engine", [osrm, valhalla])
async def test_a_routing_server_is_understood(engine: Callable[[str], Answer]) -> None:
    """OSRM and Valhalla give the same way, in metres and seconds."""
    way = await asked(engine)
    assert way is not None
    assert (1950.0, 200.0) == (way.distance_m, way.duration_s)
    assert np.allclose(LINE, np.column_stack([way.lat, way.lng]))


async def test_osrms_own_seconds_are_kept() -> None:
    """Where the server tells the time of each piece, it is not spread evenly."""
    way = await asked(osrm)
    assert way is not None
    assert [0.0, 60.0, 200.0] == way.passed_s.tolist()


@pytest.mark.parametrize(
    "no_way",
    [
        lambda path: (404, {}) if path == "/status" else (400, {"code": "NoRoute"}),
        lambda path: (200, {"version": "3"}) if path == "/status" else (400, {"error_code": 442, "error": "No path"}),
    ],
)
async def test_no_way_is_an_answer(no_way: Callable[[str], Answer]) -> None:
    """A server that knows there is none has not failed."""
    assert await asked(no_way) is None


@pytest.mark.parametrize(
    "broken",
    [
        lambda path: (500, b"oops"),
        lambda path: (404, {}) if path == "/status" else (200, b"<html>"),
        lambda path: (404, {}) if path == "/status" else (200, {"code": "Ok", "routes": []}),
        lambda path: (200, {"version": "3"}) if path == "/status" else (200, {"trip": None}),
        lambda path: (404, {}) if path == "/status" else (429, {"code": "TooMany"}),
    ],
)
async def test_anything_else_is_unanswered(broken: Callable[[str], Answer]) -> None:
    """Errors and nonsense count against the server, in one kind of exception."""
    with pytest.raises(Unanswered):
        await asked(broken)


async def test_a_server_that_is_not_there_is_unanswered() -> None:
    """A refused connection is the server's failure, not ours."""
    async with answering(osrm) as url:
        pass
    server = Server(url)
    with pytest.raises(Unanswered):
        await server.way(A, B)
    await server.close()
