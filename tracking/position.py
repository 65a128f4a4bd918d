"""What a position looks like to a watcher, and which of two is newer. Unknown things are absent, never null."""

from typing import Any

import msgspec

from tracking.messages import Fix

COARSE_DECIMALS = 3  # 111 m north-south
STALE_AFTER_S = 60.0

# A watcher's latest value for a rider grows old, then leaves, without a newer fix: these come after the fix itself.
FRESH, STALE, LEFT = 0, 1, 2
_RANKS_PER_MS = 4
_RANKS_PER_GENERATION = 1 << 46  # milliseconds until the year 2527, four ranks each


def rank(fix: Fix, age: int = FRESH, generation: int = 0) -> int:
    """The place of a push among all pushes about its rider: by generation, then fix time, then FRESH, STALE, LEFT."""
    return rank_at(fix.ts, age, generation)


def rank_at(at_ms: int, age: int = FRESH, generation: int = 0) -> int:
    """The same for news that is no fix."""
    return generation * _RANKS_PER_GENERATION + at_ms * _RANKS_PER_MS + age


class Position(msgspec.Struct, tag_field="type", tag="position", omit_defaults=True, gc=False):
    """The `position` message with everything the phone said: made once for each accepted fix that somebody watches."""

    rider: str
    lat: float
    lng: float
    ts: int
    received: int
    seq: int
    accuracy: float | None = None
    speed: float | None = None
    heading: float | None = None
    stale: bool = False


def position(fix: Fix, *, stale: bool = False) -> Position:
    """The message for pushing."""
    return Position(
        fix.rider, fix.lat, fix.lng, fix.ts, fix.received, fix.seq, fix.accuracy, fix.speed, fix.heading, stale
    )


def exact(fix: Fix, *, stale: bool = False) -> dict[str, Any]:
    """The same as a part of an answer."""
    told: dict[str, Any] = msgspec.to_builtins(position(fix, stale=stale))
    return told


def coarse(fix: Fix, *, stale: bool = False) -> dict[str, Any]:
    """The `position` message, the place rounded. Accuracy, speed and heading tell where in the square: absent."""
    lat, lng = coarse_place(fix)
    message: dict[str, Any] = {
        "type": "position", "rider": fix.rider, "lat": lat, "lng": lng,
        "ts": fix.ts, "received": fix.received, "seq": fix.seq, "precision": COARSE_DECIMALS,
    }
    if stale:
        message["stale"] = True
    return message


def coarse_place(fix: Fix) -> tuple[float, float]:
    """(lat, lng) rounded to the square a customer may know."""
    return round(fix.lat, COARSE_DECIMALS), round(fix.lng, COARSE_DECIMALS)


def is_stale(fix: Fix, now_ms: int) -> bool:
    """Whether the last word of the rider is too old to draw as where they are."""
    return now_ms - fix.received > STALE_AFTER_S * 1000


def left(rider: str) -> dict[str, Any]:
    """The message that takes a rider off the map."""
    return {"type": "left", "rider": rider}
