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
from infra.clients import open_redis
from infra.hotline import open_hotline
from infra.metrics import counters, gauge
from infra.settings import Settings
from tracking.scripts import Evaluator, Source

log = structlog.get_logger(__name__)
DEFAULT_TTL_S, TAG_TTL_S = 300, 86_400
CALL_S = 0.5  # longer than any answer of a healthy server
AWAY_S = 1.0  # after a failure Redis is left alone for so long
LOCK_MS, LOOK_AGAIN_S, PATIENCE_S = 5000, 0.01, 2.0
SCAN_COUNT = 500
Outcome = Literal["HIT", "MISS", "BYPASS"]
Load = Callable[[], Awaitable[bytes | None]]  # None: this is not to be kept

# A value whose tokens are true, or the tokens as they are now and whether the lock was free and is ours: one way there
# and back. A tag without a token gets the one that is given for it.
LOOK = """
local now = {}
for place = 3, #KEYS do
  local token = redis.call('GET', KEYS[place])
  if not token then
    token = ARGV[place]
    redis.call('SET', KEYS[place], token, 'EX', ARGV[2])
  end
  now[#now + 1] = token
end
local tokens, kept = table.concat(now, '.'), redis.call('GET', KEYS[1])
if kept then
  local ends = string.find(kept, '\\n', 1, true)
  if ends and string.sub(kept, 1, ends - 1) == tokens then return {tokens, string.sub(kept, ends + 1)} end
end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[#ARGV]) then return {tokens, false, 1} end
return {tokens, false, 0}
"""
# Keep the value, if there is one, and let the lock go that is ours.
KEEP = """
if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3]) end
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


class Away(Exception):
    """The cache could not be asked."""


@asynccontextmanager
async def open_cache(settings: Settings) -> AsyncIterator["Cache"]:
    """The deployment's cache: a server of its own that may forget, or the one that holds state."""
    url = settings.redis_cache_url or settings.redis_url
    async with open_redis(url, timeout_s=CALL_S) as client, open_hotline(url, timeout_s=CALL_S) as line:
        yield Cache(client, settings.key_prefix, line)


class Counts:
    """What became of questions to the cache, and how often it failed."""

    def __init__(self) -> None:
        self.of = {"hit": 0, "miss": 0, "bypass": 0, "error": 0}


class Cache:
    """`redis` is a client that answers raw bytes; `line` costs less, for what is hot. Every key goes under `prefix`."""

    def __init__(self, redis: Any, prefix: str, line: Evaluator | None = None) -> None:
        self.redis, self.prefix = redis, prefix
        self._line: Evaluator = line or redis
        self.counts = Counts()
        self._seek, self._keep = Source(LOOK), Source(KEEP)
        self._away_until_s = 0.0
        self._finding: dict[str, asyncio.Future[tuple[bytes | None, Outcome]]] = {}

    async def get(self, key: str) -> bytes | None:
        """The value, or None."""
        try:
            found: bytes | None = await self._ask(self.redis.get(self._full(key)))
        except Away:
            return None
        return found.partition(b"\n")[2] if found is not None else None

    async def set(self, key: str, value: bytes, ttl_s: int = DEFAULT_TTL_S) -> None:
        """Keep it for so long."""
        await self._quietly(self.redis.set(self._full(key), b"\n" + value, ex=ttl_s))

    async def delete(self, *names: str) -> None:
        """Keep these no longer."""
        if names:
            await self._quietly(self.redis.unlink(*map(self._full, names)))

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
            self._failed(error)
        return gone

    async def forget(self, tags: Sequence[str], names: Sequence[str] = ()) -> bool:
        """Nothing with one of these tags is true any more, nor are these keys. False when Redis could not be told."""
        self._finding.clear()  # who asks from now on does not wait for what was looked up before
        async with self.redis.pipeline(transaction=False) as pipe:
            for each in tags:
                pipe.set(self._full(keys.tag(each)), secrets.token_hex(6), ex=TAG_TTL_S)
            if names:
                pipe.unlink(*map(self._full, names))
            self._away_until_s = 0.0  # this one is worth the wait
            try:
                await self._ask(pipe.execute())
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
            tokens, value, is_ours = await self._look(key, tags, mine)
            while value is None and not is_ours and time.monotonic() < deadline_s:
                await asyncio.sleep(LOOK_AGAIN_S)
                tokens, value, is_ours = await self._look(key, tags, mine)
        except Away:
            self.counts.of["bypass"] += 1
            return await load(), "BYPASS"
        if value is not None:
            return self._hit(key, value)
        self.counts.of["miss"] += 1
        log.debug("cache", status="MISS", key=key)
        loaded = None
        try:
            loaded = await load()
        finally:
            kept = b"" if loaded is None else tokens + b"\n" + loaded
            names = [self._full(keys.lock(key)), self._full(key)]
            await self._quietly(self._keep.run(self._line, names, [mine, kept, ttl_s]))
        return loaded, "MISS"

    async def _look(self, key: str, tags: Sequence[str], mine: str) -> tuple[bytes, bytes | None, bool]:
        """The tokens of its tags now, the value if it is true, and whether it is ours to load; raises Away."""
        names = [self._full(key), self._full(keys.lock(key)), *(self._full(keys.tag(each)) for each in tags)]
        fresh = [secrets.token_hex(6) for _ in tags]
        found = await self._ask(self._seek.run(self._line, names, [mine, TAG_TTL_S, *fresh, LOCK_MS]))
        return found[0], found[1], len(found) > 2 and found[2] == 1

    def _hit(self, key: str, value: bytes | None) -> tuple[bytes | None, Outcome]:
        self.counts.of["hit"] += 1
        log.debug("cache", status="HIT", key=key)
        return value, "HIT"

    async def _ask(self, call: Awaitable[Any]) -> Any:
        """What Redis answers; raises Away, at once when it failed a moment ago."""
        if time.monotonic() < self._away_until_s:
            if asyncio.iscoroutine(call):
                call.close()
            raise Away
        try:
            async with asyncio.timeout(CALL_S):
                return await call
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)
            raise Away from error

    async def _quietly(self, call: Awaitable[Any]) -> None:
        try:
            await self._ask(call)
        except Away:
            return

    def _failed(self, error: Exception) -> None:
        self.counts.of["error"] += 1
        if time.monotonic() >= self._away_until_s:
            log.warning("the cache did not answer; going on without", error=f"{type(error).__name__}: {error}")
        self._away_until_s = time.monotonic() + AWAY_S

    def _full(self, key: str) -> str:
        return f"{self.prefix}:{key}"


def cache_metrics(cache: Cache) -> Iterable[Metric]:
    """How often the cache had it, and how often it could not be asked."""
    of = cache.counts.of
    yield counters("cache", "questions to the cache, by outcome", "outcome", {name: float(n) for name, n in of.items()})
    asked = of["hit"] + of["miss"]
    yield gauge("cache_hit_rate", "share of questions that the cache answered", of["hit"] / asked if asked else 0.0)
