"""Seconds until a rider is at a stop, from the best that is there: learned, a routing engine's, or the straight line.

Without a model the window is a plain guess, wide, and `basis` says so. Pure; a model and a city's flow are handed in.
"""

import numpy as np

from tracking.eta.journey import Journey
from tracking.eta.model import CITY_PACE, ELAPSED, Model
from tracking.eta.stops import Drive
from tracking.eta.window import Widening, stage

LEARNED, ROUTE, STRAIGHT = "learned", "route", "straight"
DETOUR, STRAIGHT_MPS = 1.4, 25 / 3.6  # until trips have taught better ones
GUESSED_LOW, GUESSED_HIGH = 0.7, 1.8
LEAST_S = 20.0


class Forecast(Drive, frozen=True):
    """A drive with what it rests on; `stage` and `spread` are the window's."""

    basis: str
    stage: int


def by_model(model: Model, widening: Widening, row: list[float]) -> Forecast:
    """What the model says of a moment on a route."""
    rows = np.array([row])
    left_s = model.left_s(rows)
    stages = stage(rows[:, ELAPSED], left_s)
    low_s, high_s = widening.edges_s(model.calibration, stages, left_s, rows[:, CITY_PACE])
    return Forecast(float(low_s[0]), float(left_s[0]), float(high_s[0]), row[1], LEARNED, int(stages[0]))


def by_route(static_s: float, route_m: float) -> Forecast:
    """What a routing engine says, with nothing learned."""
    return _guess(static_s, route_m, ROUTE)


def by_crow(journey: Journey, model: Model | None) -> Forecast:
    """As the crow flies, with a detour and a speed: learned ones when there is a model."""
    detour, mps = (model.kept.detour, model.kept.straight_mps) if model else (DETOUR, STRAIGHT_MPS)
    metres = journey.crow_m * detour
    return _guess(metres / max(mps, 1.0), metres, STRAIGHT)


def _guess(mid_s: float, metres: float, basis: str) -> Forecast:
    low_s, high_s = mid_s * GUESSED_LOW, mid_s * GUESSED_HIGH + LEAST_S
    return Forecast(low_s, mid_s, high_s, metres, basis, 0)
