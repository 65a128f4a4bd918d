"""How far a batch of fixes is from the edges of fences, many pairs in one call."""

import numpy as np
import numpy.typing as npt
import shapely

from geo.fences.shape import METRES_A_DEGREE
from geo.fences.table import FenceTable, Floats, Ints

SOME_M = 1e-3
SURE = 0.95  # a circle's metres change a little with the latitude
LEAST_COS = 0.02
BOX_TELLS_M = 150.0  # an area whose box is further away need not be measured to know that nothing changes
Bools = npt.NDArray[np.bool_]


def measure(table: FenceTable, slots: Ints, ways: Floats, is_open: Bools) -> tuple[Floats, Floats]:
    """For each pair: metres from the edge, below zero inside; and how deep the way there led through, 0 for not at all.

    `ways` has a row a pair: the fix's lat and lng, and how far north and east of the fix before it is, in degrees.
    Outside with a depth above zero: the rider was inside between two fixes, and no fix saw it. How deep in an area is
    costly, seldom needed, and so said by SOME_M only: `Shape.depth_m` knows. Of pairs not `is_open`, the metres may be
    those from the area's box, if neither fix nor way comes near it.
    """
    lat, lng, north, east = ways.T
    lat0, lng0, scale, radius_m, wide, high = table.places[slots].T
    y, way_y = (lat - lat0) * METRES_A_DEGREE, north * METRES_A_DEGREE
    turn = (lng - lng0 + 180.0) % 360.0 - 180.0
    if not table.has_areas:
        # a circle is measured with the cosine half way, an area with its centre's, which keeps its lines straight
        scale = np.cos(np.radians((lat + lat0) * 0.5)) * METRES_A_DEGREE
        return _circles(radius_m, turn * scale, y, east * scale, way_y)
    counts = table.edge_count[slots]
    is_area = radius_m == 0
    rounds = np.nonzero(~is_area)[0]
    if len(rounds):
        scale = np.where(is_area, scale, np.cos(np.radians((lat + lat0) * 0.5)) * METRES_A_DEGREE)
    x, way_x = turn * scale, east * scale
    way_m = np.sqrt(way_x * way_x + way_y * way_y)
    distance = np.maximum(np.abs(x) - wide, np.abs(y) - high)  # from the box, so far
    is_near = is_open | (distance <= np.maximum(way_m, BOX_TELLS_M))
    few = np.nonzero(is_near & (counts > 0))[0]
    if len(few):
        distance[few] = _by_edges(table, slots[few], counts[few], x[few], y[few])
    depth = np.zeros(len(x))
    if len(rounds):
        distance[rounds], depth[rounds] = _circles(radius_m[rounds], x[rounds], y[rounds], way_x[rounds], way_y[rounds])
    many = np.nonzero(is_near & is_area & (counts == 0))[0]
    if len(many):
        distance[many] = _by_shapes(table, slots[many], x[many], y[many])
    np.maximum(-distance, 0.0, out=depth, where=is_area)
    # only a way longer than the distance can have led through
    maybe = np.nonzero(is_area & (distance > 0) & (way_m > distance))[0]
    if len(maybe):
        depth[maybe[_led_in(table, slots[maybe], x[maybe], y[maybe], way_x[maybe], way_y[maybe])]] = SOME_M
    return distance, depth


def clearance(table: FenceTable, lat: Floats, at: Ints, slots: Ints, distances: Floats, most_m: float) -> Floats:
    """For each fix the radius, in degrees of latitude, of a circle that no edge cuts; of the pairs (fix `at`, slot).

    Fences that are not among its pairs are more than `most_m` away.
    """
    scale = np.cos(np.radians(lat))
    clear = np.full(len(lat), most_m)
    # an east-west metre here is as many of the fence's
    stretch = (scale * METRES_A_DEGREE)[at] / table.places[slots, 2]
    np.minimum.at(clear, at, np.abs(distances) * np.minimum(stretch, 1.0))
    clear[scale < LEAST_COS] = 0.0
    radius_deg: Floats = clear * (SURE / METRES_A_DEGREE)
    return radius_deg


def _circles(radius_m: Floats, x: Floats, y: Floats, dx: Floats, dy: Floats) -> tuple[Floats, Floats]:
    """`dx` and `dy`: from the fix before to this one."""
    prev_x, prev_y = x - dx, y - dy
    square = dx * dx + dy * dy
    share = np.clip(-(prev_x * dx + prev_y * dy) / np.where(square > 0, square, 1.0), 0.0, 1.0)
    nearest = np.hypot(prev_x + share * dx, prev_y + share * dy)
    return np.hypot(x, y) - radius_m, np.maximum(radius_m - nearest, 0.0)


def _led_in(table: FenceTable, slots: Ints, x: Floats, y: Floats, way_x: Floats, way_y: Floats) -> Bools:
    """Whether the way here met the area."""
    ends = np.empty((len(slots), 2, 2))
    ends[:, 0, 0], ends[:, 0, 1] = x - way_x, y - way_y
    ends[:, 1, 0], ends[:, 1, 1] = x, y
    met: Bools = shapely.intersects(table.areas[slots], shapely.linestrings(ends))
    return met


def _by_edges(table: FenceTable, slots: Ints, counts: Ints, x: Floats, y: Floats) -> Floats:
    """All edges of all pairs in one long row: the nearest tells how far, an odd number of them to the east tells in."""
    ends = counts.cumsum()
    starts = ends - counts
    pair = np.arange(len(counts)).repeat(counts)
    where = np.arange(int(ends[-1])) + (table.first_edge[slots] - starts)[pair]
    from_x, from_y, dx, dy, square = table.edges[:, where]
    to_x, to_y = x[pair] - from_x, y[pair] - from_y
    share = (to_x * dx + to_y * dy) / square
    np.minimum(np.maximum(share, 0.0, out=share), 1.0, out=share)
    off_x, off_y = to_x - share * dx, to_y - share * dy
    away: Floats = np.sqrt(np.minimum.reduceat(off_x * off_x + off_y * off_y, starts))
    is_south = to_y < 0
    east = (is_south != (to_y < dy)) & ((to_x * dy < to_y * dx) == (dy > 0))
    inside = np.logical_xor.reduceat(east, starts)
    np.negative(away, out=away, where=inside)
    return away


def _by_shapes(table: FenceTable, slots: Ints, x: Floats, y: Floats) -> Floats:
    """Areas of many edges: shapely has them prepared."""
    points = shapely.points(x, y)
    away = shapely.distance(table.boundaries[slots], points)
    signed: Floats = np.where(shapely.intersects(table.areas[slots], points), -away, away)
    return signed
