"""A made-up city for arrival times: a plain where free flow is 10 m/s, and trips that need longer, more in the east."""

import random
from functools import cache

from geo.point import bearing_deg, distance_m, moved
from tracking.eta.samples import Trip

FREE_MPS, DETOUR = 10.0, 1.3
MIDDLE_LNG = -8.6


def left(lat: float, lng: float, to_lat: float, to_lng: float) -> tuple[float, float]:
    """Free-flow seconds and metres, as a routing engine would say."""
    metres = DETOUR * distance_m(lat, lng, to_lat, to_lng)
    return metres / FREE_MPS, metres


def make_trip(number: int, rng: random.Random) -> Trip:
    """A trip across the plain: streets of the east are slow, and every rider has a day of their own."""
    here = 41.15 + rng.uniform(-0.03, 0.03), MIDDLE_LNG + rng.uniform(-0.04, 0.04)
    there = moved(*here, rng.uniform(0, 360), rng.uniform(1500, 6000))
    at_s, mood = 1_372_640_000.0 + number * 45, rng.lognormvariate(0, 0.15)
    points = [(at_s, *here)]
    while (rest_m := distance_m(*here, *there)) > 1:
        slow = 2.2 if here[1] > MIDDLE_LNG else 1.2
        step_m = min(15 * FREE_MPS / DETOUR / slow / mood * rng.uniform(0.6, 1.4), rest_m)
        here = there if step_m == rest_m else moved(*here, bearing_deg(*here, *there), step_m)
        at_s += 15
        points.append((at_s, *here))
    return Trip(f"t{number}", tuple(points))


@cache
def make_trips(count: int, seed: int = 7) -> tuple[Trip, ...]:
    """So many trips, one every 45 seconds."""
    rng = random.Random(seed)
    return tuple(make_trip(number, rng) for number in range(count))
