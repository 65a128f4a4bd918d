"""Names in a grid of square cells (in degrees), so that "who is inside this box" looks at few of them.

Cells are (row, column) counted from 90°S 180°W. A box asks by cells and then exactly, so cell edges never decide.
"""

from collections.abc import Iterable, Iterator
from math import floor

from geo.box import Box

Cell = tuple[int, int]


def cell_of(lat: float, lng: float, cell_deg: float) -> Cell:
    """The cell the point lies in; +180° is its own last column, which boxes that reach it cover."""
    return floor((lat + 90.0) / cell_deg), floor((lng + 180.0) / cell_deg)


def count_cells(box: Box, cell_deg: float) -> int:
    """An upper bound of how many cells the box touches."""
    return (floor((box.north - box.south) / cell_deg) + 2) * (floor(box.width_deg / cell_deg) + 3)


def cells_of(box: Box, cell_deg: float) -> Iterator[Cell]:
    """Every cell the box touches."""
    low, _ = cell_of(box.south, 0.0, cell_deg)
    high, _ = cell_of(box.north, 0.0, cell_deg)
    spans = [(box.west, box.east)] if box.west <= box.east else [(box.west, 180.0), (-180.0, box.east)]
    if box.west <= -180.0 or box.east >= 180.0:  # whoever is on that meridian may have said it with either sign
        spans += [(180.0, 180.0), (-180.0, -180.0)]
    columns: set[int] = set()
    for west, east in spans:
        _, first = cell_of(0.0, west, cell_deg)
        _, last = cell_of(0.0, east, cell_deg)
        columns.update(range(first, last + 1))
    for row in range(low, high + 1):
        for column in columns:
            yield row, column


class Grid:
    """Where each name is. Moving a name within its cell costs two dict look-ups."""

    def __init__(self, cell_deg: float) -> None:
        self.cell_deg = cell_deg
        self._points: dict[str, tuple[float, float, Cell]] = {}
        self._cells: dict[Cell, set[str]] = {}

    def __len__(self) -> int:
        return len(self._points)

    def __contains__(self, name: str) -> bool:
        return name in self._points

    def put(self, name: str, lat: float, lng: float) -> Cell:
        """Place or move a name; returns its cell."""
        cell = cell_of(lat, lng, self.cell_deg)
        before = self._points.get(name)
        self._points[name] = (lat, lng, cell)
        if before is None or before[2] != cell:
            if before is not None:
                self._leave(name, before[2])
            self._cells.setdefault(cell, set()).add(name)
        return cell

    def drop(self, name: str) -> None:
        """Forget a name; unknown ones are fine."""
        before = self._points.pop(name, None)
        if before is not None:
            self._leave(name, before[2])

    def inside(self, box: Box) -> list[str]:
        """The names inside the box, in no order."""
        near: Iterable[Cell] = self._cells
        if count_cells(box, self.cell_deg) < len(self._cells):
            near = {cell for cell in cells_of(box, self.cell_deg) if cell in self._cells}
        points = self._points
        return [name for cell in near for name in self._cells[cell] if box.holds(points[name][0], points[name][1])]

    def _leave(self, name: str, cell: Cell) -> None:
        names = self._cells[cell]
        names.discard(name)
        if not names:
            del self._cells[cell]
