"""A rider reports points. The life of a report, in order:

check     its shape: 1 to 200 points, battery 0 to 1 (here)
judge     each point: range, age, accuracy, speed between neighbours in time (acceptance.py, state.py)
show      the fix that moved the rider, to the watchers of this process; others hear of it when it is stored
gather    with the others that wait while Redis is busy (batch.py)
store     state, points and position index in one atomic step (store.py, lua/advance.lua)
answer    with `location.ack` once the points are durable, and the pace the phone should keep (steering.py)
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable

from tracking.acceptance import LARGEST_SEQ
from tracking.batch import PATIENCE_S, Batch, OnFixes
from tracking.judged import Stored, Waiting
from tracking.messages import MAX_POINTS, LocationReport
from tracking.riders import Recall, Riders
from tracking.steering import steer
from tracking.store import TrackingStore

Answer = Callable[[dict[str, object]], None]
StreamId = tuple[int, int]

MOST_PROMISES = 50_000
MONGO_PATIENCE_S = 5.0


class Reporter:
    """`durability`: an ack promises the points in "redis" or in "mongo". `counts` is for metrics."""

    def __init__(
        self, store: TrackingStore, recall: Recall, *, on_fixes: OnFixes, durability: str = "redis",
        floor_ms: float = 3.0,
    ) -> None:
        self.durability = durability
        self.counts: Counter[str] = Counter()
        self._promises: deque[tuple[StreamId, float, Stored]] = deque()
        self._safe_before: StreamId = (0, 0)
        self._batch = Batch(
            store, Riders(store, recall), on_stored=self._stored, on_refused=self._refused, on_fixes=on_fixes,
            floor_ms=floor_ms, need_last_id=durability == "mongo",
        )

    def report(self, rider: str, client: str, message: LocationReport, received_ms: int, answer: Answer) -> None:
        """Take a report; `answer` gets one `location.ack` or `error`, later or at once. Never blocks, never raises."""
        wrong = _shape(message)
        if wrong is not None:
            answer(_error(message.id, "bad_request", wrong[1], field=wrong[0]))
            return
        waiting = Waiting(
            rider, client, message.points, received_ms, time.monotonic() + PATIENCE_S, message.oldest, message.battery,
            message.id, answer,
        )
        if not self._batch.offer(waiting):
            self._refused(waiting, "unavailable", "Too many reports wait here.", 2000)

    async def run(self) -> None:
        """Move reports until cancelled. Reports taken before it runs wait."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._batch.run())
            if self.durability == "mongo":
                tasks.create_task(self._give_up_promises())

    async def drain(self, within_s: float) -> bool:
        """Wait until every report is answered; False when some are not."""
        deadline = time.monotonic() + within_s
        drained = await self._batch.drain(within_s)
        while self._promises and time.monotonic() < deadline:  # noqa: ASYNC110 - once per process life
            await asyncio.sleep(0.01)
        return drained and not self._promises

    def persisted(self, payload: bytes) -> None:
        """The persister's news (topic keys.PERSISTED): every stream entry before this id is in MongoDB."""
        self._safe_before = max(self._safe_before, _stream_id(payload.decode()))
        while self._promises and self._promises[0][0] < self._safe_before:
            self._acknowledge(self._promises.popleft()[2])

    def _stored(self, stored: Stored) -> None:
        """Redis has the report: answer, or promise to answer when MongoDB has it too."""
        self.counts["points"] += len(stored.outcome.kept.points)
        if stored.outcome.doubles:
            self.counts["duplicates"] += stored.outcome.doubles
        for _, reason in stored.outcome.rejected:
            self.counts[f"rejected_{reason}"] += 1
        if self.durability == "redis":
            self._acknowledge(stored)
            return
        last = _stream_id(stored.last_id)
        if last == (0, 0) or last < self._safe_before:
            self._acknowledge(stored)
        elif len(self._promises) >= MOST_PROMISES:
            self._refused(stored.waiting, "unavailable", "MongoDB is too far behind.", 5000)
        else:
            self._promises.append((last, time.monotonic() + MONGO_PATIENCE_S, stored))

    def _acknowledge(self, stored: Stored) -> None:
        waiting, outcome = stored.waiting, stored.outcome
        if waiting.answer is None:
            return
        pace = steer(watched=stored.watched, parked=stored.parked, battery=waiting.battery)
        waiting.answer({
            "type": "location.ack",
            "re": waiting.re,
            "upto": outcome.upto,
            "duplicates": outcome.doubles,
            "rejected": [{"seq": seq, "reason": reason} for seq, reason in outcome.rejected],
            "durable": self.durability,
            "next": {"interval_ms": pace.interval_ms, "why": pace.why},
        })

    def _refused(self, waiting: Waiting, code: str, sentence: str, after_ms: int) -> None:
        self.counts[f"refused_{code}"] += 1
        if waiting.answer is not None:
            waiting.answer(_error(waiting.re, code, sentence, after_ms=after_ms))

    async def _give_up_promises(self) -> None:
        """What MongoDB did not confirm in time is not acked: the phone sends it again and it counts as a duplicate."""
        while True:
            await asyncio.sleep(0.25)
            now_s = time.monotonic()
            while self._promises and self._promises[0][1] < now_s:
                late = self._promises.popleft()[2].waiting
                self._refused(late, "unavailable", "MongoDB did not confirm in time.", 2000)


def _shape(message: LocationReport) -> tuple[str, str] | None:
    """(field, sentence) when the report as a whole cannot be taken."""
    if not 1 <= len(message.points) <= MAX_POINTS:
        return "points", f"A report carries 1 to {MAX_POINTS} points; this one has {len(message.points)}."
    if message.battery is not None and not 0.0 <= message.battery <= 1.0:
        return "battery", "The battery is a share from 0 to 1."
    if message.oldest is not None and not 0 <= message.oldest <= LARGEST_SEQ:
        return "oldest", f"The oldest seq is a number from 0 to {LARGEST_SEQ}."
    return None


def _error(
    re: int, code: str, sentence: str, *, field: str | None = None, after_ms: int | None = None
) -> dict[str, object]:
    """The `error` message. Only what the server could not do is worth trying again as it is."""
    error: dict[str, object] = {"type": "error", "re": re, "code": code, "message": sentence, "retry": field is None}
    if field is not None:
        error["field"] = field
    if after_ms is not None:
        error["after_ms"] = after_ms
    return error


def _stream_id(text: str) -> StreamId:
    """A Redis stream id as two numbers that compare rightly; none is before all."""
    if not text:
        return 0, 0
    ms, _, count = text.partition("-")
    return int(ms), int(count or 0)
