"""A rider's day as stops and trips. Pure; degrees, metres, seconds, epoch milliseconds.

A stop is where the rider stayed within STAY_M for STAY_S or longer. Place over time decides, never speed: what a phone
calls speed is noise at a standstill, and a phone in a queue of cars is not at a stop. Stops that only a stray fix parts
are one. What lies between two stops is a trip, so that stops and trips take turns and cover the day without a hole.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import cos, hypot, radians
from statistics import median
from typing import Literal, NamedTuple

import msgspec

from geo.point import EARTH_RADIUS_M, distance_m
from tracking.state import KeptPoint

STAY_M, STAY_S = 200.0, 180.0
SILENT_S = 120.0  # two fixes further apart than this leave unknown what was between
M_PER_DEGREE = radians(1) * EARTH_RADIUS_M

Points = Sequence[KeptPoint]


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A stop or a trip, from its first to its last fix. A stop lies at the middle of its fixes, a trip at its end.

    `distance_m` is along the fixes, 0 for a stop. `silent_s`: how much of it no fix tells about. `first` and `last` are
    places in the list of fixes.
    """

    kind: Literal["stop", "trip"]
    from_ms: int
    to_ms: int
    lat: float
    lng: float
    distance_m: float
    silent_s: float
    first: int
    last: int

    @property
    def duration_s(self) -> float:
        """How long it took."""
        return (self.to_ms - self.from_ms) / 1000


class Span(NamedTuple):
    """Fixes first … last, both included."""

    first: int
    last: int


def segments(points: Points) -> list[Segment]:
    """The day of these fixes, which are in order of time: stops and trips in turn. No fix, no segment."""
    found: list[Segment] = []
    at = 0
    for stay in _stays(points):
        if stay.first > at:
            found.append(_trip(points, Span(at, stay.first)))
        found.append(_stop(points, stay))
        at = stay.last
    if points and at < len(points) - 1:
        found.append(_trip(points, Span(at, len(points) - 1)))
    return found


def _stays(points: Points) -> list[Span]:
    """The stops as spans of fixes, those that only a stray fix parts put together."""
    whole: list[Span] = []
    for stay in _raw_stays(points):
        if whole and _is_one(points, whole[-1], stay):
            whole[-1] = Span(whole[-1].first, stay.last)
        else:
            whole.append(stay)
    return whole


def _raw_stays(points: Points) -> list[Span]:
    """From each fix on, how long all that follows stays near it; if that is long, the search goes on behind."""
    found, first = list[Span](), 0
    while first < len(points):
        last = first
        while last + 1 < len(points) and _apart_m(points[first], points[last + 1]) <= STAY_M:
            last += 1
        if points[last].ts - points[first].ts >= STAY_S * 1000:
            found.append(Span(first, last))
            first = last
        first += 1
    return found


def _is_one(points: Points, a: Span, b: Span) -> bool:
    if points[b.first].ts - points[a.last].ts >= STAY_S * 1000:
        return False
    return distance_m(*_middle(points, a), *_middle(points, b)) <= STAY_M


def _apart_m(a: KeptPoint, b: KeptPoint) -> float:
    """Distance on a plane, good to a per mille within a kilometre and ten times as quick as on the globe."""
    east = (b.lng - a.lng + 180) % 360 - 180
    return M_PER_DEGREE * hypot(b.lat - a.lat, east * cos(radians(a.lat)))


def _middle(points: Points, span: Span) -> tuple[float, float]:
    """The median fix, which no stray one moves."""
    inside = points[span.first:span.last + 1]
    origin = inside[0].lng
    east = median((point.lng - origin + 180) % 360 - 180 for point in inside)
    return median(point.lat for point in inside), (origin + east + 180) % 360 - 180


def _stop(points: Points, span: Span) -> Segment:
    lat, lng = _middle(points, span)
    return _segment("stop", points, span, lat, lng, 0.0)


def _trip(points: Points, span: Span) -> Segment:
    end = points[span.last]
    length_m = sum(distance_m(a.lat, a.lng, b.lat, b.lng) for a, b in pairwise(points[span.first:span.last + 1]))
    return _segment("trip", points, span, end.lat, end.lng, length_m)


def _segment(
    kind: Literal["stop", "trip"], points: Points, span: Span, lat: float, lng: float, length_m: float
) -> Segment:
    times = [point.ts for point in points[span.first:span.last + 1]]
    gaps_s = ((b - a) / 1000 for a, b in pairwise(times))
    return Segment(
        kind=kind, from_ms=times[0], to_ms=times[-1], lat=lat, lng=lng, distance_m=length_m,
        silent_s=sum(gap_s for gap_s in gaps_s if gap_s > SILENT_S), first=span.first, last=span.last,
    )
