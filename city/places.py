"""What a graph answers with: places on streets, routes between them, and the two refusals. Degrees, metres, seconds."""

from functools import cached_property
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
METRES_A_DEGREE = 111_195.08


class Spot(NamedTuple):
    """A place in degrees."""

    lat: float
    lng: float


class SnappedPoint(msgspec.Struct, frozen=True):
    """The place on a street nearest to a point, `off_m` away from it, `along_m` after the street's first point."""

    lat: float
    lng: float
    edge: int
    along_m: float
    off_m: float
    street: str


class OffRoad(msgspec.Struct, frozen=True):
    """Refusal: no street within `limit_m` of the point."""

    lat: float
    lng: float
    limit_m: float

    def __str__(self) -> str:
        return f"{self.lat:.5f},{self.lng:.5f} is more than {self.limit_m:.0f} m from any road of this city"


class Unreachable(msgspec.Struct, frozen=True):
    """Refusal: both points are on streets, but no street leads from one to the other."""

    start: SnappedPoint
    end: SnappedPoint

    def __str__(self) -> str:
        ends = f"{self.start.lat:.5f},{self.start.lng:.5f} to {self.end.lat:.5f},{self.end.lng:.5f}"
        return f"no street leads from {ends}"


class Route(msgspec.Struct, frozen=True, dict=True):
    """The fastest way: P points and the P - 1 straight pieces between them. Duration is free flow, no stops."""

    lat: Array  # P, degrees
    lng: Array  # P
    speed_mps: Array  # P - 1, what the street allows
    tunnel: Array  # P - 1, bool
    junctions: Array  # indexes of the points where one street edge ends and the next begins
    distance_m: float
    duration_s: float
    edge: Array = msgspec.field(default_factory=lambda: np.empty(0, dtype=np.int64))  # P - 1, the edge of each piece
    pace: float = 1.0  # how many times longer than free flow it takes as streets are now

    @cached_property
    def pieces_s(self) -> Array:
        """P - 1, seconds at free flow on each piece."""
        north = np.diff(self.lat)
        east = np.diff(self.lng) * np.cos(np.radians(self.lat[:-1]))
        return np.asarray(np.hypot(north, east) * METRES_A_DEGREE / np.maximum(self.speed_mps, 0.1))

    @cached_property
    def points(self) -> tuple[Spot, ...]:
        """The line as spots, start first."""
        return tuple(map(Spot._make, zip(self.lat.tolist(), self.lng.tolist(), strict=True)))
