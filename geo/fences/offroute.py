"""Off the route, and back on it: told once each, by separate thresholds, never by one wild fix.

A rider with several stops may take them in any order, so a fix counts as off only when it is off all their routes.
"""

from typing import Final, Literal

import msgspec

from geo.fences.events import Event, Kind, event_id
from geo.fences.stops import Stop
from geo.fences.track import Drift, Ping, Spot
from geo.progress import Line, Progress

OFF_M: Final = 150.0  # so far beside it, less what the phone admits to err by, is off
BACK_M: Final = 75.0  # so near is back
OFF_FIXES, OFF_MS = 3, 20_000
BACK_FIXES = 2
MOST_ERROR_M = 100.0
UNKNOWN_ERROR_M = 15.0

Side = Literal["off", "between", "on"]


class Routed(msgspec.Struct, frozen=True):
    """A stop with the route that was expected when the rider set out for it; `key` tells errands apart."""

    key: str
    stop: Stop
    line: Line


def drift(drifts: dict[str, Drift], errands: list[Routed], ping: Ping) -> tuple[list[Event], dict[str, Progress]]:
    """What the fix tells of the rider's routes, and how far along each it is; `drifts` is changed in place."""
    found: dict[str, Progress] = {}
    for errand in errands:
        known = drifts.setdefault(errand.key, Drift(0, 0.0))
        if ping.ts > known.ts and ping.ts >= errand.stop.since_ms:
            known.ts = ping.ts
            progress = errand.line.progress(ping.lat, ping.lng, known.along_m)
            known.along_m, found[errand.key] = progress.along_m, progress
    if not found:
        return [], found
    side = _side(min(progress.off_m for progress in found.values()), ping)
    told = [(errand, _step(drifts[errand.key], side, ping)) for errand in errands if errand.key in found]
    return [_event(errand.stop, ping, kind, at) for errand, step in told if step for kind, at in [step]], found


def _side(beside_m: float, ping: Ping) -> Side:
    error_m = min(UNKNOWN_ERROR_M if ping.accuracy is None else ping.accuracy, MOST_ERROR_M)
    if beside_m - error_m > OFF_M:
        return "off"
    return "on" if beside_m < BACK_M else "between"


def _step(known: Drift, side: Side, ping: Ping) -> tuple[Kind, Spot] | None:
    """One more fix: is the other side certain now?"""
    new_side: Side = "on" if known.is_off else "off"
    if side != new_side:
        if side != "between":
            known.fixes, known.first = 0, None
        return None
    known.fixes += 1
    first = known.first = known.first or Spot(ping.ts, ping.lat, ping.lng)
    if known.is_off:
        is_certain = known.fixes >= BACK_FIXES
    else:
        is_certain = known.fixes >= OFF_FIXES and ping.ts - first.ts >= OFF_MS
    if not is_certain:
        return None
    known.is_off, known.fixes, known.first = not known.is_off, 0, None
    return ("off_route" if known.is_off else "back_on_route"), first


def _event(stop: Stop, ping: Ping, kind: Kind, at: Spot) -> Event:
    fence = f"route:{stop.name}"
    said = event_id(f"{fence}:{stop.order}", ping.rider, kind, at.ts)
    return Event(said, fence, kind, ping.rider, at.ts, at.lat, at.lng, order=stop.order)
