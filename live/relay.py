"""Live news between processes through Redis pub/sub: at most once, and honest about when something may be missing.

One connection listens. When it breaks, or Redis confirms a subscription nobody asked for, messages may have been lost:
every `on_continuity_lost` callback is told, and the listener comes back by itself. Publishing never waits long.
"""

import asyncio
import random
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress

import redis.asyncio as aioredis
import structlog
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from calls.ending import cancelled
from live.meters import Meters

Handler = Callable[[bytes], None]

TIMEOUT_S = 2.0
PING_EVERY_S, SILENT_AT_MOST_S = 5.0, 12.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 2.0
BATCH = 500
END_AGAIN_S = 0.1  # who listens anew must not wait for a cancellation that was swallowed
_BROKEN = (RedisError, OSError, TimeoutError)

logger = structlog.get_logger("live.relay")


class Relay:
    """Exact topics only; on Redis a topic is called `{prefix}:{topic}`. `run` must be running for news to arrive."""

    def __init__(self, redis_url: str, prefix: str, meters: Meters | None = None) -> None:
        self._url = redis_url
        self._prefix = f"{prefix}:".encode()
        self._handlers: dict[bytes, list[Handler]] = {}
        self._asked: set[bytes] = set()
        self._confirmed: set[bytes] = set()
        self._to_change: set[bytes] = set()
        self._changed = asyncio.Event()
        self._unconfirmed: dict[bytes, asyncio.Event] = {}
        self._publisher: aioredis.Redis | None = None
        self.origin = uuid.uuid4().hex[:12]
        self.meters = meters or Meters()
        self.on_continuity_lost: list[Callable[[], None]] = []
        self.is_up = self._had_been_up = False
        self._heard_s = 0.0

    def subscribe(self, topic: str, handler: Handler) -> Callable[[], None]:
        """Call `handler` with each payload on `topic` from about now on. Returns what ends it."""
        name = self._prefix + topic.encode()
        self._handlers.setdefault(name, []).append(handler)
        self._change(name)

        def leave() -> None:
            handlers = self._handlers.get(name, [])
            with suppress(ValueError):
                handlers.remove(handler)
            if not handlers and self._handlers.pop(name, None) is not None:
                self._unconfirmed.pop(name, asyncio.Event()).set()
                self._change(name)

        return leave

    async def ready(self, topic: str, within_s: float = 1.0) -> bool:
        """Wait until Redis confirmed a subscription, from when on its news is complete; False when it took too long."""
        name = self._prefix + topic.encode()
        try:
            async with asyncio.timeout(within_s):
                while name in self._handlers and name not in self._confirmed:
                    waiting = self._unconfirmed.setdefault(name, asyncio.Event())
                    await waiting.wait()
        except TimeoutError:
            return False
        return name in self._confirmed

    async def publish(self, topic: str, payload: bytes) -> bool:
        """Tell the other processes (and this one, if it listens). False when Redis could not be told."""
        return await self.publish_many([(topic, payload)])

    async def publish_many(self, news: Sequence[tuple[str, bytes]]) -> bool:
        """The same for many (topic, payload) in one round trip."""
        if self._publisher is None:
            self._publisher = self._open()
        try:
            async with self._publisher.pipeline(transaction=False) as pipe:
                for topic, payload in news:
                    pipe.publish(self._prefix + topic.encode(), payload)
                await pipe.execute()
        except _BROKEN as error:
            self.meters.relay_unsent += len(news)
            logger.warning("could not publish", topic=news[0][0], error=repr(error))
            return False
        self.meters.relay_out += len(news)
        return True

    async def run(self) -> None:
        """Listen until cancelled."""
        wait_s = FIRST_WAIT_S
        try:
            while True:
                async with self._open() as client:  # closed out here: a second cancellation would cut the closing short
                    listening = asyncio.create_task(self._listen(client))
                    try:
                        await asyncio.wait({listening})
                    finally:
                        await cancelled(listening, again_s=END_AGAIN_S)
                if self.is_up:
                    wait_s = FIRST_WAIT_S
                    self._lose("the connection broke")
                self.is_up = False
                self._confirmed.clear()
                if (error := listening.exception()) is not None and not isinstance(error, _BROKEN):
                    raise error
                await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)
        finally:
            self.is_up = False
            await self.close()

    async def close(self) -> None:
        """Let go of the publishing connection; whoever only publishes calls this at the end."""
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            await publisher.aclose()

    def _open(self) -> aioredis.Redis:
        client: aioredis.Redis = aioredis.from_url(
            self._url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 0)
        )
        return client

    def _change(self, name: bytes) -> None:
        self._to_change.add(name)
        self._changed.set()

    def _begin_anew(self) -> None:
        self._confirmed.clear()
        self._asked = {self._prefix + b"-"}
        self._to_change = set(self._handlers)
        self._changed.set()

    def _lose(self, why: str) -> None:
        self.meters.relay_losses += 1
        logger.warning("live news may be missing", why=why)
        for tell in self.on_continuity_lost:
            tell()

    async def _listen(self, client: aioredis.Redis) -> None:
        """One connection's life; ends by raising what broke it."""
        async with client.pubsub() as pubsub:
            await pubsub.subscribe(self._prefix + b"-")  # a connection without any subscription cannot be pinged
            self._begin_anew()
            if self._had_been_up:
                self._lose("listening again after a break")
            self.is_up = self._had_been_up = True
            reading, writing = asyncio.create_task(self._read(pubsub)), asyncio.create_task(self._write(pubsub))
            try:
                done, _ = await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await cancelled(reading, writing, again_s=END_AGAIN_S)
            for task in done:
                task.result()

    async def _write(self, pubsub: PubSub) -> None:
        """Send SUBSCRIBE and UNSUBSCRIBE for what changed, many in one command, and pings, which must be answered."""
        loop = asyncio.get_running_loop()
        pinged_s = self._heard_s = loop.time()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(PING_EVERY_S):
                    await self._changed.wait()
            if loop.time() - self._heard_s > SILENT_AT_MOST_S:
                raise TimeoutError(f"Redis said nothing for {SILENT_AT_MOST_S} s, not even to a ping")
            if loop.time() - pinged_s >= PING_EVERY_S:
                pinged_s = loop.time()
                await pubsub.ping()
            self._changed.clear()
            changed, self._to_change = list(self._to_change), set()
            wanted = [name for name in changed if name in self._handlers and name not in self._asked]
            unwanted = [name for name in changed if name not in self._handlers and name in self._asked]
            for start in range(0, len(wanted), BATCH):
                batch = wanted[start : start + BATCH]
                self._asked.update(batch)
                await pubsub.subscribe(*batch)
            for start in range(0, len(unwanted), BATCH):
                batch = unwanted[start : start + BATCH]
                self._asked.difference_update(batch)
                self._confirmed.difference_update(batch)
                await pubsub.unsubscribe(*batch)

    async def _read(self, pubsub: PubSub) -> None:
        loop = asyncio.get_running_loop()
        while True:
            message = await pubsub.get_message(ignore_subscribe_messages=False, timeout=None)
            self._heard_s = loop.time()
            if message is None:
                continue
            if message["type"] == "message":
                self._deliver(message["channel"], message["data"])
            elif message["type"] == "subscribe":
                self._confirm(message["channel"])

    def _confirm(self, name: bytes) -> None:
        """Redis listens for us now. Twice means that it forgot in between, and so what came in between."""
        if name not in self._asked:
            return
        if name in self._confirmed:
            self._lose("Redis subscribed us again unasked")
        self._confirmed.add(name)
        waiting = self._unconfirmed.pop(name, None)
        if waiting is not None:
            waiting.set()

    def _deliver(self, name: bytes, payload: bytes) -> None:
        self.meters.relay_in += 1
        for handler in list(self._handlers.get(name, ())):
            try:
                handler(payload)
            except Exception:
                logger.exception("a handler of live news failed", topic=name.decode(errors="replace"))
