"""What an arrival time looks like to a watcher, and how much of it those are told who may not know the exact place.

Distances and times to the second, followed for a while, draw the way of somebody whose place is blurred: they are told
whole minutes and half kilometres.
"""

from typing import Any

from tracking.eta.forecast import LEARNED, ROUTE, STRAIGHT
from tracking.eta.stops import Arrival

BLUR_MS, BLUR_M = 60_000, 500
SHARP_M = 10
WORST_FIRST = (STRAIGHT, ROUTE, LEARNED)
INSTANTS = ("at", "earliest", "latest", "pickup_at")


def eta(
    order: str, at_ms: int, arrivals: list[Arrival], bases: list[str], rev: int, pickup: int | None = None
) -> dict[str, Any]:
    """The `eta` message. `arrivals`: of each stop, the door last; `pickup`: which is the shop, before pick-up."""
    door = arrivals[-1]
    message: dict[str, Any] = {
        "type": "eta", "order": order, "at": _ms(at_ms, door.mid_s), "earliest": _ms(at_ms, door.low_s),
        "latest": _ms(at_ms, door.high_s), "distance_m": _round(door.metres, SHARP_M),
        "stops_before": door.stops_before, "basis": min(bases, key=WORST_FIRST.index), "rev": rev,
    }
    if pickup is not None:
        message["pickup_at"] = _ms(at_ms, arrivals[pickup].mid_s)
    return message


def blurred(message: dict[str, Any]) -> dict[str, Any]:
    """The same for those who may not know the place exactly. The window only grows."""
    coarse = {name: _round(message[name], BLUR_MS) for name in INSTANTS if name in message}
    coarse["earliest"] = message["earliest"] // BLUR_MS * BLUR_MS
    coarse["latest"] = -(-message["latest"] // BLUR_MS) * BLUR_MS
    return {**message, **coarse, "distance_m": _round(message["distance_m"], BLUR_M)}


def _ms(at_ms: int, after_s: float) -> int:
    return at_ms + round(after_s * 1000)


def _round(value: float, step: int) -> int:
    return round(value / step) * step
