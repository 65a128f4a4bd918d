"""A fence's place: a circle or an area, in metres east and north of its own centre.

The plane is equirectangular. A GeoJSON polygon's lines are straight in degrees, and so they are here: in is exact.
Distances err by what a degree of longitude shrinks between the centre and the point, which fences of at most
LARGEST_M across keep small; circles are measured with the cosine half way and keep within a thousandth.
"""

from math import cos, hypot, inf, pi, radians, sqrt
from typing import Any

import msgspec
import numpy as np
import shapely

from geo.point import EARTH_RADIUS_M

METRES_A_DEGREE = EARTH_RADIUS_M * pi / 180.0
LARGEST_M = 200_000.0
EXIT_SHARE, LEAST_EXIT_M, MOST_AREA_EXIT_M = 0.1, 20.0, 100.0
FEW_SIDES = 64
Degrees = tuple[float, float, float, float]


class Shape(msgspec.Struct, frozen=True):
    """`area` is None for a circle. `exit_m`: how far beyond the edge is out. `reach_m`: how deep inside one can be.

    `box` is (west, south, east, north) in degrees around the centre, not wrapped: it may reach beyond 180.
    """

    lat: float
    lng: float
    radius_m: float
    exit_m: float
    reach_m: float
    box: Degrees
    area: Any = None
    boundary: Any = None
    sides: Any = None  # of an area with few: an array of x, y, dx, dy of each edge

    def metres(self, lat: float, lng: float) -> tuple[float, float]:
        """The point in metres east and north of the centre."""
        east = (lng - self.lng + 180.0) % 360.0 - 180.0
        scale = cos(radians(self.lat if self.area is not None else (lat + self.lat) / 2))
        return east * scale * METRES_A_DEGREE, (lat - self.lat) * METRES_A_DEGREE

    def distance_m(self, lat: float, lng: float) -> float:
        """Metres from the edge: below zero inside."""
        x, y = self.metres(lat, lng)
        if self.area is None:
            return hypot(x, y) - self.radius_m
        if self.sides is not None:
            return _signed(self.sides.tolist(), x, y)
        point = shapely.Point(x, y)
        away: float = shapely.distance(self.boundary, point)
        return -away if shapely.intersects(self.area, point) else away

    def depth_m(self, a: tuple[float, float], b: tuple[float, float]) -> float:
        """How deep the way from a to b, each (lat, lng), led in: at the middle of its longest piece inside an area."""
        way = shapely.LineString([self.metres(*a), self.metres(*b)])
        if self.area is None:
            return max(0.0, self.radius_m - float(shapely.distance(way, shapely.Point(0.0, 0.0))))
        pieces = shapely.get_parts(shapely.intersection(self.area, way))
        longest = max(pieces, key=shapely.length, default=None)
        if longest is None or shapely.length(longest) == 0:
            return 0.0
        return float(shapely.distance(self.boundary, shapely.line_interpolate_point(longest, 0.5, normalized=True)))

    def edges(self) -> Any:
        """An area's edges as an array of x, y, dx, dy; none of a circle."""
        if self.area is None:
            return np.zeros((0, 4))
        return _sides(_rings(self.boundary)) if self.sides is None else self.sides


def _signed(sides: list[list[float]], x: float, y: float) -> float:
    """How far the point is from the nearest side, below zero inside: an odd number of sides lies to the east."""
    least, is_inside = inf, False
    for side_x, side_y, dx, dy in sides:
        to_x, to_y = x - side_x, y - side_y
        share = min(max((to_x * dx + to_y * dy) / (dx * dx + dy * dy), 0.0), 1.0)
        off_x, off_y = to_x - share * dx, to_y - share * dy
        least = min(least, off_x * off_x + off_y * off_y)
        if (to_y < 0.0) != (to_y < dy) and (to_x * dy < to_y * dx) == (dy > 0.0):
            is_inside = not is_inside
    return -sqrt(least) if is_inside else sqrt(least)


def circle(lat: float, lng: float, radius_m: float) -> Shape:
    """Everything within `radius_m` of the point."""
    high = radius_m / METRES_A_DEGREE
    wide = min(180.0, high / max(0.01, cos(radians(min(90.0, abs(lat) + high)))))
    box = (lng - wide, lat - high, lng + wide, lat + high)
    return Shape(lat, lng, radius_m, max(EXIT_SHARE * radius_m, LEAST_EXIT_M), radius_m, box)


def area(degrees: Any, half_width_m: float | None = None) -> Shape:
    """A valid (multi)polygon in unwrapped degrees; with `half_width_m` the land so near to a line."""
    west, south, east, north = shapely.bounds(degrees).tolist()
    lat, lng = (south + north) / 2, (west + east) / 2
    scale = (cos(radians(lat)) * METRES_A_DEGREE, METRES_A_DEGREE)
    local = shapely.transform(degrees, lambda coordinates: (coordinates - (lng, lat)) * scale)
    if half_width_m is not None:
        local = shapely.buffer(local, half_width_m, quad_segs=8)
        x0, y0, x1, y1 = shapely.bounds(local).tolist()
        west, east = lng + x0 / scale[0], lng + x1 / scale[0]
        south, north = lat + y0 / scale[1], lat + y1 / scale[1]
    size, around = float(shapely.area(local)), float(shapely.length(local))
    round_m = half_width_m or sqrt(size / pi)
    shapely.prepare(local)
    boundary = shapely.boundary(local)
    rings = _rings(boundary)
    sides = _sides(rings) if sum(map(len, rings)) <= FEW_SIDES else None
    return Shape(
        lat, lng, 0.0, min(max(EXIT_SHARE * round_m, LEAST_EXIT_M), MOST_AREA_EXIT_M),
        half_width_m or 2.0 * size / around, (west, south, east, north), local, boundary, sides,
    )


def _rings(boundary: Any) -> list[Any]:
    return [shapely.get_coordinates(ring) for ring in shapely.get_parts(boundary)]


def _sides(rings: list[Any]) -> Any:
    return np.concatenate([np.hstack([ring[:-1], np.diff(ring, axis=0)]) for ring in rings])
