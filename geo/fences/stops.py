"""The ladder of arrival at a stop: near, arriving, at the door. Each step once, and only by a rider who comes nearer.

Distances are straight lines. The door, 40 m away, must be near by road as well where the route is known: on the other
bank of a river nobody is at the door.
"""

from typing import Final, Literal

import msgspec

from geo.fences.events import Event, event_id
from geo.fences.track import Climb, Ping
from geo.point import distance_m

Name = Literal["pickup", "dropoff"]
STEPS: Final[tuple[tuple[str, float], ...]] = (("near", 500.0), ("arriving", 100.0), ("door", 40.0))
DOOR_BY_ROAD_M = 150.0
STILL_M = 5.0  # one who stands there has come


class Stop(msgspec.Struct, frozen=True):
    """Where a rider is headed with an order. Fixes before `since_ms` are of another errand."""

    order: str
    name: Name
    lat: float
    lng: float
    since_ms: int


def climb(ladders: dict[str, Climb], stop: Stop, ping: Ping, by_road_m: float | None = None) -> list[Event]:
    """The steps this fix reached; `ladders` is changed in place. Late fixes climb nothing.

    `by_road_m`: how far it still is on the route, where the rider is on one.
    """
    key = f"{stop.order}:{stop.name}"
    ladder = ladders.get(key)
    away_m = distance_m(stop.lat, stop.lng, ping.lat, ping.lng)
    if ping.ts < stop.since_ms or (ladder is not None and ping.ts <= ladder.ts):
        return []
    if ladder is None:
        ladders[key] = Climb(ping.ts, away_m)
        return []
    is_coming, ladder.ts, ladder.away_m = away_m <= ladder.away_m + STILL_M, ping.ts, away_m
    if not is_coming:
        return []
    reached = [name for name, within_m in STEPS[ladder.steps :] if away_m <= within_m]
    if reached and reached[-1] == "door" and by_road_m is not None and by_road_m > DOOR_BY_ROAD_M:
        reached.pop()
    ladder.steps += len(reached)
    return [_event(stop, ping, name) for name in reached]


def _event(stop: Stop, ping: Ping, step: str) -> Event:
    """The stop's place, not the rider's: before pick-up a customer may not know where exactly the rider is."""
    fence = f"{stop.name}:{step}"
    said = event_id(f"{fence}:{stop.order}", ping.rider, "enter", stop.since_ms)
    return Event(said, fence, "enter", ping.rider, ping.ts, stop.lat, stop.lng, order=stop.order)
