"""When a recorded point is sent again, and which fix time it bears then. Nothing here awaits.

The spacing of fix times stays as recorded, so that the server's speed check sees true speeds. At `speed` N a second
of ours is N seconds of the trip: were the first point dated now, the last would lie in the future and be refused. So a
trip is moved into the past just far enough that its last point is dated the moment it is sent, every other one earlier.
Slower than recorded, the first point is the one that is dated as it is sent.
"""

import msgspec

from api.replay.trip import Trip


class Timetable(msgspec.Struct, frozen=True):
    """One trip's plan: point n is sent `sends_s[n]` seconds after the start, dated `dates_ms[n]` (epoch ms)."""

    sends_s: tuple[float, ...]
    dates_ms: tuple[int, ...]


def plan(trip: Trip, *, speed: float, start_ms: int, late_s: float = 0.0) -> Timetable:
    """`speed` 0 sends everything at once. `late_s`: seconds of the recording before this trip begins."""
    first_s = trip.points[0].ts_s
    offsets_s = [point.ts_s - first_s for point in trip.points]
    pace = 1 / speed if speed else 0.0
    begins_ms = start_ms + (late_s * pace - trip.span_s * max(0.0, 1 - pace)) * 1000
    return Timetable(
        tuple((late_s + offset_s) * pace for offset_s in offsets_s),
        tuple(int(begins_ms + offset_s * 1000) for offset_s in offsets_s),
    )


def lateness_s(trips: list[Trip], *, together: bool) -> list[float]:
    """How long after the first trip each one begins: as recorded, or not at all."""
    earliest_s = min(trip.points[0].ts_s for trip in trips)
    return [0.0 if together else trip.points[0].ts_s - earliest_s for trip in trips]
