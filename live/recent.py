"""The newest items of every channel in Redis, so that a thousand reconnects need not ask the database.

A copy, written after the commit: a list per channel whose elements say `epoch:offset:item`. It may end early (a
process died before it could write, Redis was restored), which its reader finds out by the feed's comparison of heads;
it never has a hole, because an item that does not follow the last one begins the list anew. An element without an item
stands for everything up to its offset.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import structlog
from redis.exceptions import RedisError

from live.together import Together

KEPT_ITEMS = 300
LIFE_S = 86_400
_AWAY = (RedisError, OSError, TimeoutError)

APPEND = """
local key, epoch, offset = KEYS[1], ARGV[1], tonumber(ARGV[2])
local last = redis.call('LINDEX', key, -1)
if last then
  local last_epoch, at = string.match(last, '^([^:]*):(%d+):')
  if epoch == '' then epoch = last_epoch end
  if epoch == last_epoch and offset <= tonumber(at) then return 0 end
  if epoch ~= last_epoch or offset > tonumber(at) + 1 then
    redis.call('DEL', key)
    last = false
  end
elseif epoch == '' then
  return 0
end
if not last then redis.call('RPUSH', key, string.format('%s:%d:', epoch, offset - 1)) end
redis.call('RPUSH', key, epoch .. ':' .. ARGV[2] .. ':' .. ARGV[3])
redis.call('LTRIM', key, -tonumber(ARGV[4]), -1)
redis.call('EXPIRE', key, ARGV[5])
return 1
"""
SEED = """
local key = KEYS[1]
local last = redis.call('LINDEX', key, -1)
if last then
  local last_epoch, at = string.match(last, '^([^:]*):(%d+):')
  if last_epoch == ARGV[1] and tonumber(at) > tonumber(ARGV[2]) then return 0 end
  redis.call('DEL', key)
end
for place = 4, #ARGV do redis.call('RPUSH', key, ARGV[place]) end
redis.call('EXPIRE', key, ARGV[3])
return 1
"""
READ = """
local ends = {}
for place, key in ipairs(KEYS) do ends[place] = redis.call('LRANGE', key, -tonumber(ARGV[place]), -1) end
return ends
"""  # one reply for all: redis-py spends more on each further one than Redis on answering

logger = structlog.get_logger("live.recent")


class News(NamedTuple):
    """A committed item. `epoch` is empty where the writer does not know it."""

    channel: str
    offset: int
    item: dict[str, Any]
    epoch: str = ""


class Window(NamedTuple):
    """The end of a channel: whole from offset `since` to `last`."""

    epoch: str
    since: int
    last: int
    items: list[dict[str, Any]]


class RecentWindow:
    """The copies of all channels. Where Redis does not answer, nothing is known and nothing is written."""

    def __init__(self, redis: Any, prefix: str) -> None:
        self._redis, self._prefix = redis, prefix
        self._rows = Together(self._read_many)
        self._append, self._seed = redis.register_script(APPEND), redis.register_script(SEED)
        self._read = redis.register_script(READ)

    async def append(self, news: Sequence[News]) -> None:
        """Add items after their commit, in order."""
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for each in news:
                    packed = msgspec.msgpack.encode(each.item)
                    await self._append(
                        keys=[self._key(each.channel)], args=[each.epoch, each.offset, packed, KEPT_ITEMS, LIFE_S],
                        client=pipe,
                    )
                await pipe.execute()
        except _AWAY as error:
            logger.warning("the newest items could not be copied", error=repr(error))

    async def read(self, channel: str, most: int = KEPT_ITEMS) -> Window | None:
        """The newest items as far as they are here; None when nothing is."""
        rows = await self._rows.ask((channel, most))
        if not rows:
            return None
        items = []
        epoch, since, last = "", 0, 0
        for row in rows:
            named, at, packed = row.split(b":", 2)
            epoch, last = named.decode(), int(at)
            if packed:
                items.append(msgspec.msgpack.decode(packed) | {"offset": last})
            since = since or (last if packed else last + 1)
        return Window(epoch, since, last, items)

    async def _read_many(self, wanted: Sequence[tuple[str, int]]) -> dict[tuple[str, int], list[bytes]]:
        try:
            found = await self._read(
                keys=[self._key(channel) for channel, _ in wanted], args=[most for _, most in wanted]
            )
        except _AWAY as error:
            logger.warning("the newest items could not be read", channels=len(wanted), error=repr(error))
            return {}
        return dict(zip(wanted, found, strict=True))

    async def seed(self, channel: str, window: Window) -> None:
        """Put here what was read from the log."""
        rows = [f"{window.epoch}:{window.since - 1}:".encode()]
        for item in window.items:
            rest = {name: value for name, value in item.items() if name != "offset"}
            rows.append(f"{window.epoch}:{item['offset']}:".encode() + msgspec.msgpack.encode(rest))
        try:
            await self._seed(keys=[self._key(channel)], args=[window.epoch, window.last, LIFE_S, *rows])
        except _AWAY as error:
            logger.warning("the newest items could not be copied", channel=channel, error=repr(error))

    async def drop(self, channels: Sequence[str]) -> None:
        """Forget channels, because something in them must not be shown any more."""
        try:
            await self._redis.delete(*(self._key(channel) for channel in channels))
        except _AWAY as error:
            logger.warning("old items could not be dropped", channels=len(channels), error=repr(error))

    def _key(self, channel: str) -> str:
        return f"{self._prefix}:recent:{channel}"
