"""How wrong predictions were, by how far the trips really were. Five buckets: the start, then quarters of the time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
BUCKETS = ("start", "0–25 %", "25–50 %", "50–75 %", "75–100 %")


def bucket(share: Array) -> Array:
    """0 at a trip's first moment, then 1 to 4 by quarters of its true duration."""
    buckets: Array = np.where(share <= 0.0, 0, np.clip((share * 4).astype(int), 0, 3) + 1)
    return buckets


def mae_s(predicted_s: Array, left_s: Array) -> float:
    """Mean absolute error."""
    return float(np.abs(predicted_s - left_s).mean())


def mape(predicted_s: Array, left_s: Array) -> float:
    """Mean absolute error as a share of the truth."""
    return float((np.abs(predicted_s - left_s) / np.maximum(left_s, 1.0)).mean())


def covered(low_s: Array, high_s: Array, left_s: Array) -> float:
    """Share of arrivals inside their window."""
    return float(((low_s <= left_s) & (left_s <= high_s)).mean())


def by_bucket(share: Array, values: Array) -> list[float]:
    """The mean of the values in each bucket; nan where there is none."""
    buckets = bucket(share)
    return [float(values[buckets == b].mean()) if (buckets == b).any() else float("nan") for b in range(len(BUCKETS))]
