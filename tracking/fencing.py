"""Stored points past the fences: every point once and in order, every event once, whoever dies in between.

A consumer group of its own on the durable stream. One worker at a time holds the lease; it reads, lets the engine
judge, has the events stored, and then keeps the riders' new states and the progress in one atomic step. A worker that
dies before it leaves the points to the next, which comes to the same events with the same ids; those are stored once.
"""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import structlog

from geo.fences.engine import advance_among_riders
from geo.fences.events import Event
from geo.fences.table import FenceTable
from geo.fences.track import Ping, RiderState
from tracking import keys
from tracking.errands import Errands
from tracking.scripts import Script
from tracking.state import KeptRider
from tracking.store import cancellations, raise_if_cancelled

GROUP, CONSUMER = "fences", "fences"  # one name for all: whoever holds the lease goes on with what was not finished
ENTRIES_A_READ, PINGS_A_CALL = 50, 500
GATHER_S = 0.1  # between two reads that were not full: each costs Redis as much as twenty points
LEASE_MS = 8_000
BLOCK_MS = 500
WAIT_S = 1.0
MOST_REMEMBERED = 50_000

log = structlog.get_logger()
Record = Callable[[Sequence[Event]], Awaitable[None]]
Hear = Callable[[Sequence[Ping]], None]
_decode = msgspec.msgpack.Decoder(list[KeptRider]).decode
_decode_state = msgspec.msgpack.Decoder(RiderState).decode
_encode = msgspec.msgpack.Encoder().encode


class Fencing:
    """One worker's part in it. `record` stores events, each once by its id, and raises when it cannot.

    `table` may change at any time between two calls of the engine. `errands` judges where they are headed, `hear` is
    told every point, perhaps twice.
    """

    def __init__(
        self, redis: Any, prefix: str, table: FenceTable, record: Record, errands: Errands | None = None, *,
        lease_ms: int = LEASE_MS, hear: Hear = lambda pings: None,
    ) -> None:
        self.errands, self.hear = errands, hear
        self.redis, self.prefix, self.table, self.record, self.lease_ms = redis, prefix, table, record, lease_ms
        self.stream, self.backlog = keys.stream(prefix), keys.backlog(prefix)
        self.lease, self.kept = keys.fence_lease(prefix), keys.fence_states(prefix)
        self.name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._commit = Script("trim", "fenced")
        self._states: dict[str, RiderState] = {}
        self._from = "0"

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop` is set. Outages are waited out; nothing is skipped."""
        failures, is_set_up = 0, False
        before = cancellations()
        while not stop.is_set():
            raise_if_cancelled(before)
            try:
                if not is_set_up:
                    await self._set_up()
                    is_set_up = True
                if not await self._settle({}, []):
                    self._forget()
                    await asyncio.sleep(WAIT_S)
                    continue
                await self._turn()
                failures = 0
            except Exception as error:  # whatever it is, the points stay pending and are judged again
                log.warning("fences wait", error=f"{type(error).__name__}: {error}")
                self._forget()
                is_set_up = False
                failures = min(failures + 1, 6)
                await asyncio.sleep(0.1 * 2**failures)

    async def _set_up(self) -> None:
        """The consumer group, from the very first entry."""
        try:
            await self.redis.xgroup_create(self.stream, GROUP, id="0", mkstream=True)
        except Exception as error:
            if "BUSYGROUP" not in str(error):
                raise

    def _forget(self) -> None:
        """What is in memory may not be what is stored: begin with what is pending, on stored states."""
        self._states = {}
        self._from = "0"

    async def _turn(self) -> None:
        """Read, judge, record, commit."""
        got: Any = await self.redis.xreadgroup(
            GROUP, CONSUMER, {self.stream: self._from}, count=ENTRIES_A_READ, block=BLOCK_MS
        )
        rows = got[0][1] if got else []
        if not rows:
            self._from = ">"
            return
        pings = [ping for _, fields in rows for ping in _pings(fields)]
        states = await self._load({ping.rider for ping in pings})
        self.hear(pings)
        events: list[Event] = []
        await self._lead()
        for told in advance_among_riders(self.table, states, pings, PINGS_A_CALL):
            events += told
            await asyncio.sleep(0)
        if self.errands is not None:
            events += await self.errands.judge(states, pings)
        if events:
            await self.record(events)
        settled = [part for entry, fields in rows for part in (entry, len((fields or {}).get(b"b", b"")))]
        if not await self._settle(states, settled):
            self._forget()
        elif len(self._states) > MOST_REMEMBERED:
            self._states = {}
        if len(rows) < ENTRIES_A_READ:
            await asyncio.sleep(GATHER_S)

    async def _lead(self) -> None:
        """Fences that go with a rider are where the rider was last seen, also after they were drawn or changed."""
        if self.table.moving:
            for rider, state in (await self._load(set(self.table.moving))).items():
                if state.live.last is not None:
                    self.table.move(rider, state.live.last.lat, state.live.last.lng)

    async def _load(self, riders: set[str]) -> dict[str, RiderState]:
        """The riders' states, from memory or from Redis."""
        unknown = [rider for rider in riders if rider not in self._states]
        if unknown:
            stored = await self.redis.hmget(self.kept, unknown)
            for rider, blob in zip(unknown, stored, strict=True):
                self._states[rider] = _decode_state(blob) if blob else RiderState()
        return {rider: self._states[rider] for rider in riders}

    async def _settle(self, states: dict[str, RiderState], settled: list[Any]) -> bool:
        """Keep the lease, and with it states and progress; False when another worker holds it."""
        kept = [part for rider, state in states.items() for part in (rider, _encode(state))]
        done = await self._commit.run(
            self.redis, [self.stream, self.backlog, self.lease, self.kept],
            [GROUP, self.name, self.lease_ms, keys.MOST_HELD_BYTES, len(kept), *kept, *settled],
        )
        return bool(done)


def _pings(fields: dict[bytes, bytes] | None) -> list[Ping]:
    """The points of a stream entry in order; none of one that is gone or unreadable, which the persister sets aside."""
    blob = (fields or {}).get(b"b", b"")
    try:
        riders = _decode(blob) if blob else []
    except msgspec.MsgspecError:
        return []
    return [
        Ping(rider.rider, point.ts, point.lat, point.lng, point.accuracy, point.speed)
        for rider in riders for report in rider.reports for point in report.points
    ]
