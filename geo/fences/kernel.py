"""A batch of fixes beside all fences: which are near, how far their edges are, and how far nothing can change.

All but making arrays is compiled (`compiled.py`): plain loops over those of `arrays.py`. Places are in degrees, ways in
degrees north and east, and x and y are metres east and north of a fence's middle.
"""

from math import cos, floor, hypot, inf, isnan, radians, sqrt

import numpy as np

from geo.fences.arrays import RUN, Array, Bools, Floats, Ground, Index, Ints
from geo.fences.compiled import compiled
from geo.fences.shape import METRES_A_DEGREE
from geo.fences.track import INSIDE

CELL_DEG = 0.01
MOST_CELLS = 400  # a fence in more of them stands in none, and a way through more is held against all fences
SURE = 0.95  # a circle's metres change a little with the latitude
LEAST_COS = 0.02
SURELY_M = 0.01  # two ways of measuring agree so far
NOTHING, A_PLACE, A_WAY = range(3)
FAR = -1  # the phase of no visit
FULL = -1  # no room for all pairs
_ROUND = 36_000  # cells around the globe
_LAT, _LNG, _SCALE, _RADIUS, _WIDE, _HIGH = range(6)


def look(fixes: Floats, asked: Ints, known: Ints, ground: Ground, around_m: float) -> tuple[Ints, Floats, Floats]:
    """What is to be decided of a batch of fixes, and how calm they are otherwise.

    `fixes`, a row each: lat, lng, and how far north and east of the fix before. `known`: slots of fences that riders
    are at, each with the phase of the visit. `asked`, a row a fix: up to where `known` is this fix's; 1 if others are
    to be looked for; and what is known from before, NOTHING, A_PLACE or A_WAY.

    The pairs: row, slot, 1 if the way led through although the fix is outside, and 1 if the place before was inside; by
    row and then by slot. With them metres from the edge, below zero inside, for how far, in degrees of latitude, the
    edge lets nothing change, and where on the way it was met first and last, 1 where it was not. For each fix that
    distance by all edges that are in no pair, at most `around_m`, and the cosine of its latitude.
    """
    free = np.empty((len(fixes), 2))
    room, count = 2 * len(fixes), FULL
    while count == FULL:
        room = 2 * room + 8
        pairs, measures = np.empty((room, 4), np.int64), np.empty((room, 4))
        count = _look(fixes, asked, known, ground, around_m, pairs, measures, free)
    return pairs[:count], measures[:count], free


@compiled
def _look(
    fixes: Floats, asked: Ints, known: Ints, ground: Ground, around_m: float,
    pairs: Ints, measures: Floats, free: Floats,
) -> int:
    """Write what `look` returns; how many pairs there are, or FULL, which means nothing was found out."""
    places, is_quiet, (first, size, edges, boxes), cells, is_taken, near = ground
    count = start = 0
    for row in range(len(fixes)):
        lat, lng, end, before = fixes[row, 0], fixes[row, 1], asked[row, 0], asked[row, 2]
        north, east = (fixes[row, 2], fixes[row, 3]) if before != NOTHING else (0.0, 0.0)
        way_m = hypot(north, east) * METRES_A_DEGREE if before == A_WAY else 0.0  # or less
        scale = cos(radians(lat))
        sure_deg = SURE / METRES_A_DEGREE if scale >= LEAST_COS else 0.0
        others = 0
        for number in range(start, end):
            is_taken[known[number, 0]] = True
        if asked[row, 1]:
            way = 1.0 if before == A_WAY else 0.0
            others = gather(lat, lng, way * north, way * east, places, cells, is_taken, near)
        if count + (end - start) + others > len(pairs):
            is_taken[:] = False
            return FULL
        count, clear_m = _weigh(
            row, lat, lng, north, east, before, way_m, scale, sure_deg, around_m, known, start, end, near, others,
            count, pairs, measures,
            places, is_quiet, first, size, edges, boxes, is_taken,
        )
        start = end
        free[row, 0], free[row, 1] = clear_m * sure_deg, scale
    return count


@compiled
def _weigh(
    row: int, lat: float, lng: float, north: float, east: float, before: int, way_m: float, scale: float,
    sure_deg: float, around_m: float, known: Ints, start: int, end: int, near: Ints, others: int,
    count: int, pairs: Ints, measures: Floats,
    places: Floats, is_quiet: Bools, first: Ints, size: Ints, edges: Floats, boxes: Floats, is_taken: Bools,
) -> tuple[int, float]:
    """One fix beside its known fences and these others: how many pairs there are now, and how far it may go, in m."""
    begin, clear_m = count, around_m
    for number in range(start - end, others):
        slot, phase = (known[end + number, 0], known[end + number, 1]) if number < 0 else (near[number], FAR)
        is_taken[slot] = False
        distance_m, is_open, is_through, was_inside, met, met_last = _beside(
            slot, phase, lat, lng, north, east, before, way_m, clear_m, places, is_quiet, first, size, edges, boxes
        )
        # an east-west metre here is as many of the fence's
        limit_m = abs(distance_m) * min(scale * METRES_A_DEGREE / places[slot, _SCALE], 1.0)
        if not is_open:
            clear_m = min(clear_m, limit_m)
            continue
        at = _make_place(slot, pairs, measures, begin, count)
        pairs[at, 0], pairs[at, 1], pairs[at, 2], pairs[at, 3] = row, slot, is_through, was_inside
        measures[at, 0], measures[at, 1] = distance_m, limit_m * sure_deg
        measures[at, 2], measures[at, 3] = met, met_last
        count += 1
    return count, clear_m


@compiled
def _beside(
    slot: int, phase: int, lat: float, lng: float, north: float, east: float, before: int, way_m: float,
    enough_m: float, places: Floats, is_quiet: Bools, first: Ints, size: Ints, edges: Floats, boxes: Floats,
) -> tuple[float, bool, bool, bool, float, float]:
    """One fix beside one fence: metres from the edge, is there something to decide, and what `look` says of pairs.

    More metres than `enough_m` may be fewer than they are, if the way does not come near.
    """
    x, y = _metres(slot, lat, lng, places)
    from_box_m = max(abs(x) - places[slot, _WIDE], abs(y) - places[slot, _HIGH])
    if phase == FAR and from_box_m > max(way_m, enough_m):
        return from_box_m, False, False, False, 1.0, 1.0
    distance_m = _distance_m(slot, x, y, places, first, size, edges, boxes)
    is_settled = distance_m > way_m
    if phase != FAR:
        is_settled = distance_m <= 0.0 and is_quiet[slot] and phase == INSIDE
    if is_settled or before == NOTHING:
        return distance_m, not is_settled, False, False, 1.0, 1.0
    from_x, from_y = _metres(slot, lat - north, lng - east, places)
    was_inside = _distance_m(slot, from_x, from_y, places, first, size, edges, boxes) < -SURELY_M
    if before == A_PLACE:
        return distance_m, True, False, was_inside, 1.0, 1.0
    met, met_last, is_met = _met(slot, from_x, from_y, x, y, places, first, size, edges, boxes)
    is_through = is_met and distance_m > 0.0
    return distance_m, phase != FAR or distance_m <= 0.0 or is_through, is_through, was_inside, met, met_last


@compiled
def _make_place(slot: int, pairs: Ints, measures: Floats, begin: int, end: int) -> int:
    """Where the slot belongs between `begin` and `end`, with what comes after it moved away."""
    at = end
    while at > begin and pairs[at - 1, 1] > slot:
        _copy(pairs, at - 1, pairs, at)
        _copy(measures, at - 1, measures, at)
        at -= 1
    return at


@compiled
def _copy(source: Array, at: int, target: Array, to: int) -> None:
    """A row, number by number: numpy's way would be compiled with all it might have to say, in three times as long."""
    for column in range(source.shape[1]):
        target[to, column] = source[at, column]


@compiled
def gather(
    lat: float, lng: float, north: float, east: float, places: Floats, cells: Index, is_taken: Bools, near: Ints
) -> int:
    """How many slots are in `near` now: of all within `cells.AROUND_M` of the fix or its way, and some others.

    Those already taken are not among them; these become so.
    """
    heads, slots, boxes, everywhere = cells
    count = 0
    south, top = floor(min(lat, lat - north) / CELL_DEG), floor(max(lat, lat - north) / CELL_DEG)
    west, last = floor(min(lng, lng - east) / CELL_DEG), floor(max(lng, lng - east) / CELL_DEG)
    if (top - south + 1) * (last - west + 1) > MOST_CELLS:
        for slot in range(len(places)):
            if not is_taken[slot] and not isnan(places[slot, _LAT]):
                is_taken[slot] = True
                near[count] = slot
                count += 1
        return count
    mid_lat, mid_lng, high, wide = lat - 0.5 * north, lng - 0.5 * east, 0.5 * abs(north), 0.5 * abs(east)
    for cell_row in range(south, top + 1):
        for column in range(west, last + 1):
            head = hash_of(cell_row, column) & (len(heads) - 1)
            for at in range(heads[head, 0], heads[head, 0] + heads[head, 1]):
                if abs(mid_lat - boxes[at, 0]) > boxes[at, 2] + high:
                    continue
                if abs(_turned(mid_lng - boxes[at, 1])) > boxes[at, 3] + wide:
                    continue
                slot = slots[at]
                if not is_taken[slot]:
                    is_taken[slot] = True
                    near[count] = slot
                    count += 1
    for slot in everywhere:
        if not is_taken[slot]:
            is_taken[slot] = True
            near[count] = slot
            count += 1
    return count


@compiled
def _turned(lng: float) -> float:
    """The same turn, the shorter way around the globe."""
    return lng - 360.0 * floor(lng / 360.0 + 0.5)


@compiled
def _metres(slot: int, lat: float, lng: float, places: Floats) -> tuple[float, float]:
    """The place east and north of the fence's middle."""
    scale = places[slot, _SCALE]
    if places[slot, _RADIUS] > 0.0:
        # a circle is measured with the cosine half way, an area with its middle's, which keeps its lines straight
        scale = cos(radians((lat + places[slot, _LAT]) * 0.5)) * METRES_A_DEGREE
    return _turned(lng - places[slot, _LNG]) * scale, (lat - places[slot, _LAT]) * METRES_A_DEGREE


@compiled
def _distance_m(
    slot: int, x: float, y: float, places: Floats, first: Ints, size: Ints, edges: Floats, boxes: Floats
) -> float:
    """Metres from the edge, below zero inside."""
    radius_m: float = places[slot, _RADIUS]
    if radius_m > 0.0:
        return hypot(x, y) - radius_m
    return _from_edges(first[slot], first[slot] + size[slot], x, y, edges, boxes)


@compiled
def _met(
    slot: int, from_x: float, from_y: float, x: float, y: float,
    places: Floats, first: Ints, size: Ints, edges: Floats, boxes: Floats,
) -> tuple[float, float, bool]:
    """Where on the way the edge was met, first and last, in shares of it, or 1; and whether it was."""
    way_x, way_y = x - from_x, y - from_y
    if places[slot, _RADIUS] == 0.0:
        return _met_edges(first[slot], first[slot] + size[slot], from_x, from_y, way_x, way_y, edges, boxes)
    least, most = inf, -inf
    square = way_x * way_x + way_y * way_y
    if square > 0.0:
        half = (from_x * way_x + from_y * way_y) / square
        root = half * half - (from_x * from_x + from_y * from_y - places[slot, _RADIUS] ** 2) / square
        if root >= 0.0:
            for share in (-half - sqrt(root), -half + sqrt(root)):
                if 0.0 <= share <= 1.0:
                    least, most = min(least, share), max(most, share)
    return (least, most, True) if least <= most else (1.0, 1.0, False)


@compiled
def _from_edges(first: int, end: int, x: float, y: float, edges: Floats, boxes: Floats) -> float:
    """The nearest edge tells how far, an odd number of edges to the east tells in."""
    least, is_inside = inf, False
    for start in range(first, end, RUN):
        run = start // RUN
        off_x, off_y = max(boxes[run, 0] - x, x - boxes[run, 2], 0.0), max(boxes[run, 1] - y, y - boxes[run, 3], 0.0)
        is_beside = off_y == 0.0 and x <= boxes[run, 2]
        if off_x * off_x + off_y * off_y >= least and not is_beside:
            continue
        for edge in range(start, min(start + RUN, end)):
            to_x, to_y, dx, dy = x - edges[edge, 0], y - edges[edge, 1], edges[edge, 2], edges[edge, 3]
            share = min(max((to_x * dx + to_y * dy) * edges[edge, 4], 0.0), 1.0)
            off_x, off_y = to_x - share * dx, to_y - share * dy
            least = min(least, off_x * off_x + off_y * off_y)
            if (to_y < 0.0) != (to_y < dy) and (to_x * dy < to_y * dx) == (dy > 0.0):
                is_inside = not is_inside
    return -sqrt(least) if is_inside else sqrt(least)


@compiled
def _met_edges(
    first: int, end: int, from_x: float, from_y: float, way_x: float, way_y: float, edges: Floats, boxes: Floats
) -> tuple[float, float, bool]:
    """The same of an area."""
    west, south, east, north = min(0.0, way_x), min(0.0, way_y), max(0.0, way_x), max(0.0, way_y)
    least, most = inf, -inf
    for start in range(first, end, RUN):
        run = start // RUN
        if boxes[run, 2] < from_x + west or boxes[run, 0] > from_x + east:
            continue
        if boxes[run, 3] < from_y + south or boxes[run, 1] > from_y + north:
            continue
        for edge in range(start, min(start + RUN, end)):
            dx, dy = edges[edge, 2], edges[edge, 3]
            across = way_x * dy - way_y * dx
            if across != 0.0:
                to_x, to_y = edges[edge, 0] - from_x, edges[edge, 1] - from_y
                share = (to_x * dy - to_y * dx) / across
                if 0.0 <= share <= 1.0 and 0.0 <= (to_x * way_y - to_y * way_x) / across <= 1.0:
                    least, most = min(least, share), max(most, share)
    return (least, most, True) if least <= most else (1.0, 1.0, False)


@compiled
def hash_of(row: int, column: int) -> int:
    """Of a cell; the same all around the globe."""
    return row * 73_856_093 + column % _ROUND
