"""Which fences a place may be near: cells of a hundredth of a degree, each with its fences, as `kernel.py` reads them.

A fence stands in every cell that its box comes within AROUND_M of, each time with that box, so that most of a cell's
fences are passed over without a look elsewhere. One that would stand in very many cells stands in none, but with all.
"""

from math import cos, floor, radians
from typing import Any

import numpy as np

from geo.fences.arrays import BOX_COLUMNS, HEAD_COLUMNS, Floats, Index, Ints
from geo.fences.kernel import CELL_DEG, MOST_CELLS, hash_of
from geo.fences.shape import METRES_A_DEGREE, Degrees

AROUND_M = 310.0
LEAST_ROOM = 1024  # entries
A_HEAD = 2  # entries, or fewer, for each head
_POLE_DEG, _LEAST_COS = 89.0, 0.01
_FIRST, _COUNT, _ROOM = range(HEAD_COLUMNS)


class Cells:
    """Slots of fences by cell. The kernel finds what may be more than what is near, and never less."""

    def __init__(self) -> None:
        self._slots: Ints = np.zeros(0, dtype=np.int64)
        self._boxes: Floats = np.zeros((0, BOX_COLUMNS))
        self._hashes: Ints = np.zeros(0, dtype=np.int64)
        self._heads: Ints = np.zeros((1, HEAD_COLUMNS), dtype=np.int64)
        self._used = self._end = 0
        self._everywhere: dict[int, None] = {}
        self._lay_out(LEAST_ROOM)

    def put(self, slot: int, box: Degrees) -> None:
        """Enter a fence by its box: west, south, east, north in degrees, not wrapped."""
        wide = _widened(box)
        hashes = _covered(wide)
        if not hashes:
            self._everywhere[slot] = None
            self._refresh()
        for hashed in hashes:
            at = self._place(hashed)
            self._slots[at], self._hashes[at], self._boxes[at] = slot, hashed, _middle(wide)
            self._used += 1

    def drop(self, slot: int, box: Degrees) -> None:
        """Take a fence out that was entered with this box."""
        hashes = _covered(_widened(box))
        if not hashes:
            del self._everywhere[slot]
            self._refresh()
        for hashed in hashes:
            head = self._heads[hashed & (len(self._heads) - 1)]
            first, last = int(head[_FIRST]), int(head[_FIRST] + head[_COUNT]) - 1
            at = next(at for at in range(first, last + 1) if self._slots[at] == slot and self._hashes[at] == hashed)
            self._copy(at, last)
            head[_COUNT] -= 1
            self._used -= 1

    def _place(self, hashed: int) -> int:
        """Where the next entry of this cell goes; a row of entries that is full moves to the end first."""
        head = self._heads[hashed & (len(self._heads) - 1)]
        first, count, room = (int(each) for each in head)
        if count == room:
            if self._end + 2 * room + 1 > len(self._slots):
                self._lay_out(max(LEAST_ROOM, 2 * self._used))
                return self._place(hashed)
            rows, to = slice(first, first + count), slice(self._end, self._end + count)
            self._copy(to, rows)
            head[_FIRST], head[_ROOM] = self._end, 2 * room + 1
            self._end += 2 * room + 1
        head[_COUNT] += 1
        return int(head[_FIRST]) + count

    def _lay_out(self, more: int) -> None:
        """Rows of entries one after the other, in as many heads as suit their number, and so much room behind them."""
        first, count, _ = self._heads.T
        old = np.arange(self._used) + (first - (count.cumsum() - count)).repeat(count)
        heads = 1 << (max(self._used + more, 1) // A_HEAD).bit_length()
        old = old[np.argsort(self._hashes[old] & (heads - 1), kind="stable")]
        count = np.bincount(self._hashes[old] & (heads - 1), minlength=heads)
        self._heads = np.stack([count.cumsum() - count, count, count], axis=1)
        self._end = self._used
        self._slots, self._hashes = _followed(self._slots[old], more), _followed(self._hashes[old], more)
        self._boxes = _followed(self._boxes[old], more)
        self._refresh()

    def _copy(self, to: int | slice, at: int | slice) -> None:
        for array in (self._slots, self._hashes, self._boxes):
            array[to] = array[at]

    def _refresh(self) -> None:
        everywhere = np.array([*self._everywhere], dtype=np.int64)
        self.index = Index(self._heads, self._slots, self._boxes, everywhere)


def _widened(box: Degrees) -> Degrees:
    """The box and AROUND_M on each side."""
    west, south, east, north = box
    high = AROUND_M / METRES_A_DEGREE
    wide = high / max(cos(radians(min(_POLE_DEG, max(abs(south), abs(north)) + high))), _LEAST_COS)
    return west - wide, south - high, east + wide, north + high


def _middle(box: Degrees) -> tuple[float, float, float, float]:
    """Its middle, lat and lng, and how far it reaches from there, north and east."""
    west, south, east, north = box
    return (south + north) / 2, (west + east) / 2, (north - south) / 2, (east - west) / 2


def _covered(box: Degrees) -> list[int]:
    """Hashes of the cells that the box touches; none where they are too many."""
    west, south, east, north = box
    rows = range(floor(south / CELL_DEG), floor(north / CELL_DEG) + 1)
    columns = range(floor(west / CELL_DEG), floor(east / CELL_DEG) + 1)
    if len(rows) * len(columns) > MOST_CELLS:
        return []
    return [hash_of(row, column) for row in rows for column in columns]


def _followed(array: Any, more: int) -> Any:
    """With so many rows of zeros behind."""
    return np.concatenate([array, np.zeros((more, *array.shape[1:]), array.dtype)])
