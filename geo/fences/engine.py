"""A batch of fixes, fences and riders' states in; events out. The states are changed in place, and nothing else is.

Only fences near the way from a rider's last fix to this one are looked at, and those the rider is in or at; all fixes
up to the second one of a rider are measured in one call. A fix within the rider's circle of calm (`table.calm`) is
remembered and not judged, or at those fences only that the circle names. A rider's fixes may come several in a batch,
in order of arrival.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from geo.fences.events import Event
from geo.fences.fence import Fence
from geo.fences.judge import judge
from geo.fences.row import Row
from geo.fences.shape import circle
from geo.fences.table import FenceTable
from geo.fences.track import GAP_MS, Gap, Ping, RiderState

VAGUE_M = 200.0  # a phone that admits more knows its cell or its last network, and may say so for hours
CALM_M = 300.0  # so far around a fix edges are looked for, to know where the next fixes change nothing


def prepare() -> None:
    """Have everything compiled, or read from where it was kept: seconds that the first fix shall not wait for."""
    table = FenceTable([Fence("here", circle(0.0, 0.0, 100.0))])
    advance(table, {"rider": RiderState()}, [Ping("rider", 1, 0.0, 0.0)])
    table.drop("here")


def advance(table: FenceTable, states: Mapping[str, RiderState], pings: Iterable[Ping]) -> list[Event]:
    """What the fixes made happen, in their order. `states` holds every rider among them."""
    told: list[Event] = []
    rows: list[Row] = []
    waiting: set[str] = set()
    calm, around_m = table.calm, CALM_M
    for ping in pings:
        rider, ts, accuracy = ping.rider, ping.ts, ping.accuracy
        if accuracy is not None and accuracy > VAGUE_M:
            continue
        state = states[rider]
        track = state.live
        last, around = track.last, calm.get(rider)
        if rider in waiting:  # the next fix goes on from what this one decides
            judge(table, rows, told, around_m)
            rows, waiting = [], set()
            around = calm.get(rider)
        gap: Gap | None = None
        if last is not None and last.ts < ts <= last.ts + GAP_MS:
            if around is not None:
                north, east = ping.lat - around[1], (ping.lng - around[2]) * around[3]
                if around[0] is not track or north * north + east * east >= around[4]:
                    around = None
                elif not around[5]:
                    track.hear(ping)
                    continue
        else:
            around = None
            found = state.track_for(ping)
            if found is None:
                continue
            track, gap = found
            if gap is None and state.opens_gap(ping):
                state.open_gap(ping)
        rows.append(Row(ping, track, gap, state, track.hear(ping), around))
        waiting.add(rider)
        calm.pop(rider, None)
    if rows:
        judge(table, rows, told, around_m)
    return told


def advance_among_riders(
    table: FenceTable, states: Mapping[str, RiderState], pings: Sequence[Ping], most: int
) -> Iterator[list[Event]]:
    """The same where fences go with riders: a fix moves them before the next is judged. At most so many at once."""
    start = 0
    for end, ping in enumerate(pings, start=1):
        is_leader = ping.rider in table.moving
        if is_leader or end - start >= most or end == len(pings):
            yield advance(table, states, pings[start:end])
            start = end
        if is_leader:
            last = states[ping.rider].live.last
            if last is not None:
                table.move(ping.rider, last.lat, last.lng)
