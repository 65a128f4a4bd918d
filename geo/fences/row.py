"""A fix that is to be judged, with all that is known beside it."""

import msgspec

from geo.fences.table import Calm
from geo.fences.track import Gap, Ping, RiderState, Spot, Track

LEAST_ERROR_M = 4.0  # no phone knows better where it is, whatever it says
LONGEST_WAY_MS = 120_000  # nobody knows the way between two fixes further apart than that


class Row(msgspec.Struct, gc=False):
    """One fix with the row of fixes it continues, which has heard it already. `calm` is the circle it lies in, if any.

    `last` is where the rider was before, however long ago.
    """

    ping: Ping
    track: Track
    gap: Gap | None
    state: RiderState
    last: Spot | None
    calm: Calm | None = None

    @property
    def prev(self) -> Spot | None:
        """Where the way here began, if anybody knows it."""
        last = self.last
        return None if last is None or self.ping.ts - last.ts > LONGEST_WAY_MS else last

    @property
    def error_m(self) -> float:
        """How much it errs, by what the phone says and by what its fixes admit."""
        accuracy, error_m = self.ping.accuracy, self.track.error_m
        return error_m if accuracy is None else max(accuracy, error_m, LEAST_ERROR_M)
