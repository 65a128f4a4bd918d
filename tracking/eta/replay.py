"""Predictions as a running service would have made them: in order of time, windows learning from what has passed."""

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracking.eta.model import CITY_PACE, ELAPSED, Model
from tracking.eta.samples import Samples
from tracking.eta.window import Widening, stage

Array = NDArray[Any]
PREDICT, LOW, HIGH = 0, 1, 2  # at one instant, predictions come before what they could have known only afterwards


def replay(model: Model, samples: Samples) -> tuple[Array, Array, Array]:
    """(P10, P50, P90) of the seconds left at each sample; each window knows only what had happened by then."""
    left_s = model.left_s(samples.rows)
    low_s, high_s = left_s.copy(), left_s.copy()
    pace, stages = samples.rows[:, CITY_PACE], stage(samples.rows[:, ELAPSED], left_s)
    widening, calibration = Widening(), model.calibration
    ahead = [(float(at_s), PREDICT, n) for n, at_s in enumerate(samples.at_s)]
    heapq.heapify(ahead)
    while ahead:
        at_s, what, n = heapq.heappop(ahead)
        if what == PREDICT:
            one = slice(n, n + 1)
            low, high = widening.edges_s(calibration, stages[one], left_s[one], pace[one])
            low_s[n], high_s[n] = low[0], high[0]
            came_s = at_s + float(samples.left_s[n])
            heapq.heappush(ahead, (came_s, LOW, n))
            heapq.heappush(ahead, (min(came_s, at_s + float(high[0])), HIGH, n))
        elif what == LOW:
            widening.learn_low(calibration, int(stages[n]), missed=bool(samples.left_s[n] < low_s[n]))
        else:
            widening.learn_high(calibration, int(stages[n]), missed=bool(samples.left_s[n] > high_s[n]))
    return low_s, np.asarray(left_s), high_s
