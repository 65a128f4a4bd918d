"""What is known of one rider, and what a report changes in it: no clock, no waiting, no driver.

The state is kept whole in Redis; a process holds a copy and hands it back with a compare-and-set, so a rider may move
between processes at any time. `apply` changes the copy in place: whoever cannot store it throws the copy away.
"""

import msgspec

from geo.point import certainly_within, distance_m
from tracking.acceptance import TRAIL_POINTS, UNKNOWN, Spot, has_seq, judge, reason_against, spot_of
from tracking.messages import Fix, Point
from tracking.seqs import NEW_BASE_BEYOND, Seqs

MOST_CLIENTS = 8  # phones remembered per rider; the one used longest ago is read back from MongoDB if it returns
PARKED_WITHIN_M = 25.0
PARKED_FOR_MS = 60_000


class KeptPoint(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One stored point, as the durable stream and the track chunks carry it."""

    seq: int
    ts: int
    lat: float
    lng: float
    accuracy: float | None = None
    speed: float | None = None
    heading: float | None = None
    altitude: float | None = None


class KeptReport(msgspec.Struct, array_like=True, frozen=True):
    """What one report left to be stored: its accepted points, and the refused seqs so that they stay handled."""

    client: str
    received: int
    points: list[KeptPoint]
    refused: list[int]


class KeptRider(msgspec.Struct, array_like=True, frozen=True):
    """One element of a stream entry: everything one flush stored for one rider, in order."""

    rider: str
    reports: list[KeptReport]


class Outcome(msgspec.Struct):
    """What became of one report. `fix` is set when "now" moved; `doubles` were handled before."""

    upto: int
    kept: KeptReport
    rejected: list[tuple[int, str]]
    doubles: int
    fix: Fix | None


class RiderState(msgspec.Struct, array_like=True):
    """Newest fix, the last accepted points by time, the last suspicious ones, and each phone's handled seqs.

    `anchor` is where the rider last moved on to: parked is judged by place, GPS speed is noise at a standstill.
    """

    newest: Fix | None = None
    trail: list[Spot] = []
    suspects: list[Spot] = []
    clients: dict[str, Seqs] = {}
    anchor: Spot | None = None

    def is_parked(self) -> bool:
        """Has the rider been within 25 m for a minute?"""
        if self.newest is None or self.anchor is None:
            return False
        return self.newest.ts - self.anchor.ts >= PARKED_FOR_MS

    def knows(self, client: str) -> bool:
        """Are this phone's handled seqs known here?"""
        return client in self.clients

    def learn(self, client: str, seqs: Seqs) -> None:
        """Take in a phone; beyond MOST_CLIENTS the one used longest ago is forgotten."""
        self.clients[client] = seqs
        while len(self.clients) > MOST_CLIENTS:
            del self.clients[next(iter(self.clients))]

    def apply(
        self, rider: str, client: str, points: list[Point], received_ms: int, oldest: int | None = None
    ) -> Outcome:
        """Judge a report in the light of everything before it, and remember it."""
        seqs = self._seqs(client, points, oldest)
        rejected: list[tuple[int, str]] = []
        refused: list[int] = []
        fresh: list[Point] = []
        doubles = 0
        for point in points:
            reason = reason_against(point, received_ms)
            if reason is not None:
                rejected.append((point.seq, reason))
                if has_seq(point) and seqs.add(point.seq):
                    refused.append(point.seq)
            elif seqs.add(point.seq):
                fresh.append(point)
            else:
                doubles += 1
        kept = self._judge(fresh, rejected, refused)
        fix = self._advance(rider, kept, received_ms)
        return Outcome(seqs.upto, KeptReport(client, received_ms, kept, refused), rejected, doubles, fix)

    def restore(self, rider: str, report: KeptReport) -> Outcome:
        """Put back a report that was accepted before: nothing is judged twice, and what is still there stays once."""
        seqs = self._seqs(report.client, [], None)
        kept = [point for point in report.points if seqs.add(point.seq)]
        refused = [seq for seq in report.refused if seqs.add(seq)]
        doubles = len(report.points) - len(kept)
        fix = self._advance(rider, kept, report.received)
        return Outcome(seqs.upto, KeptReport(report.client, report.received, kept, refused), [], doubles, fix)

    def _seqs(self, client: str, points: list[Point], oldest: int | None) -> Seqs:
        """The phone's numbers, moved to the end of the dict as the one used last."""
        if next(reversed(self.clients), None) == client:
            seqs = self.clients[client]
        else:
            seqs = self.clients[client] = self.clients.pop(client)
        if oldest is not None or seqs.is_empty():
            lowest = min((point.seq for point in points if has_seq(point)), default=-1)
            if lowest > NEW_BASE_BEYOND and seqs.is_empty():
                seqs.start_at(lowest)
            if oldest is not None:
                seqs.start_at(min(oldest, lowest) if lowest >= 0 else oldest)
        return seqs

    def _judge(self, fresh: list[Point], rejected: list[tuple[int, str]], refused: list[int]) -> list[KeptPoint]:
        """Those of the fresh points that could have been reached, in the order of their time."""
        if len(fresh) > 1:
            fresh.sort(key=lambda point: point.ts)
        kept = []
        for point in fresh:
            if judge(spot_of(point), self.trail, self.suspects):
                kept.append(_kept(point))
            else:
                rejected.append((point.seq, "impossible_speed"))
                refused.append(point.seq)
        if len(self.trail) > TRAIL_POINTS:
            del self.trail[:-TRAIL_POINTS]
        return kept

    def _advance(self, rider: str, kept: list[KeptPoint], received_ms: int) -> Fix | None:
        """Move "now" to the newest of the points, if that is newer; a late one changes history only."""
        if not kept:
            return None
        point = kept[0] if len(kept) == 1 else max(kept, key=lambda each: each.ts)
        if self.newest is not None and point.ts <= self.newest.ts:
            return None
        anchor = self.anchor
        if anchor is None or _has_moved_on(anchor, point):
            self.anchor = Spot(point.ts, point.lat, point.lng, point.accuracy or 0.0)
        self.newest = Fix(
            rider, point.lat, point.lng, point.ts, received_ms, point.seq, point.accuracy, point.speed, point.heading
        )
        return self.newest


def _has_moved_on(anchor: Spot, point: KeptPoint) -> bool:
    """Is the rider further from there than one who stands still may seem to be?"""
    if certainly_within(anchor.lat, anchor.lng, point.lat, point.lng, PARKED_WITHIN_M):
        return False
    return distance_m(anchor.lat, anchor.lng, point.lat, point.lng) > PARKED_WITHIN_M


def _kept(point: Point) -> KeptPoint:
    """The point as it is stored: a speed or heading of -1 is unknown, and north is 0, never 360."""
    speed = None if point.speed == UNKNOWN else point.speed
    heading = None if point.heading is None or point.heading == UNKNOWN else point.heading % 360.0
    return KeptPoint(point.seq, point.ts, point.lat, point.lng, point.accuracy, speed, heading, point.altitude)
