"""Ways by our own streets. Asked in a thread: long ways take a millisecond, and the loop has sockets to serve."""

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np

from city.graph import Graph
from city.places import OffRoad, Spot, Unreachable
from city.routing.way import Place, Unanswered, Way


class Streets:
    """`graph` gives the city's graph once it is loaded, or None when there is none."""

    name = "streets"

    def __init__(self, graph: Callable[[], Awaitable[Graph | None]]) -> None:
        self._graph = graph

    async def way(self, start: Place, end: Place) -> Way | None:
        """See Router."""
        graph = await self._graph()
        if graph is None:
            raise Unanswered("there are no streets here")
        return await asyncio.to_thread(way_in, graph, start, end)


def way_in(graph: Graph, start: Place, end: Place) -> Way | None:
    """The fastest way through a graph; None when a place is off every road or nothing leads there."""
    route = graph.route(Spot(*start), Spot(*end))
    if isinstance(route, OffRoad | Unreachable):
        return None
    lat, lng = np.asarray(route.lat, dtype=float), np.asarray(route.lng, dtype=float)
    if len(lat) < 2:
        return Way(lat, lng, np.array([route.duration_s]), route.distance_m, route.pace)
    pieces = np.hypot(np.diff(lat), np.diff(lng) * np.cos(np.radians(lat[:-1])))
    passed = np.concatenate([[0.0], np.cumsum(pieces / np.maximum(route.speed_mps, 0.1))])
    scale = route.duration_s / passed[-1] if passed[-1] > 0 else 0.0
    return Way(lat, lng, passed * scale, route.distance_m, route.pace)
