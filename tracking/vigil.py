"""What watching does by the clock: reads again what is doubted, lets positions age, keeps riders' phones awake.

A round that the store cannot answer is skipped with one line in the log; what it left undone stays due.
"""

import asyncio
from collections.abc import Coroutine

import structlog

from tracking.area import TICK_S
from tracking.presence import Attendance
from tracking.store import StoreDown
from tracking.watch import Watch

ROUND_S = 1.0
GATHER_S = 0.02  # watchers who come together are marked together
AGE_ROUNDS, RENEW_ROUNDS = 5, 15
WATCHED_FOR_S = 45.0
ENLISTED_FOR_S = 60.0
CHUNK = 500
MOST_IN_SIGHT = 500  # of the riders on dispatchers' maps; more would cost more than an eye can follow

log = structlog.get_logger()


class Vigil:
    """The rounds of one process."""

    def __init__(self, watch: Watch, attendance: Attendance) -> None:
        self._watch, self._attendance = watch, attendance
        self._round = 0
        self._is_down = False
        self._doubted_before: set[str] = set()
        self._marked: set[str] = set()

    async def run(self) -> None:
        """Go on until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._run_rounds())
            tasks.create_task(self._run_areas())
            tasks.create_task(self._run_marks())

    async def _run_areas(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            if self._watch.areas.is_open:
                self._watch.areas.tick(self._watch.now_ms())

    async def _run_marks(self) -> None:
        """A phone learns with its very next report that somebody looks."""
        while True:
            await self._watch.somebody_looks.wait()
            await asyncio.sleep(GATHER_S)
            self._watch.somebody_looks.clear()
            await self._try(self._mark(fresh_only=True))

    async def _run_rounds(self) -> None:
        while True:
            await asyncio.sleep(ROUND_S)
            self.show_due()
            await self._try(self.ask())

    async def _try(self, step: Coroutine[None, None, None]) -> None:
        """Take a step, and end if we were told to meanwhile: below Python 3.12 the `wait_for` that redis sends with can
        swallow a cancellation."""
        try:
            await step
        except StoreDown as error:
            if not self._is_down:
                log.warning("watching cannot ask the store", error=str(error))
            self._is_down = True
        else:
            self._is_down = False
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError

    def show_due(self) -> None:
        """The part of a round that needs nobody: coarse samples, stale positions."""
        now_ms = self._watch.now_ms()
        self._round += 1
        for scene in self._watch.scenes.values():
            scene.show_waiting(now_ms)
        if self._round % AGE_ROUNDS == 0:
            self._watch.age(now_ms)
            self._watch.drop_spent_paces(now_ms)

    async def ask(self) -> None:
        """The part of a round that asks the store. Raises StoreDown."""
        watch = self._watch
        await self._attendance.step()
        # A doubt waits for a whole round: by then the subscription it is about is up, so nothing falls between.
        ripe, self._doubted_before, watch.doubted = self._doubted_before, watch.doubted, set()
        try:
            await self._read([rider for rider in ripe if rider in watch.riders])
        except StoreDown:
            watch.doubted |= ripe
            raise
        if watch.areas.is_open and not watch.areas.is_sure:
            await watch.areas.ready()
        await self._mark(fresh_only=self._round % RENEW_ROUNDS != 0)
        if self._round % RENEW_ROUNDS == 0:
            await self._ask_again()
            if await watch.store.enlist(ENLISTED_FOR_S):
                watch.doubt()  # the others believed us gone and may have published nothing meanwhile

    async def _read(self, riders: list[str]) -> None:
        for at in range(0, len(riders), CHUNK):
            self._watch.fixes((await self._watch.store.newest(riders[at : at + CHUNK])).values())

    async def _mark(self, *, fresh_only: bool) -> None:
        """Have the phones of watched riders report often: new ones at once, all of them every RENEW_ROUNDS."""
        watched = {rider for rider, seen in self._watch.riders.items() if seen.is_watched}
        watched |= self._watch.areas.in_sight(MOST_IN_SIGHT)
        riders = list(watched - self._marked if fresh_only else watched)
        for at in range(0, len(riders), CHUNK):
            await self._watch.store.mark_watched(riders[at : at + CHUNK], WATCHED_FOR_S)
        self._marked = watched

    async def _ask_again(self) -> None:
        """Presence is told by pub/sub, which forgets; ask what is true."""
        riders = list(self._watch.riders)
        for at in range(0, len(riders), CHUNK):
            await self._watch.presence.learn(riders[at : at + CHUNK], self._watch.store, again=True)
