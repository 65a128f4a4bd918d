"""When a delivery that failed is tried again, and when it is dead. Pure: chance is a parameter."""

from typing import Final

MINUTE_S, HOUR_S = 60, 3600
AFTER_S: Final[tuple[int, ...]] = (
    5, MINUTE_S, 5 * MINUTE_S, 30 * MINUTE_S, 2 * HOUR_S, 5 * HOUR_S, 10 * HOUR_S, 14 * HOUR_S, 20 * HOUR_S, 24 * HOUR_S
)
JITTER = 0.2  # of many that failed together not all come back together


def again_after_s(tries: int, random_share: float, asked_s: float | None = None) -> float | None:
    """Seconds until the next try, after so many; None: that was the last. The receiver may ask for more."""
    if tries > len(AFTER_S):
        return None
    after_s = AFTER_S[tries - 1] * (1 + JITTER * random_share)
    return max(after_s, min(asked_s or 0.0, 24.0 * HOUR_S))
