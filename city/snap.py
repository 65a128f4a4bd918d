"""Which street a point stands on: a tree over edges in Mercator, whose nearest is the true nearest at any latitude."""

import math
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from city.streets import EARTH_RADIUS_M, Streets

STEEPEST_LAT = 85.0


class Nearest:
    """Finds the nearest edge. Built once; safe to ask from many threads."""

    def __init__(self, streets: Streets) -> None:
        self._streets = streets
        x, y = mercator_m(streets.lat, streets.lng)
        sizes = streets.last.astype(np.int64) - streets.first + 1
        edge = np.repeat(np.arange(len(sizes)), sizes)
        flat = np.arange(len(edge)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + streets.first[edge]
        coordinates = np.column_stack([x[flat], y[flat]])
        self._lines = shapely.linestrings(coordinates, indices=edge)
        self._tree = shapely.STRtree(self._lines)
        self._run = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])

    def edge(self, lat: float, lng: float, radius_m: float) -> tuple[int, float, float] | None:
        """(edge, metres along it, metres off it) for the nearest edge within radius_m, or None."""
        if not (abs(lat) <= STEEPEST_LAT and abs(lng) <= 180.0):
            return None
        shrink, point = math.cos(math.radians(lat)), _point(lat, lng)
        found, off = self._tree.query_nearest(
            point, max_distance=radius_m / shrink, return_distance=True, all_matches=False
        )
        if len(found) == 0:
            return None
        edge = int(found[0])
        along = float(shapely.line_locate_point(self._lines[edge], point))
        return edge, self._along_m(edge, along), float(off[0]) * shrink

    def edges(self, lat: float, lng: float, radius_m: float, most: int) -> list[tuple[int, float, float]]:
        """The same of up to `most` edges within radius_m, the nearest first."""
        if not (abs(lat) <= STEEPEST_LAT and abs(lng) <= 180.0):
            return []
        shrink, point = math.cos(math.radians(lat)), _point(lat, lng)
        found = self._tree.query(point, predicate="dwithin", distance=radius_m / shrink)
        off = shapely.distance(self._lines[found], point)
        nearest = np.argsort(off, kind="stable")[:most]
        along = shapely.line_locate_point(self._lines[found[nearest]], point)
        return [
            (int(edge), self._along_m(int(edge), float(at)), float(away) * shrink)
            for edge, at, away in zip(found[nearest], along, off[nearest], strict=True)
        ]

    def _along_m(self, edge: int, mercator: float) -> float:
        """Metres from the edge's first point, for a length in Mercator units."""
        first, last = int(self._streets.first[edge]), int(self._streets.last[edge])
        runs, along = self._run[first : last + 1], self._streets.along[first : last + 1]
        return float(np.interp(runs[0] + mercator, runs, along) - along[0])


def _point(lat: float, lng: float) -> Any:
    return shapely.points(
        math.radians(lng) * EARTH_RADIUS_M, math.asinh(math.tan(math.radians(lat))) * EARTH_RADIUS_M
    )


def mercator_m(lat: NDArray[Any], lng: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """East and north on a sphere's Mercator map; lengths there are 1 / cos(lat) of the true ones."""
    steep = np.clip(lat, -STEEPEST_LAT, STEEPEST_LAT)
    return np.radians(lng) * EARTH_RADIUS_M, np.arcsinh(np.tan(np.radians(steep))) * EARTH_RADIUS_M
