"""How far along its route somebody is: the point of the route they are at, what is left, and how far off they stand.

A route may pass the same corner twice. Who was at 3 km is sought between a little before and some way ahead of it, so
that a crossing of the route with itself never jumps an hour ahead; only who is found nowhere near is sought everywhere.
"""

from math import cos, radians
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.point import METRES_PER_DEGREE

Array = NDArray[Any]
BACK_M, AHEAD_M = 150.0, 1500.0
NEAR_M = 60.0


class Progress(NamedTuple):
    """Metres from the start of the route, metres to its end, metres beside it."""

    along_m: float
    left_m: float
    off_m: float


class Line:
    """A route of at least one point. Flat around its middle: right to 0.1 % for routes of a city's size."""

    def __init__(self, lat: Array, lng: Array) -> None:
        self.lat, self.lng = np.asarray(lat, dtype=float), np.asarray(lng, dtype=float)
        if not len(self.lat) or self.lat.shape != self.lng.shape:
            raise ValueError("a line has as many latitudes as longitudes, and at least one")
        self._lng_0 = float(self.lng[0])
        self._m_per_lng = METRES_PER_DEGREE * cos(radians(float(self.lat.mean())))
        self._x, self._y = self._flat_x(self.lng), self.lat * METRES_PER_DEGREE
        self.along_m = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(self._x), np.diff(self._y)))])

    @property
    def length_m(self) -> float:
        """From end to end."""
        return float(self.along_m[-1])

    def progress(self, lat: float, lng: float, was_m: float | None = None) -> Progress:
        """Where on the route the point is; `was_m`: how far along it was when last asked, if it was."""
        if len(self.lat) == 1:
            return Progress(0.0, 0.0, self._off_end(lat, lng))
        if was_m is not None:
            first = max(int(np.searchsorted(self.along_m, was_m - BACK_M, "right")) - 1, 0)
            last = min(int(np.searchsorted(self.along_m, was_m + AHEAD_M, "left")), len(self.lat) - 1)
            near = self._nearest(lat, lng, min(first, last - 1), last)
            if near.off_m <= NEAR_M:
                return near
        return self._nearest(lat, lng, 0, len(self.lat) - 1)

    def _nearest(self, lat: float, lng: float, first: int, last: int) -> Progress:
        """The nearest place on the pieces from point `first` to point `last`; of equally near ones, the earliest."""
        x, y = float(self._flat_x(np.array([lng]))[0]), lat * METRES_PER_DEGREE
        x_0, y_0 = self._x[first:last], self._y[first:last]
        dx, dy = self._x[first + 1 : last + 1] - x_0, self._y[first + 1 : last + 1] - y_0
        square = dx * dx + dy * dy
        share = np.clip(((x - x_0) * dx + (y - y_0) * dy) / np.where(square > 0, square, 1.0), 0.0, 1.0)
        off = np.hypot(x_0 + share * dx - x, y_0 + share * dy - y)
        at = int(np.argmin(off))
        along_m = float(self.along_m[first + at] + share[at] * np.sqrt(square[at]))
        return Progress(along_m, max(self.length_m - along_m, 0.0), float(off[at]))

    def _off_end(self, lat: float, lng: float) -> float:
        return float(np.hypot(self._flat_x(np.array([lng]))[0] - self._x[0], lat * METRES_PER_DEGREE - self._y[0]))

    def _flat_x(self, lng: Array) -> Array:
        """Metres east of the start, across the 180th meridian too."""
        east: Array = ((lng - self._lng_0 + 180.0) % 360.0 - 180.0) * self._m_per_lng
        return east
