"""Finished trips laid out minute by minute: what could be known at each moment, beside what was still to come.

All trips are walked together in order of time, because the city's pace at a moment is the work of everybody under way.
"""

import heapq
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tracking.eta.flow import Flow
from tracking.eta.journey import COLUMNS, Journey

Array = NDArray[Any]
EVERY_S = 60.0
Point = tuple[float, float, float]  # epoch seconds, degrees north, degrees east
Left = Callable[[float, float, float, float], tuple[float, float] | None]  # from, to: (free-flow seconds, metres)


class Trip(msgspec.Struct, frozen=True):
    """A way that ended at its stop: points in order of time, the last one at the stop."""

    id: str
    points: tuple[Point, ...]

    @property
    def first_s(self) -> float:
        """When it began."""
        return self.points[0][0]

    @property
    def last_s(self) -> float:
        """When it ended."""
        return self.points[-1][0]


class Samples(msgspec.Struct, frozen=True):
    """Moments of trips as columns, ascending by instant. `trip` is the trip's place in the sequence given."""

    trip: Array
    at_s: Array
    rows: Array
    left_s: Array
    share: Array  # of the trip's time that has passed, 0 to 1

    def of(self, keep: Array) -> "Samples":
        """Some of them."""
        return Samples(self.trip[keep], self.at_s[keep], self.rows[keep], self.left_s[keep], self.share[keep])

    def __len__(self) -> int:
        return len(self.trip)


def lay_out(trips: Sequence[Trip], left: Left) -> Samples:
    """A sample at the start and each full minute of every trip; moments no route leads on from are left out."""
    flow = Flow()
    walks = [_walk(number, trip, left, flow) for number, trip in enumerate(trips) if len(trip.points) > 1]
    taken = [moment for moment in heapq.merge(*walks, key=lambda moment: moment[0]) if moment[2] is not None]
    rows = np.array([row for _, _, row in taken], dtype=float).reshape(len(taken), len(COLUMNS))
    number, at_s = np.array([n for _, n, _ in taken], dtype=int), np.array([at for at, _, _ in taken], dtype=float)
    first_s, last_s = np.array([t.first_s for t in trips]), np.array([t.last_s for t in trips])
    left_s = last_s[number] - at_s if len(taken) else at_s
    share = (at_s - first_s[number]) / (last_s - first_s)[number] if len(taken) else at_s
    return Samples(number, at_s, rows, left_s, share)


def _walk(number: int, trip: Trip, left: Left, flow: Flow) -> Iterator[tuple[float, int, list[float] | None]]:
    """The trip's moments. Lazy: each is worked out when the merged walk gets there, so nobody sees ahead in time."""
    times = [at_s for at_s, _, _ in trip.points]
    _, to_lat, to_lng = trip.points[-1]
    journey, told = Journey(to_lat, to_lng), 0
    at_s = trip.first_s
    while at_s < trip.last_s:
        yield at_s, number, None  # wait until every moment before this one has been told
        seen = bisect_right(times, at_s)
        for point in trip.points[told:seen]:
            journey.move(*point)
        told = seen
        found = left(journey.lat, journey.lng, to_lat, to_lng)
        if found is not None:
            won = journey.gained(at_s, found[0])
            if won is not None:
                flow.note(trip.id, at_s, *won)
            yield at_s, number, journey.look(at_s, *found, flow.pace(at_s, without=trip.id))
        at_s += EVERY_S
