"""The window around an arrival that holds four of five, and how it answers when arrivals keep falling outside.

Calibrated on finished trips that the trees have not seen, by stages of the predicted progress (conformal prediction).
A city slower than nearly all that was learned from widens the window in proportion. Then every window that is missed
widens its stage a little, every one that holds narrows it less (adaptive conformal inference), because tomorrow's
traffic is not a sample of yesterday's. A window counts as missed at the moment its end has passed, not when the rider
comes at last: else the news of a slow evening would come with its last riders.
"""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
STAGES = 5
STAGE_EDGES = (0.25, 0.5, 0.75)
BEGINNING_S = 30.0  # until then the trip is at its start
STEP, STEP_SHARED = 0.2, 0.5  # how far one miss widens; how much of that other stages share
PREDICTIONS_A_STAGE = 2.5  # one trip's predictions of a stage weigh about as much as one start
MOST = 1.5  # e^1.5: four and a half times as wide


class Calibration(msgspec.Struct, frozen=True):
    """Edges of the window by stage, in units of `spread_s`, and the shares that may fall outside each edge."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    low_share: tuple[float, ...]
    high_share: tuple[float, ...]
    slow_pace: float  # 95 % of what was learned from moved faster

    def spread_s(self, left_s: Array, city_pace: Array) -> Array:
        """How uncertain a prediction is by nature: more when far, more when the city crawls."""
        spread: Array = (left_s + 20.0) ** 0.75 * np.maximum(1.0, self.slow_pace / city_pace)
        return spread


def stage(elapsed_s: Array, left_s: Array) -> Array:
    """0 at the start, then 1 to 4 by the quarter of the trip that the prediction says it is in."""
    share = elapsed_s / np.maximum(elapsed_s + left_s, 1e-9)
    stages: Array = np.where(elapsed_s < BEGINNING_S, 0, np.digitize(share, STAGE_EDGES, right=True) + 1)
    return stages


class Widening:
    """How much wider or narrower each stage's two edges are than calibrated."""

    def __init__(self) -> None:
        self._log = np.zeros((STAGES, 2))

    def edges_s(self, calibration: Calibration, stages: Array, left_s: Array, city_pace: Array) -> tuple[Array, Array]:
        """Earliest and latest seconds left."""
        spread, factor = calibration.spread_s(left_s, city_pace), np.exp(self._log[stages])
        low = left_s + spread * np.asarray(calibration.low)[stages] * factor[:, 0]
        high = left_s + spread * np.asarray(calibration.high)[stages] * factor[:, 1]
        return np.clip(low, 0.0, left_s), np.maximum(high, left_s)

    def learn_low(self, calibration: Calibration, at: int, *, missed: bool) -> None:
        """The rider came; was it before the window?"""
        self._learn(at, 0, missed - calibration.low_share[at])

    def learn_high(self, calibration: Calibration, at: int, *, missed: bool) -> None:
        """The window's end has passed without the rider, or the rider came in time."""
        self._learn(at, 1, missed - calibration.high_share[at])

    def _learn(self, at: int, side: int, error: float) -> None:
        step = STEP * error / (PREDICTIONS_A_STAGE if at else 1.0)
        self._log[:, side] += STEP_SHARED * step / STAGES
        self._log[at, side] += (1 - STEP_SHARED) * step
        np.clip(self._log, -MOST, MOST, out=self._log)
