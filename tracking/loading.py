"""Riders whose state is not at hand wait here, each with their reports in order, while Redis or MongoDB is asked.

Redis is asked for many at a time; a rider or phone that Redis does not know is recalled from MongoDB, a few at once.
"""

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING

import structlog

from tracking.riders import Riders
from tracking.store import StoreDown

if TYPE_CHECKING:
    from tracking.judged import Waiting

MOST_A_READ = 512
RECALLS_AT_ONCE = 16
RECALL_S = 4.0
RETRY_S = 0.5

log = structlog.get_logger()


class Loader:
    """`ready` is called with the reports of riders that can go on, in order."""

    def __init__(self, riders: Riders, ready: Callable[[list["Waiting"]], None]) -> None:
        self.riders, self.ready = riders, ready
        self._waiting: dict[str, list[Waiting]] = {}
        self._recalling: set[str] = set()
        self._wake = asyncio.Event()
        self._places = asyncio.Semaphore(RECALLS_AT_ONCE)

    def has(self, rider: str) -> bool:
        """Do reports of this rider wait here? Then later ones must stand behind them."""
        return rider in self._waiting

    def add(self, waiting: "Waiting") -> None:
        """Let a report wait for its rider's state."""
        self._waiting.setdefault(waiting.rider, []).append(waiting)
        self._wake.set()

    def put_first(self, rider: str, reports: list["Waiting"]) -> None:
        """Let reports wait that came before all that wait here of this rider."""
        if reports:
            self._waiting[rider] = [*reports, *self._waiting.get(rider, [])]
            self._wake.set()

    def take_late(self, now_s: float) -> list["Waiting"]:
        """Remove and give the reports whose deadline (monotonic) has passed."""
        late: list[Waiting] = []
        for rider, reports in list(self._waiting.items()):
            late += [each for each in reports if each.deadline_s < now_s]
            reports[:] = [each for each in reports if each.deadline_s >= now_s]
            if not reports:
                del self._waiting[rider]
        return late

    async def run(self) -> None:
        """Read what is waited for, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._wake.wait()
                self._wake.clear()
                asked = islice((rider for rider in self._waiting if rider not in self._recalling), MOST_A_READ)
                wanted = {rider: {each.client for each in self._waiting[rider]} for rider in asked}
                if not wanted:
                    continue
                try:
                    unknown = await self.riders.load(wanted)
                except StoreDown:
                    await asyncio.sleep(RETRY_S)
                    self._wake.set()
                    continue
                self._recalling.update(unknown)
                self._release([rider for rider in wanted if rider not in self._recalling])
                for rider in unknown:
                    tasks.create_task(self._recall(rider, wanted[rider]))
                self._wake.set()  # for those beyond MOST_A_READ

    async def _recall(self, rider: str, clients: set[str]) -> None:
        """Complete one rider from MongoDB. Without an answer the rider waits on and is tried again."""
        async with self._places:
            try:
                async with asyncio.timeout(RECALL_S):
                    await self.riders.remember(rider, clients)
            except Exception as error:  # whatever breaks here must refuse reports in the end, not end the process
                log.warning("a rider could not be recalled", rider=rider, error=f"{type(error).__name__}: {error}")
                await asyncio.sleep(RETRY_S)
            else:
                self._release([rider])
        self._recalling.discard(rider)
        if rider in self._waiting:
            self._wake.set()

    def _release(self, riders: list[str]) -> None:
        reports = [each for rider in riders for each in self._waiting.pop(rider, [])]
        if reports:
            self.ready(reports)
