"""Which fences a place may be near, from one look in a dict: cells of a hundredth of a degree, each with its fences.

A fence stands in every cell that its box comes within AROUND_M of. One that would stand in very many stands in none,
but with all.
"""

from bisect import insort
from collections import defaultdict
from math import cos, floor, radians

from geo.fences.shape import METRES_A_DEGREE, Degrees

AROUND_M = 310.0
CELL_DEG = 0.01
MOST_CELLS = 400
_ROUND = 36_000  # cells around the globe
_STEP = 1 << 20
_POLE_DEG, _LEAST_COS = 89.0, 0.01


class Cells:
    """Slots of fences by cell. Who asks gets a list that may hold more than what is near, and never less."""

    def __init__(self) -> None:
        self._cells: defaultdict[int, list[int]] = defaultdict(list)
        self._everywhere: list[int] = []

    def put(self, slot: int, box: Degrees) -> None:
        """Enter a fence by its box: west, south, east, north in degrees, not wrapped."""
        cells = _covered(box)
        for cell in cells:
            insort(self._cells[cell], slot)
        if not cells:
            insort(self._everywhere, slot)

    def drop(self, slot: int, box: Degrees) -> None:
        """Take a fence out that was entered with this box."""
        cells = _covered(box)
        for cell in cells:
            slots = self._cells[cell]
            slots.remove(slot)
            if not slots:
                del self._cells[cell]
        if not cells:
            self._everywhere.remove(slot)

    def near(self, lat: float, lng: float) -> list[int]:
        """Every slot whose box is within AROUND_M of the place, and some others, in order; not to be changed."""
        found = self._cells.get(floor(lat / CELL_DEG) * _STEP + floor(lng / CELL_DEG) % _ROUND)
        if found is None:
            return self._everywhere
        return sorted(found + self._everywhere) if self._everywhere else found


def _covered(box: Degrees) -> list[int]:
    """The cells within AROUND_M of the box; none where they are too many."""
    west, south, east, north = box
    high = AROUND_M / METRES_A_DEGREE
    wide = high / max(cos(radians(min(_POLE_DEG, max(abs(south), abs(north)) + high))), _LEAST_COS)
    rows = range(floor((south - high) / CELL_DEG), floor((north + high) / CELL_DEG) + 1)
    columns = range(floor((west - wide) / CELL_DEG), floor((east + wide) / CELL_DEG) + 1)
    if len(rows) * len(columns) > MOST_CELLS:
        return []
    return [row * _STEP + column % _ROUND for row in rows for column in columns]
