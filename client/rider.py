"""A rider's points on their way up: held until the server says they are durable, however often the line breaks.

A phone's loop, under twenty lines::

    import asyncio

    from client.reconnect import Ridewire
    from client.rider import RiderUplink

    async def ride(url: str, token: str, positions: list[tuple[float, float]]) -> int:
        async with Ridewire.connect(url, token=token, client="phone-1") as session:
            async with RiderUplink(session) as uplink:
                for lat, lng in positions:
                    uplink.add(lat, lng)
                await uplink.drained(within_s=30)
            return uplink.acked
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from typing import Self

from client.reconnect import Ridewire
from client.wire import Message

BATCH = 200
CAPACITY = 20_000


class RiderUplink:
    """Sends added points in reports of up to 200: the newest one first of all, then the backlog from its old end.

    A full uplink drops its oldest point and counts it in `dropped`; `oldest` tells the server not to wait for it.
    Reports keep the interval that the server asks for, divided by `pace` (the clock of a replay at 20x runs 20 times
    faster); a full batch, and `drained`, do not wait for it. `on_durable` gets each point that the server has stored.
    Counters: `added`, `sent` (points, repeats included), `acked`, `duplicates`, `rejected` by reason, `dropped`.
    """

    def __init__(
        self, session: Ridewire, *, first_seq: int = 1, capacity: int = CAPACITY, pace: float = 1.0,
        battery: float | None = None, on_durable: Callable[[Message], None] | None = None,
    ) -> None:
        self.session, self.capacity, self.pace, self.battery = session, capacity, pace, battery
        self.on_durable = on_durable
        self.added = self.sent = self.acked = self.duplicates = self.dropped = 0
        self.rejected: Counter[str] = Counter()
        self.interval_ms, self.why = 0, ""
        self.last_accepted: Message | None = None
        self._next_seq = first_seq
        self._held: dict[int, Message] = {}  # by seq, ascending: a dict keeps the order of insertion
        self._work, self._idle, self._hurry = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="rider uplink")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            (ended,) = await asyncio.gather(self._task, return_exceptions=True)
            if kind is None and isinstance(ended, Exception):
                raise ended

    def __len__(self) -> int:
        return len(self._held)

    def add(self, lat: float, lng: float, ts: int | None = None, **more: float) -> int:
        """Hold a point (`more`: accuracy, speed, heading, altitude) until it is durable; returns its `seq`."""
        if len(self._held) >= self.capacity:
            del self._held[next(iter(self._held))]
            self.dropped += 1
        seq = self._next_seq
        stamp = time.time_ns() // 1_000_000 if ts is None else ts
        self._held[seq] = {"seq": seq, "ts": stamp, "lat": lat, "lng": lng, **more}
        self._next_seq, self.added = seq + 1, self.added + 1
        self._idle.clear()
        self._work.set()
        if len(self._held) >= BATCH:
            self._hurry.set()
        return seq

    async def drained(self, within_s: float = 30) -> None:
        """Wait until nothing is held; raises TimeoutError, or what ended the sending."""
        self._hurry.set()
        waiting = asyncio.ensure_future(self._idle.wait())
        try:
            ended = [self._task] if self._task else []
            done, _ = await asyncio.wait([waiting, *ended], timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if waiting not in done:
            if self._task is not None and self._task.done():
                self._task.result()
            raise TimeoutError(f"{len(self._held)} points are not durable after {within_s:.0f} s")

    def batch(self) -> list[Message]:
        """What the next report carries, ascending by seq: the newest point and the oldest of the rest."""
        if len(self._held) <= BATCH:
            return list(self._held.values())
        newest = next(reversed(self._held.values()))
        return [point for _, point in zip(range(BATCH - 1), self._held.values(), strict=False)] + [newest]

    def settle(self, points: list[Message], ack: Message) -> None:
        """Let go of what the ack covers: the points it answers, and every seq up to `upto`."""
        refused = {each["seq"]: each["reason"] for each in ack.get("rejected", ())}
        self.rejected.update(refused.values())
        self.duplicates += int(ack.get("duplicates", 0))
        for seq in sorted({point["seq"] for point in points} | {seq for seq in self._held if seq <= ack["upto"]}):
            point = self._held.pop(seq, None)
            if point is not None and seq not in refused:
                self.acked += 1
                if self.on_durable is not None:
                    self.on_durable(point)
                if self.last_accepted is None or point["ts"] > self.last_accepted["ts"]:
                    self.last_accepted = point
        if "next" in ack:
            self.interval_ms, self.why = ack["next"]["interval_ms"], ack["next"].get("why", "")
        if not self._held:
            self._hurry.clear()
            self._idle.set()

    async def _run(self) -> None:
        """Report while there is something to report, one report in flight, in the rhythm the server asks for."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._held:
                points = self.batch()
                self.sent += len(points)
                ack = await self.session.report(points, oldest=next(iter(self._held)), battery=self.battery)
                self.settle(points, ack)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self.interval_ms / 1000 / self.pace):
                        await self._hurry.wait()
