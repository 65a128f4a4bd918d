"""The edges of all areas in one long row, in boxes of a few, so that of a large area only some need be measured."""

from typing import Any

import numpy as np

from geo.fences.arrays import EDGE_COLUMNS, RUN, Floats, Ints, Outlines

LEAST_ROOM = 256  # edges; a multiple of RUN


class Edges:
    """An area's edges by its slot. What dropped ones leave is used again once it is more than half of all."""

    def __init__(self) -> None:
        self._first: Ints = np.zeros(16, dtype=np.int64)
        self._count: Ints = np.zeros(16, dtype=np.int64)
        self._edges: Floats = np.zeros((LEAST_ROOM, EDGE_COLUMNS))
        self._boxes: Floats = np.zeros((LEAST_ROOM // RUN, 4))
        self._end = self._used = 0
        self._refresh()

    def put(self, slot: int, sides: Floats) -> None:
        """An area's edges, a row each: x, y, dx, dy; none of a circle."""
        if slot >= len(self._first):
            self._first, self._count = _doubled(self._first, slot), _doubled(self._count, slot)
        length2 = sides[:, 2] * sides[:, 2] + sides[:, 3] * sides[:, 3]
        sides, length2 = sides[length2 > 0], length2[length2 > 0]
        if self._end > max(LEAST_ROOM, 2 * self._used):
            self._pack()
        begin, end = self._end, self._end + len(sides)
        self._end = _whole(end)
        if self._end > len(self._edges):
            self._edges = _doubled(self._edges, self._end)
            self._boxes = _doubled(self._boxes, self._end // RUN)
        self._edges[begin:end, :4], self._edges[begin:end, 4] = sides, 1.0 / length2
        starts = np.arange(0, len(sides), RUN)
        if len(sides):
            a, b = sides[:, :2], sides[:, :2] + sides[:, 2:4]
            boxes = self._boxes[begin // RUN : self._end // RUN]
            boxes[:, :2] = np.minimum.reduceat(np.minimum(a, b), starts)
            boxes[:, 2:] = np.maximum.reduceat(np.maximum(a, b), starts)
        self._first[slot], self._count[slot] = begin, len(sides)
        self._used += self._end - begin
        self._refresh()

    def drop(self, slot: int) -> None:
        """Forget them."""
        self._used -= _whole(int(self._count[slot]))
        self._count[slot] = 0

    def _pack(self) -> None:
        """Move all to the front, in the order they stand in."""
        slots = np.nonzero(self._count)[0]
        slots = slots[np.argsort(self._first[slots])]
        sizes = _whole(self._count[slots])
        ends = sizes.cumsum()
        moved = np.arange(int(sizes.sum())) + (self._first[slots] - (ends - sizes)).repeat(sizes)
        self._edges[: len(moved)] = self._edges[moved]
        self._boxes[: len(moved) // RUN] = self._boxes[moved[::RUN] // RUN]
        self._first[slots] = ends - sizes
        self._end = len(moved)

    def _refresh(self) -> None:
        self.outlines = Outlines(self._first, self._count, self._edges, self._boxes)


def _whole(count: Any) -> Any:
    """Rounded up to whole runs."""
    return -(-count // RUN) * RUN


def _doubled(array: Any, least: int) -> Any:
    """With zeros behind: twice as long, and longer than `least`."""
    wide = np.zeros((max(2 * len(array), least + 1), *array.shape[1:]), array.dtype)
    wide[: len(array)] = array
    return wide
