"""Reports gather while one round trip to Redis is in flight, and all of them go with the next.

An idle process sends at once; a busy one not sooner than the floor after the last. A rider's reports stay in order.
The queue is bounded: what does not fit is refused with `unavailable`. Nothing waits longer than about five seconds.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

import msgspec
import structlog

from tracking.flush import Held, Move
from tracking.loading import Loader
from tracking.messages import Fix, Point
from tracking.recent import Kept, Recent, watch_for_crash
from tracking.riders import Riders
from tracking.state import KeptReport, KeptRider, Outcome
from tracking.store import StoreDown, TrackingStore

MOST_WAITING_POINTS = 50_000
MOST_RIDERS_A_FLUSH = 512
MOST_POINTS_A_FLUSH = 4_000
PATIENCE_S = 4.0  # plus one attempt in flight: an answer within about 5 s
RESTORE_PATIENCE_S = 120.0
RETRY_S = (0.05, 0.1, 0.2, 0.4, 0.8)
LOOK_EVERY_S = 0.25

log = structlog.get_logger()


class Waiting(msgspec.Struct, eq=False):
    """A report on its way to Redis. `restore`: it was acked before. `unsure`: it may be there already."""

    rider: str
    client: str
    points: list[Point]
    received_ms: int
    deadline_s: float
    oldest: int | None = None
    battery: float | None = None
    re: int = 0
    answer: Callable[[dict[str, object]], None] | None = None
    restore: KeptReport | None = None
    unsure: bool = False


class Stored(msgspec.Struct):
    """A report that Redis has, with what its answer needs. `last_id`: see `Batch`."""

    waiting: Waiting
    outcome: Outcome
    watched: bool
    parked: bool
    last_id: str


Applied = list[tuple[Waiting, Outcome]]
OnStored = Callable[[Stored], None]
OnRefused = Callable[[Waiting, str, str, int], None]  # report, code, sentence, try again after ms
OnFixes = Callable[[list[Fix]], None]


class Batch:
    """The queue and the one task that empties it. `need_last_id`: answers wait for MongoDB to reach that id."""

    def __init__(
        self, store: TrackingStore, riders: Riders, *, on_stored: OnStored, on_refused: OnRefused, on_fixes: OnFixes,
        floor_ms: float = 3.0, need_last_id: bool = False,
    ) -> None:
        self.store, self.riders, self.floor_s, self.need_last_id = store, riders, floor_ms / 1000, need_last_id
        self.on_stored, self.on_refused, self.on_fixes = on_stored, on_refused, on_fixes
        self.recent = Recent()
        self.waiting_points = 0
        self._queue: deque[Waiting] = deque()
        self._loader = Loader(riders, self._to_the_front)
        self._wake = asyncio.Event()

    def offer(self, waiting: Waiting) -> bool:
        """Queue a report; False when the queue is full."""
        if self.waiting_points + len(waiting.points) > MOST_WAITING_POINTS:
            return False
        self.waiting_points += len(waiting.points)
        self._queue.append(waiting)
        self._wake.set()
        return True

    async def run(self) -> None:
        """Send, load, give up late ones and watch for a crash of Redis, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send_always())
            tasks.create_task(self._loader.run())
            tasks.create_task(self._give_up_always())
            tasks.create_task(watch_for_crash(self.store, self.recent, self._put_back))

    async def drain(self, within_s: float) -> bool:
        """Wait until nothing waits any more; False when the time was too short."""
        deadline = time.monotonic() + within_s
        while self.waiting_points and time.monotonic() < deadline:  # noqa: ASYNC110 - once per process life
            await asyncio.sleep(0.01)
        return not self.waiting_points

    async def _send_always(self) -> None:
        failures = 0
        while True:
            await self._wake.wait()
            started = time.monotonic()
            try:
                await self._flush()
                failures, pause_s = 0, self.floor_s - (time.monotonic() - started)
            except StoreDown as error:
                if not failures:
                    log.warning("reports wait for Redis", error=str(error))
                pause_s = RETRY_S[min(failures, len(RETRY_S) - 1)]
                failures += 1
            if not self._queue:
                self._wake.clear()
            if pause_s > 0:
                await asyncio.sleep(pause_s)

    async def _flush(self) -> None:
        """One round trip: take what waits, apply it to the riders' states, store, deliver, answer."""
        now_ms = time.time_ns() // 1_000_000
        moves: list[Move] = []
        results: list[Applied] = []
        self.store.writer.begin(now_ms)
        for rider, (held, reports) in self._take().items():
            self._apply(rider, held, reports, now_ms, moves, results)
        if not moves:
            return
        try:
            done = await self.store.advance(moves, now_ms, need_last_id=self.need_last_id)
        except StoreDown:
            for move, applied in zip(moves, results, strict=True):
                self._again(move.rider, applied, unsure=True)
            raise
        fixes: list[Fix] = []
        stored: list[Kept] = []
        now_s = time.monotonic()
        for move, applied, until_ms in zip(moves, results, done.watched_until, strict=True):
            if done.full:
                self._refuse_for_now(move.rider, applied)
            elif until_ms is None:
                self._again(move.rider, applied, unsure=False)
            else:
                self._finish(move, applied, until_ms, done.last_id, fixes, stored)
        if stored:
            self.recent.keep(now_s, stored)
        if fixes:
            self.on_fixes(fixes)
        if done.full:
            raise StoreDown("too many points wait for MongoDB")

    def _take(self) -> dict[str, tuple[Held, list[Waiting]]]:
        """The next reports by rider, in order; riders whose state is not at hand are parked for the loader."""
        work: dict[str, tuple[Held, list[Waiting]]] = {}
        points = 0
        while self._queue and points < MOST_POINTS_A_FLUSH and len(work) < MOST_RIDERS_A_FLUSH:
            waiting = self._queue.popleft()
            held = None if self._loader.has(waiting.rider) else self.riders.ready(waiting.rider, waiting.client)
            if held is None:
                self._loader.add(waiting)
                continue
            points += len(waiting.points) or 1
            work.setdefault(waiting.rider, (held, []))[1].append(waiting)
        return work

    def _apply(
        self, rider: str, held: Held, reports: list[Waiting], now_ms: int, moves: list[Move], results: list[Applied]
    ) -> None:
        """Judge the reports in order. A rule that crashes refuses the rider's reports and lets nothing through."""
        state = held.state
        applied: Applied = []
        kept: list[KeptReport] = []
        fix: Fix | None = None
        try:
            for each in reports:
                if each.restore is None:
                    outcome = state.apply(rider, each.client, each.points, each.received_ms, each.oldest)
                else:
                    outcome = state.restore(rider, each.restore)
                applied.append((each, outcome))
                if outcome.kept.points or outcome.kept.refused:
                    kept.append(outcome.kept)
                fix = outcome.fix or fix  # each is newer than the one before it
            move = self.store.writer.move(rider, held, KeptRider(rider, kept) if kept else None, fix, now_ms)
        except Exception:
            log.exception("a report could not be judged", rider=rider)
            self.riders.forget(rider)
            for each in reports:
                self._refuse(each, "internal", "The report could not be judged.", 5000)
        else:
            moves.append(move)
            results.append(applied)

    def _again(self, rider: str, applied: Applied, *, unsure: bool) -> None:
        """Not stored, or not surely: read the rider anew and try again, before anything that came later."""
        self.riders.forget(rider)
        for waiting, _ in applied:
            waiting.unsure = waiting.unsure or unsure
        self._to_the_front([waiting for waiting, _ in applied])

    def _to_the_front(self, reports: list[Waiting]) -> None:
        """Before everything that waits, in their own order."""
        self._queue.extendleft(reversed(reports))
        self._wake.set()

    def _refuse_for_now(self, rider: str, applied: Applied) -> None:
        """The stream is full: phones keep their points and come again; what was acked before waits here."""
        self._again(rider, [each for each in applied if each[0].restore is not None], unsure=False)
        for waiting, _ in applied:
            if waiting.restore is None:
                self._refuse(waiting, "unavailable", "Too many points wait for MongoDB.", 5000)

    def _finish(
        self, move: Move, applied: Applied, until_ms: int, last_id: str, fixes: list[Fix], stored: list[Kept]
    ) -> None:
        """The rider's reports are in Redis: collect the news and what to remember for a crash, answer."""
        state = move.held.state
        # A first try that we gave up on may have moved "now" in Redis: our own watchers have not heard of it.
        fix = move.fix or (state.newest if any(waiting.unsure for waiting, _ in applied) else None)
        if fix is not None:
            fixes.append(fix)
        parked = state.is_parked()
        for waiting, outcome in applied:
            self.waiting_points -= len(waiting.points)
            if outcome.kept.points or outcome.kept.refused:
                stored.append((move.rider, outcome.kept))
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
            late = []
            while self._queue and self._queue[0].deadline_s < now_s:
                late.append(self._queue.popleft())
            for each in late + self._loader.take_late(now_s):
                self._refuse(each, "unavailable", "The points could not be stored in time; send them again.", 2000)

    def _put_back(self, lost: list[Kept]) -> None:
        log.warning("Redis restarted; acked reports are put back", reports=len(lost))
        deadline_s = time.monotonic() + RESTORE_PATIENCE_S
        self._to_the_front(
            [Waiting(rider, report.client, [], report.received, deadline_s, restore=report) for rider, report in lost]
        )
