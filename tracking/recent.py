"""What was acked in the last seconds and may not be on Redis' disk yet: put back when Redis turns out to have crashed.

Redis writes its append-only file each second and may take two; we keep three. Bounded: beyond MOST_POINTS the oldest
go, and only a crash in that very second could lose them.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from tracking.state import KeptReport
from tracking.store import StoreDown, TrackingStore

ON_DISK_AFTER_S = 3.0
MOST_POINTS = 100_000
LOOK_EVERY_S = 1.0

Kept = tuple[str, KeptReport]  # whose, and what of it was stored

class Recent:
    """Stored reports by flush, until a living Redis has had time to write them down."""

    def __init__(self) -> None:
        self._flushes: deque[tuple[float, list[Kept], int]] = deque()
        self._points = 0
        self.run_id = ""  # the life of Redis that the reports were given to

    def __len__(self) -> int:
        return len(self._flushes)

    def keep(self, now_s: float, reports: list[Kept]) -> None:
        """Redis has just taken these reports. `now_s` is monotonic."""
        points = sum(len(report.points) for _, report in reports)
        self._flushes.append((now_s, reports, points))
        self._points += points
        while self._points > MOST_POINTS:
            self._drop_oldest()

    def on_disk(self, alive_at_s: float) -> None:
        """Redis was alive and had not restarted at this moment: what is older than the disk's delay is safe."""
        while self._flushes and self._flushes[0][0] < alive_at_s - ON_DISK_AFTER_S:
            self._drop_oldest()

    def take_all(self) -> list[Kept]:
        """Redis crashed: everything that may be lost, in order."""
        lost = [kept for _, reports, _ in self._flushes for kept in reports]
        self._flushes.clear()
        self._points = 0
        return lost

    def _drop_oldest(self) -> None:
        self._points -= self._flushes.popleft()[2]


async def watch_for_crash(
    store: TrackingStore, recent: Recent, put_back: Callable[[list[Kept]], None]
) -> None:
    """Look each second whether Redis still lives its old life; a new run id means that its last second may be lost."""
    while True:
        looked_s = time.monotonic()
        if len(recent) or not recent.run_id:
            try:
                run_id = await store.run_id()
            except StoreDown:
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            if recent.run_id and run_id != recent.run_id:
                put_back(recent.take_all())
            recent.run_id = run_id
            recent.on_disk(looked_s)
        await asyncio.sleep(LOOK_EVERY_S)
