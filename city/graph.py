"""Snap points to streets, find the fastest way between them. Knows no server; one Graph may be used from many threads.

A point between junctions leaves its street by either end that traffic allows, and is entered likewise: a route is the
cheapest of up to four paths between junctions, or a straight run within one street.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from city.engine import UNREACHABLE_MS, Arcs, Hierarchy, PlainSearch, make_engine
from city.places import OffRoad, Route, SnappedPoint, Spot, Unreachable
from city.snap import Nearest
from city.streets import BOTH, Streets
from city.trace import Run, place, trace

Array = NDArray[Any]
Ramp = tuple[int, float, Run]  # junction, ms between it and a point on the street, the run between them
STREETS_FILE = "streets.npz"
ORDER_DIR = "order"
SNAP_RADIUS_M = 300.0


class Graph:
    """A city's streets, ready to be asked."""

    def __init__(self, streets: Streets, saved_order: Path | None = None) -> None:
        self.streets = streets
        self._nearest = Nearest(streets)
        self._length_m = streets.length_m
        self._free_ms = np.maximum(np.rint(self._length_m / streets.speed_mps * 1000), 1).astype(np.int64)
        self._edge_ms, self._is_free = self._free_ms, True
        back = np.flatnonzero(streets.oneway == BOTH)  # arcs: every edge as drawn, then these the other way
        self._arc_edge = np.concatenate([np.arange(len(self._edge_ms)), back])
        tail, head = streets.tail, streets.head
        arcs = Arcs(
            np.concatenate([tail, head[back]]),
            np.concatenate([head, tail[back]]),
            streets.junction_lat,
            streets.junction_lng,
        )
        self.engine: Hierarchy | PlainSearch = make_engine(arcs, self._edge_ms[self._arc_edge], saved_order)

    @classmethod
    def load(cls, directory: Path) -> "Graph":
        """Open what `save` wrote into a city directory. OSError when it is none, ValueError when it is damaged."""
        return cls(Streets.load(directory / STREETS_FILE), directory / ORDER_DIR)

    def save(self, directory: Path) -> None:
        """Write the streets and, when there is one, the contraction order."""
        self.streets.save(directory / STREETS_FILE)
        if isinstance(self.engine, Hierarchy):
            self.engine.save(directory / ORDER_DIR)

    def reweigh(self, slowness: Array | None) -> None:
        """Let each edge take so many times its free flow from now on; None takes all back to free flow.

        Some milliseconds in a city. Routes go by the new weights; their duration stays that of free flow, and `pace`
        says how many times longer they take now.
        """
        slow = np.ones(len(self._free_ms)) if slowness is None else slowness
        edge_ms = np.maximum(np.rint(self._free_ms * slow), 1).astype(np.int64)
        self.engine.reweigh(edge_ms[self._arc_edge])
        self._edge_ms, self._is_free = edge_ms, slowness is None

    @property
    def box(self) -> tuple[float, float, float, float]:
        """South, west, north, east of all streets, in degrees."""
        lat, lng = self.streets.lat, self.streets.lng
        return float(lat.min()), float(lng.min()), float(lat.max()), float(lng.max())

    def snap(self, lat: float, lng: float, radius_m: float = SNAP_RADIUS_M) -> SnappedPoint | OffRoad:
        """The nearest place on a street, if one is within radius_m."""
        found = self._nearest.edge(lat, lng, radius_m)
        return OffRoad(lat, lng, radius_m) if found is None else self.at(*found)

    def near(self, lat: float, lng: float, radius_m: float, most: int) -> list[SnappedPoint]:
        """The nearest place on each of the nearest streets, the nearest first."""
        return [self.at(*found) for found in self._nearest.edges(lat, lng, radius_m, most)]

    def at(self, edge: int, along_m: float, off_m: float = 0.0) -> SnappedPoint:
        """The place `along_m` after the first point of an edge."""
        lat, lng = place(self.streets, edge, along_m)
        return SnappedPoint(lat, lng, edge, along_m, off_m, self.streets.names[int(self.streets.name[edge])])

    def route(self, start: Spot | SnappedPoint, end: Spot | SnappedPoint) -> Route | OffRoad | Unreachable:
        """The fastest way between two places; plain spots are snapped first, to a road within 300 m."""
        a = start if isinstance(start, SnappedPoint) else self.snap(*start)
        b = end if isinstance(end, SnappedPoint) else self.snap(*end)
        if isinstance(a, OffRoad):
            return a
        if isinstance(b, OffRoad):
            return b
        straight = self._within(a, b)
        best_ms = straight[0] if straight else float(UNREACHABLE_MS)
        best: tuple[Run, list[int], Run] | None = None
        for out, out_ms, leave in self._ramps(a, leaving=True):
            for into, into_ms, arrive in self._ramps(b, leaving=False):
                found = self.engine.path(out, into) if out_ms + into_ms < best_ms else None
                if found is not None and out_ms + found[0] + into_ms < best_ms:
                    best_ms, best = out_ms + found[0] + into_ms, (leave, found[1], arrive)
        if best is not None:
            arcs = np.array(best[1], dtype=np.int64)
            route = trace(self.streets, best[0], self._arc_edge[arcs], arcs >= len(self._edge_ms), best[2])
        elif straight is None:
            return Unreachable(a, b)
        else:
            route = trace(self.streets, straight[1], np.empty(0, dtype=np.int64), np.empty(0, dtype=bool), None)
        if self._is_free or route.duration_s <= 0:
            return route
        return msgspec.structs.replace(route, pace=best_ms / 1000 / route.duration_s)

    def matrix(self, starts: Sequence[SnappedPoint], ends: Sequence[SnappedPoint]) -> Array:
        """Seconds from each start (row) to each end (column), as streets are now; inf where no street leads."""
        if not starts or not ends:
            return np.empty((len(starts), len(ends)))
        exits = [self._ramps(start, leaving=True) for start in starts]
        entries = [self._ramps(end, leaving=False) for end in ends]
        outs, out_ms = _columns(exits)
        intos, into_ms = _columns(entries)
        costs = self.engine.costs(outs, intos).astype(float)
        costs[costs >= UNREACHABLE_MS] = np.inf
        costs += out_ms[:, None] + into_ms[None, :]
        rows = np.cumsum([0, *map(len, exits[:-1])])
        columns = np.cumsum([0, *map(len, entries[:-1])])
        best = np.minimum.reduceat(np.minimum.reduceat(costs, rows, axis=0), columns, axis=1)
        on_edge: dict[int, list[int]] = {}
        for j, end in enumerate(ends):
            on_edge.setdefault(end.edge, []).append(j)
        for i, start in enumerate(starts):
            for j in on_edge.get(start.edge, ()):
                straight = self._within(start, ends[j])
                if straight is not None:
                    best[i, j] = min(best[i, j], straight[0])
        return np.asarray(best / 1000)

    def _ramps(self, point: SnappedPoint, *, leaving: bool) -> list[Ramp]:
        """The junctions a rider at the point can drive to, or can come from, along its own street."""
        edge, length_m = point.edge, float(self._length_m[point.edge])
        ms_per_m = float(self._edge_ms[edge]) / length_m if length_m else 0.0
        ahead_m, behind_m = length_m - point.along_m, point.along_m
        tail, head = int(self.streets.tail[edge]), int(self.streets.head[edge])
        if leaving:
            ramps = [(head, ahead_m * ms_per_m, Run(edge, point.along_m, length_m))]
            other = (tail, behind_m * ms_per_m, Run(edge, point.along_m, 0.0))
        else:
            ramps = [(tail, behind_m * ms_per_m, Run(edge, 0.0, point.along_m))]
            other = (head, ahead_m * ms_per_m, Run(edge, length_m, point.along_m))
        return [*ramps, other] if self.streets.oneway[edge] == BOTH else ramps

    def _within(self, a: SnappedPoint, b: SnappedPoint) -> tuple[float, Run] | None:
        """Cost in ms and the run along one street, where both points stand on it and traffic allows it."""
        if a.edge != b.edge or (b.along_m < a.along_m and self.streets.oneway[a.edge] != BOTH):
            return None
        length_m = float(self._length_m[a.edge])
        share = abs(b.along_m - a.along_m) / length_m if length_m else 0.0
        return share * float(self._edge_ms[a.edge]), Run(a.edge, a.along_m, b.along_m)


def _columns(ramps: list[list[Ramp]]) -> tuple[Array, Array]:
    """Junctions and ms of all ramps, one after the other."""
    flat = [ramp for group in ramps for ramp in group]
    return np.array([junction for junction, _, _ in flat]), np.array([ms for _, ms, _ in flat])
