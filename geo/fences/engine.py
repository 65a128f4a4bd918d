"""A batch of fixes, fences and riders' states in; events out. The states are changed in place, and nothing else is.

Only fences near the way from a rider's last fix to this one are looked at, and those the rider is in or at; distances
of the whole batch are measured in one call. Where nothing is being decided, the nearest edge tells how far a rider may
go before anything can change: fixes within that circle (`table.calm`) are remembered and not judged. A rider's fixes
may come several in a batch, in order of arrival.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import cos, radians

import numpy as np
import numpy.typing as npt

from geo.fences.events import Event, event_id
from geo.fences.fence import Fence
from geo.fences.machine import Look, Told, step
from geo.fences.measure import clearance, measure
from geo.fences.table import FenceTable, Floats, Ints
from geo.fences.track import GAP_MS, INSIDE, Gap, Ping, RiderState, Spot, Track

LEAST_ERROR_M = 4.0  # no phone knows better where it is, whatever it says
VAGUE_M = 200.0  # a phone that admits more knows its cell or its last network, and may say so for hours
LONGEST_WAY_MS = 120_000  # nobody knows the way between two fixes further apart than that
CALM_M = 300.0  # so far around a fix edges are looked for, to know where the next fixes change nothing
MOST_CALM = 100_000


class _Row:
    """One fix with the row of fixes it continues."""

    __slots__ = ("error_m", "gap", "last", "ping", "prev", "state", "track")

    def __init__(self, ping: Ping, track: Track, gap: Gap | None, state: RiderState, last: Spot | None) -> None:
        self.ping, self.track, self.gap, self.state, self.last = ping, track, gap, state, last
        self.prev = None if last is None or ping.ts - last.ts > LONGEST_WAY_MS else last
        accuracy = ping.accuracy
        self.error_m = track.error_m if accuracy is None else max(accuracy, track.error_m, LEAST_ERROR_M)


def advance(table: FenceTable, states: Mapping[str, RiderState], pings: Iterable[Ping]) -> list[Event]:
    """What the fixes made happen, in their order. `states` holds every rider among them."""
    events: list[Event] = []
    rows: list[_Row] = []
    waiting: set[str] = set()
    calm = table.calm
    for ping in pings:
        rider, ts, accuracy = ping.rider, ping.ts, ping.accuracy
        if accuracy is not None and accuracy > VAGUE_M:
            continue
        state = states[rider]
        track = state.live
        last = track.last
        gap: Gap | None = None
        if last is not None and last.ts < ts <= last.ts + GAP_MS:
            around = calm.get(rider)
            if around is not None and around[0] is track:
                north, east = ping.lat - around[1], (ping.lng - around[2]) * around[3]
                if north * north + east * east < around[4]:
                    track.hear(ping)
                    continue
        else:
            found = state.track_for(ping)
            if found is None:
                continue
            track, gap = found
            if gap is None and state.opens_gap(ping):
                if rider in waiting:  # what came before must be judged before it is remembered
                    _judge(table, rows, events, len(waiting) < len(rows))
                    rows, waiting = [], set()
                state.open_gap(ping)
        rows.append(_Row(ping, track, gap, state, track.hear(ping)))
        waiting.add(rider)
        calm.pop(rider, None)
    if rows:
        _judge(table, rows, events, len(waiting) < len(rows))
    return events


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


def _judge(table: FenceTable, rows: list[_Row], events: list[Event], is_repeated: bool) -> None:
    flat: list[float] = []
    for row in rows:
        ping, before = row.ping, row.prev or row.ping
        flat += before.lat, before.lng, ping.lat, ping.lng
    prev_lat, prev_lng, lat, lng = np.array(flat).reshape(-1, 4).T.copy()
    at, slots = table.near(prev_lat, prev_lng, lat, lng, CALM_M)
    pairs, is_open = _with_visits(table, rows, at, slots, is_repeated)
    at, slots = np.divmod(pairs, max(1, len(table.fences)))
    distances, depths = measure(table, slots, prev_lat[at], prev_lng[at], lat[at], lng[at])
    unsettled: set[int] = set()
    fences = table.fences
    close = np.nonzero(is_open | (distances <= 0) | (depths > 0))[0]
    for row_at, slot, distance_m, depth_m in zip(
        at[close].tolist(), slots[close].tolist(), distances[close].tolist(), depths[close].tolist(), strict=True
    ):
        row = rows[row_at]
        fence = fences[slot]
        assert fence is not None  # noqa: S101 - the table hands out slots in use
        if fence.rider == row.ping.rider:
            continue  # nobody meets themselves
        visit = row.track.visits.get(fence.id)
        if visit is None:
            if depth_m <= 0 < distance_m:
                continue
        elif distance_m <= 0 and visit.phase == INSIDE and fence.is_quiet:
            continue
        unsettled.add(row_at)
        look = Look(fence, row.ping, row.prev, distance_m, depth_m, row.error_m, row.last)
        for told in step(row.track.visits, look):
            if told.kind in fence.kinds and not _is_known(row, fence, told):
                _remember(row, fence, told)
                events.append(_event(row, fence, told))
    _calm_down(table, rows, unsettled, clearance(table, lat, at, slots, distances, CALM_M))


def _calm_down(table: FenceTable, rows: list[_Row], unsettled: set[int], clear_deg: Floats) -> None:
    """Remember how far each rider may go from here before anything can change."""
    calm = table.calm
    if len(calm) > MOST_CALM:
        calm.clear()
    for number, (row, free_deg) in enumerate(zip(rows, clear_deg.tolist(), strict=True)):
        if row.gap is None:
            ping = row.ping
            if number in unsettled or free_deg <= 0:
                calm.pop(ping.rider, None)
            else:
                calm[ping.rider] = row.track, ping.lat, ping.lng, cos(radians(ping.lat)), free_deg * free_deg


def _with_visits(
    table: FenceTable, rows: list[_Row], at: Ints, slots: Ints, is_repeated: bool
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """The pairs found by place and those that are open, as row * slots + slot, sorted, each once; which are open."""
    width = len(table.fences)
    pairs = at * width + slots
    more: list[int] = []
    slot_of = table.slots
    for number, row in enumerate(rows):
        visits = row.track.visits
        if visits:
            for fence_id in list(visits):
                slot = slot_of.get(fence_id)
                if slot is None:
                    del visits[fence_id]  # the fence is gone, and the visit with it
                else:
                    more.append(number * width + slot)
    if is_repeated:  # what one fix of a rider comes near, the rider's next ones may leave: open by then
        more += _shared(rows, at, slots, width)
    known = np.array(more, dtype=np.int64)
    pairs = np.unique(np.concatenate([pairs, known]))
    is_open = np.zeros(len(pairs), dtype=bool)
    is_open[np.searchsorted(pairs, known)] = True
    return pairs, is_open


def _shared(rows: list[_Row], at: Ints, slots: Ints, width: int) -> list[int]:
    """Every fence near one fix of a track, for all its fixes in the batch."""
    numbers: dict[int, list[int]] = {}
    for number, row in enumerate(rows):
        numbers.setdefault(id(row.track), []).append(number)
    near: dict[int, set[int]] = {}
    for number, slot in zip(at.tolist(), slots.tolist(), strict=True):
        near.setdefault(id(rows[number].track), set()).add(slot)
    return [
        number * width + slot
        for track, theirs in numbers.items() if len(theirs) > 1 for slot in near.get(track, ()) for number in theirs
    ]


def _is_known(row: _Row, fence: Fence, told: Told) -> bool:
    """Did the live row tell of this before the late points that show it came?"""
    gap = row.gap
    if gap is None:
        return False
    return f"{told.kind}:{fence.id}" in gap.told


def _remember(row: _Row, fence: Fence, told: Told) -> None:
    """What the live row tells of a time without fixes is not told again when the fixes come late."""
    if row.gap is None:
        for gap in row.state.gaps:
            if (gap.track.last is None or told.at.ts > gap.track.last.ts) and told.at.ts <= gap.until_ms:
                gap.told.append(f"{told.kind}:{fence.id}")


def _event(row: _Row, fence: Fence, told: Told) -> Event:
    ping, at = row.ping, told.at
    return Event(
        event_id(fence.id, ping.rider, told.kind, told.fix_ts), fence.id, told.kind, ping.rider,
        at.ts, at.lat, at.lng, row.gap is not None, told.speed_mps,
    )
