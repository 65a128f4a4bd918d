"""What fixes decide at the fences they are near, a batch in one call of the kernel.

Where nothing is being decided, the nearest edge tells how far a rider may go before anything can change. Where
something is, the circle is that of the other edges, and only the fences it names are looked at within it.
"""

from math import sqrt

import numpy as np

from geo.fences.arrays import Floats, Ints
from geo.fences.events import Event, event_id
from geo.fences.fence import Fence
from geo.fences.kernel import A_PLACE, A_WAY, NOTHING, look
from geo.fences.machine import Look, Told, step
from geo.fences.row import LONGEST_WAY_MS, Row
from geo.fences.table import FenceTable
from geo.fences.track import INSIDE, Visit

MOST_CALM = 100_000
MOST_BUSY = 4
BUSY = 0  # no phase in which nothing is to be decided


def is_settled(visit: Visit | None, distance_m: float, fence: Fence) -> bool:
    """Is there nothing to decide until the edge is crossed?"""
    if visit is None:
        return distance_m > 0
    return visit.phase == INSIDE and distance_m <= 0 and fence.is_quiet


def judge(table: FenceTable, rows: list[Row], told: list[Event], around_m: float) -> None:
    """All of them, in their order; each of another rider."""
    pairs, measures, free = look(*_asked(table, rows), table.ground, around_m)
    calms = free.tolist()
    busy: dict[int, tuple[int, ...]] = {}
    for (at, slot, *flags), (distance_m, free_deg, *met) in zip(pairs.tolist(), measures.tolist(), strict=True):
        row, fence = rows[at], table.fences[slot]
        assert fence is not None  # noqa: S101 - the table hands out slots in use
        if fence.rider is not None and fence.rider == row.ping.rider:
            continue  # nobody meets themselves
        visits = row.track.visits
        seen = Look(fence, row.ping, row.prev, row.last, row.error_m, distance_m, *flags, *met)
        for each in step(visits, seen):
            if each.kind in fence.kinds and not _is_known(row, fence, each):
                _remember(row, fence, each)
                told.append(_event(row, fence, each))
        if not is_settled(visits.get(fence.id), distance_m, fence):
            busy[at] = (*busy.get(at, ()), slot)
        elif free_deg < calms[at][0]:
            calms[at][0] = free_deg
    if len(table.calm) > MOST_CALM:
        table.calm.clear()
    for number, (row, (free_deg, scale)) in enumerate(zip(rows, calms, strict=True)):
        if row.gap is None:
            _calm_down(table, row, free_deg, scale, busy.get(number, ()))


def _asked(table: FenceTable, rows: list[Row]) -> tuple[Floats, Ints, Ints]:
    """The rows as the kernel reads them."""
    fixes: list[float] = []
    asked: list[int] = []
    known: list[int] = []
    slots = table.slots
    for row in rows:
        ping, last, calm = row.ping, row.last, row.calm
        if last is None:
            fixes += ping.lat, ping.lng, 0.0, 0.0
            before = NOTHING
        else:
            fixes += ping.lat, ping.lng, ping.lat - last.lat, (ping.lng - last.lng + 180.0) % 360.0 - 180.0
            before = A_WAY if ping.ts - last.ts <= LONGEST_WAY_MS else A_PLACE
        if calm is not None:
            for slot in calm[5]:
                known += slot, BUSY
        elif visits := row.track.visits:
            for fence_id, visit in list(visits.items()):
                if fence_id in slots:
                    known += slots[fence_id], visit.phase
                else:
                    del visits[fence_id]  # the fence is gone, and the visit with it
        asked += len(known) // 2, calm is None, before
    whole = np.array(asked, np.int64).reshape(-1, 3)
    return np.array(fixes).reshape(-1, 4), whole, np.array(known, np.int64).reshape(-1, 2)


def _calm_down(table: FenceTable, row: Row, free_deg: float, scale: float, busy: tuple[int, ...]) -> None:
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
        table.calm[ping.rider] = row.track, ping.lat, ping.lng, scale, free_deg * free_deg, busy


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
