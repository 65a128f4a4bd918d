"""The cache in Redis: get, set, delete, forget, and `fetch`, which loads what is missing, once for all who ask.

A value carries the tokens of its tags as they were before it was loaded. `forget` draws a tag's token anew, so that a
value is dead also when it is stored a moment after the change that made it untrue. No call waits long and none raises:
without Redis everything is a miss.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

import structlog
from prometheus_client.core import Metric
from redis.exceptions import RedisError

from api.cache import keys
from api.cache.calls import CALL_S, Away, Calls
from api.cache.truth import TAG_TTL_S, Truth
from infra.clients import open_redis
from infra.hotline import open_hotline
from infra.metrics import counters, gauge
from infra.settings import Settings
from tracking.scripts import Evaluator

log = structlog.get_logger(__name__)
DEFAULT_TTL_S = 300
LOOK_AGAIN_S, PATIENCE_S = 0.01, 2.0
SCAN_COUNT = 500
Outcome = Literal["HIT", "MISS", "BYPASS"]
Load = Callable[[], Awaitable[bytes | None]]  # None: this is not to be kept


@asynccontextmanager
async def open_cache(settings: Settings) -> AsyncIterator["Cache"]:
    """The deployment's cache: a server of its own that may forget, or the one that holds state."""
    url = settings.redis_cache_url or settings.redis_url
    async with open_redis(url, timeout_s=CALL_S) as client, open_hotline(url, timeout_s=CALL_S) as line:
        yield Cache(client, settings.key_prefix, line)


class Cache:
    """`redis` is a client that answers raw bytes; `line` costs less, for what is hot. Every key goes under `prefix`."""

    def __init__(self, redis: Any, prefix: str, line: Evaluator | None = None) -> None:
        self.redis, self.prefix = redis, prefix
        self.outcomes = {"hit": 0, "miss": 0, "bypass": 0}
        self.calls = Calls()
        self._truth = Truth(line or redis, self.calls, self._full)
        self._finding: dict[str, asyncio.Future[tuple[bytes | None, Outcome]]] = {}

    async def get(self, key: str) -> bytes | None:
        """The value, or None."""
        try:
            found: bytes | None = await self.calls.ask(self.redis.get(self._full(key)))
        except Away:
            return None
        return found.partition(b"\n")[2] if found is not None else None

    async def set(self, key: str, value: bytes, ttl_s: int = DEFAULT_TTL_S) -> None:
        """Keep it for so long."""
        await self.calls.quietly(self.redis.set(self._full(key), b"\n" + value, ex=ttl_s))

    async def delete(self, *names: str) -> None:
        """Keep these no longer."""
        if names:
            await self.calls.quietly(self.redis.unlink(*map(self._full, names)))

    async def invalidate(self, pattern: str) -> int:
        """Keep nothing whose key fits the pattern (`products:*`); how many went. Looks through all keys in steps."""
        gone = 0
        try:
            async with asyncio.timeout(60):
                cursor = -1
                while cursor:
                    cursor, found = await self.redis.scan(max(cursor, 0), match=self._full(pattern), count=SCAN_COUNT)
                    gone += await self.redis.unlink(*found) if found else 0
        except (RedisError, OSError, TimeoutError) as error:
            self.calls.failed(error)
        return gone

    async def forget(self, tags: Sequence[str], names: Sequence[str] = ()) -> bool:
        """Nothing with one of these tags is true any more, nor are these keys. False when Redis could not be told."""
        self._finding.clear()  # who asks from now on does not wait for what was looked up before
        async with self.redis.pipeline(transaction=False) as pipe:
            for each in tags:
                pipe.set(self._full(keys.tag(each)), secrets.token_hex(6), ex=TAG_TTL_S)
            if names:
                pipe.unlink(*map(self._full, names))
            try:
                await self.calls.ask(pipe.execute(), at_any_cost=True)
            except Away:
                return False
        return True

    async def fetch(self, key: str, ttl_s: int, load: Load, tags: Sequence[str] = ()) -> tuple[bytes | None, Outcome]:
        """The value, from the cache or loaded now; raises what `load` raises. Of many who miss at once, one loads, also
        while Redis is away."""
        finding = self._finding.get(key)
        if finding is not None:
            await asyncio.wait({finding})
            if not finding.cancelled() and finding.result()[0] is not None:
                value, outcome = finding.result()
                return (value, outcome) if outcome == "BYPASS" else self._hit(key, value)
            return await load(), "MISS"
        finding = self._finding[key] = asyncio.get_running_loop().create_future()
        try:
            found = await self._find(key, ttl_s, load, tags)
            finding.set_result(found)
            return found
        finally:
            finding.cancel()  # whoever waits for what was not found loads it
            if self._finding.get(key) is finding:
                del self._finding[key]

    async def _find(self, key: str, ttl_s: int, load: Load, tags: Sequence[str]) -> tuple[bytes | None, Outcome]:
        """The value; or load it, or wait for the process that does."""
        mine, deadline_s = secrets.token_hex(8), time.monotonic() + PATIENCE_S
        try:
            tokens, value, is_ours = await self._truth.look(key, tags, mine)
            while value is None and not is_ours and time.monotonic() < deadline_s:
                await asyncio.sleep(LOOK_AGAIN_S)
                tokens, value, is_ours = await self._truth.look(key, tags, mine)
        except Away:
            self.outcomes["bypass"] += 1
            return await load(), "BYPASS"
        if value is not None:
            return self._hit(key, value)
        self.outcomes["miss"] += 1
        log.debug("cache", status="MISS", key=key)
        loaded = None
        try:
            loaded = await load()
        finally:
            await self._truth.keep(key, loaded, ttl_s, tokens, mine)
        return loaded, "MISS"

    def _hit(self, key: str, value: bytes | None) -> tuple[bytes | None, Outcome]:
        self.outcomes["hit"] += 1
        log.debug("cache", status="HIT", key=key)
        return value, "HIT"

    def _full(self, key: str) -> str:
        return f"{self.prefix}:{key}"


def cache_metrics(cache: Cache) -> Iterable[Metric]:
    """How often the cache had it, and how often it could not be asked."""
    of = cache.outcomes
    told = {name: float(n) for name, n in (of | {"error": cache.calls.failures}).items()}
    yield counters("cache", "questions to the cache, by outcome", "outcome", told)
    asked = of["hit"] + of["miss"]
    yield gauge("cache_hit_rate", "share of questions that the cache answered", of["hit"] / asked if asked else 0.0)
