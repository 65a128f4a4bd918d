"""How long it takes from everywhere to everywhere: by the city's streets where they reach, else a detour of the crow's.

The straight line knows no one-way street and no river: 1.35 times its length at 25 km/h is what riders in a dense town
need on average, until finished deliveries have taught better figures; every answer says that it is only that.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import structlog

from api.planning.shapes import Basis
from geo.point import distance_m

if TYPE_CHECKING:
    from city.graph import Graph

log = structlog.get_logger(__name__)
DETOUR = 1.35
SPEED_MPS = 25 / 3.6
LEAST_DETOUR, MOST_DETOUR = 1.0, 3.0
SLOWEST_MPS, FASTEST_MPS = 1.0, 25.0
Place = tuple[float, float]  # latitude, longitude
Matrix = list[list[float | None]]  # seconds from row to column; None: no way


class Times(NamedTuple):
    """Seconds from each start (row) to each end (column). `off_road`: places that no street is near."""

    basis: Basis
    seconds: Matrix
    off_road: frozenset[Place] = frozenset()


class Travel:
    """Asks the streets of `city_dir`, read when first needed; "" is no city."""

    def __init__(self, city_dir: str = "", graph: "Graph | None" = None) -> None:
        self._city_dir, self._graph = city_dir, graph
        self.is_set_up = bool(city_dir) or graph is not None
        self.detour, self.speed_mps = DETOUR, SPEED_MPS
        self._reading = asyncio.Lock()

    def learn(self, detour: float, speed_mps: float) -> None:
        """What finished deliveries taught of straight lines, within reason."""
        self.detour = min(max(detour, LEAST_DETOUR), MOST_DETOUR)
        self.speed_mps = min(max(speed_mps, SLOWEST_MPS), FASTEST_MPS)

    def straight_m(self, a: Place, b: Place) -> float:
        """Metres of a way that nobody knows: the straight line with a detour."""
        return self.detour * distance_m(*a, *b)

    async def streets(self) -> "Graph | None":
        """The city's streets; None without a city, or with one that cannot be read (said once in the log)."""
        async with self._reading:
            if self._graph is None and self._city_dir:
                directory, self._city_dir = Path(self._city_dir), ""
                try:
                    self._graph = await asyncio.to_thread(_load, directory)
                except (ImportError, OSError, ValueError) as error:
                    log.warning("travel times are straight lines: no streets", city=str(directory), error=str(error))
        return self._graph

    async def times(self, starts: Sequence[Place], ends: Sequence[Place]) -> Times:
        """Travel times; by streets if any of the places is on one."""
        graph = await self.streets()
        if graph is not None:
            found = await asyncio.to_thread(_by_street, graph, starts, ends)
            if found is not None:
                return found
        return Times("straight", [[self.straight_m(a, b) / self.speed_mps for b in ends] for a in starts])

    async def legs_m(self, legs: Sequence[tuple[Place, Place]], basis: Basis) -> list[float]:
        """The length of each way, along the streets where `basis` says so."""
        graph = await self.streets() if basis == "route" else None
        if graph is None:
            return [self.straight_m(a, b) for a, b in legs]
        return await asyncio.to_thread(lambda: [self._leg_m(graph, a, b) for a, b in legs])

    def _leg_m(self, graph: "Graph", a: Place, b: Place) -> float:
        from city.places import Route, Spot

        way = graph.route(Spot(*a), Spot(*b))
        return way.distance_m if isinstance(way, Route) else self.straight_m(a, b)


def _load(directory: Path) -> "Graph":
    from city.graph import Graph  # slow to import, and only with the `city` extra

    return Graph.load(directory)


def _by_street(graph: "Graph", starts: Sequence[Place], ends: Sequence[Place]) -> Times | None:
    """By streets; None when no place is near any, so that the city is another one."""
    from city.places import SnappedPoint

    snapped = {place: graph.snap(*place) for place in {*starts, *ends}}
    on = {place: at for place, at in snapped.items() if isinstance(at, SnappedPoint)}
    if not on:
        return None
    rows, columns = [place for place in starts if place in on], [place for place in ends if place in on]
    asked = graph.matrix([on[place] for place in rows], [on[place] for place in columns]).tolist()
    known = {
        (a, b): float(seconds)
        for a, row in zip(rows, asked, strict=True) for b, seconds in zip(columns, row, strict=True)
        if seconds != float("inf")
    }
    return Times("route", [[known.get((a, b)) for b in ends] for a in starts], frozenset(snapped.keys() - on.keys()))

