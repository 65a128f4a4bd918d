"""One rider on the way to one stop: what is known at a moment and nothing later. The model's columns are named here.

Live and learning use this same code, so that a model is asked what it was taught. Seconds, metres, degrees.
"""

from collections import deque

from geo.point import distance_m

COLUMNS = (
    "static_s", "route_m", "crow_m", "route_mps", "detour", "elapsed_s", "travelled_m", "speed_so_far", "speed_1m",
    "speed_2m", "speed_5m", "gain_1m", "gain_3m", "gain_5m", "gain_so_far", "hour", "weekday", "lat", "lng", "to_lat",
    "to_lng", "city_pace",
)
SPEED_SPANS_S = (60.0, 120.0, 300.0)
GAIN_SPANS_S = (60.0, 180.0, 300.0)
REMEMBER_S = 360.0
JITTER_M = 8.0  # a step shorter than this is a phone's unrest, until several add up
NO_SPEED, NO_GAIN = -1.0, -9.0
DAY_S = 86_400.0


class Journey:
    """The rider's way so far. Instants are epoch seconds and never go back."""

    def __init__(self, to_lat: float, to_lng: float) -> None:
        self.to_lat, self.to_lng = to_lat, to_lng
        self.began_s = 0.0
        self.travelled_m = 0.0
        self.lat = self.lng = 0.0
        self._counted = (0.0, 0.0)
        self._trail: deque[tuple[float, float]] = deque()  # instant, metres travelled by then
        self._left: deque[tuple[float, float]] = deque()  # instant, free-flow seconds left then
        self._first_static_s = 0.0

    @property
    def has_begun(self) -> bool:
        """Whether the rider has been seen."""
        return bool(self._trail)

    @property
    def crow_m(self) -> float:
        """Metres to the stop as the crow flies."""
        return distance_m(self.lat, self.lng, self.to_lat, self.to_lng)

    def move(self, at_s: float, lat: float, lng: float) -> None:
        """The rider was seen here; older than what is known is ignored."""
        if not self._trail:
            self.began_s, self._counted = at_s, (lat, lng)
        elif at_s < self._trail[-1][0]:
            return
        step_m = distance_m(*self._counted, lat, lng)
        if step_m >= JITTER_M:
            self.travelled_m += step_m
            self._counted = lat, lng
        self.lat, self.lng = lat, lng
        self._trail.append((at_s, self.travelled_m))
        while len(self._trail) > 2 and self._trail[1][0] <= at_s - REMEMBER_S:
            self._trail.popleft()

    def look(self, at_s: float, static_s: float, route_m: float, city_pace: float) -> list[float]:
        """COLUMNS at this moment. `static_s`, `route_m`: what a routing engine says is left, without traffic."""
        if not self._left:
            self._first_static_s = static_s
        elapsed_s, crow_m = at_s - self.began_s, self.crow_m
        gains = [self._gain(at_s, static_s, span_s) for span_s in GAIN_SPANS_S]
        self._left.append((at_s, static_s))
        while len(self._left) > 2 and self._left[1][0] <= at_s - REMEMBER_S:
            self._left.popleft()
        local_s = at_s + self.lng / 360.0 * DAY_S  # the sun's time needs no table of time zones
        return [
            static_s, route_m, crow_m, route_m / max(static_s, 1.0), route_m / max(crow_m, 1.0), elapsed_s,
            self.travelled_m, self.travelled_m / max(elapsed_s, 1.0),
            *(self._speed(at_s, span_s) for span_s in SPEED_SPANS_S), *gains,
            (self._first_static_s - static_s) / max(elapsed_s, 30.0),
            local_s % DAY_S / 3600.0, float((local_s // DAY_S + 3) % 7), self.lat, self.lng, self.to_lat, self.to_lng,
            city_pace,
        ]

    def gained(self, at_s: float, static_s: float) -> tuple[float, float] | None:
        """(free-flow seconds won, seconds taken) since about a minute ago; None in the first minute."""
        return _since(self._left, at_s, GAIN_SPANS_S[0], static_s)

    def _gain(self, at_s: float, static_s: float, span_s: float) -> float:
        """Seconds of free flow won per second; 1 is free flow, less is traffic."""
        won = _since(self._left, at_s, span_s, static_s)
        return won[0] / won[1] if won else NO_GAIN

    def _speed(self, at_s: float, span_s: float) -> float:
        """Metres per second over the last while."""
        won = _since(self._trail, at_s, span_s, self.travelled_m)
        return -won[0] / won[1] if won else NO_SPEED


def _since(history: deque[tuple[float, float]], at_s: float, span_s: float, now: float) -> tuple[float, float] | None:
    """(fall of the value, seconds) from the newest entry at least `span_s` old, or from the oldest there is."""
    if not history or history[0][0] >= at_s:
        return None
    then_s, then = history[0]
    for entry_s, value in reversed(history):
        if entry_s <= at_s - span_s:
            then_s, then = entry_s, value
            break
    return then - now, at_s - then_s
