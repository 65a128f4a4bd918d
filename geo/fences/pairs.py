"""At which fences a batch of fixes is to be looked at: pairs of a row and a slot, by row and then by slot.

Live fixes a short way from the one before find theirs in the cells of the table. Others, and those whose riders are in
the batch more than once, need the tree.
"""

import numpy as np

from geo.fences.measure import Bools
from geo.fences.row import Row
from geo.fences.shape import METRES_A_DEGREE
from geo.fences.table import FenceTable, Floats, Ints

Pairs = tuple[Ints, Ints, Bools]  # rows, slots, and whether a visit there may be open


def by_cells(table: FenceTable, rows: list[Row], ways: list[float], most_m: float) -> Pairs | None:
    """Of fixes one a rider; in a row's circle of calm only what is busy there. None when one of them needs the tree.

    `ways`: lat, lng, degrees north and east of the fix before, row after row.
    """
    slots: list[int] = []
    counts: list[int] = []
    opened: list[int] = []
    longest_deg = most_m / METRES_A_DEGREE
    slot_of, near = table.slots, table.cells.near
    for number, row in enumerate(rows):
        begin = len(slots)
        if row.calm is not None:
            slots += row.calm[5]
            opened += range(begin, len(slots))
            counts.append(len(slots) - begin)
            continue
        lat, lng, north, east = ways[4 * number : 4 * number + 4]
        if row.gap is not None or row.last is None or max(abs(north), abs(east)) > longest_deg or row.prev is None:
            return None
        found = near(lat, lng)
        for fence_id in row.track.visits:
            slot = slot_of.get(fence_id)
            if slot is None or slot not in found:
                return None
            opened.append(begin + found.index(slot))
        slots += found
        counts.append(len(found))
    is_open = np.zeros(len(slots), dtype=bool)
    is_open[opened] = True
    return np.arange(len(rows)).repeat(counts), np.array(slots, dtype=np.int64), is_open


def by_place(table: FenceTable, rows: list[Row], ways: Floats, is_repeated: bool, most_m: float) -> Pairs:
    """Of any fixes, wherever they were before; circles of calm are not heeded."""
    for row in rows:
        row.calm = None
    lat, lng, north, east = ways.T
    at, slots = table.near(lat - north, lng - east, lat, lng, most_m)
    pairs, is_open = _with_visits(table, rows, at, slots, is_repeated)
    at, slots = np.divmod(pairs, max(1, len(table.fences)))
    return at, slots, is_open


def _with_visits(
    table: FenceTable, rows: list[Row], at: Ints, slots: Ints, is_repeated: bool
) -> tuple[Ints, Bools]:
    """The pairs found by place and those that are open, as row * slots + slot, sorted, each once; which are open."""
    width = len(table.fences)
    pairs = at * width + slots
    more: list[int] = []
    slot_of = table.slots
    for number, row in enumerate(rows):
        visits = row.track.visits
        if visits:
            for fence_id in list(visits):
                slot = slot_of.get(fence_id)
                if slot is None:
                    del visits[fence_id]  # the fence is gone, and the visit with it
                else:
                    more.append(number * width + slot)
    if is_repeated:  # what one fix of a rider comes near, the rider's next ones may leave: open by then
        more += _shared(rows, at, slots, width)
    known = np.array(more, dtype=np.int64)
    pairs = np.unique(np.concatenate([pairs, known]))
    is_open = np.zeros(len(pairs), dtype=bool)
    is_open[np.searchsorted(pairs, known)] = True
    return pairs, is_open


def _shared(rows: list[Row], at: Ints, slots: Ints, width: int) -> list[int]:
    """Every fence near one fix of a track, for all its fixes in the batch."""
    numbers: dict[int, list[int]] = {}
    for number, row in enumerate(rows):
        numbers.setdefault(id(row.track), []).append(number)
    near: dict[int, set[int]] = {}
    for number, slot in zip(at.tolist(), slots.tolist(), strict=True):
        near.setdefault(id(rows[number].track), set()).add(slot)
    return [
        number * width + slot
        for track, theirs in numbers.items() if len(theirs) > 1 for slot in near.get(track, ()) for number in theirs
    ]
