"""Which fences a place may be near: cells of a hundredth of a degree, each with its fences, as `kernel.py` reads them.

A fence stands in every cell that its box comes within AROUND_M of. One that would stand in very many stands in none,
but with all.
"""

from math import cos, floor, radians

import numpy as np

from geo.fences.arrays import ENTRY_COLUMNS, Index, Ints
from geo.fences.kernel import CELL_DEG, MOST_CELLS, hash_of
from geo.fences.shape import METRES_A_DEGREE, Degrees

AROUND_M = 310.0
LEAST_ROOM = 1024  # entries
_POLE_DEG, _LEAST_COS = 89.0, 0.01


class Cells:
    """Slots of fences by cell. The kernel finds what may be more than what is near, and never less."""

    def __init__(self) -> None:
        self._heads: Ints = np.zeros(0, dtype=np.int64)
        self._entries: Ints = np.zeros((0, ENTRY_COLUMNS), dtype=np.int64)
        self._free = -1  # the first of a chain of entries that are not used
        self._everywhere: dict[int, None] = {}
        self._grow()

    def put(self, slot: int, box: Degrees) -> None:
        """Enter a fence by its box: west, south, east, north in degrees, not wrapped."""
        cells = _covered(box)
        if not cells:
            self._everywhere[slot] = None
            self._refresh()
        for row, column in cells:
            if self._free < 0:
                self._grow()
            entry, hashed = self._free, hash_of(row, column)
            self._free = int(self._entries[entry, 1])
            head = hashed & (len(self._heads) - 1)
            self._entries[entry] = slot, self._heads[head], hashed
            self._heads[head] = entry

    def drop(self, slot: int, box: Degrees) -> None:
        """Take a fence out that was entered with this box."""
        cells = _covered(box)
        if not cells:
            del self._everywhere[slot]
            self._refresh()
        for row, column in cells:
            head = hash_of(row, column) & (len(self._heads) - 1)
            before, entry = -1, int(self._heads[head])
            while self._entries[entry, 0] != slot:
                before, entry = entry, int(self._entries[entry, 1])
            after = self._entries[entry, 1]
            if before < 0:
                self._heads[head] = after
            else:
                self._entries[before, 1] = after
            self._entries[entry] = -1, self._free, 0
            self._free = entry

    def _grow(self) -> None:
        """Room for as many entries again, and as many heads as entries, so that chains stay short."""
        used = len(self._entries)
        more = max(LEAST_ROOM, used)
        self._entries = np.concatenate([self._entries, np.full((more, ENTRY_COLUMNS), -1)])
        self._entries[used:-1, 1] = np.arange(used + 1, used + more)
        self._free = used
        self._heads = np.full(1 << (len(self._entries) - 1).bit_length(), -1)
        heads = self._entries[:used, 2] & (len(self._heads) - 1)
        order = np.argsort(heads, kind="stable")
        is_last = np.append(heads[order][1:] != heads[order][:-1], np.ones(min(used, 1), dtype=bool))
        self._entries[order, 1] = np.where(is_last, -1, np.append(order[1:], -1)[:used])
        self._heads[heads[order][::-1]] = order[::-1]  # the first of each chain is written last
        self._refresh()

    def _refresh(self) -> None:
        self.index = Index(self._heads, self._entries, np.array([*self._everywhere], dtype=np.int64))


def _covered(box: Degrees) -> list[tuple[int, int]]:
    """Row and column of the cells within AROUND_M of the box; none where they are too many."""
    west, south, east, north = box
    high = AROUND_M / METRES_A_DEGREE
    wide = high / max(cos(radians(min(_POLE_DEG, max(abs(south), abs(north)) + high))), _LEAST_COS)
    rows = range(floor((south - high) / CELL_DEG), floor((north + high) / CELL_DEG) + 1)
    columns = range(floor((west - wide) / CELL_DEG), floor((east + wide) / CELL_DEG) + 1)
    if len(rows) * len(columns) > MOST_CELLS:
        return []
    return [(row, column) for row in rows for column in columns]
