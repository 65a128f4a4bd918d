"""How fast the city moves now: free-flow seconds won per second by all riders under way, over the last 15 minutes.

1 is empty streets; Porto's taxis were at 0.7 by night and 0.3 in the evening rush. Few riders say little, so twenty
minutes of an ordinary city are mixed in.
"""

from collections import deque

SPAN_S = 900.0
ORDINARY_PACE = 0.6
ORDINARY_S = 1200.0
LEAST_GAIN, MOST_GAIN = -0.5, 2.5  # a detour loses, a missed fix jumps; neither is the city's doing
LEAST_TAKEN_S = 30.0


class Flow:
    """A sliding sum. Instants in epoch seconds, told in order."""

    def __init__(self) -> None:
        self._told: deque[tuple[float, str, float, float]] = deque()
        self._won_s = self._took_s = 0.0
        self._of: dict[str, list[float]] = {}
        self._last: dict[str, float] = {}

    def note(self, trip: str, at_s: float, won_s: float, took_s: float) -> None:
        """A trip won so many free-flow seconds in the last `took_s`; overlapping spans of a trip count once."""
        if took_s < LEAST_TAKEN_S or at_s - took_s < self._last.get(trip, 0.0) - 1.0:
            return
        won_s = min(max(won_s, LEAST_GAIN * took_s), MOST_GAIN * took_s)
        self._told.append((at_s, trip, won_s, took_s))
        self._last[trip] = at_s
        self._add(trip, won_s, took_s)

    def pace(self, at_s: float, without: str = "") -> float:
        """The city's pace as everybody but this trip sees it."""
        while self._told and self._told[0][0] < at_s - SPAN_S:
            _, trip, won_s, took_s = self._told.popleft()
            self._add(trip, -won_s, -took_s)
        own_won_s, own_took_s = self._of.get(without, (0.0, 0.0))
        won_s = self._won_s - own_won_s + ORDINARY_PACE * ORDINARY_S
        took_s = self._took_s - own_took_s + ORDINARY_S
        return max(won_s / took_s, 0.05)

    def _add(self, trip: str, won_s: float, took_s: float) -> None:
        self._won_s += won_s
        self._took_s += took_s
        of = self._of.setdefault(trip, [0.0, 0.0])
        of[0] += won_s
        of[1] += took_s
        if of[1] < 1.0:
            del self._of[trip]
            self._last.pop(trip, None)
