"""One consumer of one queue: reads, hands over, answers; takes over what the dead have left, brings back what waited.

An entry in hand is claimed again and again by its own consumer, so that it never looks left behind while we live.
"""

import asyncio
import time
import uuid
from pathlib import Path
from typing import Any

import structlog

from events.streams import keys
from events.streams.entries import FIELD, deceased, pack, unpack
from events.topology import Topology
from events.transport import Delivery, Handle

log = structlog.get_logger(__name__)
MOVE_DUE = (Path(__file__).parent / "lua" / "move_due.lua").read_text()
LONGEST_BLOCK_S, MOVED_AT_ONCE, FINISH_S = 1.0, 100, 25.0
Entry = tuple[bytes, dict[bytes, bytes] | None]


def now_ms() -> int:
    """The wall clock."""
    return time.time_ns() // 1_000_000


class Reader:
    """Reads one queue under a name that nobody else has. Errors of Redis pass through."""

    def __init__(self, redis: Any, prefix: str, topology: Topology, queue: str, left_behind_s: float) -> None:
        self.redis, self.topology, self.queue = redis, topology, queue
        self.stream, self.later, self.dead = keys.stream(prefix, queue), keys.later(prefix, queue), keys.dead(prefix)
        self.name = uuid.uuid4().hex[:12]
        self.left_behind_ms = round(left_behind_s * 1000)
        self.block_s = min(LONGEST_BLOCK_S, *(each / 2 for each in topology.delays_s), left_behind_s / 4)
        self._hands: dict[bytes, asyncio.Task[None]] = {}
        self._move_due = redis.register_script(MOVE_DUE)
        self._renewed_ms = 0

    async def run(self, handle: Handle, stop: asyncio.Event, at_once: int) -> None:
        """Until told to stop; what is in hand is finished, what fails in Redis ends it."""
        try:
            while not stop.is_set():
                await self._move_due(keys=[self.later, self.stream], args=[now_ms(), MOVED_AT_ONCE, FIELD])
                await self._renew()
                free = at_once - len(self._hands)
                entries = await self._left_behind(free) if free else []
                if free > len(entries):
                    entries += await self._next(free - len(entries))
                for entry, fields in entries:
                    if fields is not None and entry not in self._hands:
                        self._hands[entry] = asyncio.ensure_future(self._answer(entry, fields, handle))
                if len(self._hands) >= at_once:
                    await asyncio.wait(self._hands.values(), timeout=self.block_s, return_when="FIRST_COMPLETED")
                self._let_go()
            if self._hands:
                await asyncio.wait(self._hands.values(), timeout=FINISH_S)
                self._let_go()
        finally:
            for task in self._hands.values():
                task.cancel()
            await asyncio.gather(*self._hands.values(), return_exceptions=True)
        await self._resign()

    def _let_go(self) -> None:
        """Forget what is done; an error of Redis on the way to its answer ends this reader, as a lost line would."""
        done = [entry for entry, task in self._hands.items() if task.done()]
        for task in [self._hands.pop(entry) for entry in done]:
            task.result()

    async def _next(self, count: int) -> list[Entry]:
        found = await self.redis.xreadgroup(
            keys.GROUP, self.name, {self.stream: ">"}, count=count, block=round(self.block_s * 1000)
        )
        entries: list[Entry] = found[0][1] if found else []
        return entries

    async def _left_behind(self, count: int) -> list[Entry]:
        """Entries whose consumer has not been heard of; those that have killed too many go to the dead."""
        claimed = await self.redis.xautoclaim(
            self.stream, keys.GROUP, self.name, min_idle_time=self.left_behind_ms, count=count
        )
        kept: list[Entry] = []
        for entry, fields in claimed[1]:
            pending = await self.redis.xpending_range(self.stream, keys.GROUP, entry, entry, 1)
            deliveries = pending[0]["times_delivered"] if pending else 0
            if fields and deliveries > self.topology.crashes_allowed:
                delivery = unpack(self.queue, fields[FIELD])
                await self._bury(entry, delivery, f"its consumers died {deliveries - 1} times")
            else:
                kept.append((entry, fields))
        return kept

    async def _renew(self) -> None:
        """What is in hand is claimed anew, well before it would look left behind."""
        if not self._hands or now_ms() - self._renewed_ms < self.left_behind_ms / 4:
            return
        self._renewed_ms = now_ms()
        await self.redis.xclaim(self.stream, keys.GROUP, self.name, 0, list(self._hands), justid=True)

    async def _answer(self, entry: bytes, fields: dict[bytes, bytes], handle: Handle) -> None:
        delivery = unpack(self.queue, fields.get(FIELD, b""))
        verdict = await handle(delivery)
        if verdict is None:
            async with self.redis.pipeline(transaction=True) as both:
                await self._done_with(entry, both)
            return
        delay_s = self.topology.delay(delivery.attempt) if verdict.again else None
        if delay_s is None:
            await self._bury(entry, delivery, verdict.error)
        else:
            await self._put_off(entry, delivery, delay_s)

    async def _put_off(self, entry: bytes, delivery: Delivery, delay_s: float) -> None:
        async with self.redis.pipeline(transaction=True) as both:
            both.zadd(self.later, {pack(delivery.attempt + 1, delivery.body): now_ms() + round(delay_s * 1000)})
            await self._done_with(entry, both)

    async def _bury(self, entry: bytes, delivery: Delivery, error: str) -> None:
        async with self.redis.pipeline(transaction=True) as both:
            both.xadd(self.dead, deceased(delivery, error, now_ms()))
            await self._done_with(entry, both)

    async def _done_with(self, entry: bytes, both: Any) -> None:
        both.xack(self.stream, keys.GROUP, entry)
        both.xdel(self.stream, entry)
        await both.execute()

    async def _resign(self) -> None:
        """Our name goes, unless entries are left under it: those are for others to take over."""
        pending = await self.redis.xpending_range(self.stream, keys.GROUP, "-", "+", 1, consumername=self.name)
        if not pending:
            await self.redis.xgroup_delconsumer(self.stream, keys.GROUP, self.name)
