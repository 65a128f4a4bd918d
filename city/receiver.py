"""What a phone makes of the truth: fixes that drift, an accuracy that admits it, tunnels without a fix, late batches.

The error wanders as in real receivers, correlated over half a minute, so that tracks bend and do not jitter.
"""

import math
import random

import msgspec

from city.ride import Motion
from city.streets import EARTH_RADIUS_M

WANDER_S = 25.0  # how long an error remembers itself
QUIET_M, CANYON_M = 3.5, 11.0  # spread of the error under open sky, and between high houses
CANYON_EVERY_S, CANYON_S = 240.0, (20.0, 80.0)
DEAD_ZONE_EVERY_S, DEAD_ZONE_S = 900.0, (15.0, 60.0)
METRES_PER_DEGREE = math.pi * EARTH_RADIUS_M / 180


class Sample(msgspec.Struct, frozen=True):
    """One fix as the phone reports it; `at_s` is the scenario's clock, everything else as in `location.report`."""

    at_s: float
    lat: float
    lng: float
    accuracy: float
    speed: float
    heading: float | None


class Receiver:
    """One phone. `hear` takes the truth once per fix and answers with what is sent now: often one fix, sometimes none,
    after a dead zone or a tunnel all that gathered."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._east_m = rng.gauss(0, QUIET_M)
        self._north_m = rng.gauss(0, QUIET_M)
        self._heard_s = 0.0
        self._canyon = _Spell(rng, CANYON_EVERY_S, CANYON_S)
        self._dead_zone = _Spell(rng, DEAD_ZONE_EVERY_S, DEAD_ZONE_S)
        self._kept: list[Sample] = []

    def hear(self, at_s: float, truth: Motion) -> list[Sample]:
        """The fixes that reach the network now, oldest first."""
        self._wander(at_s)
        offline = self._dead_zone.on(at_s)
        if truth.in_tunnel:
            return []
        self._kept.append(self._fix(at_s, truth))
        if offline:
            return []
        sent, self._kept = self._kept, []
        return sent

    def _wander(self, at_s: float) -> None:
        """Let the error drift; its spread is that of the surroundings."""
        spread_m = CANYON_M if self._canyon.on(at_s) else QUIET_M
        keep = math.exp(-max(at_s - self._heard_s, 0.0) / WANDER_S)
        fresh = spread_m * math.sqrt(1 - keep * keep)
        self._east_m = self._east_m * keep + self._rng.gauss(0, 1) * fresh
        self._north_m = self._north_m * keep + self._rng.gauss(0, 1) * fresh
        self._heard_s = at_s

    def _fix(self, at_s: float, truth: Motion) -> Sample:
        off_m = math.hypot(self._east_m, self._north_m)
        shrink = max(math.cos(math.radians(truth.lat)), 0.01)
        moving = truth.speed_mps > 0.8
        return Sample(
            at_s=at_s,
            lat=round(truth.lat + self._north_m / METRES_PER_DEGREE, 7),
            lng=round(truth.lng + self._east_m / METRES_PER_DEGREE / shrink, 7),
            accuracy=round(max(3.0, off_m * self._rng.uniform(0.9, 1.7)), 1),
            speed=round(max(truth.speed_mps + self._rng.gauss(0, 0.3), 0.0), 1) if moving else 0.0,
            heading=round((truth.heading + self._rng.gauss(0, 4)) % 360, 1) if moving else None,
        )


class _Spell:
    """Something that comes over a phone now and then for a while."""

    def __init__(self, rng: random.Random, every_s: float, length_s: tuple[float, float]) -> None:
        self._rng, self._every_s, self._length_s = rng, every_s, length_s
        self._begins_s = rng.expovariate(1 / every_s)
        self._ends_s = self._begins_s + rng.uniform(*length_s)

    def on(self, at_s: float) -> bool:
        """Whether it lasts at this moment."""
        while at_s >= self._ends_s:
            self._begins_s = self._ends_s + self._rng.expovariate(1 / self._every_s)
            self._ends_s = self._begins_s + self._rng.uniform(*self._length_s)
        return at_s >= self._begins_s
