"""Many riders as few dots: counts per cell of a grid that fits the viewport. The order of riders never matters.

Cells are powers of two of a degree, so that panning keeps every dot and only zooming regroups them.
"""

from collections.abc import Iterable
from math import floor, frexp

import msgspec

from geo.box import Box

CELLS_ACROSS = 16
_MICRO = 1_000_000


class Cluster(msgspec.Struct, frozen=True):
    """So many riders around their mean place."""

    lat: float
    lng: float
    count: int


class Crowd(msgspec.Struct, frozen=True):
    """How many riders inside make a crowd: above `on` clusters come, below `off` they go, between the two all stays."""

    on: int = 500
    off: int = 400

    def is_one(self, riders: int, was_one: bool) -> bool:
        """Whether a viewport with so many riders shows clusters."""
        return riders >= self.off if was_one else riders > self.on


def cell_deg(box: Box) -> float:
    """The grid's step: the power of two that puts 8 to 16 cells across the wider side."""
    _, exponent = frexp(max(box.width_deg, box.north - box.south) / CELLS_ACROSS)
    return float(2.0**exponent)


def clusters(places: Iterable[tuple[float, float]], box: Box) -> list[Cluster]:
    """Cells with riders, south to north and west to east. `places` are (lat, lng); sums are of whole micro-degrees."""
    step = cell_deg(box)
    cells: dict[tuple[int, int], list[int]] = {}
    for lat, lng in places:
        cell = cells.setdefault((floor(lat / step), floor(lng / step)), [0, 0, 0])
        cell[0] += round(lat * _MICRO)
        cell[1] += round(lng * _MICRO)
        cell[2] += 1
    return [
        Cluster(round(lat / count / _MICRO, 5), round(lng / count / _MICRO, 5), count)
        for _, (lat, lng, count) in sorted(cells.items())
    ]
