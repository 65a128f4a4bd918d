"""Which points count. Everything that can refuse a point is in this file; a refusal is one of five reasons.

`range`             a number that no phone can mean: not finite, off the globe, negative accuracy, a seq below zero
`future`            the fix is more than 60 s ahead of our clock: satellites do not err so, the phone's clock does
`too_old`           the fix is more than 7 days old: no delivery waits that long, and an archive would rewrite history
`vague`             the phone itself is unsure by more than 500 m. Wi-Fi fixes are good to 20-100 m and stay; cell-tower
                    and "approximate location" fixes start at about a kilometre and would throw the marker about
`impossible_speed`  the point cannot be reached from its neighbour in time at 70 m/s (252 km/h), even when both stand at
                    the nearest edge of their accuracy circles
"""

from bisect import bisect_right

import msgspec

from geo.point import certainly_within, distance_m
from tracking.messages import Point

FUTURE_MS = 60_000
TOO_OLD_MS = 7 * 86_400_000
VAGUE_M = 500.0
FASTEST_MPS = 70.0
LARGEST_SEQ = 2**53 - 1  # what a JavaScript phone and a Lua number hold exactly
UNKNOWN = -1.0  # iOS and several SDKs write -1 for a speed or heading they do not know
CONSISTENT_POINTS = 3  # so many refused points that fit each other prove that the rider really is elsewhere
TRAIL_POINTS = 4


class Spot(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An accepted point, as far as judging its neighbours needs it."""

    ts: int
    lat: float
    lng: float
    accuracy: float


def spot_of(point: Point) -> Spot:
    """The point without what speed does not ask for; an unknown accuracy claims no slack."""
    return Spot(point.ts, point.lat, point.lng, point.accuracy or 0.0)


def has_seq(point: Point) -> bool:
    """Can the point be counted at all? One without a usable seq is refused but not remembered."""
    return 0 <= point.seq <= LARGEST_SEQ


def _in_range(point: Point) -> bool:
    """Every comparison is written so that NaN fails it."""
    accuracy, speed, heading, altitude = point.accuracy, point.speed, point.heading, point.altitude
    return (
        has_seq(point)
        and -90.0 <= point.lat <= 90.0
        and -180.0 <= point.lng <= 180.0
        and (accuracy is None or 0.0 <= accuracy <= 1e7)
        and (speed is None or 0.0 <= speed <= 1e3 or speed == UNKNOWN)
        and (heading is None or 0.0 <= heading <= 360.0 or heading == UNKNOWN)
        and (altitude is None or -1e4 <= altitude <= 1e5)
    )


def reason_against(point: Point, received_ms: int) -> str | None:
    """Why the point cannot count whatever came before it, or None."""
    if not _in_range(point):
        return "range"
    if point.ts > received_ms + FUTURE_MS:
        return "future"
    if point.ts < received_ms - TOO_OLD_MS:
        return "too_old"
    if point.accuracy is not None and point.accuracy > VAGUE_M:
        return "vague"
    return None


def impossible(a: Spot, b: Spot) -> bool:
    """Could nobody have been at both? Clocks round, so a second is the least time between two points."""
    reach_m = FASTEST_MPS * max(abs(b.ts - a.ts) / 1000.0, 1.0)
    if certainly_within(a.lat, a.lng, b.lat, b.lng, reach_m):
        return False
    return distance_m(a.lat, a.lng, b.lat, b.lng) - a.accuracy - b.accuracy > reach_m


def judge(spot: Spot, trail: list[Spot], suspects: list[Spot]) -> bool:
    """May the spot join the trail? Changes both lists: `trail` (accepted, by time) and `suspects` (lately refused).

    It is judged against its neighbours in time, whatever order things arrived in. One wild point refuses itself only;
    CONSISTENT_POINTS of them that fit each other win, so that a wrong start never locks a rider out.
    """
    place = len(trail)
    if trail and spot.ts < trail[-1].ts:
        place = bisect_right(trail, spot.ts, key=lambda other: other.ts)
    before = trail[place - 1] if place else None
    after = trail[place] if place < len(trail) else None
    if (before is None or not impossible(before, spot)) and (after is None or not impossible(spot, after)):
        suspects.clear()
        trail.insert(place, spot)
        return True
    if suspects and impossible(suspects[-1], spot):
        suspects.clear()
    suspects.append(spot)
    if len(suspects) < CONSISTENT_POINTS:
        return False
    del suspects[0]
    trail.insert(place, spot)
    return True
