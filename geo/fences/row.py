"""A fix that is to be judged, with all that is known beside it."""

from geo.fences.table import Calm
from geo.fences.track import Gap, Ping, RiderState, Spot, Track

LEAST_ERROR_M = 4.0  # no phone knows better where it is, whatever it says
LONGEST_WAY_MS = 120_000  # nobody knows the way between two fixes further apart than that


class Row:
    """One fix with the row of fixes it continues. `calm` is the circle it lies in, if any."""

    __slots__ = ("calm", "error_m", "gap", "last", "ping", "prev", "state", "track")

    def __init__(
        self, ping: Ping, track: Track, gap: Gap | None, state: RiderState, last: Spot | None,
        calm: Calm | None = None,
    ) -> None:
        self.ping, self.track, self.gap, self.state, self.last = ping, track, gap, state, last
        self.calm = calm
        self.prev = None if last is None or ping.ts - last.ts > LONGEST_WAY_MS else last
        accuracy = ping.accuracy
        self.error_m = track.error_m if accuracy is None else max(accuracy, track.error_m, LEAST_ERROR_M)
