"""How far a batch of fixes is from the edges of fences, many pairs in one call."""

import numpy as np
import shapely

from geo.fences.shape import METRES_A_DEGREE
from geo.fences.table import FenceTable, Floats, Ints

SOME_M = 1e-3
SURE = 0.95  # a circle's metres change a little with the latitude
LEAST_COS = 0.02


def measure(
    table: FenceTable, slots: Ints, prev_lat: Floats, prev_lng: Floats, lat: Floats, lng: Floats
) -> tuple[Floats, Floats]:
    """For each pair: metres from the edge, below zero inside; and how deep the way there led through, 0 for not at all.

    Outside with a depth above zero: the rider was inside between two fixes, and no fix saw it. How deep in an area is
    costly, seldom needed, and so said by SOME_M only: `Shape.depth_m` knows.
    """
    columns = table.columns
    lat0, lng0 = columns["lat"][slots], columns["lng"][slots]
    y, prev_y = (lat - lat0) * METRES_A_DEGREE, (prev_lat - lat0) * METRES_A_DEGREE
    turn = (lng - lng0 + 180.0) % 360.0 - 180.0
    prev_turn = turn + (prev_lng - lng + 180.0) % 360.0 - 180.0
    # a circle is measured with the cosine half way, an area with its centre's, which keeps its lines straight
    scale = np.cos(np.radians((lat + lat0) * 0.5)) * METRES_A_DEGREE
    if not table.has_areas:
        return _circles(columns["radius_m"][slots], turn * scale, y, prev_turn * scale, prev_y)
    is_area = columns["radius_m"][slots] == 0
    scale = np.where(is_area, columns["scale"][slots] * METRES_A_DEGREE, scale)
    x, prev_x = turn * scale, prev_turn * scale
    distance, depth = np.empty(len(x)), np.zeros(len(x))
    rounds = np.nonzero(~is_area)[0]
    if len(rounds):
        distance[rounds], depth[rounds] = _circles(
            columns["radius_m"][slots[rounds]], x[rounds], y[rounds], prev_x[rounds], prev_y[rounds]
        )
    few = np.nonzero(table.edge_count[slots])[0]
    if len(few):
        distance[few] = _by_edges(table, slots[few], x[few], y[few])
    many = np.nonzero(is_area & (table.edge_count[slots] == 0))[0]
    if len(many):
        distance[many] = _by_shapes(table, slots[many], x[many], y[many])
    np.maximum(-distance, 0.0, out=depth, where=is_area)
    # only a way longer than the distance can have led through
    maybe = np.nonzero(is_area & (distance > 0) & (np.hypot(x - prev_x, y - prev_y) > distance))[0]
    if len(maybe):
        ends = np.stack([prev_x[maybe], prev_y[maybe], x[maybe], y[maybe]], axis=1).reshape(-1, 2, 2)
        ways = shapely.linestrings(ends)
        depth[maybe[shapely.intersects(table.areas[slots[maybe]], ways)]] = SOME_M
    return distance, depth


def clearance(table: FenceTable, lat: Floats, at: Ints, slots: Ints, distances: Floats, most_m: float) -> Floats:
    """For each fix the radius, in degrees of latitude, of a circle that no edge cuts; of the pairs (fix `at`, slot).

    Fences that are not among its pairs are more than `most_m` away.
    """
    scale = np.cos(np.radians(lat))
    clear = np.full(len(lat), most_m)
    stretch = scale[at] / table.columns["scale"][slots]  # an east-west metre here is as many of the fence's
    np.minimum.at(clear, at, np.abs(distances) * np.minimum(stretch, 1.0))
    clear[scale < LEAST_COS] = 0.0
    radius_deg: Floats = clear * (SURE / METRES_A_DEGREE)
    return radius_deg


def _circles(radius_m: Floats, x: Floats, y: Floats, prev_x: Floats, prev_y: Floats) -> tuple[Floats, Floats]:
    dx, dy = x - prev_x, y - prev_y
    square = dx * dx + dy * dy
    share = np.clip(-(prev_x * dx + prev_y * dy) / np.where(square > 0, square, 1.0), 0.0, 1.0)
    nearest = np.hypot(prev_x + share * dx, prev_y + share * dy)
    return np.hypot(x, y) - radius_m, np.maximum(radius_m - nearest, 0.0)


def _by_edges(table: FenceTable, slots: Ints, x: Floats, y: Floats) -> Floats:
    """All edges of all pairs in one long row: the nearest tells how far, an odd number of them to the east tells in."""
    counts = table.edge_count[slots]
    starts = np.cumsum(counts) - counts
    edges = table.edges[np.arange(int(counts.sum())) + np.repeat(table.first_edge[slots] - starts, counts)]
    dx, dy = edges[:, 2], edges[:, 3]
    to_x, to_y = np.repeat(x, counts) - edges[:, 0], np.repeat(y, counts) - edges[:, 1]
    share = np.clip((to_x * dx + to_y * dy) / (dx * dx + dy * dy), 0.0, 1.0)
    off_x, off_y = to_x - share * dx, to_y - share * dy
    away = np.sqrt(np.minimum.reduceat(off_x * off_x + off_y * off_y, starts))
    spans = (to_y < 0) != (to_y < dy)
    east = spans & ((to_x * dy < to_y * dx) == (dy > 0))
    inside = np.add.reduceat(east, starts, dtype=np.int64) % 2 == 1
    return np.where(inside, -away, away)


def _by_shapes(table: FenceTable, slots: Ints, x: Floats, y: Floats) -> Floats:
    """Areas of many edges: shapely has them prepared."""
    points = shapely.points(x, y)
    away = shapely.distance(table.boundaries[slots], points)
    signed: Floats = np.where(shapely.intersects(table.areas[slots], points), -away, away)
    return signed
