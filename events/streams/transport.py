"""Events over Redis streams: one stream a queue, read by a consumer group; what is published is on disk first.

The group's pending list is what RabbitMQ calls unacknowledged. Redis has no bindings, so those who declare write them
into a hash, and publishers copy an event into every bound stream, all copies of a batch in one round trip.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import structlog
from redis.exceptions import RedisError, ResponseError

from events.event import Event, encode
from events.streams import keys
from events.streams.dead import list_dead, replay_dead
from events.streams.entries import FIELD, pack
from events.streams.reader import Reader
from events.topology import AT_ONCE, Queue, Topology
from events.transport import Away, DeadLetter, Depth, Depths, Handle, Taken

log = structlog.get_logger(__name__)
ON_DISK_MS = 3000
SEEN_WITHIN_MS = 15_000  # a consumer that has not asked for so long is gone


@asynccontextmanager
async def as_away() -> AsyncIterator[None]:
    """The library's errors as ours."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise Away(f"Redis: {type(error).__name__}: {error}") from error


class StreamTransport:
    """`redis` answers raw bytes and waits longer than ON_DISK_MS. `left_behind_s`: after that a dead consumer's
    entries are taken over."""

    name = "redis streams"

    def __init__(self, redis: Any, prefix: str, topology: Topology, *, left_behind_s: float = 30.0) -> None:
        self.redis, self.prefix, self.topology, self.left_behind_s = redis, prefix, topology, left_behind_s
        self._says_when_on_disk = True

    async def close(self) -> None:
        """The client is the composition's to close."""

    async def declare(self) -> None:
        """Make streams and groups, and write the bindings."""
        async with as_away():
            for queue in self.topology.queues:
                await self._make_group(queue.name)
                bound = msgspec.json.encode(queue.keys)
                await self.redis.hset(keys.bindings(self.prefix), queue.name, bound)

    async def _make_group(self, queue: str) -> None:
        try:
            await self.redis.xgroup_create(keys.stream(self.prefix, queue), keys.GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def _bindings(self) -> Topology:
        """As declared by all who have declared, plug-ins elsewhere included."""
        declared = await self.redis.hgetall(keys.bindings(self.prefix))
        queues = tuple(
            Queue(name=name.decode(), keys=msgspec.json.decode(bound, type=tuple[str, ...]), about="")
            for name, bound in declared.items()
        )
        return Topology(exchange=self.topology.exchange, queues=queues)

    async def publish(self, events: Sequence[Event]) -> Taken:
        """Into every bound stream, and wait until the append-only file has it on disk."""
        async with as_away():
            bindings = await self._bindings()
            bound = {event.key: bindings.bound(event.key) for event in events}
            taken = tuple(event.id for event in events if bound[event.key])
            if taken:
                await self._append(events, bound)
        return Taken(taken, tuple(event.id for event in events if not bound[event.key]))

    async def _append(self, events: Sequence[Event], bound: dict[str, tuple[str, ...]]) -> None:
        async with self.redis.pipeline(transaction=False) as batch:  # WAITAOF speaks of its own connection's writes
            for event in events:
                entry = {FIELD: pack(1, encode(event))}
                for queue in bound[event.key]:
                    batch.xadd(keys.stream(self.prefix, queue), entry)
            if self._says_when_on_disk:
                batch.waitaof(1, 0, ON_DISK_MS)
            *answers, last = await batch.execute(raise_on_error=False)
        for answer in answers if self._says_when_on_disk else (*answers, last):
            if isinstance(answer, Exception):
                raise answer
        if self._says_when_on_disk:
            self._check_on_disk(last)

    def _check_on_disk(self, answer: Any) -> None:
        """Raises Away unless the append-only file had everything in time. An old Redis cannot tell."""
        if isinstance(answer, ResponseError) and "unknown command" in str(answer).lower():
            self._says_when_on_disk = False
            log.warning("this Redis does not say when an event is on disk; a crash may lose its last second")
        elif isinstance(answer, Exception):
            raise answer
        elif answer[0] < 1:
            raise Away(f"Redis: not on disk within {ON_DISK_MS} ms")

    async def consume(self, queue: str, handle: Handle, stop: asyncio.Event, at_once: int = AT_ONCE) -> None:
        """Until told to stop."""
        async with as_away():
            await self.declare()
            await Reader(self.redis, self.prefix, self.topology, queue, self.left_behind_s).run(handle, stop, at_once)

    async def depths(self) -> Depths:
        """Asked of each stream and its group."""
        async with as_away():
            queues, later = {}, 0
            for queue in self.topology.queues:
                queues[queue.name] = await self._depth(keys.stream(self.prefix, queue.name))
                later += await self.redis.zcard(keys.later(self.prefix, queue.name))
            return Depths(queues, later, await self.redis.xlen(keys.dead(self.prefix)))

    async def _depth(self, stream: str) -> Depth:
        try:
            pending = (await self.redis.xpending(stream, keys.GROUP))["pending"]
            consumers = await self.redis.xinfo_consumers(stream, keys.GROUP)
        except ResponseError:  # not declared yet
            return Depth(0, 0, 0)
        seen = sum(1 for each in consumers if each["idle"] < SEEN_WITHIN_MS)
        return Depth(max(0, await self.redis.xlen(stream) - pending), seen, pending)

    async def dead_letters(self, limit: int) -> list[DeadLetter]:
        """Read where they lie."""
        async with as_away():
            return await list_dead(self.redis, self.prefix, limit)

    async def replay(self, ids: Sequence[str] | None, limit: int) -> int:
        """Each moves in one step."""
        async with as_away():
            return await replay_dead(self.redis, self.prefix, ids, limit)
