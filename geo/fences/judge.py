"""What fixes decide at the fences they are near, a batch in one call of numpy.

Where nothing is being decided, the nearest edge tells how far a rider may go before anything can change. Where
something is, the circle is that of the other edges, and only the fences it names are looked at within it.
"""

from math import cos, radians, sqrt

import numpy as np

from geo.fences.events import Event, event_id
from geo.fences.fence import Fence
from geo.fences.machine import Look, Told, step
from geo.fences.measure import clearance, measure
from geo.fences.pairs import by_cells, by_place
from geo.fences.row import Row
from geo.fences.table import FenceTable
from geo.fences.track import INSIDE, Visit

MOST_CALM = 100_000
MOST_BUSY = 4


def is_settled(visit: Visit | None, distance_m: float, fence: Fence) -> bool:
    """Is there nothing to decide until the edge is crossed?"""
    if visit is None:
        return distance_m > 0
    return visit.phase == INSIDE and distance_m <= 0 and fence.is_quiet


def judge(table: FenceTable, rows: list[Row], told: list[Event], is_repeated: bool, most_m: float) -> None:
    """All of them, in their order. `is_repeated`: some riders are there more than once."""
    flat: list[float] = []
    for row in rows:
        ping, prev = row.ping, row.prev
        if prev is None:
            flat += ping.lat, ping.lng, 0.0, 0.0
        else:
            flat += ping.lat, ping.lng, ping.lat - prev.lat, (ping.lng - prev.lng + 180.0) % 360.0 - 180.0
    ways = np.array(flat).reshape(-1, 4)
    at, slots, is_open = (None if is_repeated else by_cells(table, rows, flat, most_m)) or by_place(
        table, rows, ways, is_repeated, most_m
    )
    distances, depths = measure(table, slots, ways[at], is_open)
    close = np.nonzero(is_open | (distances <= 0) | (depths > 0))[0]
    busy: dict[int, list[int]] = {}
    for pair, row_at, slot, distance_m, depth_m in zip(
        close.tolist(), at[close].tolist(), slots[close].tolist(), distances[close].tolist(), depths[close].tolist(),
        strict=True,
    ):
        if not _decide(table, rows[row_at], slot, distance_m, depth_m, told):
            busy.setdefault(row_at, []).append(slot)
            distances[pair] = np.inf
    if len(table.calm) > MOST_CALM:
        table.calm.clear()
    clear_deg = clearance(table, ways[:, 0], at, slots, distances, most_m).tolist()
    for number, (row, free_deg) in enumerate(zip(rows, clear_deg, strict=True)):
        if row.gap is None:
            _calm_down(table, row, free_deg, tuple(busy.get(number, ())))


def _decide(
    table: FenceTable, row: Row, slot: int, distance_m: float, depth_m: float, told: list[Event]
) -> bool:
    """One fix at one fence. Is there nothing to decide from now on until the edge is crossed?"""
    fence, visits = table.fences[slot], row.track.visits
    assert fence is not None  # noqa: S101 - the table hands out slots in use
    if fence.rider is not None and fence.rider == row.ping.rider:
        return True  # nobody meets themselves
    visit = visits.get(fence.id)
    if depth_m <= 0 < distance_m and visit is None:
        return True
    if distance_m <= 0 and visit is not None and is_settled(visit, distance_m, fence):
        return True
    for each in step(visits, Look(fence, row.ping, row.prev, distance_m, depth_m, row.error_m, row.last)):
        if each.kind in fence.kinds and not _is_known(row, fence, each):
            _remember(row, fence, each)
            told.append(_event(row, fence, each))
    return is_settled(visits.get(fence.id), distance_m, fence)


def _calm_down(table: FenceTable, row: Row, free_deg: float, busy: tuple[int, ...]) -> None:
    """Remember how far the rider may go before anything can change but at the busy fences.

    That is not out of the circle in which only some fences were looked at.
    """
    ping, calm = row.ping, row.calm
    if calm is not None:
        if busy == calm[5]:
            table.calm[ping.rider] = calm
            return
        north, east = ping.lat - calm[1], (ping.lng - calm[2]) * calm[3]
        free_deg = min(free_deg, sqrt(calm[4]) - sqrt(north * north + east * east))
    if free_deg <= 0 or len(busy) > MOST_BUSY:
        table.calm.pop(ping.rider, None)
    else:
        table.calm[ping.rider] = row.track, ping.lat, ping.lng, cos(radians(ping.lat)), free_deg * free_deg, busy


def _is_known(row: Row, fence: Fence, told: Told) -> bool:
    """Did the live row tell of this before the late points that show it came?"""
    gap = row.gap
    if gap is None:
        return False
    return f"{told.kind}:{fence.id}" in gap.told


def _remember(row: Row, fence: Fence, told: Told) -> None:
    """What the live row tells of a time without fixes is not told again when the fixes come late."""
    if row.gap is None:
        for gap in row.state.gaps:
            if (gap.track.last is None or told.at.ts > gap.track.last.ts) and told.at.ts <= gap.until_ms:
                gap.told.append(f"{told.kind}:{fence.id}")


def _event(row: Row, fence: Fence, told: Told) -> Event:
    ping, at = row.ping, told.at
    return Event(
        event_id(fence.id, ping.rider, told.kind, told.fix_ts), fence.id, told.kind, ping.rider,
        at.ts, at.lat, at.lng, row.gap is not None, told.speed_mps,
    )
