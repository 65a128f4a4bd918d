"""How a rider drives along a route: street speed, braking into corners, waiting at lights. Pure.

The plan is made once per route: every point gets the speed at which it may be passed, lowered backwards so that braking
is never harder than BRAKING_MPS2. `Drive.advance` then only follows the plan.
"""

import math
import random
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from city.places import Route
from city.streets import haversine_m

ACCELERATION_MPS2 = 1.7
BRAKING_MPS2 = 2.3
CREEP_MPS = 0.6  # nobody stands still before a line for ever
STEP_S = 0.5
CORNERS = ((12.0, math.inf), (35.0, 10.0), (60.0, 6.5), (100.0, 4.5), (180.0, 2.5))  # up to these degrees: at most m/s
RED_LIGHT_CHANCE = 0.13
RED_LIGHT_S = (6.0, 38.0)


class Habits(msgspec.Struct, frozen=True):
    """What sets one rider apart: share of the street's speed kept, share of red lights met."""

    pace: float = 0.85
    red_lights: float = RED_LIGHT_CHANCE


class Motion(NamedTuple):
    """Where the rider truly is; heading in degrees clockwise from north."""

    lat: float
    lng: float
    speed_mps: float
    heading: float
    in_tunnel: bool


class Drive:
    """One ride along one route."""

    def __init__(self, route: Route, habits: Habits, rng: random.Random) -> None:
        lengths = haversine_m(route.lat[:-1], route.lng[:-1], route.lat[1:], route.lng[1:])
        self._lat: list[float] = route.lat.tolist()
        self._lng: list[float] = route.lng.tolist()
        self._at_m: list[float] = np.concatenate([[0.0], np.cumsum(lengths)]).tolist()
        self._allowed: list[float] = (route.speed_mps * habits.pace).tolist()
        self._tunnel: list[bool] = route.tunnel.tolist()
        self._heading: list[float] = headings(route.lat, route.lng).tolist()
        self._waits = self._lights(route.junctions.tolist(), habits, rng)
        self._pass_mps = self._plan()
        self._piece = 0
        self._run_m = 0.0
        self._speed_mps = 0.0
        self._wait_s = 0.0

    @property
    def done(self) -> bool:
        """Whether the end is reached."""
        return self._run_m >= self._at_m[-1] - 0.05

    @property
    def left_m(self) -> float:
        """Metres to the end."""
        return max(self._at_m[-1] - self._run_m, 0.0)

    @property
    def now(self) -> Motion:
        """Where the rider is."""
        if not self._allowed:
            return Motion(self._lat[0], self._lng[0], 0.0, 0.0, False)
        at = self._piece
        length = self._at_m[at + 1] - self._at_m[at]
        share = min((self._run_m - self._at_m[at]) / length, 1.0) if length > 0 else 1.0
        lat = self._lat[at] + share * (self._lat[at + 1] - self._lat[at])
        lng = self._lng[at] + share * (self._lng[at + 1] - self._lng[at])
        return Motion(lat, lng, self._speed_mps, self._heading[at], self._tunnel[at])

    def advance(self, dt_s: float) -> Motion:
        """Drive on for dt_s."""
        while dt_s > 1e-9 and not self.done:
            step_s = min(dt_s, STEP_S)
            dt_s -= step_s
            if self._wait_s > 0:
                self._wait_s -= step_s
            else:
                self._move(step_s)
        if self.done:
            self._speed_mps = 0.0
        return self.now

    def _move(self, dt_s: float) -> None:
        ahead = self._piece + 1
        room_m = max(self._at_m[ahead] - self._run_m, 0.0)
        can_stop_mps = math.sqrt(self._pass_mps[ahead] ** 2 + 2 * BRAKING_MPS2 * room_m)
        wanted = min(self._allowed[self._piece], can_stop_mps, self._speed_mps + ACCELERATION_MPS2 * dt_s)
        self._speed_mps = max(wanted, self._speed_mps - 1.5 * BRAKING_MPS2 * dt_s, CREEP_MPS)
        self._run_m = min(self._run_m + self._speed_mps * dt_s, self._at_m[-1])
        while self._piece < len(self._allowed) - 1 and self._run_m >= self._at_m[self._piece + 1] - 0.05:
            self._piece += 1
            wait_s = self._waits.pop(self._piece, 0.0)
            if wait_s:
                self._run_m, self._speed_mps, self._wait_s = self._at_m[self._piece], 0.0, wait_s
                return

    def _lights(self, junctions: list[int], habits: Habits, rng: random.Random) -> dict[int, float]:
        """Points where the rider meets a red light, and for how long."""
        inner = [point for point in junctions if 0 < point < len(self._lat) - 1]
        return {point: rng.uniform(*RED_LIGHT_S) for point in inner if rng.random() < habits.red_lights}

    def _plan(self) -> list[float]:
        """The speed at which each point may be passed."""
        limit = [0.0] * len(self._lat)
        for point, (before, after) in enumerate(pairwise(self._heading), 1):
            turn = abs((after - before + 180) % 360 - 180)
            corner = next(speed for degrees, speed in CORNERS if turn <= degrees + 1e-9)
            limit[point] = 0.0 if point in self._waits else min(corner, self._allowed[point], self._allowed[point - 1])
        for point in range(len(limit) - 2, -1, -1):
            room_m = self._at_m[point + 1] - self._at_m[point]
            limit[point] = min(limit[point], math.sqrt(limit[point + 1] ** 2 + 2 * BRAKING_MPS2 * room_m))
        return limit


def headings(lat: NDArray[Any], lng: NDArray[Any]) -> NDArray[Any]:
    """Heading of each piece; a piece without length keeps the one before it."""
    east = np.diff(lng) * np.cos(np.radians((lat[:-1] + lat[1:]) / 2))
    north = np.diff(lat)
    moved = np.hypot(east, north) > 1e-9
    found = np.degrees(np.arctan2(east, north)) % 360
    if not moved.any():
        return np.zeros(len(found))
    last = np.maximum.accumulate(np.where(moved, np.arange(len(found)), np.argmax(moved)))
    return np.asarray(found[last])
