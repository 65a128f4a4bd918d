"""Reports are judged and shown as they come, and stored together: one flush to Redis at a time.

An idle process stores at once; a busy one not sooner than the floor after the last flush. Nobody is answered before
their report is stored. A rider's reports stay in order. What waits is bounded: what does not fit is refused with
`unavailable`, and nothing waits longer than about five seconds.
"""

import asyncio
import time
from collections.abc import Callable

import structlog

from tracking.flush import Move
from tracking.judged import Judged, Stored, Waiting
from tracking.loading import Loader
from tracking.messages import Fix
from tracking.recent import Kept, Recent, watch_for_crash
from tracking.riders import Riders
from tracking.store import StoreDown, TrackingStore

MOST_WAITING_POINTS = 50_000
MOST_RIDERS_A_FLUSH = 512
MOST_POINTS_A_FLUSH = 4_000
PATIENCE_S = 4.0  # plus one attempt in flight: an answer within about 5 s
RESTORE_PATIENCE_S = 120.0
NEWS_FLOOR_S = 0.004  # watchers at other processes hear of a fix when it is stored, and should not wait for it
RETRY_S = (0.05, 0.1, 0.2, 0.4, 0.8)
LOOK_EVERY_S = 0.25

log = structlog.get_logger()

OnStored = Callable[[Stored], None]
OnRefused = Callable[[Waiting, str, str, int], None]  # report, code, sentence, try again after ms
OnFixes = Callable[[list[Fix]], None]


class Batch:
    """What waits, and the one task that stores it. `need_last_id`: answers wait for MongoDB to reach that id."""

    def __init__(
        self, store: TrackingStore, riders: Riders, *, on_stored: OnStored, on_refused: OnRefused, on_fixes: OnFixes,
        floor_ms: float = 3.0, need_last_id: bool = False,
    ) -> None:
        self.store, self.riders, self.floor_s, self.need_last_id = store, riders, floor_ms / 1000, need_last_id
        self.on_stored, self.on_refused, self.on_fixes = on_stored, on_refused, on_fixes
        self.recent = Recent()
        self.waiting_points = 0
        self._judged: dict[str, Judged] = {}
        self._loader = Loader(riders, self._judge_all)
        self._wake = asyncio.Event()

    def offer(self, waiting: Waiting) -> bool:
        """Take a report; False when there is no room."""
        if self.waiting_points + len(waiting.points) > MOST_WAITING_POINTS:
            return False
        self.waiting_points += len(waiting.points)
        self._judge(waiting)
        return True

    async def run(self) -> None:
        """Store, load, give up late ones and watch for a crash of Redis, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._store_always())
            tasks.create_task(self._loader.run())
            tasks.create_task(self._give_up_always())
            tasks.create_task(watch_for_crash(self.store, self.recent, self._put_back))

    async def drain(self, within_s: float) -> bool:
        """Wait until nothing waits any more; False when the time was too short."""
        deadline = time.monotonic() + within_s
        while self.waiting_points and time.monotonic() < deadline:  # noqa: ASYNC110 - once per process life
            await asyncio.sleep(0.01)
        return not self.waiting_points

    def _judge(self, waiting: Waiting) -> None:
        """Decide in the light of what is known of the rider here, and show what moved them; or let it wait for that.

        Redis may know better (the rider was at another process). Then it refuses the flush, and all is judged anew.
        """
        rider = waiting.rider
        held = None if self._loader.has(rider) else self.riders.ready(rider, waiting.client)
        if held is None:
            self._loader.add(waiting)
            return
        judged = self._judged.get(rider)
        if judged is None:
            judged = self._judged[rider] = Judged(rider, held, [])
            self._wake.set()
        elif judged.held is not held:  # read anew meanwhile, for another phone of theirs
            self._judge_all([*self._judged.pop(rider).reports, waiting])
            return
        try:
            fix = judged.apply(waiting)
            if fix is not None:
                self.on_fixes([fix])
        except Exception:
            log.exception("a report could not be judged", rider=rider)
            self._again(rider, [each for each in self._judged.pop(rider).reports if each is not waiting])
            self._refuse(waiting, "internal", "The report could not be judged.", 5000)

    def _judge_all(self, reports: list[Waiting]) -> None:
        for each in reports:
            self._judge(each)

    async def _store_always(self) -> None:
        failures = 0
        while True:
            await self._wake.wait()
            started = time.monotonic()
            try:
                await self._flush()
                floor_s = min(self.floor_s, NEWS_FLOOR_S) if self.store.has_company else self.floor_s
                failures, pause_s = 0, floor_s - (time.monotonic() - started)
            except StoreDown as error:
                if not failures:
                    log.warning("reports wait for Redis", error=str(error))
                pause_s = RETRY_S[min(failures, len(RETRY_S) - 1)]
                failures += 1
            if not self._judged:
                self._wake.clear()
            if pause_s > 0:
                await asyncio.sleep(pause_s)

    async def _flush(self) -> None:
        """One round trip: store what was judged, answer it."""
        now_ms = time.time_ns() // 1_000_000
        self.store.writer.begin(now_ms)
        made = [(judged, self._move(judged, now_ms)) for judged in self._take()]
        going = [(judged, move) for judged, move in made if move is not None]
        if not going:
            return
        try:
            done = await self.store.advance([move for _, move in going], now_ms, need_last_id=self.need_last_id)
        except StoreDown:
            for judged, _ in going:
                self._again(judged.rider, judged.reports)
            raise
        stored: list[Kept] = []
        now_s = time.monotonic()
        for (judged, _), until_ms in zip(going, done.watched_until, strict=True):
            if done.full:
                self._refuse_for_now(judged)
            elif until_ms is None:
                self._again(judged.rider, judged.reports)
            else:
                self._finish(judged, until_ms, done.last_id, stored)
        if stored:
            self.recent.keep(now_s, stored)
        if done.full:
            raise StoreDown("too many points wait for MongoDB")

    def _take(self) -> list[Judged]:
        """What the next flush stores: who waits longest first."""
        taken: list[Judged] = []
        points = 0
        for judged in self._judged.values():
            if points >= MOST_POINTS_A_FLUSH or len(taken) >= MOST_RIDERS_A_FLUSH:
                break
            points += judged.points
            taken.append(judged)
        if len(taken) == len(self._judged):
            self._judged = {}
        else:
            for judged in taken:
                del self._judged[judged.rider]
        return taken

    def _move(self, judged: Judged, now_ms: int) -> Move | None:
        """What the flush changes for the rider. None when it cannot be made: their reports are refused then."""
        try:
            return self.store.writer.move(judged.rider, judged.held, judged.kept(), judged.fix, now_ms)
        except Exception:
            log.exception("what was judged could not be written", rider=judged.rider)
            self.riders.forget(judged.rider)
            for each in judged.reports:
                self._refuse(each, "internal", "The report could not be judged.", 5000)
            return None

    def _again(self, rider: str, reports: list[Waiting]) -> None:
        """Not stored, or not surely: read the rider anew and judge these again, before anything that came later."""
        self.riders.forget(rider)
        later = self._judged.pop(rider, None)
        self._loader.put_first(rider, [*reports, *(later.reports if later is not None else [])])

    def _refuse_for_now(self, judged: Judged) -> None:
        """The stream is full: phones keep their points and come again; what was acked before waits here."""
        self._again(judged.rider, [waiting for waiting in judged.reports if waiting.restore is not None])
        for waiting in judged.reports:
            if waiting.restore is None:
                self._refuse(waiting, "unavailable", "Too many points wait for MongoDB.", 5000)

    def _finish(self, judged: Judged, until_ms: int, last_id: str, stored: list[Kept]) -> None:
        """The rider's reports are in Redis: collect what to remember for a crash, answer."""
        parked = judged.held.state.is_parked()
        for waiting, outcome in judged.applied:
            self.waiting_points -= len(waiting.points)
            if outcome.kept.points or outcome.kept.refused:
                stored.append((judged.rider, outcome.kept))
            if waiting.answer is not None:
                self.on_stored(Stored(waiting, outcome, until_ms > waiting.received_ms, parked, last_id))

    def _refuse(self, waiting: Waiting, code: str, sentence: str, after_ms: int) -> None:
        self.waiting_points -= len(waiting.points)
        self.on_refused(waiting, code, sentence, after_ms)

    async def _give_up_always(self) -> None:
        """Answer what Redis or MongoDB kept waiting too long: the phone holds it and comes again."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            now_s = time.monotonic()
            overdue = [each for each in self._judged.values() if each.applied[0][0].deadline_s < now_s]
            for judged in overdue:
                self._again(judged.rider, [])
            for each in self._loader.take_late(now_s):
                self._refuse(each, "unavailable", "The points could not be stored in time; send them again.", 2000)

    def _put_back(self, lost: list[Kept]) -> None:
        log.warning("Redis restarted; acked reports are put back", reports=len(lost))
        deadline_s = time.monotonic() + RESTORE_PATIENCE_S
        reports: dict[str, list[Waiting]] = {}
        for rider, kept in lost:
            waiting = Waiting(rider, kept.client, [], kept.received, deadline_s, restore=kept)
            reports.setdefault(rider, []).append(waiting)
        for rider, theirs in reports.items():
            self._again(rider, theirs)
