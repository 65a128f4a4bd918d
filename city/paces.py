"""How many times longer than free flow each street takes right now, learned from segments that riders just drove.

An edge is believed as far as it was driven, else its road class, else the city; and all of it is forgotten by half each
HALF_S, so that without news streets are as fast as their signs say. Pure: times are epoch seconds.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from city.roads import CLASSES
from city.streets import Streets

Array = NDArray[Any]
HALF_S = 1200.0
EDGE_S, CLASS_S, CITY_S = 60.0, 600.0, 1800.0  # free-flow seconds driven that weigh as much as what stands behind
FASTEST, SLOWEST = 0.8, 4.0
MOST_RATIO = 6.0  # of one segment: who takes longer was waiting, not driving
STEP = 1 / 50  # stored as bytes


class Paces:
    """Seconds driven and seconds at free flow of every edge, both fading."""

    def __init__(self, streets: Streets) -> None:
        self._kind = streets.kind.astype(np.int64)
        self._free, self._took = np.zeros(len(streets.tail)), np.zeros(len(streets.tail))
        self._at_s = 0.0

    def note(self, edges: Array, free_s: Array, took_s: float, at_s: float) -> None:
        """A segment: the edges driven, the free-flow seconds on each, and how long all of it took."""
        total_s = float(free_s.sum())
        if total_s <= 0:
            return
        self._fade(at_s)
        ratio = min(took_s / total_s, MOST_RATIO)
        np.add.at(self._free, edges, free_s)
        np.add.at(self._took, edges, free_s * ratio)

    def slowness(self, at_s: float) -> Array:
        """Times longer than free flow, of every edge, within FASTEST and SLOWEST."""
        self._fade(at_s)
        city = (self._took.sum() + CITY_S) / (self._free.sum() + CITY_S)
        size = max(len(CLASSES), int(self._kind.max(initial=0)) + 1)
        took, free = (np.bincount(self._kind, each, size) for each in (self._took, self._free))
        by_class = (took + CLASS_S * city) / (free + CLASS_S)
        found = (self._took + EDGE_S * by_class[self._kind]) / (self._free + EDGE_S)
        return np.asarray(np.clip(found, FASTEST, SLOWEST))

    def _fade(self, at_s: float) -> None:
        if at_s > self._at_s:
            left = 0.5 ** ((at_s - self._at_s) / HALF_S) if self._at_s else 0.0
            self._free *= left
            self._took *= left
            self._at_s = at_s


def packed(slowness: Array) -> bytes:
    """A byte an edge."""
    return np.rint(slowness / STEP).astype(np.uint8).tobytes()


def unpacked(stored: bytes, edges: int) -> Array:
    """What was packed; raises ValueError when it is of other streets or holds what cannot be."""
    found = np.frombuffer(stored, dtype=np.uint8) * STEP
    if len(found) != edges:
        raise ValueError(f"paces of {len(found)} edges, the streets have {edges}")
    if not ((found >= FASTEST - STEP) & (found <= SLOWEST + STEP)).all():
        raise ValueError("a pace is out of bounds")
    return found
