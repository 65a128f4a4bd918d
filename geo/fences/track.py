"""What is known of one rider: the last two fixes, how much they err, and each fence that is not simply far away.

Phones lie about their accuracy. So a fix is also judged by its neighbours: how far it lies from the way between them,
less what a turn can explain, is an error the phone did not admit. That memory rises at once and fades slowly, down to
how far fixes lie off that way on the whole: turns are now and then, noise is always.
"""

from math import cos, hypot, radians

import msgspec

from geo.fences.shape import METRES_A_DEGREE

TURN_MPS2 = 1.5  # riders turn and brake so hard between two fixes
LONG_S, FAST_MPS = 10.0, 40.0  # in so long a time a rider may have been anywhere that speed allows, and come back
FADES = 0.1
USUAL = 0.8
GAP_MS = 30_000
MOST_GAPS = 4
ENTERING, INSIDE, LEAVING = 1, 2, 3


class Ping(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One accepted fix of a rider; `ts` in epoch ms, `accuracy` in m as the phone claims, `speed` in m/s."""

    rider: str
    ts: int
    lat: float
    lng: float
    accuracy: float | None = None
    speed: float | None = None


class Spot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where and when."""

    ts: int
    lat: float
    lng: float


class Visit(msgspec.Struct, array_like=True, gc=False):
    """A rider at a fence. `edge` is the crossing that is being judged, `edge_fix` the time of the fix that showed it.

    `left` is the way out of a visit that is not sure yet. `fast_since` is -1 when being too fast was told.
    """

    phase: int
    edge: Spot
    edge_fix: int
    evidence: float = 0.0
    fixes: int = 0
    deepest_m: float = 0.0
    entered_ms: int = 0
    entered_fix: int = 0
    dwelt: bool = False
    fast_since: int = 0
    left: Spot | None = None
    left_fix: int = 0


class Track(msgspec.Struct, array_like=True):
    """A row of fixes by time, and what they led to."""

    last: Spot | None = None
    before: Spot | None = None
    error_m: float = 0.0
    visits: dict[str, Visit] = {}

    def hear(self, ping: Ping) -> Spot | None:
        """Take the next fix in and return the one before it."""
        last, before = self.last, self.before
        if before is not None and last is not None:
            error_m, usual_m = unadmitted_m(before, last, ping)
            self.error_m = error_m if error_m > self.error_m else self.error_m + FADES * (usual_m - self.error_m)
        self.before, self.last = last, Spot(ping.ts, ping.lat, ping.lng)
        return last

    def copy(self) -> "Track":
        """One of its own, to be changed freely."""
        visits = {fence: msgspec.structs.replace(visit) for fence, visit in self.visits.items()}
        return Track(self.last, self.before, self.error_m, visits)


class Gap(msgspec.Struct, array_like=True):
    """A time without fixes, ended at `until_ms`. Its late points go on from `track`; `told` is known already."""

    track: Track
    until_ms: int
    told: list[str] = []


class Climb(msgspec.Struct, array_like=True, gc=False):
    """How far a rider has come towards a stop: the last fix judged, its distance, and how many steps are told."""

    ts: int
    away_m: float
    steps: int = 0


class Drift(msgspec.Struct, array_like=True, gc=False):
    """A rider on a route: the last fix judged, how far along, whether off, and the fixes that say otherwise."""

    ts: int
    along_m: float
    is_off: bool = False
    fixes: int = 0
    first: Spot | None = None


class RiderState(msgspec.Struct, array_like=True):
    """Everything the engine keeps of one rider, as it is stored."""

    live: Track = msgspec.field(default_factory=Track)
    gaps: list[Gap] = []
    ladders: dict[str, Climb] = {}
    drifts: dict[str, Drift] = {}

    def track_for(self, ping: Ping) -> tuple[Track, Gap | None] | None:
        """The row that the fix continues; None when it adds nothing to what is known."""
        last = self.live.last
        if last is None or ping.ts > last.ts:
            return self.live, None
        for gap in reversed(self.gaps):
            since = gap.track.last
            if ping.ts < gap.until_ms and (since is None or ping.ts > since.ts):
                return gap.track, gap
        return None

    def opens_gap(self, ping: Ping) -> bool:
        """Does the fix come after a time from which late points may follow?"""
        last = self.live.last
        return last is None or ping.ts - last.ts > GAP_MS

    def open_gap(self, ping: Ping) -> None:
        """Remember how things stood before the gap that this live fix ends."""
        self.gaps = [*self.gaps[1 - MOST_GAPS :], Gap(self.live.copy(), ping.ts)]


def unadmitted_m(a: Spot, b: Spot, c: Ping) -> tuple[float, float]:
    """How far b lies from where it should be between a and c, beyond what turning and braking explain; and all of it.

    The latter is no more than a part of it, and nothing where much may have happened in between.
    """
    before_s, after_s = (b.ts - a.ts) / 1000.0, (c.ts - b.ts) / 1000.0
    share = before_s / (before_s + after_s)
    across = c.lng - a.lng
    if not -90.0 < across < 90.0:  # over the 180° meridian: no opinion
        return 0.0, 0.0
    north_m = (a.lat + (c.lat - a.lat) * share - b.lat) * METRES_A_DEGREE
    east_m = (a.lng + across * share - b.lng) * METRES_A_DEGREE
    off_m = hypot(north_m, east_m * cos(radians(b.lat)))
    if before_s >= LONG_S and after_s >= LONG_S:
        error_m = off_m - FAST_MPS * (before_s if before_s < after_s else after_s)
        return (error_m if error_m > 0.0 else 0.0), 0.0
    error_m = off_m - 0.5 * TURN_MPS2 * before_s * after_s
    return (error_m if error_m > 0.0 else 0.0), USUAL * off_m
